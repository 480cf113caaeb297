"""The inference log: nothing lost, nothing silently wrong, pages that fit together."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from wallwidgets.errors import ServiceError
from wallwidgets.instance.inference_log import InferenceLog

CONSTANTS = {"metadata.last_model": "{}", "metadata.partition": "engine-1"}
DAY_MS = 86_400_000
FIRST_DAY = 1_640_995_200_000


@pytest.fixture
def log(tmp_path):
    opened = InferenceLog(tmp_path / "log.db")
    yield opened
    opened.close()


def tensor(values):
    values = np.asarray(values, dtype=np.float32)
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def columns(first, rows, width=3):
    values = np.arange(first * width, (first + rows) * width).reshape(rows, width)
    return {"in.tensor": tensor(values), "out.y": tensor(values[:, :1])}


def numbers(table):
    return [value[0] for value in table["out.y"].to_pylist()]


def everything(log, pipeline_id=1):
    page = log.read(pipeline_id, limit=10**9, max_bytes=10**12)
    assert page.status == "All"
    return page.table


def test_what_is_appended_can_be_read_after_a_restart(tmp_path):
    log = InferenceLog(tmp_path / "log.db")
    log.append(1, columns(0, 2), CONSTANTS, [10, 20])
    log.append(1, columns(2, 1), CONSTANTS, [30, 40])
    log.close()
    log = InferenceLog(tmp_path / "log.db")
    table = everything(log)
    log.append(1, columns(3, 1), CONSTANTS, [1, 1])
    assert log.extent(1) == (0, 4)
    log.close()
    assert numbers(table) == [0, 3, 6]
    assert table["metadata.elapsed"].to_pylist() == [[10, 20], [10, 20], [30, 40]]
    assert table["metadata.partition"].to_pylist() == ["engine-1"] * 3


def test_times_never_decrease_when_the_clock_goes_back(tmp_path):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    log = InferenceLog(tmp_path / "log.db", clock=lambda: now)
    log.append(1, columns(0, 1), CONSTANTS, [1])
    now -= timedelta(hours=1)
    log.append(1, columns(1, 1), CONSTANTS, [1])
    times = everything(log)["time"].to_pylist()
    log.close()
    assert times[0] == times[1]


def test_times_must_not_go_back(log):
    log.append(1, columns(0, 2), CONSTANTS, [1], times=np.array([100, 200]))
    with pytest.raises(ValueError, match="before"):
        log.append(1, columns(0, 1), CONSTANTS, [1], times=np.array([150]))
    with pytest.raises(ValueError, match="decrease"):
        log.append(1, columns(0, 2), CONSTANTS, [1], times=np.array([400, 300]))
    assert log.extent(1) == (0, 2)


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_give_each_record_once_and_in_order(log, newest_first, limit):
    for first in range(0, 50, 5):
        log.append(1, columns(first, 5), CONSTANTS, [1])
    found, position, statuses = [], None, []
    while True:
        page = log.read(1, limit=limit, position=position, newest_first=newest_first)
        found += numbers(page.table)
        statuses.append(page.status)
        position = page.position
        if position is None:
            break
    expected = [3.0 * number for number in range(50)]
    assert found == (expected[::-1] if newest_first else expected)
    assert statuses[-1] == "All"
    assert set(statuses[:-1]) <= {"RecordLimited"}


def test_a_page_ends_where_the_schema_changes(log):
    log.append(1, columns(0, 2), CONSTANTS, [1])
    log.append(1, {"in.tensor": tensor([[1, 2, 3, 4]])}, CONSTANTS, [1])
    page = log.read(1, limit=10)
    assert (page.status, page.table.num_rows) == ("SchemaChange", 2)
    page = log.read(1, limit=10, position=page.position)
    assert (page.status, page.table.column_names[1]) == ("All", "in.tensor")
    page = log.read(1, limit=10, newest_first=True)
    assert (page.status, page.table.num_rows) == ("SchemaChange", 1)


def test_a_page_ends_at_its_size(log):
    log.append(1, columns(0, 1000), CONSTANTS, [1])
    page = log.read(1, limit=1000, max_bytes=1000)
    assert page.status == "ByteLimited"
    assert 0 < page.table.num_rows < 100
    assert log.read(1, limit=1000, max_bytes=1).table.num_rows == 1


def test_time_ranges_are_half_open(log):
    times = FIRST_DAY + np.arange(100) * 1000
    log.append(1, columns(0, 100), CONSTANTS, [1], times=times)
    page = log.read(1, limit=1000, start=int(times[10]), end=int(times[20]))
    assert numbers(page.table) == [3.0 * number for number in range(10, 20)]
    assert log.read(1, limit=9, start=int(times[99]) + 1).table.num_rows == 0
    assert log.read(1, limit=9, end=int(times[0])).table.num_rows == 0


def test_one_element_over_a_time_range(log):
    rows = 40_000
    times = FIRST_DAY + np.arange(rows) * (3 * DAY_MS // rows)
    log.append(1, columns(0, rows), CONSTANTS, [1], times=times)
    found, values = log.column(1, "in.tensor", 2, FIRST_DAY + DAY_MS, FIRST_DAY + 2 * DAY_MS)
    inside = (times >= FIRST_DAY + DAY_MS) & (times < FIRST_DAY + 2 * DAY_MS)
    np.testing.assert_array_equal(found, times[inside])
    np.testing.assert_array_equal(values, np.flatnonzero(inside) * 3.0 + 2)
    with pytest.raises(IndexError):
        log.column(1, "in.tensor", 3)
    assert len(log.column(1, "out.other", 0)[0]) == 0


def test_merging_keeps_the_content(log, tmp_path):
    for first in range(300):
        log.append(1, columns(first, 1), CONSTANTS, [first, 1])
    log.append(2, columns(0, 1), CONSTANTS, [1])
    before = everything(log)
    log.tidy()
    with sqlite3.connect(tmp_path / "log.db") as database:
        (batches,) = database.execute("SELECT count(*) FROM batch").fetchone()
    database.close()
    assert batches < 60
    assert everything(log).equals(before)
    assert numbers(log.read(1, limit=2, position=64).table) == [192, 195]


def test_different_models_are_not_merged(log):
    for number in range(130):
        constants = {"metadata.last_model": str(number // 65)}
        log.append(1, columns(number, 1), constants, [1])
    log.tidy()
    models = everything(log)["metadata.last_model"].to_pylist()
    assert models == ["0"] * 65 + ["1"] * 65


@pytest.mark.parametrize("rows", [3, 20_000])
def test_a_flipped_bit_is_an_error(tmp_path, rows):
    log = InferenceLog(tmp_path / "log.db")
    log.append(1, columns(0, rows), CONSTANTS, [1])
    log.close()
    if rows == 3:
        with sqlite3.connect(tmp_path / "log.db") as database:
            (body,) = database.execute("SELECT body FROM batch").fetchone()
            damaged = bytes([*body[:-40], body[-40] ^ 1, *body[-39:]])
            database.execute("UPDATE batch SET body = ?", (damaged,))
        database.close()
    else:
        (segment,) = (tmp_path / "log").iterdir()
        content = bytearray(segment.read_bytes())
        content[5000] ^= 1
        segment.write_bytes(content)
    log = InferenceLog(tmp_path / "log.db")
    with pytest.raises(ServiceError, match="damaged"):
        log.read(1, limit=10)
    with pytest.raises(ServiceError, match="damaged"):
        log.column(1, "out.y", 0)
    log.close()


def test_a_file_that_lost_its_tail_is_an_error(tmp_path):
    log = InferenceLog(tmp_path / "log.db")
    log.append(1, columns(0, 20_000), CONSTANTS, [1])
    log.close()
    (segment,) = (tmp_path / "log").iterdir()
    segment.write_bytes(segment.read_bytes()[:-1000] + bytes(1000))
    log = InferenceLog(tmp_path / "log.db")
    with pytest.raises(ServiceError, match="damaged"):
        everything(log)
    log.close()


def test_bytes_after_a_crash_belong_to_nobody(tmp_path):
    log = InferenceLog(tmp_path / "log.db")
    log.append(1, columns(0, 20_000), CONSTANTS, [1])
    log.close()
    (segment,) = (tmp_path / "log").iterdir()
    with segment.open("ab") as file:
        file.write(b"half a batch")
    log = InferenceLog(tmp_path / "log.db")
    log.append(1, columns(20_000, 20_000), CONSTANTS, [1])
    assert everything(log).num_rows == 40_000
    log.close()


def copied(folder, target):
    """The files as a crash leaves them: nothing closed, nothing flushed."""
    shutil.copytree(folder, target)
    return target


def test_acknowledged_records_survive_a_crash(tmp_path):
    (tmp_path / "data").mkdir()
    log = InferenceLog(tmp_path / "data" / "log.db")
    for first in range(0, 40, 2):
        log.append(1, columns(first, 2), CONSTANTS, [1])
    log.append(2, columns(0, 20_000), CONSTANTS, [1])
    crashed = copied(tmp_path / "data", tmp_path / "crashed")
    log.close()
    log = InferenceLog(crashed / "log.db")
    assert numbers(everything(log)) == [3.0 * number for number in range(40)]
    assert log.extent(2) == (0, 20_000)
    assert everything(log, 2).num_rows == 20_000
    log.close()


def test_records_survive_when_the_database_lost_its_unsynced_commits(tmp_path):
    (tmp_path / "data").mkdir()
    log = InferenceLog(tmp_path / "data" / "log.db")
    log.append(1, columns(0, 2), CONSTANTS, [1])
    before = copied(tmp_path / "data", tmp_path / "before")
    for first in range(2, 200):
        log.append(1, columns(first, 1), CONSTANTS, [1])
    log.tidy()
    log.append(1, columns(200, 1), CONSTANTS, [1])
    crashed = copied(tmp_path / "data", tmp_path / "crashed")
    log.close()
    # A power cut may take back everything of the database that was not synced.
    for path in crashed.glob("log.db*"):
        path.unlink()
    for path in before.glob("log.db*"):
        shutil.copy(path, crashed / path.name)
    log = InferenceLog(crashed / "log.db")
    assert numbers(everything(log)) == [3.0 * number for number in range(201)]
    log.close()
    log = InferenceLog(crashed / "log.db")
    assert log.extent(1) == (0, 201)
    log.close()


def test_a_torn_end_of_the_journal_is_forgotten(tmp_path):
    log = InferenceLog(tmp_path / "log.db")
    log.append(1, columns(0, 1), CONSTANTS, [1])
    log.append(1, columns(1, 1), CONSTANTS, [1])
    end = log._index._journal._end
    content = bytearray((tmp_path / "log.journal").read_bytes())
    (tmp_path / "crashed").mkdir()
    content[end - 20] ^= 1
    (tmp_path / "crashed" / "log.journal").write_bytes(content)
    for path in tmp_path.glob("log.db*"):
        shutil.copy(path, tmp_path / "crashed" / path.name)
    log.close()
    log = InferenceLog(tmp_path / "crashed" / "log.db")
    assert numbers(everything(log)) == [0]
    log.append(1, columns(1, 1), CONSTANTS, [1])
    assert numbers(everything(log)) == [0, 3]
    log.close()


def test_the_journal_begins_anew_when_it_is_full(tmp_path):
    log = InferenceLog(tmp_path / "log.db")
    for first in range(0, 100_000, 1000):
        log.append(1, columns(first, 1000, width=30), CONSTANTS, [1])
    assert (tmp_path / "log.journal").stat().st_size == 2**23
    (tmp_path / "crashed").mkdir()
    for path in tmp_path.glob("log*"):
        if path.is_file():
            shutil.copy(path, tmp_path / "crashed" / path.name)
    log.close()
    log = InferenceLog(tmp_path / "crashed" / "log.db")
    assert log.extent(1) == (0, 100_000)
    assert everything(log).num_rows == 100_000
    log.close()
