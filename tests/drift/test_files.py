"""Runs over files larger than memory give what runs over columns in memory give."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from tests.drift.test_run import BASELINE, DAY, month
from wallwidgets.drift import Drift, run
from wallwidgets.drift import files as files_module
from wallwidgets.drift.files import Files
from wallwidgets.errors import InvalidRequest

OPTIONS: dict[str, Any] = {"baseline": BASELINE, "interval": "6 hours", "until": "1970-01-31"}


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the files were large: several pieces and groups of windows for each."""
    for name in ("files", "formats", "sources", "streams"):
        monkeypatch.setattr(f"wallwidgets.drift.{name}.PIECE_ROWS", 5_000)
    monkeypatch.setattr("wallwidgets.drift.readback.READ_BACK_ROWS", 4_000)


def table(kind: pa.DataType | None = None, rows: slice = slice(None)) -> pa.Table:
    """A month with missing and infinite values, and a column that nobody asked for."""
    plain = month()
    price = plain["price"].copy()
    price[500:700] = np.nan
    price[9_000:9_003] = [np.inf, -np.inf, np.nan]
    times = pa.array(plain["time"])
    if kind is not None:
        times = times.cast(pa.timestamp("ms")).cast(kind)
    made = pa.table({"other": pa.array(["x"] * len(price)), "time": times, "price": price})
    return made.take(np.arange(made.num_rows)[rows])


def write_arrow(made: pa.Table, path: Path, compression: str | None = None) -> None:
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_file(path, made.schema, options=options) as writer:
        writer.write_table(made, max_chunksize=3_000)


WRITERS: dict[str, Callable[[pa.Table, Path], Any]] = {
    "parquet": lambda made, path: pq.write_table(made, path, row_group_size=3_000),
    "one-group": lambda made, path: pq.write_table(made, path),
    "no-statistics": lambda made, path: pq.write_table(
        made, path, row_group_size=3_000, write_statistics=False
    ),
    "polars": lambda made, path: pl.DataFrame(made).write_parquet(path, row_group_size=2_000),
    "arrow": write_arrow,
    "arrow-lz4": lambda made, path: write_arrow(made, path, "lz4"),
    "polars-ipc": lambda made, path: pl.DataFrame(made).write_ipc(path, compression="zstd"),
}


