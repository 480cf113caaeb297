"""The demo's assays: the tutorial's, and one for each pipeline that runs now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from wallwidgets.instance.context import Context
from wallwidgets.instance.demo_records import (
    DRIFT_PIPELINE,
    FRAUD_DAYS,
    FRAUD_PIPELINE,
    LIVE_DAYS,
    LIVE_PIPELINE,
    MADE_AT,
    DemoPipeline,
)
from wallwidgets.instance.tables import AssayRow, PipelineRow


def add_assays(context: Context, session: Session) -> None:
    now = context.config.clock().replace(microsecond=0)
    week_ago, month_ago = now - timedelta(days=FRAUD_DAYS), now - timedelta(days=LIVE_DAYS)
    recent = (
        (1, "fraud scores", FRAUD_PIPELINE, "ccfraud", "output dense_1 0", week_ago),
        (2, "live prices", LIVE_PIPELINE, "houseprice-live", "output dense_2 0", month_ago),
    )
    for assay_id, name, pipeline, model, iopath, start in recent:
        baseline = (start.isoformat(), (start + timedelta(days=2)).isoformat())
        _add_assay(session, assay_id, name, pipeline, model, iopath, baseline, None, 0.25)
    january = ("2022-01-01T00:00:00-05:00", "2022-01-02T00:00:00-05:00")
    _add_assay(
        session, 3, "example assay", DRIFT_PIPELINE, "houseprice-model-yns", "input 0 0",
        january, 0.0, 0.1,
    )  # fmt: skip


def _add_assay(
    session: Session,
    assay_id: int,
    name: str,
    source: DemoPipeline,
    model: str,
    iopath: str,
    baseline: tuple[str, str],
    warning: float | None,
    alert: float,
) -> None:
    pipeline = session.get_one(PipelineRow, source.id)
    records = {"pipeline": pipeline.name, "model": model}
    config: dict[str, Any] = {
        "name": name,
        "pipeline_id": pipeline.id,
        "pipeline_name": pipeline.name,
        "active": True,
        "status": "created",
        "iopath": iopath,
        "baseline": {"Fixed": {**records, "start_at": baseline[0], "end_at": baseline[1]}},
        "window": {**records, "width": "24 hours", "start": None, "interval": None},
        "summarizer": {
            "type": "UnivariateContinuous",
            "bin_mode": "Quantile",
            "aggregation": "Density",
            "metric": "PSI",
            "num_bins": 5,
            "bin_weights": None,
            "provided_edges": None,
        },
        "warning_threshold": warning,
        "alert_threshold": alert,
        "run_until": None,
        "workspace_id": pipeline.workspace_id,
    }
    row = AssayRow(
        id=assay_id,
        pipeline_id=pipeline.id,
        workspace_id=pipeline.workspace_id,
        name=name,
        active=True,
        config=config,
        created_at=MADE_AT,
        updated_at=MADE_AT,
        next_run=MADE_AT,
    )
    session.add(row)
