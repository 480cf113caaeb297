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

from wallwidgets.api.frames import Records
from wallwidgets.api.references import (
    ModelLike,
    VersionLike,
    checked,
    id_of,
    made_since,
    model_id,
)
from wallwidgets.api.transport import JSON, Transport
from wallwidgets.api.upload import Progress, Source, Upload
from wallwidgets.api.waiting import Wait, until_ready
from wallwidgets.api.wire import Endpoint, Outgoing, Repeat
from wallwidgets.errors import OutcomeUnknown, UnexpectedAnswer
from wallwidgets.schemas.models import (
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

UPLOAD = Endpoint("/v1/api/models/upload", Repeat.CREATE, ModelUploaded)
UPLOAD_STREAM = Endpoint("/v1/api/models/upload_stream", Repeat.CREATE, ModelUploaded)
UPLOAD_AND_CONVERT = Endpoint("/v1/api/models/upload_and_convert", Repeat.CREATE, ModelUploaded)
LIST = Endpoint("/v1/api/models/list", Repeat.READ, ModelsAnswer)
GET = Endpoint("/v1/api/models/get", Repeat.READ, ModelWithVersions)
GET_BY_ID = Endpoint("/v1/api/models/get_by_id", Repeat.READ, ModelWithConfig)
LIST_VERSIONS = Endpoint("/v1/api/models/list_versions", Repeat.READ, list[ModelVersionRecord])
GET_VERSION_BY_ID = Endpoint(
    "/v1/api/models/get_version_by_id",
    Repeat.READ,
    dict[Literal["model_version"], ModelVersionRecord],
)
GET_CONFIG_BY_ID = Endpoint("/v1/api/models/get_config_by_id", Repeat.READ, ModelConfigAnswer)
INSERT_MODEL_CONFIG = Endpoint(
    "/v1/api/models/insert_model_config", Repeat.CREATE, ModelConfigAnswer
)

Visibility = Literal["public", "private"]


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
        return self._send(upload, fields, upload.stream(UPLOAD_STREAM, params))

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
        parts = _metadata(fields)
        if form == "fields":
            plain = fields.model_dump(mode="json", exclude_none=True)
            parts = {key: str(value) for key, value in plain.items()}
        return self._send(upload, fields, upload.form(UPLOAD, parts))

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
        return self._send(upload, fields, upload.form(UPLOAD_AND_CONVERT, _metadata(fields)))

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
        wait = Wait(timeout_s, poll_s, progress, cancel)
        return until_ready(lambda: self.version(version), wait, self._transport.wire.redactor)

    def list(self, workspace: WorkspaceRecord | int) -> Records[ModelRecord]:
        """The models of a workspace, the newest first."""
        request = checked(ModelsList, workspace_id=id_of(workspace, WorkspaceRecord))
        return Records(ModelRecord, self._transport.post(LIST, request).models)

    def get(self, model: ModelLike) -> ModelWithVersions:
        """A model with its versions."""
        return self._transport.post(GET, checked(ModelQuery, id=model_id(model)))

    def get_by_id(self, model: ModelLike) -> ModelWithConfig:
        """A model with its configuration."""
        request = checked(ModelQuery, id=model_id(model))
        return self._transport.post(GET_BY_ID, request)

    def versions(self, model: ModelLike) -> Records[ModelVersionRecord]:
        """The versions of a model, the oldest first."""
        wanted = model_id(model)
        name = None if isinstance(model, int) else model.name
        # The service answers with versions of this id OR this name, of all workspaces.
        found = self._list_versions(name, wanted)
        own = [version for version in found if version.parent_id == wanted]
        return Records(ModelVersionRecord, sorted(own, key=lambda version: version.id))

    def version(self, version: VersionLike) -> ModelVersionRecord:
        """A version in its newest state."""
        request = checked(ModelVersionQuery, model_version_id=id_of(version, ModelVersion))
        record = self._transport.post(GET_VERSION_BY_ID, request)["model_version"]
        if record.parent_id is None and isinstance(version, ModelVersion):
            return record.model_copy(update={"parent_id": version.parent_id})
        return record

    def configuration(self, version: VersionLike) -> ModelConfigDetail | None:
        """The newest configuration of a version, or None if it has none."""
        request = checked(ModelConfigQuery, model_id=id_of(version, ModelVersion))
        return self._transport.post(GET_CONFIG_BY_ID, request).configuration

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
        answer = self._transport.post(INSERT_MODEL_CONFIG, request)
        if answer.configuration is None:
            raise UnexpectedAnswer("The service gave no configuration back.")
        return answer.configuration

    def _list_versions(
        self, name: str | None, model_id: int | None
    ) -> Sequence[ModelVersionRecord]:
        request = checked(ModelVersionsQuery, model_id=name, models_pk_id=model_id)
        return self._transport.post(LIST_VERSIONS, request)

    def _send(self, upload: Upload, fields: ModelUpload, outgoing: Outgoing) -> ModelVersionRecord:
        started = datetime.now(UTC)
        try:
            uploaded = self._transport.read(self._transport.send(outgoing), UPLOAD)
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


def _metadata(fields: ModelUpload) -> dict[str, Any]:
    return {"metadata": (None, fields.model_dump_json(exclude_none=True), JSON)}


def _schema_text(schema: pa.Schema | None) -> str | None:
    return None if schema is None else base64.b64encode(schema.serialize()).decode()
