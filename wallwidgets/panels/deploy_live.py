"""What runs of a pipeline, and which model versions there are: as the service says it."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from wallwidgets.api.client import Client
from wallwidgets.errors import NotFound
from wallwidgets.panels.deploy_plan import Part
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.schemas.models import ModelRecord
from wallwidgets.schemas.pipelines import ERROR, RUNNING, DeploymentStatus, PipelineRecord
from wallwidgets.schemas.workspaces import WorkspaceRecord

STOPPED = "Stopped"
AT_ONCE = 8
"""How many models are asked for their versions at the same time."""


@dataclass(frozen=True)
class Live:
    """A deployment as it was read last.

    Attributes:
        status: What the service says; None if it is not deployed.
        url: Where inferences go.
        version: UUID of the pipeline's version that runs.
    """

    status: DeploymentStatus | None = None
    url: str = ""
    version: str = ""

    @property
    def state(self) -> str:
        """Its state in one word."""
        return STOPPED if self.status is None else self.status.status

    @property
    def engines(self) -> int:
        """How many engines it has."""
        return len(self.status.engines) if self.status else 0

    def models(self) -> dict[str, str]:
        """The states of its models, by the UUID of their version."""
        engines = self.status.engines if self.status else []
        states = [engine.model_statuses for engine in engines if engine.model_statuses]
        return {model.version: model.status for each in states for model in each.models}


def read_versions(client: Client, workspace: WorkspaceRecord) -> tuple[Part, ...]:
    """All model versions of a workspace, the newest of each model first."""

    def parts(model: ModelRecord) -> list[Part]:
        versions = client.models.versions(model)
        return [Part(version, number) for number, version in enumerate(versions, 1)][::-1]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(parts, client.models.list(workspace)))
    return tuple(part for each in found for part in each)


def read_live(client: Client, pipeline: PipelineRecord) -> Live:
    """What runs of a pipeline now."""
    try:
        status = client.pipelines.status(pipeline)
        url = client.pipelines.url(pipeline)
    except NotFound:
        return Live()
    return live_of(status, url)


def live_of(status: DeploymentStatus, url: str) -> Live:
    """A deployment from what the service says about it."""
    states = [each.pipeline_statuses for each in status.engines if each.pipeline_statuses]
    versions = [one.version for each in states for one in each.pipelines if one.version]
    return Live(status, url, versions[0] if versions else "")


def said_of(name: str, live: Live) -> Said:
    """The sentence about a pipeline's state."""
    if live.state == RUNNING:
        models = many(len(live.models()), "model")
        return Said("ok", f"{name} is running: {many(live.engines, 'engine')}, {models}.")
    if live.state == ERROR:
        why = "; ".join(str(each) for each in live.status.details) if live.status else ""
        return Said("error", f"{name} failed to start{': ' if why else ''}{why}.")
    if live.state == STOPPED:
        return Said("off", f"{name} is not deployed.")
    return Said("busy", f"{name} is {live.state.lower()}.")


def many(count: int, noun: str) -> str:
    """A count with its noun.

    Example:
        >>> many(1, "engine"), many(2_000, "model")
        ('1 engine', '2,000 models')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def facts(live: Live | None) -> list[tuple[str, str]]:
    """The engines of a deployment, and its address; nothing of one that is not deployed."""
    if live is None or live.status is None:
        return []
    states = Counter(engine.status for engine in live.status.engines)
    counts = ", ".join(f"{count:,} {state.lower()}" for state, count in states.items())
    reasons = [
        (engine.name, engine.reason or "; ".join(engine.details))
        for engine in live.status.engines
        if engine.reason or engine.details
    ]
    return [
        *([("Engines", counts)] if counts else []),
        *reasons,
        *([("Inference URL", live.url)] if live.url else []),
    ]
