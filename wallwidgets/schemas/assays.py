"""Assays, version 1 (api-contract section 10): configuration, records, results.

``width`` and ``interval`` stay the texts of the wire (``"24 hours"``); the drift arithmetic reads
them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import Field, model_validator

from wallwidgets.schemas.assay_baselines import Baseline, CalculatedBaseline
from wallwidgets.schemas.base import (
    Answer,
    Id,
    Name,
    Request,
    RequestTime,
    ResultTime,
    Text,
    Timestamp,
)

T = TypeVar("T")
IfGiven = Annotated[T | None, Field(exclude_if=lambda value: value is None)]
"""A field that only some versions of the service know: it is not written when it is None."""


class BinMode(StrEnum):
    NONE = "None"
    EQUAL = "Equal"
    QUANTILE = "Quantile"
    PROVIDED = "Provided"


class Aggregation(StrEnum):
    EDGES = "Edges"
    DENSITY = "Density"
    CUMULATIVE = "Cumulative"


class Metric(StrEnum):
    MAX_DIFF = "MaxDiff"
    SUM_DIFF = "SumDiff"
    PSI = "PSI"


class ResultStatus(StrEnum):
    OK = "Ok"
    WARNING = "Warning"
    ALERT = "Alert"
    BASELINE_RUN = "BaselineRun"


class SortBy(StrEnum):
    CREATION_DATE_DESC = "CreationDateDesc"
    LAST_RUN_DATE_DESC = "LastRunDateDesc"


class Summarizer(Request):
    """How values become bins and a score.

    Example:
        >>> Summarizer(num_bins=10, metric="MaxDiff").bin_mode.value
        'Quantile'
    """

    type: Text = "UnivariateContinuous"
    name: IfGiven[Text] = None
    bin_mode: BinMode = BinMode.QUANTILE
    aggregation: Aggregation = Aggregation.DENSITY
    metric: Metric = Metric.PSI
    num_bins: int | None = Field(default=5, ge=1, le=10_000)
    bin_weights: list[float] | None = None
    provided_edges: list[float] | None = None


class AssayWindow(Request):
    """The windows that are compared; ``width`` and ``interval`` are texts such as ``24 hours``.

    Attributes:
        interval: Time between the starts of windows; the width, if None.
        start: Start of the first window; the end of the baseline, if None.
    """

    pipeline: Text | None = None
    model: Text | None = None
    width: Text
    start: RequestTime | None = None
    interval: Text | None = None
    path: IfGiven[Text] = None
    pipeline_name: IfGiven[Text] = None
    model_name: IfGiven[Text] = None
    workspace_id: IfGiven[Id] = None
    locations: IfGiven[list[Text]] = None


class AssayConfig(Request):
    """An assay to create, or to run without storing anything.

    Attributes:
        iopath: Which values: ``"<input|output> <field> <index>"``, such as ``output dense_2 0``.
        run_until: The last instant to analyse; now, if None.

    Example:
        >>> from wallwidgets.schemas.assay_baselines import FixedBaseline
        >>> config = AssayConfig(
        ...     name="price drift", pipeline_id=4, pipeline_name="housepricepipe", workspace_id=4,
        ...     iopath="output dense_2 0",
        ...     baseline=Baseline(fixed=FixedBaseline(
        ...         pipeline="housepricepipe", start_at="2022-01-01", end_at="2022-01-02")),
        ...     window=AssayWindow(pipeline="housepricepipe", width="24 hours"))
        >>> config.alert_threshold
        0.25
    """

    id: Id | None = None
    name: Name
    pipeline_id: Id
    pipeline_name: Name
    active: bool = True
    status: Text = "created"
    iopath: Text | None = None
    baseline: Baseline
    window: AssayWindow
    summarizer: Summarizer = Field(default_factory=Summarizer)
    warning_threshold: float | None = None
    alert_threshold: float = 0.25
    run_until: RequestTime | None = None
    workspace_id: Id
    created_at: RequestTime | None = None
    last_window_start: RequestTime | None = None
    last_run: RequestTime | None = None


class AssayCreated(Answer):
    assay_id: Id


class AssaysList(Request):
    pipeline_id: Id | None = None


class AssaySetActive(Request):
    id: Id
    active: bool


class AssayActive(Answer):
    id: Id
    active: bool


class DriftWindow(Request):
    start: RequestTime
    end: RequestTime


class AssayFilter(Request):
    workspace_id: Id
    pipeline_id: Id
    sort_by: SortBy = SortBy.CREATION_DATE_DESC
    name: Text | None = None
    active: bool | None = None
    drift_window: DriftWindow | None = None


class AssayBaselineQuery(Request):
    """Despite the name of its endpoint this asks for inference records."""

    pipeline_name: Text
    workspace_id: Id | None = None
    start: RequestTime | None = None
    end: RequestTime | None = None
    model_name: Text | None = None
    limit: int | None = Field(default=None, ge=1, le=2**63 - 1)
    next: dict[str, Any] | None = None


class AssayQuery(Request):
    id: Id
    workspace_id: Id | None = None


class AssaySummarize(Request):
    """A baseline to summarise, as an assay with this summarizer would."""

    summarizer: Summarizer
    baseline: CalculatedBaseline


class AssayResultsQuery(Request):
    assay_id: Id
    start: RequestTime | None = None
    end: RequestTime | None = None
    pipeline_id: Id | None = None
    limit: int | None = Field(default=None, ge=1, le=2**63 - 1)


class AssayRecord(Answer):
    """An assay as ``list`` or ``filter`` gives it.

    ``list`` leaves out ``iopath`` and ``workspace_id``, ``filter`` gives them.
    """

    id: Id
    name: str
    active: bool
    status: str
    pipeline_id: Id
    pipeline_name: str
    iopath: str | None = None
    workspace_id: Id | None = None
    workspace_name: str | None = None
    warning_threshold: float | None = None
    alert_threshold: float
    last_window_start: Timestamp | None = None
    last_run: Timestamp | None = None
    next_run: Timestamp | None = None
    run_until: Timestamp | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None
    baseline: Annotated[Baseline | dict[str, Any], Field(union_mode="left_to_right")]
    window: AssayWindow
    summarizer: Summarizer


class Summary(Answer):
    """Statistics and bins of a baseline or window; the last edge is None, for infinity.

    Attributes:
        count: All rows, those without a value too.
        missing: The rows without a value, which are in ``left_outlier``; None if it is not told.
    """

    count: int
    missing: int | None = None
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    median: float | None = None
    std: float | None = None
    edges: list[float | None] = Field(default_factory=list)
    edge_names: list[str] = Field(default_factory=list)
    aggregated_values: list[float | None] = Field(default_factory=list)
    aggregation: Aggregation | None = None
    start: ResultTime | None = None
    end: ResultTime | None = None


class AssayResult(Answer):
    """The score of one window. In frames the summaries' fields are columns of their own."""

    id: Id | None = None
    assay_id: Id | None = None
    pipeline_id: Id | None = None
    window_start: ResultTime
    analyzed_at: ResultTime | None = None
    elapsed_millis: int = 0
    iopath: str | None = None
    status: ResultStatus
    score: float | None = None
    scores: list[float | None] = Field(default_factory=list)
    bin_index: int | None = None
    warning_threshold: float | None = None
    alert_threshold: float | None = None
    baseline_summary: Summary
    window_summary: Summary
    summarizer: Summarizer | None = None
    created_at: ResultTime | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_2022(cls, data: Any) -> Any:
        # The oldest results only have the start in the summary of their window.
        window = data.get("window_summary") if isinstance(data, dict) else None
        if isinstance(window, dict) and "window_start" not in data:
            return {**data, "window_start": window.get("start")}
        return data
