"""Models and their versions (api-contract section 5).

A model (parent) and a version of it come from different id sequences; ``parent_id`` and ``id`` of a
version keep them apart.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field, model_validator

from wallwidgets.schemas.base import Answer, Id, Name, Request, Text, Timestamp

READY = "ready"
ERROR = "error"


class Visibility(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"


class Conversion(Request):
    """How the service should convert a model that is not ONNX."""

    framework: Text = "onnx"
    python_version: Text = "3.8"
    requirements: list[Text] = Field(default_factory=list)


class ModelUpload(Request):
    """The fields of an upload, whether form parts, query parameters or the metadata part."""

    name: Name
    workspace_id: Id
    visibility: Visibility = Visibility.PRIVATE
    conversion: Conversion | None = None
    input_schema: str | None = None
    output_schema: str | None = None


class InsertedModel(Answer):
    id: Id


class InsertedModels(Answer):
    models: list[InsertedModel]


class InsertModels(Answer):
    returning: list[InsertedModels]


class ModelUploaded(Answer):
    insert_models: InsertModels

    @property
    def version_id(self) -> int:
        """The id of the new *version*."""
        return self.insert_models.returning[0].models[0].id

    @classmethod
    def of(cls, version_id: int) -> ModelUploaded:
        """The nested answer for a version id."""
        models = InsertedModels(models=[InsertedModel(id=version_id)])
        return cls(insert_models=InsertModels(returning=[models]))


class ModelsList(Request):
    workspace_id: Id


class ModelQuery(Request):
    id: Id


class ModelVersionsQuery(Request):
    model_id: Text | None = None
    models_pk_id: Id | None = None


class ModelConfigQuery(Request):
    model_id: Id


class ModelVersionQuery(Request):
    model_version_id: Id


class ModelConfigInsert(Request):
    model_version_id: Id
    runtime: Text | None = None
    tensor_fields: list[Text] | None = None
    filter_threshold: float | None = None
    input_schema: str | None = None
    output_schema: str | None = None
    batch_config: dict[str, Any] | str | None = None


class ModelConfigRecord(Answer):
    """How a version runs; the newest of a version counts."""

    id: Id
    runtime: str
    tensor_fields: dict[str, Any] | list[str] | None = None
    filter_threshold: float | None = None


class ModelConfigDetail(ModelConfigRecord):
    """The later, longer form of a configuration."""

    model_version_id: Id | None = None
    input_schema: str | None = None
    output_schema: str | None = None
    batch_config: dict[str, Any] | str | None = None
    dynamic_batching_config: dict[str, Any] | None = None
    continuous_batching_config: dict[str, Any] | None = None
    queue_depth: int | None = None
    sidekick_uri: str | None = None
    openai: dict[str, Any] | None = None


class ModelConfigAnswer(Answer):
    configuration: ModelConfigDetail | None = Field(default=None, alias="model_config")


class ModelConfigShortAnswer(Answer):
    configuration: ModelConfigRecord | None = Field(default=None, alias="model_config")


class ModelRecord(Answer):
    """A model (parent)."""

    id: Id
    name: str
    owner_id: str = ""
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_2025(cls, data: Any) -> Any:
        # models/list wraps each model since 2025; the record stays the same.
        if isinstance(data, dict) and isinstance(data.get("model"), dict):
            return data["model"]
        return data


class ModelsAnswer(Answer):
    models: list[ModelRecord]


class ModelWithConfig(ModelRecord):
    workspace_id: Id | None = None
    configuration: ModelConfigRecord | None = Field(default=None, alias="model_config")


class ModelVersion(Answer):
    """One upload of a model. ``id`` is the version's, ``parent_id`` the model's."""

    id: Id
    name: str = Field(alias="model_id")
    version: str = Field(alias="model_version")
    parent_id: Id | None = Field(default=None, alias="models_pk_id")
    sha: str
    owner_id: str = ""
    file_name: str | None = None
    image_path: str | None = None


class ModelVersionRecord(ModelVersion):
    """A version with its status: ``ready`` can be deployed, ``error`` cannot."""

    status: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_2025(cls, data: Any) -> Any:
        # get_version_by_id doubles its key and keeps the file's facts in file_info.
        if isinstance(data, dict) and isinstance(inner := data.get("model_version"), dict):
            file = inner.get("file_info") or {}
            return {
                **{key: value for key, value in inner.items() if key != "file_info"},
                "sha": file.get("sha") or "",
                "model_version": file.get("version") or "",
                "model_id": inner.get("name"),
                "file_name": file.get("file_name"),
            }
        return data


class ModelWithVersions(ModelRecord):
    versions: list[ModelVersion] = Field(default_factory=list, alias="models")


class FileInfo(Answer):
    """The uploaded file; ``size`` in bytes."""

    version: str
    sha: str
    file_name: str | None = None
    size: int


class ModelVersionDetail(Answer):
    """A version as ``get_version_by_id`` gives it."""

    name: str
    visibility: str
    workspace_id: Id
    conversion: dict[str, Any] | None = None
    id: Id
    image_path: str | None = None
    status: str
    task_id: str | None = None
    file_info: FileInfo
    created_on_version: str
    created_by: str
    created_at: Timestamp
    deployed: bool
    error_summary: str | None = None


class ModelVersionAndConfig(Answer):
    detail: ModelVersionDetail = Field(alias="model_version")
    configuration: ModelConfigDetail | None = Field(default=None, alias="config")


class ModelVersionAnswer(Answer):
    """The doubled key is the service's."""

    outer: ModelVersionAndConfig = Field(alias="model_version")
