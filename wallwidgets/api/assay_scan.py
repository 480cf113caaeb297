"""One configuration of an assay over every input and output of a pipeline."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wallwidgets.api.assay_results import AssayResults
from wallwidgets.api.frames import Frame, Records
from wallwidgets.drift import onset
from wallwidgets.errors import Cancelled, InvalidRequest
from wallwidgets.schemas.assays import AssayResult, ResultStatus
from wallwidgets.schemas.base import Answer
from wallwidgets.schemas.iopath import IoPath

SAMPLE_ROWS = 1000
"""Records of the baseline that tell which columns there are."""

_AT_ONCE = 4
_SIDES = {"in": "input", "out": "output"}


class Feature(Answer):
    """How one input or output has drifted.

    Attributes:
        score: Of its last window; None without a window.
        since: Start of the first window of an unbroken run up to the last one that has reached a
            threshold by more than chance; None if the last window shows no drift.
        windows: How many windows have rows.
        alerts: How many of them are an Alert.
        highest: The highest score of a window.
        distinct: Different values in the sample of the baseline.
        largest_share: The share of its most frequent value there.
        continuous: Whether bins suit it: at least 5 different values, none in more than 90 % of
            the rows. Source: what the official SDK's ``interactive_input_run`` warns of.
    """

    iopath: str
    label: str
    status: ResultStatus | None
    score: float | None
    since: datetime | None
    windows: int
    alerts: int
    highest: float | None
    distinct: int
    largest_share: float
    continuous: bool


@dataclass(frozen=True)
class Scan:
    """What a scan found.

    Attributes:
        features: One record per column, that with the highest last score first.
        results: The results of all of them, in the same order.
        skipped: Columns that could not be run, and why.

    Example:
        >>> def drifted(client: "Client", pipeline: "PipelineRecord"):
        ...     scan = client.assays.scan(pipeline, baseline=("2022-01-01", "2022-01-02"))
        ...     return [each.iopath for each in scan.features if each.since]
    """

    features: Records[Feature]
    results: AssayResults
    skipped: dict[str, str] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        return self.features._repr_html_()


def scan(
    records: Frame,
    run: Callable[[IoPath], list[AssayResult]],
    progress: Callable[[int, int], object] | None,
    cancel: threading.Event | None,
) -> Scan:
    """Run every column of these records, a few at a time, and rank them."""
    samples = dict(columns(records))
    cancel = cancel or threading.Event()

    def attempt(path: IoPath) -> list[AssayResult] | str:
        _check(cancel)
        try:
            return run(path)
        except InvalidRequest as refused:  # this column only: such as one without any value
            return refused.message

    found: dict[IoPath, list[AssayResult]] = {}
    skipped: dict[str, str] = {}
    with ThreadPoolExecutor(_AT_ONCE, "scan") as pool:
        outcomes = zip(samples, pool.map(attempt, samples), strict=True)
        for done, (path, outcome) in enumerate(outcomes, start=1):
            _check(cancel)
            if isinstance(outcome, str):
                skipped[str(path)] = outcome
            else:
                found[path] = outcome
            if progress is not None:
                progress(done, len(samples))
    features = sorted((_feature(path, found[path], samples[path]) for path in found), key=_rank)
    ranked = [found[IoPath.parse(each.iopath)] for each in features]
    results = AssayResults(each for group in ranked for each in group)
    return Scan(Records(Feature, features), results, skipped)


def _check(cancel: threading.Event) -> None:
    if cancel.is_set():
        raise Cancelled("The scan was cancelled.")


def columns(records: Frame) -> Iterator[tuple[IoPath, NDArray[np.floating]]]:
    """Every number that goes into or comes out of the models, with its values."""
    table = records.to_arrow()
    for name in table.column_names:
        part, _, field_name = name.partition(".")
        values = _numbers(table.column(name)) if part in _SIDES and field_name else None
        if values is not None:
            for index in range(values.shape[1]):
                yield IoPath(_SIDES[part], field_name, index), values[:, index]


def values_of(records: Frame, path: IoPath) -> Frame:
    """The times and values of one column of inference records.

    Raises:
        InvalidRequest: The records have no such field or column.
    """
    found = [(each, values) for each, values in columns(records) if each.side == path.side]
    fields = list(dict.fromkeys(each.field for each, _ in found))
    wanted = path.field
    if wanted not in fields and path.number is not None and path.number < len(fields):
        wanted = fields[path.number]
    for each, values in found:
        if (each.field, each.index) == (wanted, path.index):
            return Frame(pa.table({"time": records.to_arrow()["time"], "value": values}))
    known = ", ".join(str(each) for each, _ in found[:8]) or "none"
    raise InvalidRequest(f"iopath: the records have no {str(path)!r}; they have {known}.")


def _numbers(column: pa.ChunkedArray) -> NDArray[np.floating] | None:
    """A column of numbers or of equally large tensors as rows by elements; None for others."""
    flat = column.combine_chunks()
    while pa.types.is_nested(flat.type) and not pa.types.is_struct(flat.type):
        flat = flat.flatten()
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_null)
    is_number = any(is_kind(flat.type) for is_kind in kinds)
    if not is_number or not len(column) or len(flat) % len(column):
        return None
    return np.asarray(flat.to_numpy(zero_copy_only=False), np.float64).reshape(len(column), -1)


def _feature(path: IoPath, results: list[AssayResult], sample: NDArray[np.floating]) -> Feature:
    _, counts = np.unique(sample, return_counts=True)
    last = results[-1] if results else None
    since = onset(results)
    scores = [each.score for each in results if each.score is not None]
    share = float(counts.max() / counts.sum())
    return Feature(
        iopath=str(path),
        label=path.label,
        status=last and last.status,
        score=last and last.score,
        since=since and since.window_start,
        windows=len(results),
        alerts=sum(each.status is ResultStatus.ALERT for each in results),
        highest=max(scores, default=None),
        distinct=len(counts),
        largest_share=share,
        continuous=len(counts) >= 5 and share <= 0.9,
    )


def _rank(feature: Feature) -> tuple[bool, float, str]:
    return feature.score is None, -(feature.score or 0), feature.iopath
