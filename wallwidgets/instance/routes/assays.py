"""Assays (contract section 10): what watches a pipeline's values for drift.

What the contract leaves open is decided here:

- A configuration is refused wherever it cannot run, at its creation too: a baseline without rows is
  an error, not a null. What is named by an id and not there is a 404, by a name a 400.
- Names are looked up in the assay's workspace, in which its own name is unique. ``window.pipeline``
  must be the assay's pipeline; a baseline may be of another one. No ``model`` means all records.
- Taken are also the forms since 2024: ``window.path`` for ``iopath``, ``calculated`` and ``static``
  baselines. ``Sliding``, ``sliding_window``, ``UserProvided`` and ``MultivariateContinuous`` are
  refused.
- A baseline without a time (``vector``, or ``static`` without ``end``) needs ``window.start``.
- Records that lack the column, as those of another model may, are left out; if none of a range has
  it, the ``iopath`` is refused.
- An assay that was inactive, or an instance that was stopped, catches up on all windows since.
- ``last_window_start`` belongs to the last result, ``last_run`` to the last look at a window, and
  ``next_run`` is the end of the first window that was not looked at.
- ``filter``: ``name`` is the whole name; ``drift_window`` asks for a Warning or an Alert in it.
- Results come with the earliest window first, and a ``limit`` keeps the first of them.
- ``get_baseline`` has no pages: ``next`` is refused, and so are more than 100,000 records.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import Response

from wallwidgets.drift.checks import refusal
from wallwidgets.errors import NotFound
from wallwidgets.instance.access import (
    Caller,
    assay_for,
    pipeline_for,
    pipeline_in,
    pipeline_named,
    visible_workspaces,
    workspace_for,
)
from wallwidgets.instance.assay_plans import Place, check_summarizer, plan_of, window_baseline
from wallwidgets.instance.assay_records import baseline_records
from wallwidgets.instance.assay_runs import AssayRun, summarize
from wallwidgets.instance.assays import add_assay, filtered, record_of, results_of
from wallwidgets.instance.context import Context, Ctx, User
from wallwidgets.instance.log_batches import millis
from wallwidgets.instance.tables import AssayRow
from wallwidgets.schemas.assays import (
    AssayActive,
    AssayBaselineQuery,
    AssayConfig,
    AssayCreated,
    AssayFilter,
    AssayQuery,
    AssayRecord,
    AssayResult,
    AssayResultsQuery,
    AssaySetActive,
    AssaysList,
    AssaySummarize,
    Summary,
)

router = APIRouter(tags=["assays"])

_NOT_LISTED = {"iopath", "workspace_id", "workspace_name", "created_at", "last_window_start"}
_NOT_FILTERED = {"workspace_name", "next_run", "updated_at"}
_RECORDS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "array"}}}}
}


@router.post("/v1/api/assays/create", response_model=AssayCreated)
def create(body: AssayConfig, ctx: Ctx, user: User) -> Any:
    """A new assay; if it is active, it begins with the windows that are complete already."""
    _run(ctx, user, body)  # a configuration that cannot run is refused
    with ctx.store.write() as session:
        pipeline = pipeline_in(session, user, body.workspace_id, body.pipeline_id)
        assay_id = add_assay(session, pipeline, body, ctx.config.clock()).id
    ctx.assays.wake(assay_id)
    return AssayCreated(assay_id=assay_id)


@router.post(
    "/v1/api/assays/list",
    response_model=list[AssayRecord],
    response_model_exclude={"__all__": _NOT_LISTED},
)
def list_assays(body: AssaysList, ctx: Ctx, user: User) -> Any:
    """The assays of a pipeline, or all that the caller may see; the newest first."""
    query = select(AssayRow).order_by(AssayRow.id.desc())
    with ctx.store.read() as session:
        if body.pipeline_id is not None:
            pipeline = pipeline_for(session, user, body.pipeline_id)
            query = query.where(AssayRow.pipeline_id == pipeline.id)
        else:
            seen = [workspace.id for workspace in visible_workspaces(session, user)]
            query = query.where(AssayRow.workspace_id.in_(seen))
        return [record_of(session, row) for row in session.scalars(query)]


@router.post(
    "/v1/api/assays/filter",
    response_model=list[AssayRecord],
    response_model_exclude={"__all__": _NOT_FILTERED},
)
def filter_assays(body: AssayFilter, ctx: Ctx, user: User) -> Any:
    """The assays of a pipeline with their whole configuration, by name, activity or drift."""
    with ctx.store.read() as session:
        pipeline_in(session, user, body.workspace_id, body.pipeline_id)
        return [record_of(session, row) for row in filtered(session, body)]


@router.post("/v1/api/assays/get_assay_by_id", response_model=AssayRecord)
def get_assay_by_id(body: AssayQuery, ctx: Ctx, user: User) -> Any:
    """An assay with all that there is to say about it."""
    with ctx.store.read() as session:
        row = assay_for(session, user, body.id)
        if body.workspace_id not in (None, row.workspace_id):
            raise NotFound(f"Not found: assay id {row.id} in workspace_id {body.workspace_id}")
        return record_of(session, row)


@router.post("/v1/api/assays/set_active", response_model=AssayActive)
def set_active(body: AssaySetActive, ctx: Ctx, user: User) -> Any:
    """Let an assay run, or not; when it runs again it goes on where it was."""
    with ctx.store.write() as session:
        row = assay_for(session, user, body.id)
        if row.active != body.active:
            row.active = body.active
            row.updated_at = ctx.config.clock()
    ctx.assays.wake(body.id)
    return AssayActive(id=body.id, active=body.active)


@router.post("/v1/api/assays/get_baseline", response_class=Response, responses=_RECORDS)
def get_baseline(body: AssayBaselineQuery, ctx: Ctx, user: User) -> Response:
    """The inference records of a time range, flat, the oldest first."""
    if body.next:
        raise refusal("next", "there are no pages; bring start and end closer, or set limit")
    with ctx.store.read() as session:
        pipeline = pipeline_named(session, user, body.workspace_id, body.pipeline_name)
        model = Place(session, pipeline.workspace_id).model(body.model_name, "model_name")
        pipeline_id = pipeline.id
    content = baseline_records(
        ctx.log,
        pipeline_id,
        start=millis(body.start),
        end=millis(body.end),
        model=model,
        limit=body.limit,
    )
    return Response(content, media_type="application/json")


@router.post("/v1/api/assays/run_interactive", response_model=list[AssayResult])
def run_interactive(body: AssayConfig, ctx: Ctx, user: User) -> Any:
    """Compare every complete window that has records with the baseline, and store nothing."""
    return _run(ctx, user, body).interactive(assay_id=body.id)


@router.post("/v1/api/assays/run_interactive_baseline", response_model=AssayResult)
def run_interactive_baseline(body: AssayConfig, ctx: Ctx, user: User) -> Any:
    """Compare the baseline with itself: its statistics and bins."""
    return _run(ctx, user, body).baseline(assay_id=body.id)


@router.post("/v1/api/assays/summarize", response_model=Summary)
def summarize_baseline(body: AssaySummarize, ctx: Ctx, user: User) -> Any:
    """The statistics and bins of a baseline, of records or of a list of values."""
    check_summarizer(body.summarizer)
    window = body.baseline.fixed_window
    if body.baseline.vector is not None:
        return summarize(ctx.log, np.array(body.baseline.vector), body.summarizer)
    if window is None:
        raise refusal("baseline.sliding_window", "is not supported; use fixed_window")
    if window.workspace_id is None:
        raise refusal("baseline.fixed_window.workspace_id", "is required")
    with ctx.store.read() as session:
        workspace = workspace_for(session, user, window.workspace_id)
        baseline = window_baseline(session, workspace.id, window)
    return summarize(ctx.log, baseline, body.summarizer)


@router.post("/v1/api/assays/get_assay_results", response_model=list[AssayResult])
def get_assay_results(body: AssayResultsQuery, ctx: Ctx, user: User) -> Any:
    """The stored results of an assay whose windows start in a time range, the earliest first."""
    with ctx.store.read() as session:
        row = assay_for(session, user, body.assay_id, "assay_id")
        if body.pipeline_id not in (None, row.pipeline_id):
            raise NotFound(f"Not found: assay_id {row.id} of pipeline_id {body.pipeline_id}")
        return results_of(session, body)


@router.post("/v1/api/assays/get_results", response_model=list[AssayResult])
def get_results(body: AssayResultsQuery, ctx: Ctx, user: User) -> Any:
    """The same under the name that the tutorial uses."""
    return get_assay_results(body, ctx, user)


def _run(ctx: Context, user: Caller, config: AssayConfig) -> AssayRun:
    with ctx.store.read() as session:
        pipeline = pipeline_in(session, user, config.workspace_id, config.pipeline_id)
        plan = plan_of(session, config, pipeline)
    return AssayRun(ctx.log, plan, ctx.config.clock)
