"""Assays through the client: a month of demo data, and ten million logged rows.

The limit is to read the bytes of the records: the log checks the checksum of each whole batch.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from serving import MIB, report, scratch

import wallwidgets as ww
from wallwidgets.instance.demo_models import HOUSE_COLUMNS, house_price_model
from wallwidgets.schemas.assay_baselines import Baseline, FixedBaseline
from wallwidgets.schemas.assays import AssayConfig, AssayWindow
from wallwidgets.schemas.pipelines import PipelineRecord

ROWS = 10_000_000
DAYS = 31
PER_DAY = ROWS // DAYS
DAY_MS = 86_400_000
JANUARY = datetime(2022, 1, 1, tzinfo=UTC)
MODELS = ("first", "second")


def median_of(rounds: int, call: Callable[[], object]) -> float:
    """Median seconds of a call."""
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def month_of_demo(instance: ww.LocalInstance) -> None:
    with instance.connect() as client:
        client.assays.run(3)
        whole = median_of(9, lambda: client.assays.run(3))
        [assay] = client.assays.filter(4, 4)
        alone = median_of(9, lambda: client.assays.run(assay))
        baseline = median_of(9, lambda: client.assays.run_baseline(assay))
        stored = median_of(9, lambda: client.assays.results(assay))
    report("demo month: run_interactive, ms", alone * 1e3, "under 200")
    report("demo month: run by id, with its look-ups, ms", whole * 1e3, "under 200")
    report("demo month: run_interactive_baseline, ms", baseline * 1e3, "under 200")
    report("demo month: 30 stored results, ms", stored * 1e3, "under 200")


def pipeline_with_rows(
    client: ww.Client, instance: ww.LocalInstance, name: str, split: bool
) -> PipelineRecord:
    """A pipeline with ten million records, of one model or of two in turns."""
    workspace = client.workspaces.create(name)
    path = Path(instance.context.config.data) / "model.onnx"
    path.write_bytes(house_price_model())
    for model in MODELS:
        client.models.upload(workspace, model, path)
    pipeline = client.pipelines.create(workspace, name)
    values = np.random.default_rng(1).standard_normal((PER_DAY, len(HOUSE_COLUMNS)), np.float32)
    texts = [f'{{"model_name":"{model}","model_sha":"{"0" * 64}"}}' for model in MODELS]
    columns = {
        "in.tensor": pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), 17),
        "out.dense_2": pa.FixedSizeListArray.from_arrays(pa.array(values[:, 0].copy()), 1),
    }
    constants = {"metadata.last_model": texts[0], "metadata.partition": "engine-1"}
    if split:
        columns["metadata.last_model"] = pa.array(texts).take(pa.array(np.arange(PER_DAY) % 2))
    offsets = np.arange(PER_DAY) * DAY_MS // PER_DAY
    for day in range(DAYS):
        times = int((JANUARY + timedelta(days=day)).timestamp() * 1000) + offsets
        instance.context.log.append(pipeline.id, columns, constants, [1, 2], times)
    return pipeline


def config_of(pipeline: PipelineRecord, model: str | None, iopath: str) -> AssayConfig:
    fixed = FixedBaseline(
        pipeline=pipeline.name, model=model, start_at=JANUARY, end_at=JANUARY + timedelta(days=1)
    )
    return AssayConfig(
        name="bench", pipeline_id=pipeline.id, pipeline_name=pipeline.name,
        workspace_id=pipeline.workspace_id, iopath=iopath, baseline=Baseline(fixed=fixed),
        window=AssayWindow(pipeline=pipeline.name, model=model, width="24 hours"),
    )  # fmt: skip


def ten_million(instance: ww.LocalInstance, folder: Path) -> None:
    path = folder / "bytes"
    with path.open("wb") as file:
        for _ in range(DAYS):
            file.write(os.urandom(PER_DAY * (8 + 4 * (len(HOUSE_COLUMNS) + 1))))
    buffer = bytearray(MIB)

    def read_bytes() -> None:
        with path.open("rb", buffering=0) as file:
            while file.readinto(buffer):
                pass

    limit = median_of(5, read_bytes)
    with instance.connect() as client:
        for name, model, split in (
            ("all", None, False), ("one-model", MODELS[0], False), ("split", MODELS[0], True),
        ):  # fmt: skip
            pipeline = pipeline_with_rows(client, instance, f"bench-{name}", split)
            for iopath in ("input 0 0", "output dense_2 0"):
                config = config_of(pipeline, model, iopath)
                assert len(client.assays.run(config)) == DAYS - 1
                taken = median_of(3, lambda config=config: client.assays.run(config))
                report(f"{ROWS:,} rows, {name}, {iopath}: seconds", taken, "under 3")
                report("    / reading the bytes of the records", taken / limit, "at most 10")


def main() -> None:
    with scratch() as folder:
        with ww.LocalInstance(folder / "demo", demo=True) as instance:
            month_of_demo(instance)
        with ww.LocalInstance(folder / "data") as instance:
            ten_million(instance, folder)


if __name__ == "__main__":
    main()
