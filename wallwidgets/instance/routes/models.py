"""Models (contract section 5). Uploads stream to the disk; the other calls are small."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select

from wallwidgets.errors import InvalidRequest
from wallwidgets.instance.access import (
    Caller,
    model_for,
    version_for,
    visible_workspaces,
    workspace_for,
)
from wallwidgets.instance.content import Incoming
from wallwidgets.instance.context import Context, Ctx, User
from wallwidgets.instance.models import (
    add_config,
    check_framework,
    check_workspace,
    long_config,
    model_item,
    newest_config,
    register,
    short_config,
    version_item,
    versions_of,
)
from wallwidgets.instance.tables import DeploymentRow, ModelRow, ModelVersionRow
from wallwidgets.instance.uploads import receive_body, receive_form, upload_fields
from wallwidgets.schemas.models import (
    FileInfo,
    ModelConfigAnswer,
    ModelConfigInsert,
    ModelConfigQuery,
    ModelConfigShortAnswer,
    ModelQuery,
    ModelRecord,
    ModelsAnswer,
    ModelsList,
    ModelUpload,
    ModelUploaded,
    ModelVersion,
    ModelVersionAndConfig,
    ModelVersionAnswer,
    ModelVersionDetail,
    ModelVersionQuery,
    ModelVersionRecord,
    ModelVersionsQuery,
    ModelWithConfig,
    ModelWithVersions,
)
from wallwidgets.schemas.onnx_file import inspect

router = APIRouter(tags=["models"])

_TEXT = {"type": "string"}
_FILE = {"type": "string", "format": "binary"}
_FORM = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {
            "name": _TEXT,
            "visibility": {"type": "string", "enum": ["public", "private"]},
            "workspace_id": {"type": "integer"},
            "metadata": {"type": "string", "contentMediaType": "application/json"},
            "file": _FILE,
        },
    }
}
_FORM_BODY = {"requestBody": {"required": True, "content": {"multipart/form-data": _FORM}}}
_STREAM_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": _FILE}, "multipart/form-data": _FORM},
    },
    "parameters": [
        {"name": name, "in": "query", "required": False, "schema": _TEXT}
        for name in ("name", "filename", "visibility", "workspace_id")
    ],
}


@router.post("/v1/api/models/upload", response_model=ModelUploaded, openapi_extra=_FORM_BODY)
async def upload(request: Request, ctx: Ctx, user: User) -> Any:
    """A new version of a model from a form: text parts or a metadata part, and the file."""
    return ModelUploaded.of(await _from_form(request, ctx, user))


@router.post(
    "/v1/api/models/upload_stream", response_model=ModelUploaded, openapi_extra=_STREAM_BODY
)
async def upload_stream(request: Request, ctx: Ctx, user: User) -> Any:
    """The same from query parameters and the raw bytes; a form is taken too."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return ModelUploaded.of(await _from_form(request, ctx, user))
    query = dict(request.query_params)
    fields = upload_fields(query)
    await asyncio.to_thread(check_workspace, ctx, user, fields.workspace_id)
    async with ctx.content.receiving() as receiver:
        await receive_body(request, receiver)
        file = await receiver.finish()
        return ModelUploaded.of(
            await asyncio.to_thread(_take, ctx, user, fields, query.get("filename"), file)
        )


@router.post(
    "/v1/api/models/upload_and_convert",
    response_model=ModelUploaded,
    status_code=202,
    openapi_extra=_FORM_BODY,
)
async def upload_and_convert(request: Request, ctx: Ctx, user: User) -> Any:
    """Takes ONNX, which needs no conversion; every other framework is refused."""
    return ModelUploaded.of(await _from_form(request, ctx, user))


async def _from_form(request: Request, ctx: Context, user: Caller) -> int:
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise InvalidRequest("Bad request: the body must be a multipart/form-data form")
    async with ctx.content.receiving() as receiver:
        form = await receive_form(request, receiver)
        fields = upload_fields(form.fields)
        file = await receiver.finish()
        return await asyncio.to_thread(_take, ctx, user, fields, form.file_name, file)


def _take(
    ctx: Context, user: Caller, fields: ModelUpload, file_name: str | None, file: Incoming
) -> int:
    """Check a received file, bring it to the disk, and only then tell of it."""
    check_framework(fields.conversion)
    check_workspace(ctx, user, fields.workspace_id)
    signature = inspect(file.path)
    return register(ctx, user, fields, file_name, file.keep(), signature)


