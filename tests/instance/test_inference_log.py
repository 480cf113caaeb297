"""The inference log: nothing lost, nothing silently wrong, pages that fit together."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from wallwidgets.errors import ServiceError, StorageFull
from wallwidgets.instance import log_files
from wallwidgets.instance.inference_log import InferenceLog
from wallwidgets.instance.log_batches import Span
from wallwidgets.instance.log_index import LogIndex

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


def test_one_element_of_the_records_of_a_model(log):
    """A batch has a column that names the model of each record, or one model for all of them."""
    texts = [f'{{"model_name":"{name}"}}' for name in "ab"]
    split = {**columns(0, 6), "metadata.last_model": pa.array([*texts, texts[1], None, *texts])}
    log.append(1, split, CONSTANTS, [1], times=np.arange(6))
    log.append(1, columns(6, 2), {"metadata.last_model": texts[0]}, [1], times=np.array([6, 7]))
    log.append(1, columns(8, 1), {"metadata.last_model": ""}, [1], times=np.array([8]))
    for model, found in (("a", [0, 4, 6, 7]), ("b", [1, 2, 5]), ("c", [])):
        times, values = log.column(1, "in.tensor", 0, model=model)
        assert times.tolist() == found
        assert values.tolist() == [3 * number for number in found]
    assert log.column(1, "out.y", 0, 1, 7, "a")[0].tolist() == [4, 6]
    assert len(log.column(1, "out.y")[0]) == 9


def test_the_field_may_differ_between_batches(log):
    log.append(1, {"in.old": tensor([[1.0]])}, CONSTANTS, [1])
    log.append(1, {"in.new": tensor([[2.0]])}, CONSTANTS, [1])
    log.append(1, {"in.other": tensor([[3.0]])}, CONSTANTS, [1])

    def field(batch):
        return next((each for each in ("in.old", "in.new") if batch.has(each)), None)

    assert log.column(1, field)[1].tolist() == [1, 2]


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


def frames(folder):
    """The file of new frames, without the room behind them."""
    (path,) = (folder / "log").glob("0*.frames")
    with closing(sqlite3.connect(folder / "log.db")) as database:
        (end,) = database.execute("SELECT max(offset + length) FROM batch").fetchone()
    return path, path.read_bytes()[:end]


@pytest.mark.parametrize(("rows", "at"), [(3, 20), (3, -40), (20_000, 5000), (20_000, -40)])
def test_a_flipped_bit_is_an_error(tmp_path, rows, at):
    log = InferenceLog(tmp_path / "log.db")
    log.append(1, columns(0, rows), CONSTANTS, [1])
    log.close()
    path, content = frames(tmp_path)
    content = bytearray(content)
    content[at] ^= 1
    path.write_bytes(content)
    log = InferenceLog(tmp_path / "log.db")
    with pytest.raises(ServiceError, match="damaged"):
        everything(log)
    with pytest.raises(ServiceError, match="damaged"):
        log.column(1, "out.y", 0)
    log.close()


@pytest.mark.parametrize("tail", [b"", bytes(1000)])
def test_a_file_that_lost_its_tail_is_an_error(tmp_path, tail):
    log = InferenceLog(tmp_path / "log.db")
    log.append(1, columns(0, 20_000), CONSTANTS, [1])
    log.close()
    path, content = frames(tmp_path)
    path.write_bytes(content[:-1000] + tail)
    log = InferenceLog(tmp_path / "log.db")
    log.append(2, columns(0, 2), CONSTANTS, [1])
    assert numbers(everything(log, 2)) == [0, 3]
    with pytest.raises(ServiceError, match="damaged"):
        everything(log)
    log.close()


def test_a_missing_file_is_an_error(tmp_path):
    log = InferenceLog(tmp_path / "log.db")
    log.append(1, columns(0, 2), CONSTANTS, [1])
    log.close()
    frames(tmp_path)[0].unlink()
    log = InferenceLog(tmp_path / "log.db")
    with pytest.raises(ServiceError, match="damaged"):
        everything(log)
    log.close()


def test_bytes_after_a_crash_belong_to_nobody(tmp_path):
    log = InferenceLog(tmp_path / "log.db")
    log.append(1, columns(0, 20_000), CONSTANTS, [1])
    log.close()
    path, _ = frames(tmp_path)
    with path.open("ab") as file:
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


@pytest.mark.parametrize(
    "tear",
    [
        lambda last: last[:-20] + bytes([last[-20] ^ 1]) + last[-19:],
        lambda last: last[: len(last) // 2],
        lambda last: last[: len(last) // 2] + bytes(len(last)),
        lambda last: bytes(len(last)),
        lambda last: b"garbage" * 100,
        lambda last: last[:20],
    ],
)
@pytest.mark.parametrize("rows", [1, 40_000])
def test_a_torn_append_is_forgotten_as_a_whole(tmp_path, tear, rows):
    log = InferenceLog(tmp_path / "log.db")
    before = copied(tmp_path, tmp_path.with_name(tmp_path.name + "-crashed"))
    log.append(1, columns(0, 1), CONSTANTS, [1])
    whole = len(frames(tmp_path)[1])
    log.append(1, columns(1, rows), CONSTANTS, [1])
    log.close()
    path, content = frames(tmp_path)
    (before / "log" / path.name).write_bytes(content[:whole] + tear(content[whole:]))
    log = InferenceLog(before / "log.db")
    assert numbers(everything(log)) == [0]
    log.append(1, columns(1, 1), CONSTANTS, [1])
    log.close()
    log = InferenceLog(before / "log.db")
    assert numbers(everything(log)) == [0, 3]
    log.close()


def test_damage_before_a_later_append_is_no_torn_end(tmp_path):
    log = InferenceLog(tmp_path / "log.db")
    crashed = copied(tmp_path, tmp_path.with_name(tmp_path.name + "-crashed"))
    for first in range(3):
        log.append(1, columns(first, 1), CONSTANTS, [1])
    log.close()
    path, content = frames(tmp_path)
    content = bytearray(content)
    content[len(content) // 2] ^= 1
    (crashed / "log" / path.name).write_bytes(content)
    with pytest.raises(ServiceError, match="damaged"):
        InferenceLog(crashed / "log.db")


def test_files_whose_frames_were_merged_away_are_deleted(tmp_path, monkeypatch):
    monkeypatch.setattr(log_files, "FILE_BYTES", 20_000)
    folder = tmp_path / "data"
    folder.mkdir()
    sync = LogIndex.sync

    def sync_and_copy(index, end):
        sync(index, end)
        for path in folder.glob("log.db*"):
            shutil.copy(path, tmp_path)

    monkeypatch.setattr(LogIndex, "sync", sync_and_copy)
    log = InferenceLog(folder / "log.db")
    for first in range(640):
        log.append(1, columns(first, 1), CONSTANTS, [first])
    log.tidy()
    with log.batches(1, Span(newest_first=True)) as batches:
        found = next(batches).rows
        for first in range(640, 1280):
            log.append(1, columns(first, 1), CONSTANTS, [first])
        log.tidy()
        assert found + sum(batch.rows for batch in batches) == 640
    log.tidy()
    live = sorted(path.name for path in (folder / "log").glob("0*.frames"))
    assert len(live) < 5
    assert live[0] > "000010.frames"
    crashed = copied(folder, tmp_path / "crashed")
    power_cut = copied(folder, tmp_path / "power_cut")
    log.close()
    for path in power_cut.glob("log.db*"):
        path.unlink()
    for path in tmp_path.glob("log.db*"):
        shutil.copy(path, power_cut)
    for opened in (folder, crashed, power_cut):
        log = InferenceLog(opened / "log.db")
        assert numbers(everything(log)) == [3.0 * number for number in range(1280)]
        elapsed = everything(log)["metadata.elapsed"].to_pylist()
        assert elapsed == [[number] for number in range(1280)]
        log.append(1, columns(1280, 1), CONSTANTS, [1])
        assert log.extent(1) == (0, 1281)
        log.close()


def half_written(descriptor, parts, offset):
    data = b"".join(parts)
    os.pwrite(descriptor, data[: len(data) // 2], offset)
    raise OSError(errno.ENOSPC, "No space left on device")


def unsynced(descriptor):
    raise OSError(errno.ENOSPC, "No space left on device")


def unindexed(index, rows):
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise error


@pytest.mark.parametrize(
    ("owner", "name", "failing"),
    [
        (os, "pwritev", half_written),
        (log_files, "sync_data", unsynced),
        (LogIndex, "add", unindexed),
    ],
)
@pytest.mark.parametrize("rows", [1, 40_000])
@pytest.mark.parametrize("cut_fails", [False, True])
def test_a_full_disk_leaves_the_log_as_it_was(
    tmp_path, monkeypatch, owner, name, failing, rows, cut_fails
):
    log = InferenceLog(tmp_path / "log.db")
    log.append(1, columns(0, 2), CONSTANTS, [1])
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, failing)
        if cut_fails:
            patch.setattr(os, "ftruncate", lambda *_: unsynced(0))
        for _ in range(2):
            with pytest.raises(StorageFull):
                log.append(1, columns(2, rows), CONSTANTS, [1])
    assert log.extent(1) == (0, 2)
    assert numbers(everything(log)) == [0, 3]
    log.append(1, columns(2, 1), CONSTANTS, [1])
    crashed = copied(tmp_path, tmp_path.with_name(tmp_path.name + "-crashed"))
    log.append(1, columns(3, 1), CONSTANTS, [1])
    log.close()
    for folder, expected in ((tmp_path, 4), (crashed, 3)):
        log = InferenceLog(folder / "log.db")
        assert numbers(everything(log)) == [3.0 * number for number in range(expected)]
        log.close()


def test_a_short_write_is_continued(tmp_path, monkeypatch):
    write = os.pwritev

    def short(descriptor, parts, offset):
        return write(descriptor, [b"".join(parts)[:1000]], offset)

    monkeypatch.setattr(os, "pwritev", short)
    log = InferenceLog(tmp_path / "log.db")
    log.append(1, columns(0, 1000), CONSTANTS, [1])
    assert numbers(everything(log)) == [3.0 * number for number in range(1000)]
    log.close()


def test_appends_from_many_threads_are_all_there(log):
    def work(pipeline_id):
        for first in range(0, 300, 3):
            log.append(pipeline_id, columns(first, 3), CONSTANTS, [1])
            log.read(pipeline_id, limit=5, newest_first=True)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    for pipeline_id in range(8):
        assert numbers(everything(log, pipeline_id)) == [3.0 * number for number in range(300)]
