"""An assay's configuration, read: which values are compared with which, and by what rule.

What the contract leaves open is decided in ``wallwidgets.instance.routes.assays``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from wallwidgets.drift.binning import Bins
from wallwidgets.drift.checks import Floats, finite_list, provided_edges, refusal, shown
from wallwidgets.drift.columns import instant
from wallwidgets.drift.summary import Statistics
from wallwidgets.drift.timing import duration
from wallwidgets.instance.assay_values import Source
from wallwidgets.instance.tables import ModelRow, PipelineRow
from wallwidgets.schemas.assay_baselines import CalculatedBaseline, FixedBaseline, FixedWindow
from wallwidgets.schemas.assays import (
    AssayConfig,
    BinMode,
    Summarizer,
    Summary,
)
from wallwidgets.schemas.iopath import IoPath

LATEST = instant(datetime.max, "time")
"""The end of the calendar, microseconds since 1970."""

UNIVARIATE = "UnivariateContinuous"
_INSTEAD = "use Fixed with start_at and end_at"
B = TypeVar("B", bound=BaseModel)


@dataclass(frozen=True)
class RecordsBaseline:
    """The values of records from ``start`` until before ``end``, microseconds since 1970."""

    source: Source
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class StaticBaseline:
    """A summary that was made elsewhere: its bins and their aggregated values.

    Attributes:
        range: Start and end of what was summarised, if they are known.
    """

    bins: Bins
    aggregated_values: Floats
    statistics: Statistics
    range: tuple[int, int] | None


AnyBaseline = RecordsBaseline | StaticBaseline | Floats


@dataclass(frozen=True)
class Plan:
    """What an assay does.

    Attributes:
        source: The values of the windows.
        baseline: What they are compared with; an array is the values themselves.
        start: Start of the first window, microseconds since 1970.
        width: Of a window, in microseconds.
        interval: Between the starts of two windows.
        run_until: The last instant to analyse; None for no end.
        config: Where the rest is.
    """

    source: Source
    baseline: AnyBaseline
    start: int
    width: int
    interval: int
    run_until: int | None
    config: AssayConfig

    def until(self, now: int) -> int:
        """The last instant to look at: now, or ``run_until`` if that is earlier."""
        return now if self.run_until is None else min(now, self.run_until)

    def complete(self, start: int, until: int) -> int:
        """How many windows from ``start`` on are complete at some time."""
        return max((until - start - self.width) // self.interval + 1, 0)


def plan_of(session: Session, config: AssayConfig, pipeline: PipelineRow) -> Plan:
    """Read a configuration.

    Raises:
        InvalidRequest: A field cannot be used; the message names it.
    """
    window, place = config.window, Place(session, pipeline.workspace_id)
    check_summarizer(config.summarizer)
    for field, name in (
        ("pipeline_name", config.pipeline_name),
        ("window.pipeline", window.pipeline or window.pipeline_name),
    ):
        if name not in (None, pipeline.name):
            own = f"pipeline_id {pipeline.id} is {pipeline.name!r}"
            raise refusal(field, f"{shown(name)} is not the assay's pipeline; {own}")
    path = IoPath.parse(config.iopath or window.path)
    model = place.model(window.model or window.model_name, "window.model")
    baseline = place.baseline(config, path)
    width = duration(window.width, "width")
    return Plan(
        source=Source(pipeline.id, path, model),
        baseline=baseline,
        start=_first_start(config, baseline),
        width=width,
        interval=width if window.interval is None else duration(window.interval, "interval"),
        run_until=None if config.run_until is None else instant(config.run_until, "run_until"),
        config=config,
    )


def check_summarizer(summarizer: Summarizer) -> None:
    """Refuse a kind of summarizer that is not computed."""
    if summarizer.type != UNIVARIATE:
        raise refusal(
            "summarizer.type", f"{shown(summarizer.type)} is not supported; use {UNIVARIATE}"
        )


def window_baseline(
    session: Session, workspace_id: int, window: FixedWindow, path: str | None = None
) -> RecordsBaseline:
    """The baseline that a ``fixed_window`` means; ``path`` counts if it has none."""
    place = Place(session, workspace_id)
    field = "fixed_window"
    if window.start is None:
        raise refusal(f"{field}.start", "is required: a baseline is a fixed range of time")
    start = instant(window.start, f"{field}.start")
    source = Source(
        place.pipeline(window.pipeline_name, f"{field}.pipeline_name").id,
        IoPath.parse(window.path or path),
        place.model(window.model_name, f"{field}.model_name"),
    )
    end = start + duration(window.width, f"{field}.width")
    return RecordsBaseline(source, start, min(end, LATEST))


class Place:
    """The workspace in which the names of a request are looked up.

    Its methods raise InvalidRequest where there is no such thing, by the field that names it.
    """

    def __init__(self, session: Session, workspace_id: int):
        self._session = session
        self._id = workspace_id

    def pipeline(self, name: str, field: str) -> PipelineRow:
        """The pipeline of this name."""
        query = select(PipelineRow).where(
            PipelineRow.workspace_id == self._id, PipelineRow.name == name
        )
        row = self._session.scalars(query).one_or_none()
        if row is None:
            raise refusal(field, f"there is no pipeline {shown(name)} in workspace_id {self._id}")
        return row

    def model(self, name: str | None, field: str) -> str | None:
        """The name itself, if it is None or that of a model."""
        query = select(ModelRow.id).where(ModelRow.workspace_id == self._id, ModelRow.name == name)
        if name is not None and self._session.scalars(query).first() is None:
            raise refusal(field, f"there is no model {shown(name)} in workspace_id {self._id}")
        return name

    def baseline(self, config: AssayConfig, path: IoPath) -> AnyBaseline:
        """What an assay compares with."""
        given = config.baseline
        if given.fixed is not None:
            return self._fixed(given.fixed, path)
        if given.calculated is not None:
            return self._calculated(given.calculated, path)
        if given.static is not None:
            return _static(given.static, config.summarizer)
        variant = "Sliding" if given.sliding is not None else "UserProvided"
        raise refusal(f"baseline.{variant}", f"is not supported; {_INSTEAD}")

    def _fixed(self, fixed: FixedBaseline, path: IoPath) -> RecordsBaseline:
        start = instant(fixed.start_at, "baseline.start_at")
        end = instant(fixed.end_at, "baseline.end_at")
        if end <= start:
            raise refusal("baseline", "its end is not after its start")
        pipeline = self.pipeline(fixed.pipeline, "baseline.pipeline")
        model = self.model(fixed.model, "baseline.model")
        return RecordsBaseline(Source(pipeline.id, path, model), start, end)

    def _calculated(self, content: dict[str, Any], path: IoPath) -> AnyBaseline:
        given = read(CalculatedBaseline, content, "baseline.calculated")
        if given.vector is not None:
            return finite_list(given.vector, "baseline.calculated.vector")
        if given.fixed_window is None:
            raise refusal("baseline.calculated.sliding_window", f"is not supported; {_INSTEAD}")
        if given.fixed_window.workspace_id not in (None, self._id):
            raise refusal(
                "fixed_window.workspace_id", f"is not the assay's workspace_id {self._id}"
            )
        return window_baseline(self._session, self._id, given.fixed_window, str(path))


def read(kind: type[B], content: dict[str, Any], field: str) -> B:
    """A part of a request that is kept as it was sent.

    Raises:
        InvalidRequest: It does not fit the contract.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as invalid:
        first = invalid.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in (field, *first["loc"]))
    raise refusal(where[:200], first["msg"])


