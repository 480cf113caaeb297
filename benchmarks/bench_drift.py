"""Drift: a whole assay against one pass of ``np.sum`` over the same values, and from files.

Rounds take their calls in turns, and the fastest of each counts, so that a busy machine disturbs
all of them alike.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from serving import report, scratch

from wallwidgets.drift import Drift, run

DAY_MS = 86_400_000
DAYS = 31  # the first is the baseline
BASELINE = ("2022-01-01", "2022-01-02")
BEGIN_MS = 1_640_995_200_000
OPTIONS: dict[str, Any] = {"baseline": BASELINE}
NAMES = ["time", "price"]

# A process of its own: the peak of a run beyond what importing takes, in MiB.
PEAK = """
import os, sys
import pandas, polars as pl, pyarrow.parquet, pyarrow.fs
sys.path.insert(0, {folder!r})
from serving import reset_peak, resident
from wallwidgets.drift import run
run({{"time": [0, 1, 86400000], "price": [1, 2, 3]}}, "price", baseline=[1, 2])
reset_peak(os.getpid())
before = resident(os.getpid())
found = run({frame}, "price", baseline=("2022-01-01", "2022-01-02"))
found.score, found.status
{more}
print(resident(os.getpid(), "VmHWM") - before)
"""


def minima(rounds: int, *calls: Callable[[], object]) -> list[float]:
    """Least seconds of each call, taken in turns."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, times in zip(calls, taken, strict=True):
            begun = time.perf_counter()
            call()
            times.append(time.perf_counter() - begun)
    return [min(times) for times in taken]


def columns(rows: int, days: int = DAYS) -> dict[str, Any]:
    """Rows evenly over some days, the last at their end; those after the middle are shifted."""
    times = BEGIN_MS + np.arange(1, rows + 1, dtype=np.int64) * (days * DAY_MS) // rows
    values = np.random.default_rng(1).normal(size=rows)
    values[rows // 2 :] += 0.1
    return {"time": times, "price": values}


def scored(frame: Any, **options: Any) -> Drift:
    """A run with all that a score needs: bins, counts, scores, status."""
    found = run(frame, "price", **{**OPTIONS, **options})
    assert len(found.score) == len(found.status) == len(found) > 0
    return found


def in_memory(rows: int) -> None:
    frame = columns(rows)
    what = f"{rows // 1_000_000} million values"
    stamped = {**frame, "time": frame["time"].astype("datetime64[ms]")}
    limit, whole, dates, hourly = minima(
        7,
        lambda: np.sum(frame["price"]),
        lambda: scored(frame),
        lambda: scored(stamped),
        lambda: scored(frame, interval="1 hour"),
    )
    found = scored(frame)
    (statistics,) = minima(2, lambda: scored(frame).statistics)
    report(f"{what}, 30 windows: assay / np.sum", whole / limit, "at most 8")
    report(f"{what}, 30 windows, datetime64: assay / np.sum", dates / limit, "at most 8")
    report(f"{what}, 697 overlapping windows / 30 windows", hourly / whole, "at most 1.5")
    lazy = statistics - whole
    report(f"{what}, statistics with medians, read when asked for / np.sum", lazy / limit, "apart")
    print(f"    np.sum {limit * 1e3:.1f} ms, assay {whole * 1e3:.1f} ms of {len(found)} windows")


def what_if() -> None:
    found = run(columns(1_000_000), "price", **OPTIONS, interval="1 hour", what_if=(10, 20))
    changes: list[dict[str, Any]] = [
        {"metric": "MaxDiff"},
        {"num_bins": 10},
        {"bin_mode": "Equal", "num_bins": 20, "aggregation": "Cumulative"},
    ]

    def change(**changes: Any) -> None:
        again = found.rescore(**changes)
        assert len(again.score) == len(again.status)

    slowest = max(minima(20, *(lambda c=c: change(**c) for c in changes)))
    report(f"what-if over {len(found)} windows, milliseconds", slowest * 1e3, "under 50")
    frame = columns(10_000_000)
    more, one = minima(
        3, lambda: run(frame, "price", **OPTIONS, what_if=(10, 20)), lambda: scored(frame)
    )
    report("10 million values, counting for what_if=(10, 20) too / without", more / one, "apart")


def write(folder: Path, rows: int, days: int) -> dict[str, Path]:
    """A Parquet and an Arrow file with a column more than is read."""
    made = pa.table({**columns(rows, days), "other": np.arange(rows, dtype=np.float64)})
    stamps = made["time"].cast(pa.timestamp("ms", "UTC"))
    made = made.set_column(0, "time", stamps)
    paths = {kind: folder / f"{rows}.{kind}" for kind in ("parquet", "arrow")}
    pq.write_table(made, paths["parquet"])
    with pa.ipc.new_file(paths["arrow"], made.schema) as writer:
        writer.write_table(made, max_chunksize=1 << 20)
    return paths


def read_arrow(path: Path) -> pa.Table:
    """The two columns in memory, by the reader that runs use too."""
    with pa.OSFile(str(path)) as stream:
        options = pa.ipc.IpcReadOptions(included_fields=[0, 1])
        return pa.ipc.open_file(stream, options=options).read_all()


def from_files(folder: Path) -> None:
    small, large = write(folder, 10_000_000, DAYS), write(folder, 40_000_000, 4 * DAYS)
    readers: dict[str, Callable[[Path], object]] = {
        "parquet": lambda path: pq.read_table(path, columns=NAMES),
        "arrow": read_arrow,
    }
    for kind, read in readers.items():
        for paths, rows in ((small, 10), (large, 40)):
            alone, ours = minima(
                5, lambda p=paths[kind], read=read: read(p), lambda p=paths[kind]: scored(p)
            )
            what = f"{rows} million rows of a file, {kind}: assay / reading two columns"
            report(what, ours / alone, "at most 1.5")
            print(f"    reading {alone * 1e3:.0f} ms, assay {ours * 1e3:.0f} ms")
    with ThreadPoolExecutor(2) as pool:
        here, spread = minima(
            3, lambda: scored(large["parquet"]), lambda: scored(large["parquet"], executor=pool)
        )
    report("40 million rows of a file, parquet: two threads / one", spread / here, "apart")
    kinds = {"parquet": "{!r}", "arrow": "{!r}", "LazyFrame": "pl.scan_parquet({!r})"}
    for kind, text in kinds.items():
        for more, what in (("", ""), ("found.statistics", " with statistics")):
            one, four = (
                peak(text.format(str(paths.get(kind, paths["parquet"]))), more)
                for paths in (small, large)
            )
            line = f"peak memory{what}, {kind}: 40 million rows / 10 million"
            report(line, four / one, "about 1")
            print(f"    {one:.0f} MiB and {four:.0f} MiB; the two columns are 153 and 610 MiB")


def peak(frame: str, more: str) -> float:
    """The peak of a run in MiB, in a process of its own."""
    code = PEAK.format(folder=str(Path(__file__).parent), frame=frame, more=more)
    command = [sys.executable, "-c", code]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def main() -> None:
    for rows in (10_000_000, 50_000_000):
        in_memory(rows)
    what_if()
    with scratch() as folder:
        from_files(folder)


if __name__ == "__main__":
    main()
