"""What a pipeline shall run: model versions, their shares and resources; and the same as Python."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from wallwidgets.schemas.models import ERROR, ModelVersion, ModelVersionRecord
from wallwidgets.schemas.pipelines import ModelRef

ONE, SHADOW, SPLIT = "One model", "Shadow", "Split"
MODES = (ONE, SHADOW, SPLIT)
_MEMORY = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT]i)B?")


@dataclass(frozen=True)
class Part:
    """A model version of a pipeline.

    Attributes:
        version: Its record.
        number: Which version of its model it is, from 1 on.
        weight: Its part of the requests of a split, in relation to the others.
    """

    version: ModelVersionRecord
    number: int
    weight: float = 1.0

    @property
    def label(self) -> str:
        """What a reader calls it."""
        return f"{self.version.name} v{self.number}"


@dataclass(frozen=True)
class Plan:
    """Versions, and how requests go to them.

    Attributes:
        mode: One model; several in the shadow of the first; or a random split.
        parts: The versions.
        hash_key: Of a split: the input field that decides, instead of chance.

    Example:
        >>> Plan(SPLIT).missing
        'Split needs two model versions.'
    """

    mode: str = ONE
    parts: tuple[Part, ...] = ()
    hash_key: str = ""

    @property
    def missing(self) -> str:
        """What keeps it from being deployed, or "". An empty plan is none, and fine."""
        names = [part.version.name for part in self.parts]
        if broken := [part.label for part in self.parts if part.version.status == ERROR]:
            return f"{broken[0]} could not be converted."
        if self.mode != ONE and len(self.parts) < 2:
            return f"{self.mode} needs two model versions."
        if self.mode == SHADOW and len(set(names)) < len(names):
            return "Shadow takes one version of each model."
        if self.mode == SPLIT and not any(part.weight for part in self.parts):
            return "Split needs a weight above 0."
        return ""

    @property
    def versions(self) -> list[ModelVersion]:
        """The records of its versions."""
        return [part.version for part in self.parts]

    @property
    def options(self) -> dict[str, Any]:
        """What ``client.pipelines.create`` takes beside the models."""
        if self.mode != SPLIT:
            return {}
        weights: dict[str, Any] = {"weights": [part.weight for part in self.parts]}
        return weights | ({"hash_key": self.hash_key} if self.hash_key else {})

    def switched(self, mode: str) -> Plan:
        """The same in another mode; of several versions one model keeps the first."""
        return replace(self, mode=mode, parts=self.parts[:1] if mode == ONE else self.parts)

    def adding(self, part: Part) -> Plan:
        """With one version more; where one model runs, it takes the place of the other."""
        kept = () if self.mode == ONE else self.parts
        known = any(each.version.id == part.version.id for each in kept)
        return self if known else replace(self, parts=(*kept, part))

    def without(self, index: int) -> Plan:
        """With one version less."""
        return replace(self, parts=self.parts[:index] + self.parts[index + 1 :])

    def led_by(self, index: int) -> Plan:
        """With another version first, which answers in a shadow deployment."""
        others = self.without(index).parts
        return replace(self, parts=(self.parts[index], *others))

    def weighing(self, index: int, weight: float) -> Plan:
        """With another weight of one version."""
        parts = list(self.parts)
        parts[index] = replace(parts[index], weight=weight)
        return replace(self, parts=tuple(parts))

    def shares(self) -> list[str]:
        """What each version gets: a percentage, or its role.

        Example:
            >>> version = ModelVersionRecord(id=1, name="m", version="u", sha="s")
            >>> Plan(SPLIT, (Part(version, 1, 9), Part(version, 2))).shares()
            ['90 %', '10 %']
        """
        if self.mode == SPLIT:
            total = sum(part.weight for part in self.parts) or 1
            return [f"{100 * part.weight / total:.3g} %" for part in self.parts]
        if self.mode == ONE:
            return ["100 %"] * len(self.parts)
        return ["answers", *["shadow"] * (len(self.parts) - 1)][: len(self.parts)]


@dataclass(frozen=True)
class Resources:
    """What each engine gets, as typed; empty leaves it to the instance.

    Example:
        >>> Resources("2", memory="1 GiB").engine_config(7)["engine"]
        {'replicas': 2, 'resources': {'limits': {'memory': '1Gi'}, 'requests': {'memory': '1Gi'}}}
        >>> Resources("many").errors()
        {'replicas': 'A whole number from 1 to 1,000.'}
    """

    replicas: str = ""
    cpus: str = ""
    memory: str = ""

    def errors(self) -> dict[str, str]:
        """Sentences for the fields that hold something else than they should."""
        found = {}
        if self.replicas.strip() and number_in(self.replicas) not in range(1, 1001):
            found["replicas"] = "A whole number from 1 to 1,000."
        if self.cpus.strip() and not 0 < number_in(self.cpus) <= 1000:
            found["cpus"] = "A number such as 0.5 or 4."
        if self.memory.strip() and self._quantity is None:
            found["memory"] = "A size such as 512 MiB or 2 GiB."
        return found

    def engine_config(self, workspace_id: int) -> dict[str, Any] | None:
        """As the service takes it; None if all is left to the instance."""
        engine: dict[str, Any] = {}
        amounts: dict[str, Any] = {}
        if self.replicas.strip():
            engine["replicas"] = int(number_in(self.replicas))
        if self.cpus.strip():
            amounts["cpu"] = engine["cpu"] = number_in(self.cpus)
        if self._quantity:
            amounts["memory"] = self._quantity
        if amounts:
            engine["resources"] = {"limits": amounts, "requests": amounts}
        if not engine:
            return None
        rest = {"enginelb": {}, "engineAux": {"images": {}}, "workspace_id": workspace_id}
        return {"engine": engine} | rest

    @property
    def _quantity(self) -> str | None:
        found = _MEMORY.fullmatch(self.memory.strip())
        return found and f"{found[1]}{found[2]}"


def number_in(text: str) -> float:
    """The number in a text, or one that fits nowhere."""
    try:
        return float(text)
    except ValueError:
        return -1.0


class _Inference(BaseModel):
    models: list[ModelRef] = Field(min_length=1)


class _Weighted(BaseModel):
    model: ModelRef
    weight: float = Field(ge=0, allow_inf_nan=False)


class _Split(BaseModel):
    hash_key: str | None = None
    weights: list[_Weighted] = Field(min_length=1)


def plan_of(definition: Mapping[str, Any] | None, known: Sequence[Part]) -> Plan | None:
    """The plan that a definition's steps mean.

    Returns:
        None for steps that a `Plan` cannot say, or that name a version that is not known.
    """
    places = {(part.version.name, part.version.version): part for part in known}
    try:
        match (definition or {}).get("steps") or []:
            case [{"ModelInference": value}]:
                refs, mode = _Inference.model_validate(value).models, SHADOW
                weights, key = [1.0] * len(refs), ""
            case [{"ModelInference": value}, {"AuditResults": _}, {"MultiOut": _}]:
                refs, mode = _Inference.model_validate(value).models, SHADOW
                weights, key = [1.0] * len(refs), ""
            case [{"RandomSplit": value}]:
                split = _Split.model_validate(value)
                refs, mode = [each.model for each in split.weights], SPLIT
                weights, key = [each.weight for each in split.weights], split.hash_key or ""
            case _:
                return None
    except ValidationError:
        return None
    found = [places.get((ref.name, ref.version)) for ref in refs]
    parts = tuple(
        Part(part.version, part.number, weight)
        for part, weight in zip(found, weights, strict=True)
        if part
    )
    if len(parts) < len(refs):
        return None
    return Plan(ONE if len(parts) == 1 else mode, parts, key)


def deploy_code(
    workspace: str, pipeline: str, plan: Plan, config: Mapping[str, Any] | None, timeout_s: float
) -> str:
    """The Python that deploys a plan; without one, the pipeline as it is."""
    lines = [f"workspace = client.workspaces.get({workspace!r})"]
    deploy = ["pipeline"]
    if plan.parts:
        versions = ", ".join(f"client.models.version({each.id})" for each in plan.versions)
        options = "".join(f", {key}={value!r}" for key, value in plan.options.items())
        lines += [
            f"models = [{versions}]",
            f"pipeline = client.pipelines.create(workspace, {pipeline!r}, models=models{options})",
        ]
        deploy.append("models=models")
    else:
        lines.append(f"pipeline = client.pipelines.get(workspace, {pipeline!r})")
    deploy += [f"engine_config={dict(config)!r}"] if config else []
    deploy += ["wait=True", f"timeout_s={timeout_s:g}"]
    body = "".join(f"    {each},\n" for each in deploy)
    return "\n".join(lines) + f"\ndeployment = client.pipelines.deploy(\n{body})"
