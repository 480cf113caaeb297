"""The demo's inference records: its models, run on generated rows, with times of the past."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wallwidgets.instance import engine
from wallwidgets.instance.context import Context
from wallwidgets.instance.demo_models import Floats, houses, transactions
from wallwidgets.instance.engine import MODEL_SPLIT, LoadedStage, ModelRuntime
from wallwidgets.instance.inference_log import partition_of
from wallwidgets.instance.log_batches import LAST_MODEL
from wallwidgets.instance.payloads import Payload
from wallwidgets.instance.tensors import to_column

Times = npt.NDArray[np.int64]

MADE_AT = datetime(2021, 12, 20, 9, tzinfo=UTC)
"""When the demo's content says that it was made: before its first record."""


@dataclass(frozen=True)
class DemoPipeline:
    """A pipeline of the demo, known before its rows are made."""

    id: int
    name: str

    @property
    def version(self) -> str:
        """The UUID of its only version."""
        return demo_uuid("pipeline", self.name)


def demo_uuid(kind: str, name: str) -> str:
    """The same on every machine, so that a demo can be told step by step."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}"))


_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "demo.wallwidgets.invalid")
FRAUD_PIPELINE = DemoPipeline(1, "ccfraudpipe")
SHADOW_PIPELINE = DemoPipeline(2, "ccfraudshadow")
LIVE_PIPELINE = DemoPipeline(3, "housepricelive")
DRIFT_PIPELINE = DemoPipeline(4, "housepricepipe")

JANUARY = datetime(2022, 1, 1, tzinfo=UTC)
JANUARY_DAYS = 31
DRIFT_BEGINS_DAY = 15
"""Counted from 0: the first half of the month is as in training."""
DRIFT_GROWS_DAYS = 3
HOUSES_PER_DAY = 2000
"""Half of them for each of the two models."""

LIVE_DAYS = 30
LIVE_PER_DAY = 500
FRAUD_DAYS = 7
FRAUD_PER_DAY = 300

_DAY = timedelta(days=1)
_SEED = 2022
_ELAPSED_NS = (40_000, 120_000)


def drift_records(context: Context, models: list[ModelRuntime]) -> None:
    """All of January 2022: every row takes one of two models, and the houses begin to drift."""
    rng = np.random.default_rng(_SEED)
    days = [JANUARY + day * _DAY for day in range(JANUARY_DAYS)]
    times = np.concatenate([_times(rng, day, _DAY, HOUSES_PER_DAY) for day in days])
    inputs = np.concatenate([houses(rng, HOUSES_PER_DAY, drift) for drift in _drifts()])
    choice = rng.permutation(np.arange(len(times)) % len(models))
    outputs = np.empty((len(times), 1), np.float32)
    for index, model in enumerate(models):
        taken = choice == index
        outputs[taken] = model.run({"tensor": inputs[taken]}, int(taken.sum()))["dense_2"]
    references = [{"name": each.name, "version": each.version, "sha": each.sha} for each in models]
    split = [json.dumps(each, separators=(",", ":")) for each in references]
    columns = {
        "in.tensor": to_column("tensor", inputs),
        "out.dense_2": to_column("dense_2", outputs),
        MODEL_SPLIT: to_column(MODEL_SPLIT, np.array(split, dtype=object)[choice]),
        LAST_MODEL: pa.array(np.array([each.last_model for each in models])[choice], pa.string()),
    }
    _append(context, DRIFT_PIPELINE, columns, models[-1].last_model, times)


def live_records(context: Context, model: ModelRuntime) -> None:
    """The last 30 days, until now, without drift."""
    rng = np.random.default_rng(_SEED + 1)
    times = _until_now(context, rng, LIVE_DAYS, LIVE_PER_DAY)
    _run_and_append(context, LIVE_PIPELINE, model, houses(rng, len(times)), times)


def fraud_records(context: Context, model: ModelRuntime) -> None:
    """The last week, until now."""
    rng = np.random.default_rng(_SEED + 2)
    times = _until_now(context, rng, FRAUD_DAYS, FRAUD_PER_DAY)
    _run_and_append(context, FRAUD_PIPELINE, model, transactions(rng, len(times)), times)


def _drifts() -> Iterator[float]:
    """How far the houses of each day have drifted: 0, then more each day until 1."""
    for day in range(JANUARY_DAYS):
        yield min(1.0, max(0, day - DRIFT_BEGINS_DAY + 1) / DRIFT_GROWS_DAYS)


def _until_now(context: Context, rng: np.random.Generator, days: int, per_day: int) -> Times:
    now = context.config.clock()
    return _times(rng, now - days * _DAY, days * _DAY, days * per_day)


def _times(rng: np.random.Generator, start: datetime, span: timedelta, rows: int) -> Times:
    """Milliseconds since 1970, in order, anywhere in a span."""
    offsets = np.sort(rng.integers(0, span // timedelta(milliseconds=1), rows))
    return int(start.timestamp() * 1000) + offsets


def _run_and_append(
    context: Context, pipeline: DemoPipeline, model: ModelRuntime, rows: Floats, times: Times
) -> None:
    payload = Payload({"tensor": to_column("tensor", rows)}, len(rows))
    outcome = engine.run([LoadedStage((model,))], payload)
    _append(context, pipeline, outcome.columns, outcome.last_model, times)


def _append(
    context: Context,
    pipeline: DemoPipeline,
    columns: dict[str, pa.Array],
    last_model: str,
    times: Times,
) -> None:
    """All records of a pipeline at once: after a crash they are all there, or none."""
    constants = {
        LAST_MODEL: last_model,
        "metadata.pipeline_version": pipeline.version,
        "metadata.partition": partition_of(pipeline.id),
    }
    context.log.append(pipeline.id, columns, constants, _ELAPSED_NS, times)