def _static(content: dict[str, Any], summarizer: Summarizer) -> StaticBaseline:
    field = "baseline.static"
    summary = read(Summary, content, field)
    if summarizer.bin_mode is BinMode.NONE or not summary.edges:
        raise refusal(field, "needs edges, and a summarizer.bin_mode that has bins")
    inner = summary.edges[:-1] if summary.edges[-1] is None else summary.edges
    edges = provided_edges(inner, None)
    values = finite_list(summary.aggregated_values, f"{field}.aggregated_values")
    if len(values) != len(edges) + 1:
        what = f"has {len(values)} values, {len(edges)} edges make {len(edges) + 1} bins"
        raise refusal(f"{field}.aggregated_values", what)
    if summary.aggregation not in (None, summarizer.aggregation):
        what = f"{summary.aggregation} is not that of the summarizer, {summarizer.aggregation}"
        raise refusal(f"{field}.aggregation", what)
    numbers = (summary.min, summary.max, summary.mean, summary.median, summary.std)
    known = [np.nan if number is None else number for number in numbers]
    times = (summary.start, summary.end)
    return StaticBaseline(
        Bins(summarizer.bin_mode, len(edges) - 1, edges),
        values,
        Statistics(summary.count, summary.missing or 0, *known),
        None if None in times else (instant(times[0], "start"), instant(times[1], "end")),
    )


def _first_start(config: AssayConfig, baseline: AnyBaseline) -> int:
    if config.window.start is not None:
        return instant(config.window.start, "window.start")
    if isinstance(baseline, RecordsBaseline):
        return baseline.end
    if isinstance(baseline, StaticBaseline) and baseline.range is not None:
        return baseline.range[1]
    raise refusal("window.start", "is required: this baseline has no end to start from")
