"""The inference log: appending, one tensor element of one day, and 100,000 records to a frame."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from serving import report, scratch

from wallwidgets.api.frames import Frame, read_arrow
from wallwidgets.instance.inference_log import InferenceLog
from wallwidgets.instance.records import RecordForm, encode

WIDTH = 29
DAY_MS = 86_400_000
DAYS = 30
ROWS = 1_000_000
RECORDS = 100_000
CONSTANTS = {
    "metadata.last_model": json.dumps({"model_name": "fraud", "model_sha": "0" * 64}),
    "metadata.partition": "engine-1",
    "metadata.pipeline_version": "00000000-0000-0000-0000-000000000000",
}


def seconds(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def medians(rounds: int, *calls: Callable[[], object]) -> list[float]:
    """Median seconds of each call, taken in turns so that noise meets all of them."""
    taken = [[seconds(call) for call in calls] for _ in range(rounds)]
    return [statistics.median(each) for each in zip(*taken, strict=True)]


def columns(rows: int) -> dict[str, pa.Array]:
    values = np.random.default_rng(1).random((rows, WIDTH), dtype=np.float32)
    return {
        "in.tensor": pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), WIDTH),
        "out.variable": pa.FixedSizeListArray.from_arrays(pa.array(values[:, 0].copy()), 1),
    }


def appending(log: InferenceLog, folder: Path) -> None:
    """A commit per request against a plain append of as many bytes, each with fdatasync."""
    with (folder / "raw").open("ab", buffering=0) as raw:
        for rows in (1, 1_000, 10_000, RECORDS):
            batch, data = columns(rows), os.urandom(rows * 4 * (WIDTH + 1))

            def ours(batch: dict[str, pa.Array] = batch) -> None:
                log.append(1, batch, CONSTANTS, [1, 2])

            def plain(data: bytes = data) -> None:
                raw.write(data)
                os.fdatasync(raw.fileno())

            limit, taken = medians(300 if rows <= 1_000 else 30, plain, ours)
            what = f"append of {rows:,} rows: plain append with fdatasync / ours"
            report(what, limit / taken, "at least 0.5")


def one_day(log: InferenceLog, folder: Path) -> None:
    """One element of the input over one day of thirty, against reading that day's bytes."""
    batch, step = columns(ROWS // DAYS), DAY_MS // (ROWS // DAYS)
    for day in range(DAYS):
        times = day * DAY_MS + np.arange(ROWS // DAYS) * step
        log.append(2, batch, CONSTANTS, [1, 2], times=times)
    path = folder / "day"
    path.write_bytes(os.urandom(ROWS // DAYS * (8 + 4 * (WIDTH + 1))))
    begin = 10 * DAY_MS
    limit, taken = medians(
        30, path.read_bytes, lambda: log.column(2, "in.tensor", 5, begin, begin + DAY_MS)
    )
    report("one element of one day / reading the bytes of that day", taken / limit, "under 10")
    whole, taken = medians(3, lambda: log.column(2, "in.tensor", 5), path.read_bytes)
    print(f"    one element of {ROWS:,} rows: {whole * 1e3:.0f} ms")


def to_frame(log: InferenceLog) -> None:
    """Records from the log to polars by way of Arrow, and to pandas by way of JSON."""
    form = RecordForm(parts=("*",), excluded=("metadata",), separator=".", arrow=True)

    def arrow() -> pl.DataFrame:
        page = log.read(2, limit=RECORDS, wanted=form.reads)
        # Decoded as the client does it.
        return Frame(read_arrow(encode(page.table, form))).to_polars()

    page = log.read(2, limit=RECORDS)
    text = encode(page.table, RecordForm(parts=("*",), excluded=("metadata",), separator="."))
    frame, json_way = medians(3, arrow, lambda: pd.DataFrame.from_records(json.loads(bytes(text))))
    report("100,000 records: JSON to pandas / log to polars", json_way / frame, "at least 50")


def main() -> None:
    with scratch() as folder:
        log = InferenceLog(folder / "log.db")
        appending(log, folder)
        one_day(log, folder)
        to_frame(log)
        log.close()


if __name__ == "__main__":
    main()
