"""What callers hand over, as the windows of each iopath in order of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallwidgets.charts.wording import utc
from wallwidgets.drift.checks import Floats
from wallwidgets.errors import InvalidRequest
from wallwidgets.schemas.assays import AssayResult, ResultStatus
from wallwidgets.schemas.iopath import IoPath

Times = NDArray[np.datetime64]
ALARMS = (ResultStatus.WARNING, ResultStatus.ALERT)


@dataclass(frozen=True, eq=False)
class Track:
    """The windows of one iopath, in order of time.

    Attributes:
        iopath: As the results have it; empty if they have none.
        results: One per window.
    """

    iopath: str
    results: list[AssayResult]

    def __len__(self) -> int:
        return len(self.results)

    @property
    def label(self) -> str:
        """A short name, such as ``dense_2.0``; what is no iopath stays as it is."""
        try:
            return IoPath.parse(self.iopath).label
        except InvalidRequest:
            return self.iopath

    @cached_property
    def starts(self) -> list[datetime]:
        return [result.window_start for result in self.results]

    @cached_property
    def ends(self) -> list[datetime]:
        """Ends of the windows; where a result has none, the next window's usual start."""
        usual = timedelta(microseconds=usual_step(as_times(self.starts)))
        return [result.window_summary.end or result.window_start + usual for result in self.results]

    @cached_property
    def score(self) -> Floats:
        """Scores; NaN for none."""
        scores = [result.score for result in self.results]
        return np.array([np.nan if score is None else score for score in scores], dtype=float)

    @cached_property
    def status(self) -> list[ResultStatus]:
        return [result.status for result in self.results]

    @property
    def warning_threshold(self) -> float | None:
        """Of the last window: an assay's thresholds may have been changed."""
        return self.results[-1].warning_threshold if self.results else None

    @property
    def alert_threshold(self) -> float | None:
        return self.results[-1].alert_threshold if self.results else None


def tracks(results: Any) -> list[Track]:
    """The windows of each iopath, in the order in which iopaths first occur.

    Args:
        results: Records (or dicts of them), or a frame of them as ``Records`` makes it.

    Example:
        >>> from wallwidgets.schemas.assays import AssayResult, Summary
        >>> window = AssayResult(window_start="2022-01-26", iopath="output dense_2 0", status="Ok",
        ...     baseline_summary=Summary(count=500), window_summary=Summary(count=212))
        >>> [(track.label, len(track)) for track in tracks([window])]
        [('dense_2.0', 1)]
    """
    found: dict[str, list[AssayResult]] = {}
    for result in records(results):
        # The baseline compared with itself is no window.
        if result.status is not ResultStatus.BASELINE_RUN:
            found.setdefault(result.iopath or "", []).append(result)
    return [
        Track(iopath, sorted(windows, key=lambda result: result.window_start))
        for iopath, windows in found.items()
    ]


def records(results: Any) -> Iterable[AssayResult]:
    """Records as they are, rows of any Arrow-speaking frame made records again."""
    if isinstance(results, AssayResult):
        return [results]
    if hasattr(results, "__arrow_c_stream__"):
        import pyarrow as pa

        rows = pa.table(results).to_pylist()
        return [AssayResult.model_validate(_nested(row)) for row in rows]
    return [AssayResult.model_validate(result) for result in results]


def _nested(row: dict[str, Any]) -> dict[str, Any]:
    """``outer.inner`` columns as a record within the record; of nulls only, none."""
    outer: dict[str, Any] = {}
    for name, value in row.items():
        first, dot, second = name.partition(".")
        if dot:
            outer.setdefault(first, {})[second] = value
        elif name in AssayResult.model_fields:
            outer[name] = value
    return {
        name: None
        if isinstance(value, dict) and all(part is None for part in value.values())
        else _without_nulls(value)
        for name, value in outer.items()
    }


def _without_nulls(value: Any) -> Any:
    """A frame has null where a record has its default."""
    if isinstance(value, dict):
        return {name: part for name, part in value.items() if part is not None}
    return value


def start_of(chosen: AssayResult | datetime | str) -> datetime:
    """The start of the window that a caller chose."""
    return chosen.window_start if isinstance(chosen, AssayResult) else utc(chosen)


def as_times(moments: Iterable[datetime]) -> Times:
    """Aware times as numpy's, which are UTC."""
    plain = [moment.replace(tzinfo=None) for moment in moments]
    return np.array(plain, dtype="datetime64[us]")


def usual_step(starts: Times) -> int:
    """Microseconds between the starts of neighbouring windows; a day, if there is one window.

    Of the steps the tenth percentile: windows without rows are left out, so most may be longer.
    """
    steps = np.diff(starts).astype(np.int64)
    steps = steps[steps > 0]
    return int(np.quantile(steps, 0.1, method="lower")) if len(steps) else 86_400_000_000