def same(first: Drift, second: Drift) -> None:
    for name in ("starts", "ends", "rows", "missing", "counts", "baseline_counts", "score"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
    assert first.bins == second.bins
    assert first.rows_after == second.rows_after
    assert first.status == second.status
    np.testing.assert_equal(first.baseline, second.baseline)
    np.testing.assert_equal(first.statistics, second.statistics)


@pytest.mark.parametrize("kind", WRITERS)
def test_one_file(kind: str, tmp_path: Path) -> None:
    made = table()
    WRITERS[kind](made, tmp_path / "data")
    found = run(tmp_path / "data", "price", **OPTIONS)
    same(found, run(made, "price", **OPTIONS))
    assert found.missing.sum() > 0
    assert found.rows_after > 0


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_rows_in_any_order_within_and_between_files(kind: str, tmp_path: Path) -> None:
    made = table()
    order = np.random.default_rng(8).permutation(made.num_rows)
    mixed = made.take(order)
    paths = [str(tmp_path / f"{index}.{kind}") for index in range(3)]
    for index, path in enumerate(paths):
        WRITERS[kind](mixed.slice(index * 12_000, 12_000), Path(path))
    WRITERS[kind](mixed.slice(36_000), tmp_path / "last")
    found = run([*paths, tmp_path / "last"], "price", **OPTIONS)
    same(found, run(made, "price", **OPTIONS))


TIMES = [
    pa.timestamp("s"), pa.timestamp("ms", "UTC"), pa.timestamp("us", "America/New_York"),
    pa.timestamp("ns"), pa.date32(),
]  # fmt: skip


@pytest.mark.parametrize("kind", TIMES, ids=str)
@pytest.mark.parametrize("way", ["parquet", "arrow", "lazy", "dataset"])
def test_times_of_every_kind(kind: pa.DataType, way: str, tmp_path: Path) -> None:
    made = table(kind)
    pq.write_table(made, tmp_path / "data.parquet", row_group_size=3_000)
    write_arrow(made, tmp_path / "data.arrow")
    frames: dict[str, Callable[[], Any]] = {
        "parquet": lambda: tmp_path / "data.parquet",
        "arrow": lambda: tmp_path / "data.arrow",
        "lazy": lambda: pl.scan_parquet(tmp_path / "data.parquet"),
        "dataset": lambda: ds.dataset(tmp_path / "data.parquet").filter(ds.field("other") == "x"),
    }
    options = {"baseline": BASELINE, "until": "1970-01-31"}
    same(run(frames[way](), "price", **options), run(made, "price", **options))


def test_lazy_frames_and_datasets(tmp_path: Path) -> None:
    made = table()
    for index in range(3):
        part = made.slice(index * 15_000, 15_000)
        pq.write_table(part, tmp_path / f"{index}.parquet", row_group_size=3_000)
        write_arrow(part, tmp_path / f"{index}.arrow")
    expected = run(made, "price", **OPTIONS)
    lazy = pl.scan_parquet(tmp_path / "*.parquet")
    for frame in (
        lazy,
        pl.scan_ipc(tmp_path / "*.arrow"),
        lazy.sort("price"),
        ds.dataset(sorted(tmp_path.glob("*.parquet"))),
        ds.dataset(sorted(tmp_path.glob("*.arrow")), format="ipc"),
        ds.dataset(made),
    ):
        same(run(frame, "price", **OPTIONS), expected)
    few = run(made.filter(ds.field("price") < 0), "price", **OPTIONS)
    for frame in (
        lazy.filter(pl.col("price") < 0),
        ds.dataset(sorted(tmp_path.glob("*.parquet"))).filter(ds.field("price") < 0),
    ):
        same(run(frame, "price", **OPTIONS), few)
    scaled = lazy.with_columns(price=pl.col("price") * 2)
    assert run(scaled, "price", **OPTIONS).score.tolist() == expected.score.tolist()


@pytest.mark.parametrize("kind", ["parquet", "arrow", "arrow-lz4"])
def test_files_that_are_not_local(kind: str, tmp_path: Path) -> None:
    made = table()
    WRITERS[kind](made, tmp_path / "data")
    elsewhere = SubTreeFileSystem(str(tmp_path), LocalFileSystem())
    frame = ds.dataset("data", filesystem=elsewhere, format="ipc" if "arrow" in kind else kind)
    same(run(frame, "price", **OPTIONS), run(made, "price", **OPTIONS))


def test_a_dataset_whose_column_is_in_no_file(tmp_path: Path) -> None:
    made = table()
    for size in (1, 2):
        (tmp_path / f"size={size}").mkdir()
        pq.write_table(made, tmp_path / f"size={size}" / "part.parquet")
    frame = ds.dataset(tmp_path, partitioning="hive")
    found = run(frame, "size", baseline=[1, 2, 3], num_bins=1)
    assert found.counts.sum() == found.rows.sum() > made.num_rows
    assert found.statistics[0].mean == 1.5


def test_a_baseline_of_values_and_windows_without_one(tmp_path: Path) -> None:
    made = table()
    pq.write_table(made, tmp_path / "data", row_group_size=3_000)
    values = np.random.default_rng(0).normal(size=100)
    for more in ({}, {"start": "1970-01-05T05:00:00"}, {"width": "1 week", "interval": "36 hours"}):
        options: dict[str, Any] = {"baseline": values, **more}
        found = run(tmp_path / "data", "price", **options)
        same(found, run(made, "price", **options))


def test_only_pieces_that_hold_the_time_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq.write_table(table(), tmp_path / "data", row_group_size=3_000)
    source = Files.of([str(tmp_path / "data")], "price", "time")
    read = []
    original = files_module.FilePiece.read
    monkeypatch.setattr(
        files_module.FilePiece, "read", lambda piece: (read.append(piece), original(piece))[1]
    )
    assert source.between(2 * DAY * 1000, 3 * DAY * 1000).rows == 1440
    assert 0 < len(read) <= 2 < len(source.pieces)
    read.clear()
    found = run(
        tmp_path / "data", "price", baseline=BASELINE, start="1970-01-05", until="1970-01-07"
    )
    assert len(found) == 2
    assert len(read) <= 4
    assert found.rows_after == table().num_rows - 6 * 1440


def test_one_without_rows(tmp_path: Path) -> None:
    empty = table(rows=slice(0, 0))
    pq.write_table(empty, tmp_path / "empty")
    write_arrow(empty, tmp_path / "empty.arrow")
    pq.write_table(table(), tmp_path / "data")
    found = run(
        [tmp_path / "empty", tmp_path / "data", tmp_path / "empty.arrow"], "price", **OPTIONS
    )
    same(found, run(table(), "price", **OPTIONS))
    for frame in (tmp_path / "empty", pl.scan_parquet(tmp_path / "empty"), ds.dataset(empty)):
        assert len(run(frame, "price", baseline=[1.0, 2.0])) == 0
    with pytest.raises(InvalidRequest, match="baseline: has no rows from"):
        run(tmp_path / "empty", "price", **OPTIONS)


def test_float32_and_whole_numbers(tmp_path: Path) -> None:
    plain = table()
    for kind in (pa.float32(), pa.int16(), pa.decimal128(19, 3)):
        price = pa.array(np.arange(plain.num_rows, dtype=np.int16) % 97).cast(kind)
        made = plain.set_column(2, "price", price)
        pq.write_table(made, tmp_path / "data", row_group_size=3_000)
        same(run(tmp_path / "data", "price", **OPTIONS), run(made, "price", **OPTIONS))


def test_edges_of_each_window(tmp_path: Path) -> None:
    made = table()
    pq.write_table(made, tmp_path / "data", row_group_size=3_000)
    options = {**OPTIONS, "aggregation": "Edges", "metric": "MaxDiff"}
    first, second = (run(frame, "price", **options) for frame in (tmp_path / "data", made))
    assert np.array_equal(first.aggregated_values, second.aggregated_values, equal_nan=True)
    assert np.array_equal(first.score, second.score, equal_nan=True)


def test_a_file_that_is_gone_before_statistics_are_asked_for(tmp_path: Path) -> None:
    pq.write_table(table(), tmp_path / "data")
    found = run(tmp_path / "data", "price", **OPTIONS)
    (tmp_path / "data").unlink()
    assert len(found.rescore(metric="MaxDiff").score) == len(found)
    with pytest.raises(InvalidRequest, match="frame: there is no file"):
        _ = found.statistics


def damaged(folder: Path) -> dict[str, Any]:
    """Frames that cannot be used, by what is said of them."""
    good, made = folder / "good.parquet", table()
    pq.write_table(made, good, row_group_size=3_000)
    write_arrow(made, folder / "good.arrow")
    for name in ("good.parquet", "good.arrow"):
        whole = (folder / name).read_bytes()
        (folder / f"cut-{name}").write_bytes(whole[: len(whole) // 2])
    whole, half = good.read_bytes(), good.stat().st_size // 2
    overwritten = whole[:5_000] + b"\xff" * half + whole[half + 5_000 :]
    (folder / "overwritten.parquet").write_bytes(overwritten)
    (folder / "data.csv").write_text("time,price\n0,1\n")
    (folder / "nothing").touch()
    texts = made.set_column(2, "price", pa.array(["x"] * made.num_rows))
    pq.write_table(texts, folder / "texts.parquet")
    pq.write_table(made.set_column(1, "time", made["price"]), folder / "times.parquet")
    pq.write_table(made.drop_columns(["price"]), folder / "less.parquet")
    pq.write_table(
        made.set_column(2, "price", made["price"].cast(pa.float32())), folder / "single.parquet"
    )
    pq.write_table(table(pa.timestamp("us")), folder / "micros.parquet")
    absent = table(pa.timestamp("us")).to_pandas()
    absent.loc[5, "time"] = None
    absent.to_parquet(folder / "absent.parquet")
    twice = pa.Table.from_arrays(
        [made["time"], made["price"], made["price"]], ["time", "price", "price"]
    )
    write_arrow(twice, folder / "twice.arrow")
    return {
        "frame: there is no file '": folder / "gone.parquet",
        "frame: is an empty list": [],
        "frame: is a list, but not one of paths": [1],
        "frame: '.*' cannot be read: .*directory": folder,
        "frame: .*cut-good.parquet' cannot be read: ": folder / "cut-good.parquet",
        "frame: .*cut-good.arrow' cannot be read: ": folder / "cut-good.arrow",
        "frame: .*overwritten.parquet' cannot be read: ": folder / "overwritten.parquet",
        "frame: .*data.csv' is neither a Parquet nor an Arrow file": [good, folder / "data.csv"],
        "frame: .*nothing' is neither a Parquet nor an Arrow file": folder / "nothing",
        "value: column 'price' of '.*texts.parquet' holds string": folder / "texts.parquet",
        "time: column 'time' of '.*times.parquet' holds double": folder / "times.parquet",
        "value: '.*less.parquet' has no column 'price'": [good, folder / "less.parquet"],
        "value: '.*twice.arrow' has 2 columns 'price'": folder / "twice.arrow",
        "value: '.*single.parquet' holds float values, '.*good.parquet' double": [
            good, folder / "single.parquet",
        ],
        "time: '.*micros.parquet' holds timestamp.* values, '.*good.parquet' int64": [
            good, folder / "micros.parquet",
        ],
        "time: 1 rows have no time": folder / "absent.parquet",
        "frame: cannot be read: .*No such file": pl.scan_parquet(folder / "gone.parquet"),
        "frame: cannot be read: .*must end with PAR1": pl.scan_parquet(
            folder / "cut-good.parquet"
        ),
        "value: the frame has no column 'price'": pl.scan_parquet(folder / "less.parquet"),
        "value: column 'price' of the frame holds .*string": pl.scan_parquet(
            folder / "texts.parquet"
        ),
        "time: column 'time' of the dataset holds double": ds.dataset(folder / "times.parquet"),
        "value: the dataset has no column 'price'": ds.dataset(folder / "less.parquet"),
        "frame: cannot be read: .*Could not open": ds.dataset(
            [good, folder / "cut-good.parquet"]
        ).filter(ds.field("time") >= 0),
    }  # fmt: skip


def test_what_bad_files_get(tmp_path: Path) -> None:
    for sentence, frame in damaged(tmp_path).items():
        with pytest.raises(InvalidRequest, match=f"^.400. Bad request: (?:{sentence})") as caught:
            run(frame, "price", baseline=BASELINE)
        assert "\n" not in caught.value.message
    shutil.rmtree(tmp_path)


def test_a_day_without_a_clock(tmp_path: Path) -> None:
    days = [date(1970, 1, day) for day in (1, 2, 3)]
    pq.write_table(pa.table({"time": pa.array(days), "price": [1.0, 1.0, 9.0]}), tmp_path / "data")
    found = run(tmp_path / "data", "price", baseline=BASELINE, until="1970-01-04", num_bins=1)
    assert found.counts.tolist() == [[0, 1, 0], [0, 0, 1]]