@router.post("/v1/api/models/list", response_model=ModelsAnswer)
def list_models(body: ModelsList, ctx: Ctx, user: User) -> Any:
    """The models of a workspace, newest first."""
    with ctx.store.read() as session:
        workspace = workspace_for(session, user, body.workspace_id)
        newest_first = (ModelRow.created_at.desc(), ModelRow.id.desc())
        query = select(ModelRow).where(ModelRow.workspace_id == workspace.id)
        rows = session.scalars(query.order_by(*newest_first))
        return ModelsAnswer(models=[ModelRecord(**model_item(row)) for row in rows])


@router.post("/v1/api/models/get_by_id", response_model=ModelWithConfig)
def get_by_id(body: ModelQuery, ctx: Ctx, user: User) -> Any:
    """A model (parent) with the configuration of its newest version."""
    with ctx.store.read() as session:
        row = model_for(session, user, body.id)
        config = short_config(newest_config(row.versions[-1]))
        return ModelWithConfig(
            **model_item(row), workspace_id=row.workspace_id, configuration=config
        )


@router.post("/v1/api/models/get", response_model=ModelWithVersions)
def get(body: ModelQuery, ctx: Ctx, user: User) -> Any:
    """A model (parent) with its versions."""
    with ctx.store.read() as session:
        row = model_for(session, user, body.id)
        versions = [ModelVersion(**version_item(version)) for version in row.versions]
        return ModelWithVersions(**model_item(row), versions=versions)


@router.post("/v1/api/models/list_versions", response_model=list[ModelVersionRecord])
def list_versions(body: ModelVersionsQuery, ctx: Ctx, user: User) -> Any:
    """Versions by model name or id, over all workspaces that the caller may see."""
    with ctx.store.read() as session:
        workspaces = [row.id for row in visible_workspaces(session, user)]
        rows = versions_of(session, workspaces, body.model_id, body.models_pk_id)
        return [ModelVersionRecord(**version_item(row), status=row.status) for row in rows]


@router.post("/v1/api/models/get_config_by_id", response_model=ModelConfigShortAnswer)
def get_config_by_id(body: ModelConfigQuery, ctx: Ctx, user: User) -> Any:
    """The newest configuration of a version; ``model_id`` is the version's id."""
    with ctx.store.read() as session:
        row = version_for(session, user, body.model_id, "model_id")
        return ModelConfigShortAnswer(configuration=short_config(newest_config(row)))


@router.post("/v1/api/models/get_version_by_id", response_model=ModelVersionAnswer)
def get_version_by_id(body: ModelVersionQuery, ctx: Ctx, user: User) -> Any:
    """A version with its file and configuration."""
    with ctx.store.read() as session:
        row = version_for(session, user, body.model_version_id, "model_version_id")
        deployments = session.scalars(select(DeploymentRow).where(DeploymentRow.deployed))
        deployed = any(row.id in each.model_version_ids for each in deployments)
        config = long_config(newest_config(row))
        inner = ModelVersionAndConfig(model_version=_detail(row, deployed), config=config)
        return ModelVersionAnswer(model_version=inner)


@router.post("/v1/api/models/insert_model_config", response_model=ModelConfigAnswer)
def insert_model_config(body: ModelConfigInsert, ctx: Ctx, user: User) -> Any:
    """A new configuration of a version; the newest counts from the next deploy on."""
    with ctx.store.write() as session:
        row = version_for(session, user, body.model_version_id, "model_version_id")
        add_config(session, row, body)
        return ModelConfigAnswer(configuration=long_config(newest_config(row)))


def _detail(row: ModelVersionRow, deployed: bool) -> ModelVersionDetail:
    file = FileInfo(version=row.version, sha=row.sha, file_name=row.file_name, size=row.size_bytes)
    return ModelVersionDetail(
        name=row.model.name,
        visibility=row.visibility,
        workspace_id=row.model.workspace_id,
        conversion={"framework": "onnx", "python_version": "3.8", "requirements": []},
        id=row.id,
        status=row.status,
        file_info=file,
        created_on_version="2023.1.0",
        created_by=row.created_by,
        created_at=row.created_at,
        deployed=deployed,
    )
