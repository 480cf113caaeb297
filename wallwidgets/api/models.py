"""Models, their versions (one per upload) and configurations.

Models and versions have ids from different sequences; calls that need a version refuse a model.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import pyarrow as pa
from pydantic import TypeAdapter

from wallwidgets.api.frames import Records
from wallwidgets.api.references import checked, id_of, made_since
from wallwidgets.api.transport import JSON, Transport
from wallwidgets.api.upload import Progress, Source, Upload, form_field
from wallwidgets.api.waiting import states
from wallwidgets.api.wire import Body, Endpoint, Headers, Repeat
from wallwidgets.errors import InvalidRequest, OutcomeUnknown, TimedOut, UnexpectedAnswer
from wallwidgets.schemas.models import (
    ERROR,
    READY,
    Conversion,
    ModelConfigAnswer,
    ModelConfigDetail,
    ModelConfigInsert,
    ModelConfigQuery,
    ModelQuery,
    ModelRecord,
    ModelsAnswer,
    ModelsList,
    ModelUpload,
    ModelUploaded,
    ModelVersion,
    ModelVersionQuery,
    ModelVersionRecord,
    ModelVersionsQuery,
    ModelWithConfig,
    ModelWithVersions,
)
from wallwidgets.schemas.workspaces import WorkspaceRecord

UPLOAD = Endpoint("/v1/api/models/upload", Repeat.CREATE)
UPLOAD_STREAM = Endpoint("/v1/api/models/upload_stream", Repeat.CREATE)
UPLOAD_AND_CONVERT = Endpoint("/v1/api/models/upload_and_convert", Repeat.CREATE)
LIST = Endpoint("/v1/api/models/list", Repeat.READ)
GET = Endpoint("/v1/api/models/get", Repeat.READ)
GET_BY_ID = Endpoint("/v1/api/models/get_by_id", Repeat.READ)
LIST_VERSIONS = Endpoint("/v1/api/models/list_versions", Repeat.READ)
GET_VERSION_BY_ID = Endpoint("/v1/api/models/get_version_by_id", Repeat.READ)
GET_CONFIG_BY_ID = Endpoint("/v1/api/models/get_config_by_id", Repeat.READ)
INSERT_MODEL_CONFIG = Endpoint("/v1/api/models/insert_model_config", Repeat.CREATE)

_MODELS = TypeAdapter(ModelsAnswer)
_WITH_VERSIONS = TypeAdapter(ModelWithVersions)
_WITH_CONFIG = TypeAdapter(ModelWithConfig)
_VERSIONS = TypeAdapter(list[ModelVersionRecord])
_VERSION = TypeAdapter(dict[Literal["model_version"], ModelVersionRecord])
_CONFIGURATION = TypeAdapter(ModelConfigAnswer)
_UPLOADED = TypeAdapter(ModelUploaded)

UPLOAD_ANSWER_S = 600.0
"""The service may still check a file after its last byte."""

Visibility = Literal["public", "private"]
ModelLike = ModelRecord | ModelVersion | int
"""A model, one of its versions, or the id of the *model*."""
VersionLike = ModelVersion | int
"""A version of a model, or the id of the *version*."""


class Models:
    """The models of an instance.

    Example:
        >>> def newest(client: "Client", workspace: WorkspaceRecord) -> ModelVersionRecord:
        ...     return client.models.versions(client.models.list(workspace)[0])[-1]
    """

    def __init__(self, transport: Transport):
        self._transport = transport

    def upload(
        self,
        workspace: WorkspaceRecord | int,
        name: str,
        file: Source,
        *,
        visibility: Visibility = "private",
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
    ) -> ModelVersionRecord:
        """Upload a file as the newest version of a model, streamed from a path or open file.

        Args:
            workspace: Workspace of the model.
            name: Name of the model; an existing one gets another version.
            file: Path, or a binary file that can seek.
            visibility: Who may see it.
            progress: Called with the bytes that were sent and the bytes in total.
            cancel: Setting it ends the upload.
        """
        upload = Upload(file, progress=progress, cancel=cancel)
        fields = _fields(workspace, name, visibility)
        params = {
            "name": fields.name,
            "filename": upload.file_name or f"{name}.onnx",
            "visibility": fields.visibility.value,
            "workspace_id": str(fields.workspace_id),
        }
        kind = "application/octet-stream"
        return self._send(
            UPLOAD_STREAM, upload, fields, upload.raw, kind, params=list(params.items())
        )

    def upload_multipart(
        self,
        workspace: WorkspaceRecord | int,
        name: str,
        file: Source,
        *,
        visibility: Visibility = "private",
        form: Literal["metadata", "fields"] = "metadata",
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
    ) -> ModelVersionRecord:
        """Upload a file as a form, with a metadata part (since 2023.2) or fields (2023.1)."""
        upload = Upload(file, progress=progress, cancel=cancel)
        fields = _fields(workspace, name, visibility)
        plain = fields.model_dump(mode="json", exclude_none=True)
        if form == "metadata":
            parts = [form_field("metadata", fields.model_dump_json(exclude_none=True), JSON)]
        else:
            parts = [form_field(key, str(value)) for key, value in plain.items()]
        make_body, kind = upload.multipart(parts)
        return self._send(UPLOAD, upload, fields, make_body, kind)

    def upload_and_convert(
        self,
        workspace: WorkspaceRecord | int,
        name: str,
        file: Source,
        *,
        framework: str,
        input_schema: pa.Schema | None = None,
        output_schema: pa.Schema | None = None,
        requirements: Sequence[str] = (),
        visibility: Visibility = "private",
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
    ) -> ModelVersionRecord:
        """Upload a file that the service converts; `wait_until_ready` waits for the result.

        Frameworks other than onnx and tensorflow need both schemas.
        """
        upload = Upload(file, progress=progress, cancel=cancel)
        fields = _fields(
            workspace,
            name,
            visibility,
            conversion=checked(Conversion, framework=framework, requirements=list(requirements)),
            input_schema=_schema_text(input_schema),
            output_schema=_schema_text(output_schema),
        )
        part = form_field("metadata", fields.model_dump_json(exclude_none=True), JSON)
        make_body, kind = upload.multipart([part])
        return self._send(UPLOAD_AND_CONVERT, upload, fields, make_body, kind)

    def wait_until_ready(
        self,
        version: VersionLike,
        *,
        timeout_s: float = 600,
        poll_s: float = 2,
        progress: Callable[[ModelVersionRecord], object] | None = None,
        cancel: threading.Event | None = None,
    ) -> ModelVersionRecord:
        """Wait until a converted version can be deployed.

        Raises:
            InvalidRequest: The conversion failed.
            TimedOut: It took longer than ``timeout_s``.
        """
        for state in states(lambda: self.version(version), timeout_s, poll_s, cancel):
            if progress is not None:
                progress(state)
            status = (state.status or "").lower()
            if status == READY:
                return state
            if status == ERROR:
                why = self._transport.wire.redactor.show(
                    str((state.model_extra or {}).get("error_summary") or "no reason given")
                )
                raise InvalidRequest(f"The model {state.name!r} cannot be converted: {why}.")
        raise TimedOut(f"The model was not ready within {timeout_s:g} s.", remedy="Wait again.")

    def list(self, workspace: WorkspaceRecord | int) -> Records[ModelRecord]:
        """The models of a workspace, the newest first."""
        request = checked(ModelsList, workspace_id=id_of(workspace, WorkspaceRecord))
        return Records(ModelRecord, self._transport.post(LIST, request, _MODELS).models)

    def get(self, model: ModelLike) -> ModelWithVersions:
        """A model with its versions."""
        return self._transport.post(GET, checked(ModelQuery, id=_model_id(model)), _WITH_VERSIONS)

    def get_by_id(self, model: ModelLike) -> ModelWithConfig:
        """A model with its configuration."""
        request = checked(ModelQuery, id=_model_id(model))
        return self._transport.post(GET_BY_ID, request, _WITH_CONFIG)

    def versions(self, model: ModelLike) -> Records[ModelVersionRecord]:
        """The versions of a model, the oldest first."""
        wanted = _model_id(model)
        name = None if isinstance(model, int) else model.name
        # The service answers with versions of this id OR this name, of all workspaces.
        found = self._list_versions(name, wanted)
        own = [version for version in found if version.parent_id == wanted]
        return Records(ModelVersionRecord, sorted(own, key=lambda version: version.id))

    def version(self, version: VersionLike) -> ModelVersionRecord:
        """A version in its newest state."""
        request = checked(ModelVersionQuery, model_version_id=id_of(version, ModelVersion))
        record = self._transport.post(GET_VERSION_BY_ID, request, _VERSION)["model_version"]
        if record.parent_id is None and isinstance(version, ModelVersion):
            return record.model_copy(update={"parent_id": version.parent_id})
        return record

    def configuration(self, version: VersionLike) -> ModelConfigDetail | None:
        """The newest configuration of a version, or None if it has none."""
        request = checked(ModelConfigQuery, model_id=id_of(version, ModelVersion))
        return self._transport.post(GET_CONFIG_BY_ID, request, _CONFIGURATION).configuration

    def configure(
        self,
        version: VersionLike,
        *,
        runtime: str | None = None,
        tensor_fields: Sequence[str] | None = None,
        filter_threshold: float | None = None,
        input_schema: pa.Schema | None = None,
        output_schema: pa.Schema | None = None,
        batch_config: dict[str, Any] | str | None = None,
    ) -> ModelConfigDetail:
        """Give a version another configuration; the newest one counts."""
        request = checked(
            ModelConfigInsert,
            model_version_id=id_of(version, ModelVersion),
            runtime=runtime,
            tensor_fields=None if tensor_fields is None else list(tensor_fields),
            filter_threshold=filter_threshold,
            input_schema=_schema_text(input_schema),
            output_schema=_schema_text(output_schema),
            batch_config=batch_config,
        )
        answer = self._transport.post(INSERT_MODEL_CONFIG, request, _CONFIGURATION)
        if answer.configuration is None:
            raise UnexpectedAnswer("The service gave no configuration back.")
        return answer.configuration

    def _list_versions(
        self, name: str | None, model_id: int | None
    ) -> Sequence[ModelVersionRecord]:
        request = checked(ModelVersionsQuery, model_id=name, models_pk_id=model_id)
        return self._transport.post(LIST_VERSIONS, request, _VERSIONS)

    def _send(
        self,
        endpoint: Endpoint,
        upload: Upload,
        fields: ModelUpload,
        make_body: Callable[[], Body],
        kind: str,
        params: Sequence[tuple[str, str]] = (),
    ) -> ModelVersionRecord:
        started = datetime.now(UTC)
        try:
            reply = self._transport.send(
                endpoint,
                params=params,
                make_body=make_body,
                headers=Headers({"Content-Type": kind}),
                timeout_s=UPLOAD_ANSWER_S,
                cancel=upload.cancel,
            )
            uploaded = self._transport.read(reply, _UPLOADED)
        except OutcomeUnknown:
            found = self._uploaded_since(started, upload, fields)
            if found is not None:
                return found
            raise
        return self._full_record(uploaded.version_id, fields.name)

    def _full_record(self, version_id: int, name: str) -> ModelVersionRecord:
        # list_versions first: unlike get_version_by_id it exists since 2023.1 and names the model.
        for version in self._list_versions(name, None):
            if version.id == version_id:
                return version
        return self.version(version_id)

    def _uploaded_since(
        self, started: datetime, upload: Upload, fields: ModelUpload
    ) -> ModelVersionRecord | None:
        """The version that an upload made whose answer was lost, if it made one."""
        for model in self.list(fields.workspace_id):
            if model.name == fields.name and made_since(started, model.updated_at):
                newest = self.versions(model)[-1:]
                if newest and newest[0].sha == upload.sha256():
                    return newest[0]
        return None


def _fields(
    workspace: WorkspaceRecord | int, name: str, visibility: str, **more: Any
) -> ModelUpload:
    return checked(
        ModelUpload,
        workspace_id=id_of(workspace, WorkspaceRecord),
        name=name,
        visibility=visibility,
        **more,
    )


def _model_id(model: ModelLike) -> int:
    """The id of the model (parent), also of one of its versions."""
    if isinstance(model, ModelVersion):
        if model.parent_id is None:
            raise InvalidRequest(f"This version of {model.name!r} does not name its model.")
        return model.parent_id
    return id_of(model, ModelRecord)


def _schema_text(schema: pa.Schema | None) -> str | None:
    return None if schema is None else base64.b64encode(schema.serialize()).decode()
