"""What a pipeline shall run, as pure values: refusals, shares, resources, definitions, code."""

from __future__ import annotations

import pytest

from wallwidgets.panels.deploy_plan import ONE, SHADOW, SPLIT, Part, Plan, Resources, plan_of
from wallwidgets.schemas.models import ModelVersionRecord


def part(name: str, number: int = 1, weight: float = 1, status: str = "ready") -> Part:
    version = f"{name}-{number}"
    record = ModelVersionRecord(id=number, name=name, version=version, sha="s", status=status)
    return Part(record, number, weight)


A, B = part("a"), part("b", 2)


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        (Plan(ONE, (A,)), ""),
        (Plan(SHADOW, (A,)), "Shadow needs two model versions."),
        (Plan(SHADOW, (A, part("a", 2))), "Shadow takes one version of each model."),
        (Plan(SPLIT, (A, part("a", 2))), ""),
        (Plan(SPLIT, (part("a", 1, 0), part("b", 2, 0))), "Split needs a weight above 0."),
        (Plan(ONE, (part("a", status="error"),)), "a v1 could not be converted."),
    ],
)
def test_what_is_missing(plan, why):
    assert plan.missing == why


def test_versions_come_and_go():
    plan = Plan().adding(A).adding(B)
    assert plan.parts == (B,)
    plan = plan.switched(SHADOW).adding(A).adding(A)
    assert (plan.parts, plan.shares()) == ((B, A), ["answers", "shadow"])
    assert plan.led_by(1).parts == (A, B)
    split = plan.switched(SPLIT).weighing(0, 9)
    assert (split.shares(), split.options) == (["90 %", "10 %"], {"weights": [9, 1.0]})
    assert split.without(0).parts == (A,)
    assert split.switched(ONE).parts == split.parts[:1]


@pytest.mark.parametrize("replicas", ["0", "2.5", "many", "-1", "nan", "1001"])
def test_replicas_that_are_none(replicas):
    assert Resources(replicas).errors() == {"replicas": "A whole number from 1 to 1,000."}


@pytest.mark.parametrize("cpus", ["0", "inf", "nan", "1 CPU"])
@pytest.mark.parametrize("memory", ["1", "GiB", "1 GB", "-1 GiB"])
def test_amounts_that_are_none(cpus, memory):
    assert Resources("1", cpus, memory).errors().keys() == {"cpus", "memory"}


def test_the_engine_configuration():
    assert Resources().engine_config(3) is None
    config = Resources("2", "0.5", "1.5 GiB").engine_config(3)
    amounts = {"cpu": 0.5, "memory": "1.5Gi"}
    assert config == {
        "engine": {
            "replicas": 2,
            "cpu": 0.5,
            "resources": {"limits": amounts, "requests": amounts},
        },
        "enginelb": {},
        "engineAux": {"images": {}},
        "workspace_id": 3,
    }


def reference(each: Part) -> dict[str, str]:
    return {"name": each.version.name, "version": each.version.version, "sha": "s"}


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [{"ModelInference": {"models": []}}],
        [{"ModelInference": {"models": [{"name": "a"}]}}],
        [{"ModelInference": {"models": [reference(part("other"))]}}],
        [{"ModelInference": {"models": [reference(A)]}}, {"Check": {"tree": ["x"]}}],
        [{"RandomSplit": {"weights": [{"model": reference(A), "weight": -1}]}}],
        ["ModelInference"],
        "steps",
    ],
)
def test_steps_that_it_cannot_say(steps):
    assert plan_of({"steps": steps}, [A, B]) is None


def test_a_split_by_a_field_is_read_whole():
    weights = [{"model": reference(A), "weight": 3}, {"model": reference(B), "weight": 1}]
    split = {"RandomSplit": {"hash_key": "card", "weights": weights}}
    plan = plan_of({"steps": [split]}, [A, B])
    assert plan == Plan(SPLIT, (part("a", 1, 3), B), "card")
    assert plan.options["hash_key"] == "card"
