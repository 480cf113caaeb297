"""Pipelines, their deployments and addresses (api-contract sections 6 and 7)."""

from __future__ import annotations

from typing import Any

from pydantic import Field, computed_field, model_validator

from wallwidgets.schemas.base import Answer, Id, Name, Request, Text

STARTING = "Starting"
RUNNING = "Running"
ERROR = "Error"


class ModelRef(Request):
    """A model version named by value, as steps do."""

    name: Text
    version: Text
    sha: Text


class Definition(Request):
    """The steps of a pipeline; each step is an object of one key, its kind."""

    id: Text | None = None
    steps: list[dict[str, Any]] = Field(default_factory=list, max_length=1000)


class PipelineCreate(Request):
    name: Name = Field(alias="pipeline_id")
    workspace_id: Id
    definition: Definition | None = None


class PipelineCreated(Answer):
    pipeline_pk_id: Id
    pipeline_variant_pk_id: Id
    pipeline_variant_version: str


class PipelineDeploy(Request):
    deploy_id: Name
    pipeline_version_pk_id: Id | None = None
    pipeline_id: Id | None = None
    pipeline_version: Text | None = None
    model_configs: list[Id] | None = None
    model_ids: list[Id] | None = None
    models: list[ModelRef] | None = None
    engine_config: dict[str, Any] | None = None


class DeploymentCreated(Answer):
    id: Id


class PipelineUndeploy(Request):
    pipeline_id: Id | None = None
    deployment_id: Id | None = None


class PipelineCopy(Request):
    name: Name
    workspace_id: Id
    source_pipeline: Id
    deploy: Text | None = None
    engine_config: dict[str, Any] | None = None
    pipeline_version: Text | None = None


class PipelineCopied(Answer):
    pipeline_pk_id: Id
    pipeline_variant_pk_id: Id
    pipeline_version: str | None = None
    deployment: DeploymentCreated | None = None


class PipelineVersionQuery(Request):
    version: Text


class PipelineVersionRecord(Answer):
    """An immutable version of a pipeline; ``pipeline_id`` is the pipeline's name."""

    pipeline_id: str
    version: str
    definition: dict[str, Any] | None = None


class PipelineUrlQuery(Request):
    workspace_id: Id
    pipeline_name: Text


class UrlAnswer(Answer):
    url: str


class PipelineRecord(Answer):
    """A pipeline as this client made it, or found it: then without the ids of a version."""

    id: Id
    name: str
    workspace_id: Id
    version_id: Id | None = None
    version: str | None = None


class DeploymentRecord(Answer):
    """The deployment of a pipeline; its name on the wire is ``{deploy_id}-{id}``."""

    id: Id
    deploy_id: str
    pipeline_id: Id
    workspace_id: Id

    @property
    def name(self) -> str:
        """The name that status and inference calls use."""
        return f"{self.deploy_id}-{self.id}"


class DeploymentQuery(Request):
    name: Text


class PodInfo(Answer):
    """The facts about a process as the service's own OpenAPI document nests them."""

    name: str
    status: str
    details: list[str]
    labels: dict[str, str]
    health: str
    ip: str | None
    reason: str | None


class PodStatus(Answer):
    """One process of a deployment."""

    ip: str | None = None
    name: str
    status: str
    reason: str | None = None
    details: list[str] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _from_either_form(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("info"), dict):
            return {**data["info"], **{key: data[key] for key in data if key != "info"}}
        return data

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own way
    @property
    def info(self) -> PodInfo:
        """The same once more: hand-written clients read the flat form, generated ones this."""
        health = {"Running": RUNNING, "Pending": STARTING}.get(self.status, ERROR)
        return PodInfo(
            name=self.name,
            status=self.status,
            details=self.details,
            labels={},
            health=health,
            ip=self.ip,
            reason=self.reason,
        )


class PipelineState(Answer):
    id: str
    status: str
    version: str | None = None


class PipelineStates(Answer):
    pipelines: list[PipelineState] = Field(default_factory=list)


class ModelState(Answer):
    name: str
    version: str
    sha: str
    status: str
    model_version_id: Id | None = None


class ModelStates(Answer):
    models: list[ModelState] = Field(default_factory=list)


class EngineStatus(PodStatus):
    pipeline_statuses: PipelineStates | None = None
    model_statuses: ModelStates | None = None


class DeploymentStatus(Answer):
    """The state of a deployment: Starting, Running or Error, and its processes."""

    status: str
    details: list[Any] = Field(default_factory=list)
    engines: list[EngineStatus] = Field(default_factory=list)
    engine_lbs: list[PodStatus] = Field(default_factory=list)
    sidekicks: list[PodStatus] = Field(default_factory=list)
    helm: list[Any] = Field(default_factory=list)
