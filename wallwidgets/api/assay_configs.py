"""The configuration of an assay from plain arguments."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypedDict

from wallwidgets.api.references import PipelineLike, checked, pipeline_id, pipeline_name
from wallwidgets.errors import InvalidRequest
from wallwidgets.schemas.assay_baselines import Baseline, FixedBaseline
from wallwidgets.schemas.assays import (
    Aggregation,
    AssayConfig,
    AssayWindow,
    BinMode,
    Metric,
    Summarizer,
)
from wallwidgets.schemas.iopath import IoPath
from wallwidgets.schemas.pipelines import DeploymentRecord, PipelineRecord

When = datetime | str
"""A datetime or a text, ``2022-01-31`` or ``2022-01-31T05:00:00Z``; without a zone in UTC."""


class AssaySettings(TypedDict, total=False):
    """The plain arguments of an assay, named as those of ``drift.run``.

    Attributes:
        baseline: Start and end of the records that windows are compared with, or a typed baseline.
        name: A unique name; the pipeline's name and the iopath by default.
        model: Only records of this model, by its name; a service of 2023 needs it.
        width: Length of a window, ``"24 hours"`` by default.
        interval: Time between the starts of two windows; the width by default.
        start: Start of the first window; the end of the baseline by default.
        until: The last instant to look at; now by default.
        bin_mode: ``Quantile`` (the default), ``Equal``, ``Provided`` or ``None``.
        num_bins: Bins between the two outlier bins; 5 by default.
        edges: The edges, with ``Provided``.
        aggregation: ``Density`` (the default), ``Cumulative`` or ``Edges``.
        metric: ``PSI`` (the default), ``SumDiff`` or ``MaxDiff``.
        weights: One per bin, with the outlier bins.
        warning_threshold: The score that is a Warning; none by default.
        alert_threshold: The score that is an Alert; 0.25 by default.
        active: Whether the service runs the assay by itself, which it does by default.
    """

    baseline: tuple[When, When] | Baseline
    name: str
    model: str | None
    width: str
    interval: str | None
    start: When | None
    until: When | None
    bin_mode: BinMode | str
    num_bins: int
    edges: list[float] | None
    aggregation: Aggregation | str
    metric: Metric | str
    weights: list[float] | None
    warning_threshold: float | None
    alert_threshold: float
    active: bool


def assay_config(pipeline: PipelineLike, iopath: str, settings: AssaySettings) -> AssayConfig:
    """The configuration that these arguments describe.

    Raises:
        InvalidRequest: A field cannot be used; the sentence names it.

    Example:
        >>> from wallwidgets.schemas.pipelines import PipelineRecord
        >>> pipeline = PipelineRecord(id=4, name="housepricepipe", workspace_id=4)
        >>> january = {"baseline": ("2022-01-01", "2022-01-02"), "num_bins": 10}
        >>> config = assay_config(pipeline, "output dense_2 0", january)
        >>> config.name, config.summarizer.num_bins, config.window.width
        ('housepricepipe output dense_2 0', 10, '24 hours')
    """
    unknown = sorted(settings.keys() - AssaySettings.__annotations__.keys())
    if unknown:
        known = ", ".join(AssaySettings.__annotations__)
        raise InvalidRequest(f"{unknown[0]}: is no setting of an assay; these are: {known}.")
    name, path = pipeline_name(pipeline), IoPath.parse(iopath)
    records = {"pipeline": name, "model": settings.get("model")}
    fields = {
        "name": settings.get("name", f"{name} {path}"),
        "pipeline_id": pipeline_id(pipeline),
        "pipeline_name": name,
        "workspace_id": pipeline.workspace_id,
        "iopath": str(path),
        "baseline": _baseline(settings, records),
        "window": checked(
            AssayWindow, **records, width=settings.get("width", "24 hours"),
            interval=settings.get("interval"), start=settings.get("start"),
        ),
        "summarizer": _summarizer(settings),
        "run_until": settings.get("until"),
        "created_at": datetime.now(UTC),
    }  # fmt: skip
    same = ("warning_threshold", "alert_threshold", "active")
    fields |= {key: settings[key] for key in same if key in settings}  # type: ignore[literal-required]
    return checked(AssayConfig, **fields)


def _baseline(settings: AssaySettings, records: dict[str, str | None]) -> Baseline:
    given = settings.get("baseline")
    if isinstance(given, Baseline):
        return given
    if not isinstance(given, tuple) or len(given) != 2:
        raise InvalidRequest(
            "baseline: is a pair of start and end, such as ('2022-01-01', '2022-01-02')."
        )
    start, end = given
    return Baseline(fixed=checked(FixedBaseline, **records, start_at=start, end_at=end))


_SUMMARIZER = {
    "bin_mode": "bin_mode",
    "num_bins": "num_bins",
    "edges": "provided_edges",
    "aggregation": "aggregation",
    "metric": "metric",
    "weights": "bin_weights",
}
"""Each setting of the summarizer, and its name on the wire."""


def _summarizer(settings: AssaySettings) -> Summarizer:
    given = {_SUMMARIZER[key]: value for key, value in settings.items() if key in _SUMMARIZER}
    return checked(Summarizer, **given)


def plain_config(assay: Any, iopath: str | None, settings: AssaySettings) -> Any:
    """What was passed: the configuration that a pipeline and settings make, or the assay itself."""
    if isinstance(assay, PipelineRecord | DeploymentRecord):
        if iopath is None:
            raise InvalidRequest("iopath: is required with a pipeline, such as 'output dense_2 0'.")
        return assay_config(assay, iopath, settings)
    if iopath is not None or settings:
        raise InvalidRequest("An assay has its settings already; pass them with a pipeline.")
    return assay
