"""Deploying without a kernel, against a real instance: every refusal, failure, cancel and retry."""

from __future__ import annotations

import json
import threading

import pytest
import responses

from tests.models import linear_model
from tests.panels.conftest import STATE_WAIT_S, settle
from wallwidgets import errors
from wallwidgets.panels.deploy_plan import SHADOW, SPLIT
from wallwidgets.panels.deploy_state import SETTLED, WAITING, DeployState
from wallwidgets.schemas.pipelines import DeploymentRecord, PipelineRecord

ROWS = [{"tensor": [1.0, 2.0, 3.0]}]
STATUS = "/v1/api/status/get_deployment"
CREATE = "/v1/api/pipelines/create"


@pytest.fixture(scope="module")
def place(client, tmp_path_factory):
    """A workspace with two models, one of them in two versions."""
    client.workspaces.create("deployer-empty")
    workspace = client.workspaces.create("deployer")
    path = linear_model(tmp_path_factory.mktemp("models") / "linear.onnx")
    for name in ("linear", "linear", "challenger"):
        client.models.upload(workspace, name, path)
    return workspace


@pytest.fixture
def state(client, place):
    """A state that has read the workspace."""
    made = DeployState(client, place, wait_s=STATE_WAIT_S)
    read(made)
    return made


@pytest.fixture
def faults(client):
    """Answers of a test's own; all others are the instance's."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_passthru(client.settings.url)
        yield mock


def read(state) -> None:
    assert state.reading.wait(STATE_WAIT_S)


def versions(state, *labels):
    return [next(each for each in state.versions if each.label == label) for label in labels]


def deployed(state, name, *labels, mode=None):
    """Deploy these versions under a new name."""
    state.pipeline, state.name = None, name
    plan = state.plan if mode is None else state.plan.switched(mode)
    for each in versions(state, *(labels or ("linear v2",))):
        plan = plan.adding(each)
    state.plan = plan
    assert state.deploy()
    settle(state)
    return state


def test_without_a_client_and_with_one(client, place):
    state = DeployState()
    assert (state.said.text, state.why_not_deploy) == ("Log in first.", "Log in first.")
    assert not any((state.deploy(), state.wait(), state.undeploy(), state.copy()))
    state.client = client
    read(state)
    assert place.id in [each.id for each in state.workspaces]
    assert state.why_not_deploy == "Deploy needs a workspace."
    state.workspace = place
    read(state)
    assert [each.label for each in state.versions] == ["challenger v1", "linear v2", "linear v1"]
    assert state.said.text.startswith("deployer: 3 model versions")
    state.client = None
    assert (state.workspace, state.versions, state.said.text) == (None, (), "Log in first.")


def test_what_keeps_it_from_deploying(state, unique):
    assert state.why_not_deploy == "Deploy needs a name for the new pipeline."
    state.name = "House Price"
    assert "has a space" in state.name_error
    assert state.why_not_deploy == "Deploy needs a valid name."
    state.name = unique("why")
    assert state.why_not_deploy == "Deploy needs a model version."
    state.plan = state.plan.switched(SPLIT).adding(state.versions[0])
    assert state.why_not_deploy == "Split needs two model versions."
    state.plan = state.plan.adding(state.versions[1])
    state.memory = "much"
    assert state.why_not_deploy == "Deploy needs another value for memory."
    assert not state.deploy()


def test_one_model_and_the_code_does_the_same(state, client, unique):
    state.replicas, state.memory = "2", "1 GiB"
    deployed(state, unique("one"))
    assert isinstance(state.value, DeploymentRecord)
    assert (state.state, state.step, state.error) == ("Running", SETTLED, None)
    assert state.said.text == f"{state.title} is running: 1 engine, 1 model."
    assert client.pipelines.infer(state.value, ROWS)[0]["out.variable"] == [14.5]
    names = {"client": client}
    exec(state.code, names)
    assert names["deployment"] == state.value


@pytest.mark.parametrize("mode", [SHADOW, SPLIT])
def test_several_models_are_read_back_as_they_were_planned(state, client, place, unique, mode):
    labels = ("linear v2", "challenger v1")
    deployed(state, unique("several"), *labels, mode=mode)
    again = DeployState(client, place.name, state.pipeline.name)
    read(again)
    assert again.plan == state.plan
    assert again.state == "Running"
    assert isinstance(again.value, PipelineRecord)
    assert len(again.live.models()) == 2
    exec(state.code, {"client": client})


def test_a_stopped_pipeline_is_deployed_as_it_is(state, client, unique):
    deployed(state, unique("stop"))
    assert state.consequence().startswith("1 engine stops; requests get an error")
    assert state.undeploy()
    settle(state)
    assert (state.state, state.value) == ("Stopped", state.pipeline)
    with pytest.raises(errors.NotFound):
        client.pipelines.status(state.pipeline)
    assert not state.undeploy()

    again = DeployState(client, state.workspace, state.pipeline.name)
    read(again)
    assert (again.plan.parts, again.why_not_deploy) == ((), "")
    assert again.deploy()
    settle(again)
    assert again.state == "Running"
    exec(again.code, {"client": client})
    exec(state.code, {"client": client})
    with pytest.raises(errors.NotFound):
        client.pipelines.status(state.pipeline)


def test_a_copy(state, client, unique):
    deployed(state, unique("source"))
    source, state.copying, state.copy_name = state.pipeline, True, state.pipeline.name
    assert state.copy_error == f"There is a pipeline {source.name} already."
    assert not state.copy()
    state.copy_name = name = unique("copy")
    assert state.copy()
    settle(state)
    assert (state.pipeline.name, state.state, state.copying) == (name, "Stopped", False)
    assert [each.version.id for each in state.plan.parts]
    assert client.pipelines.get(state.workspace, name).id == state.pipeline.id
    names = {"client": client}
    exec(state.code.replace(name, unique("copy")), names)
    assert names["copied"].workspace_id == state.workspace.id


def test_many_clicks_are_one_request(state, client, monkeypatch, unique):
    made, real = [], client.pipelines.create
    monkeypatch.setattr(client.pipelines, "create", lambda *a, **o: made.append(a) or real(*a, **o))
    state.name, state.plan = unique("clicks"), state.plan.adding(state.versions[0])
    assert [state.deploy() for _ in range(20)].count(True) == 1
    settle(state)
    assert len(made) == 1


@pytest.mark.parametrize(("path", "status"), [(CREATE, 403), ("/v1/api/pipelines/deploy", 500)])
def test_a_refusal_is_said_and_it_can_be_tried_again(state, client, faults, unique, path, status):
    answer = {"msg": "Quota exceeded: no engine left", "code": status}
    fault = faults.post(client.settings.url + path, json=answer, status=status)
    deployed(state, unique("again"))
    assert state.said.kind == "error"
    assert f"no engine left ({status})" in state.said.text
    assert (state.error.status, state.step, state.code) == (status, SETTLED, "")
    faults.remove(fault)
    assert state.deploy()
    settle(state)
    assert (state.state, state.error) == ("Running", None)


def test_a_failed_start_says_the_reason_of_the_engine(state, client, faults, unique):
    engine = {"name": "engine-1", "status": "Error", "reason": "OOMKilled", "details": []}
    failed = {"status": "Error", "details": [], "engines": [engine]}
    fault = faults.post(client.settings.url + STATUS, json=failed)
    deployed(state, unique("fails"))
    assert isinstance(state.error, errors.DeploymentFailed)
    assert "OOMKilled" in state.said.text
    assert (state.state, state.why_not_deploy) == ("Error", "")
    faults.remove(fault)
    state.refresh()
    read(state)
    assert state.state == "Running"


def hold(faults, client):
    """Keep deployments in Starting; gives what ends that, and an event that says one waits."""
    engines = [{"name": f"engine-{each}", "status": each} for each in ("Running", "Pending")]
    asked = threading.Event()

    def answer(request):
        asked.set()
        return 200, {}, json.dumps({"status": "Starting", "engines": engines})

    return faults.add_callback("POST", client.settings.url + STATUS, answer), asked


def test_the_wait_can_be_ended_and_taken_up_again(state, client, faults, unique):
    _, asked = hold(faults, client)
    seen = []
    state.observe(lambda change: seen.append(change["new"].text), "said")
    state.name, state.plan = unique("wait"), state.plan.adding(state.versions[0])
    assert state.deploy()
    assert asked.wait(STATE_WAIT_S)
    state.stop_waiting()
    settle(state)
    assert any("is starting: 1 of 2 engines up" in text for text in seen)
    assert state.said.text == f"The wait has ended; {state.title} goes on starting."
    assert isinstance(state.error, errors.Cancelled)
    assert (state.state, state.step) == ("Starting", SETTLED)

    faults.reset()
    faults.add_passthru(client.settings.url)
    assert state.wait()
    settle(state)
    assert (state.state, state.error) == ("Running", None)
    assert not state.wait()


def test_the_wait_ends_by_itself(client, place, faults, unique):
    hold(faults, client)
    state = DeployState(client, place, wait_s=0.1)
    read(state)
    deployed(state, unique("late"))
    assert "did not run within 0.1 s" in state.said.text
    assert state.state == "Starting"


def test_what_is_selected_meanwhile_is_not_overrun(state, client, faults, unique):
    deployed(state, unique("other"))
    other = state.pipeline
    _, asked = hold(faults, client)
    state.pipeline = None
    state.name, state.plan = unique("long"), state.plan.adding(state.versions[0])
    name = state.name
    assert state.deploy()
    assert asked.wait(STATE_WAIT_S)
    assert state.step == WAITING
    assert state.why_not_deploy == f"Deploy again once {name} has settled."
    faults.reset()
    faults.add_passthru(client.settings.url)
    state.pipeline = other
    settle(state)
    read(state)
    assert state.pipeline == other
    assert state.value == other


def test_the_newest_selection_is_read_last(state, client, faults, unique):
    deployed(state, unique("first"))
    first = state.pipeline
    deployed(state, unique("second"))
    second, go = state.pipeline, threading.Event()
    real = client.pipelines.status

    def status(pipeline):
        if pipeline.name == first.name:
            assert go.wait(STATE_WAIT_S)
        return real(pipeline)

    client.pipelines.status = status
    try:
        state.pipeline = first
        state.pipeline = second
        go.set()
        while state._next_read() is not None:
            read(state)
    finally:
        del client.pipelines.status
    assert state.pipeline == second
    assert state.said.text.startswith(second.name)


def test_a_read_that_fails_is_said_once_and_read_again(client, place, faults):
    models = client.settings.url + "/v1/api/models/list"
    fault = faults.post(models, json={"msg": "Gateway timeout", "code": 504}, status=504)
    state = DeployState(client, place)
    read(state)
    assert (state.said.kind, state.is_loading) == ("error", True)
    asked = len(faults.calls)
    assert state.reading.wait(STATE_WAIT_S)
    assert len(faults.calls) == asked
    faults.remove(fault)
    state.refresh()
    read(state)
    assert len(state.versions) == 3


@pytest.mark.parametrize(
    ("workspace", "pipeline", "words"),
    [("nowhere", None, "no workspace 'nowhere'"), ("deployer", "none", "no pipeline 'none'")],
)
def test_a_name_that_is_not_there(client, place, workspace, pipeline, words):
    state = DeployState(client, workspace, pipeline)
    read(state)
    assert words in state.said.text
    state.refresh()
    read(state)
    assert state.error is None


def test_a_pipeline_brings_its_workspace(client, place, state, unique):
    deployed(state, unique("brings"))
    other = DeployState(client)
    read(other)
    other.pipeline = state.pipeline
    read(other)
    assert (other.workspace.id, other.state) == (place.id, "Running")


def test_a_workspace_made_while_the_list_is_read_stays_selected(client, made_during_list):
    state = DeployState(client)
    made = made_during_list(lambda made: setattr(state, "workspace", made))
    read(state)
    assert (state.workspace, state.error) == (made, None)
    assert made in state.workspaces


def test_a_pipeline_made_while_the_list_is_read_stays_selected(client, place, unique, monkeypatch):
    asked, go_on, models = threading.Event(), threading.Event(), client.models.list

    def slowly(workspace):
        asked.set()
        assert go_on.wait(STATE_WAIT_S)
        return models(workspace)

    monkeypatch.setattr(client.models, "list", slowly)
    state = DeployState(client, place)
    assert asked.wait(STATE_WAIT_S)
    name = unique("meanwhile")
    client.pipelines.create(place, name)
    state.pipeline = made = client.pipelines.get(place, name)
    go_on.set()
    read(state)
    assert (state.pipeline, state.error) == (made, None)
    assert made in state.pipelines
