"""Inference through the client against the bare runtime, against JSON and an empty request."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

import numpy as np
import onnxruntime as ort
import pyarrow as pa
from serving import report, scratch, served

import wallwidgets as ww
from wallwidgets.instance.demo_models import fraud_model, transactions

ROWS = 100_000
ROUNDS = 7


def median_of(rounds: int, *calls: Callable[[], object]) -> list[float]:
    """Median seconds of each call, taken in turns so that noise meets all of them."""
    seconds: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):
        for call, found in zip(calls, seconds, strict=True):
            begun = time.perf_counter()
            call()
            found.append(time.perf_counter() - begun)
    return [statistics.median(found) for found in seconds]


def main() -> None:
    rows = transactions(np.random.default_rng(1), ROWS)
    values = pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), rows.shape[1])
    table = pa.table({"tensor": values})
    one = table.slice(0, 1)
    records = [{"tensor": row} for row in rows.tolist()]
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(fraud_model(), options)
    # What the log keeps of a row: time, input and output.
    logged = os.urandom(ROWS * (8 + 4 * rows.shape[1] + 4))
    with scratch() as folder, served(folder / "data") as instance:
        (folder / "fraud.onnx").write_bytes(fraud_model())
        client = ww.connect(instance.url, credentials=instance.credentials)
        workspace = client.workspaces.create("bench")
        model = client.models.upload(workspace, "fraud", folder / "fraud.onnx")
        pipeline = client.pipelines.create(workspace, "fraud", models=[model])
        client.pipelines.deploy(pipeline, wait=True)
        raw_log = (folder / "raw.log").open("ab", buffering=0)

        def bare() -> None:
            session.run(None, {"tensor": rows})
            raw_log.write(logged)
            os.fdatasync(raw_log.fileno())

        client.pipelines.infer(pipeline, one)
        arrow, limit = median_of(ROUNDS, lambda: client.pipelines.infer(pipeline, table), bare)
        json_way, arrow_again = median_of(
            3,
            lambda: client.pipelines.infer(pipeline, records),
            lambda: client.pipelines.infer(pipeline, table),
        )
        single, empty = median_of(
            300, lambda: client.pipelines.infer(pipeline, one), client.features
        )
        raw_log.close()
    report("100,000 rows in Arrow / bare runtime + raw append", arrow / limit, "at most 2.5")
    report("100,000 rows: JSON / Arrow", json_way / arrow_again, "at least 10")
    report("one row / an empty authenticated request", single / empty, "at most 3")


if __name__ == "__main__":
    main()
