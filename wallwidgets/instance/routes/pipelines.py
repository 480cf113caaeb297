"""Pipelines, their deployments and addresses (contract sections 6 and 7)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select

from wallwidgets.errors import InvalidRequest, NotFound
from wallwidgets.instance.access import pipeline_for, pipeline_named, role_in, workspace_for
from wallwidgets.instance.context import Ctx, User
from wallwidgets.instance.names import check_name
from wallwidgets.instance.pipelines import (
    add_version,
    deploy_row,
    named_versions,
    version_to_deploy,
)
from wallwidgets.instance.steps import plan_of, resolve
from wallwidgets.instance.tables import DeploymentRow, PipelineVersionRow
from wallwidgets.schemas.pipelines import (
    Definition,
    DeploymentCreated,
    DeploymentQuery,
    DeploymentStatus,
    PipelineCopied,
    PipelineCopy,
    PipelineCreate,
    PipelineCreated,
    PipelineDeploy,
    PipelineUndeploy,
    PipelineUrlQuery,
    PipelineVersionQuery,
    PipelineVersionRecord,
    UrlAnswer,
)

router = APIRouter(tags=["pipelines"])


@router.post("/v1/api/pipelines/create", response_model=PipelineCreated)
def create(body: PipelineCreate, ctx: Ctx, user: User) -> Any:
    """A new pipeline, or a new version of the one that has this name in the workspace."""
    name = check_name(body.name, "pipeline_id")
    definition = body.definition or Definition()
    plan = plan_of(definition)
    with ctx.store.write() as session:
        workspace = workspace_for(session, user, body.workspace_id)
        resolve(session, workspace.id, plan)
        content = definition.model_dump(exclude_none=True, exclude_unset=True)
        version = add_version(session, workspace, name, content, user, ctx.config.clock())
        return PipelineCreated(
            pipeline_pk_id=version.pipeline_id,
            pipeline_variant_pk_id=version.id,
            pipeline_variant_version=version.version,
        )


@router.post("/v1/api/pipelines/deploy", response_model=DeploymentCreated)
def deploy(body: PipelineDeploy, ctx: Ctx, user: User) -> Any:
    """Deploy a version; a pipeline has one deployment, which keeps its id."""
    with ctx.store.write() as session:
        version = version_to_deploy(session, user, body)
        pipeline = version.pipeline
        if body.deploy_id != pipeline.name:
            raise InvalidRequest(
                f"Bad request: deploy_id must be the pipeline's name, {pipeline.name}"
            )
        named = named_versions(session, user, pipeline.workspace_id, body)
        row = deploy_row(session, version, named, body.engine_config, ctx.config.clock())
        deployment_id = row.id
    ctx.deployments.deploy(deployment_id)
    return DeploymentCreated(id=deployment_id)


@router.post("/v1/api/pipelines/undeploy", response_model=dict[str, Any])
def undeploy(body: PipelineUndeploy, ctx: Ctx, user: User) -> Any:
    """End a deployment, named by its id or its pipeline's; once more changes nothing."""
    with ctx.store.write() as session:
        if body.pipeline_id is not None:
            row = pipeline_for(session, user, body.pipeline_id).deployment
        elif body.deployment_id is not None:
            row = session.get(DeploymentRow, body.deployment_id)
            if row is None or role_in(session, user, row.pipeline.workspace_id) is None:
                raise NotFound(f"Not found: deployment_id {body.deployment_id}")
        else:
            raise InvalidRequest("Bad request: pipeline_id or deployment_id is required")
        if row is None:
            return {}
        if body.deployment_id not in (None, row.id):
            raise NotFound(f"Not found: deployment_id {body.deployment_id} of this pipeline")
        row.deployed = False
        row.updated_at = ctx.config.clock()
        deployment_id = row.id
    ctx.deployments.undeploy(deployment_id)
    return {}


