"""Assays in the store: their configurations and the results of their windows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from wallwidgets.drift.checks import refusal, shown
from wallwidgets.instance.tables import AssayResultRow, AssayRow, PipelineRow
from wallwidgets.schemas.assays import (
    AssayConfig,
    AssayFilter,
    AssayRecord,
    AssayResult,
    AssayResultsQuery,
    ResultStatus,
    SortBy,
)

CREATED = "created"
"""The status of every assay, whatever was sent."""

_OF_THE_ROW = {"id", "active", "status", "created_at", "last_window_start", "last_run"}


def add_assay(
    session: Session, pipeline: PipelineRow, config: AssayConfig, now: datetime
) -> AssayRow:
    """A new assay, which is due at once.

    Raises:
        InvalidRequest: Its name is taken in the workspace.
    """
    query = select(AssayRow.id).where(
        AssayRow.workspace_id == pipeline.workspace_id, AssayRow.name == config.name
    )
    if session.scalars(query).first() is not None:
        raise refusal("name", f"{shown(config.name)} is taken by an assay of this workspace")
    row = AssayRow(
        pipeline_id=pipeline.id,
        workspace_id=pipeline.workspace_id,
        name=config.name,
        active=config.active,
        config=config.model_dump(mode="json", exclude=_OF_THE_ROW),
        created_at=now,
        updated_at=now,
        next_run=now,
    )
    session.add(row)
    session.flush()
    return row


def filtered(session: Session, asked: AssayFilter) -> list[AssayRow]:
    """The assays of a pipeline that a filter lets through, in its order.

    ``name`` is the whole name; ``drift_window`` lets those through of which a window that starts in
    it has a Warning or an Alert.
    """
    query = select(AssayRow).where(AssayRow.pipeline_id == asked.pipeline_id)
    if asked.name is not None:
        query = query.where(AssayRow.name == asked.name)
    if asked.active is not None:
        query = query.where(AssayRow.active == asked.active)
    if asked.drift_window is not None:
        query = query.where(
            exists().where(
                AssayResultRow.assay_id == AssayRow.id,
                AssayResultRow.window_start.between(
                    asked.drift_window.start, asked.drift_window.end
                ),
                AssayResultRow.status.in_([ResultStatus.WARNING, ResultStatus.ALERT]),
            )
        )
    by_run = asked.sort_by is SortBy.LAST_RUN_DATE_DESC
    first = AssayRow.last_run.desc().nulls_last() if by_run else AssayRow.created_at.desc()
    return list(session.scalars(query.order_by(first, AssayRow.id.desc())))


def record_of(session: Session, row: AssayRow) -> AssayRecord:
    """All that there is to say about an assay."""
    last = select(func.max(AssayResultRow.window_start)).where(AssayResultRow.assay_id == row.id)
    state: dict[str, Any] = {
        "id": row.id,
        "active": row.active,
        "status": CREATED,
        "workspace_name": row.workspace.name,
        "last_window_start": session.scalar(last),
        "last_run": row.last_run,
        "next_run": row.next_run,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
    return AssayRecord.model_validate({**row.config, **state})


def add_results(
    session: Session, assay: AssayRow, found: Sequence[AssayResult], now: datetime
) -> None:
    """Store the results of windows; a window that has one keeps it."""
    rows = [
        {
            "assay_id": assay.id,
            "window_start": each.window_start,
            "status": each.status,
            "result": each.model_dump(mode="json", exclude={"id", "created_at"}),
            "created_at": now,
        }
        for each in found
    ]
    if rows:
        session.execute(insert(AssayResultRow).on_conflict_do_nothing(), rows)


def results_of(session: Session, asked: AssayResultsQuery) -> list[AssayResult]:
    """Stored results, the earliest window first; a limit keeps the first of them."""
    query = select(AssayResultRow).where(AssayResultRow.assay_id == asked.assay_id)
    if asked.start is not None:
        query = query.where(AssayResultRow.window_start >= asked.start)
    if asked.end is not None:
        query = query.where(AssayResultRow.window_start <= asked.end)
    query = query.order_by(AssayResultRow.window_start).limit(asked.limit)
    return [
        AssayResult.model_validate({**row.result, "id": row.id, "created_at": row.created_at})
        for row in session.scalars(query)
    ]
