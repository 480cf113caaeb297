"""Models and their versions in the store: registering one, and the forms in which they are told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from wallwidgets.errors import InvalidRequest
from wallwidgets.instance.access import Caller, workspace_for
from wallwidgets.instance.content import Stored
from wallwidgets.instance.context import Context
from wallwidgets.instance.tables import ModelConfigRow, ModelRow, ModelVersionRow
from wallwidgets.schemas.models import (
    READY,
    Conversion,
    ModelConfigDetail,
    ModelConfigInsert,
    ModelConfigRecord,
    ModelUpload,
)
from wallwidgets.schemas.onnx_file import OnnxSignature

RECORDED_OWNER = '""'
"""What services of 2023 give as owner_id: two quotation marks."""

ONNX = "onnx"
MAX_FILE_NAME = 255


def check_framework(conversion: Conversion | None) -> None:
    """Refuse what would need a conversion.

    Raises:
        InvalidRequest: The framework is not ONNX.
    """
    if conversion is not None and conversion.framework.lower() != ONNX:
        raise InvalidRequest(
            f"Bad request: conversion.framework: {conversion.framework[:100]!r} cannot be converted"
            " here: this instance runs ONNX models only"
        )


def check_workspace(ctx: Context, caller: Caller, workspace_id: int) -> None:
    """Refuse a workspace that the caller cannot see."""
    with ctx.store.read() as session:
        workspace_for(session, caller, workspace_id)


def register(
    ctx: Context,
    caller: Caller,
    upload: ModelUpload,
    file_name: str | None,
    stored: Stored,
    signature: OnnxSignature,
) -> int:
    """A new version of a model for a file of the content store; gives its id.

    A name that exists in the workspace gets one more version.
    """
    now = ctx.config.clock()
    with ctx.store.write() as session:
        workspace = workspace_for(session, caller, upload.workspace_id)
        query = select(ModelRow).where(
            ModelRow.workspace_id == workspace.id, ModelRow.name == upload.name
        )
        model = session.scalars(query).one_or_none()
        if model is None:
            model = ModelRow(
                workspace_id=workspace.id,
                name=upload.name,
                owner_id=RECORDED_OWNER,
                created_at=now,
                updated_at=now,
            )
            session.add(model)
        model.updated_at = now
        version = ModelVersionRow(
            model=model,
            sha=stored.sha,
            size_bytes=stored.size_bytes,
            file_name=None if file_name is None else file_name[:MAX_FILE_NAME],
            visibility=upload.visibility.value,
            status=READY,
            signature=signature.as_json(),
            created_by=caller.account_id,
            created_at=now,
        )
        # The runtime comes from the suffix, which the tutorial's file names lack, or the metadata.
        named = file_name is not None and file_name.lower().endswith(".onnx")
        if named or upload.conversion is not None:
            version.configs = [ModelConfigRow(runtime=ONNX)]
        session.add(version)
        session.flush()
        return version.id


def newest_config(version: ModelVersionRow) -> ModelConfigRow | None:
    return version.configs[-1] if version.configs else None


def versions_of(
    session: Session, workspaces: list[int], name: str | None, model_id: int | None
) -> list[ModelVersionRow]:
    """Versions in these workspaces whose model has the name or the id: the service ORs the two."""
    query = select(ModelVersionRow).join(ModelVersionRow.model).order_by(ModelVersionRow.id)
    conditions = []
    if name is not None:
        conditions.append(ModelRow.name == name)
    if model_id is not None:
        conditions.append(ModelRow.id == model_id)
    if conditions:
        query = query.where(
            conditions[0] if len(conditions) == 1 else conditions[0] | conditions[1]
        )
    return list(session.scalars(query.where(ModelRow.workspace_id.in_(workspaces))))


def add_config(session: Session, version: ModelVersionRow, body: ModelConfigInsert) -> None:
    """A new configuration of a version; the newest counts.

    Raises:
        InvalidRequest: Another runtime than ONNX, or tensor fields that do not fit the inputs.
    """
    if body.runtime is not None and body.runtime.lower() != ONNX:
        raise InvalidRequest("Bad request: runtime: this instance runs ONNX models only")
    inputs = version.signature["inputs"]
    fields = body.tensor_fields
    if fields is not None and (len(fields) != len(inputs) or len(set(fields)) != len(fields)):
        raise InvalidRequest(
            f"Bad request: tensor_fields: must name the model's {len(inputs)} inputs, each once"
        )
    settings = {
        key: value
        for key in ("input_schema", "output_schema", "batch_config")
        if (value := getattr(body, key)) is not None
    }
    config = ModelConfigRow(
        runtime=ONNX,
        tensor_fields=fields,
        filter_threshold=body.filter_threshold,
        settings=settings,
    )
    version.configs.append(config)
    session.flush()


def short_config(row: ModelConfigRow | None) -> ModelConfigRecord | None:
    return None if row is None else ModelConfigRecord(**_config(row))


def long_config(row: ModelConfigRow | None) -> ModelConfigDetail | None:
    if row is None:
        return None
    return ModelConfigDetail(**_config(row), model_version_id=row.model_version_id, **row.settings)


def version_item(row: ModelVersionRow) -> dict[str, Any]:
    """The version item of ``models/get``; ``list_versions`` adds the status."""
    return {
        "sha": row.sha,
        "models_pk_id": row.model_id,
        "model_version": row.version,
        "owner_id": row.model.owner_id,
        "model_id": row.model.name,
        "id": row.id,
        "file_name": row.file_name,
        "image_path": None,
    }


def model_item(row: ModelRow) -> dict[str, Any]:
    """The fields that every form of a model (parent) has."""
    return {
        "id": row.id,
        "name": row.name,
        "owner_id": row.owner_id,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _config(row: ModelConfigRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "runtime": row.runtime,
        "tensor_fields": row.tensor_fields,
        "filter_threshold": row.filter_threshold,
    }