@router.post("/v1/api/pipelines/copy", response_model=PipelineCopied)
def copy(body: PipelineCopy, ctx: Ctx, user: User) -> Any:
    """A pipeline with another name and the same steps, in the same workspace."""
    name = check_name(body.name, "name")
    deployment_id = None
    with ctx.store.write() as session:
        source = pipeline_for(session, user, body.source_pipeline, "source_pipeline")
        workspace = workspace_for(session, user, body.workspace_id)
        if source.workspace_id != workspace.id:
            raise NotFound(f"Not found: source_pipeline {source.id} in workspace_id {workspace.id}")
        if any(pipeline.name == name for pipeline in workspace.pipelines):
            raise InvalidRequest(f"Bad request: name {name} is taken in this workspace")
        original = source.versions[-1]
        if body.pipeline_version is not None:
            found = [each for each in source.versions if each.version == body.pipeline_version]
            if not found:
                raise NotFound("Not found: pipeline_version of source_pipeline")
            original = found[0]
        now = ctx.config.clock()
        content = {key: each for key, each in original.definition.items() if key != "id"}
        version = add_version(session, workspace, name, content, user, now)
        if body.deploy is not None:
            if body.deploy != name:
                raise InvalidRequest(f"Bad request: deploy must be the pipeline's name, {name}")
            deployment_id = deploy_row(session, version, [], body.engine_config, now).id
        answer = PipelineCopied(
            pipeline_pk_id=version.pipeline_id,
            pipeline_variant_pk_id=version.id,
            pipeline_version=version.version if body.pipeline_version is not None else None,
            deployment=None if deployment_id is None else DeploymentCreated(id=deployment_id),
        )
    if deployment_id is not None:
        ctx.deployments.deploy(deployment_id)
    return answer


@router.post("/v1/api/pipelines/get_version", response_model=PipelineVersionRecord)
def get_version(body: PipelineVersionQuery, ctx: Ctx, user: User) -> Any:
    """A version of a pipeline, by its UUID."""
    with ctx.store.read() as session:
        query = select(PipelineVersionRow).where(PipelineVersionRow.version == body.version)
        row = session.scalars(query).one_or_none()
        if row is None or role_in(session, user, row.pipeline.workspace_id) is None:
            raise NotFound(f"Not found: version {body.version[:100]!r}")
        return PipelineVersionRecord(
            pipeline_id=row.pipeline.name, version=row.version, definition=row.definition
        )


@router.post("/v1/api/status/get_deployment", response_model=DeploymentStatus)
def get_deployment(body: DeploymentQuery, ctx: Ctx, user: User) -> Any:
    """The state of a deployment such as ``mypipe-7``; 404 when it is not deployed."""
    live = ctx.deployments.find(body.name)
    with ctx.store.read() as session:
        if role_in(session, user, live.workspace_id) is None:
            raise NotFound("Not found: Deployment not found")
    return ctx.deployments.status(live)


@router.post("/v1/api/admin/get_pipeline_external_url", response_model=UrlAnswer)
def external_url(body: PipelineUrlQuery, request: Request, ctx: Ctx, user: User) -> Any:
    """Where a deployed pipeline takes inferences."""
    name = _deployed(body, ctx, user)
    base = str(request.base_url).rstrip("/")
    return UrlAnswer(url=f"{base}/v1/api/pipelines/infer/{name}/{body.pipeline_name}")


@router.post("/v1/api/admin/get_pipeline_internal_url", response_model=UrlAnswer)
def internal_url(body: PipelineUrlQuery, ctx: Ctx, user: User) -> Any:
    """The address inside a cluster; here it leads nowhere, because there is none."""
    name = _deployed(body, ctx, user)
    return UrlAnswer(url=f"http://engine-lb.{name}:29502/pipelines/{body.pipeline_name}")


def _deployed(body: PipelineUrlQuery, ctx: Ctx, user: User) -> str:
    with ctx.store.read() as session:
        pipeline = pipeline_named(session, user, body.workspace_id, body.pipeline_name)
        live = ctx.deployments.of_pipeline(pipeline.id)
    if live is None:
        raise InvalidRequest(f"Bad request: pipeline {body.pipeline_name} is not deployed")
    return live.name
