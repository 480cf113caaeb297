"""Pipelines and deployments over HTTP."""

from __future__ import annotations

import json
from uuid import UUID

import onnx
import pytest
import requests
from onnx import helper

import wallwidgets as ww
from tests.conftest import log_in
from tests.instance.pipelines import Deployed, inference_step, model_ref, upload
from tests.models import linear_model, scaled_model
from wallwidgets.instance.config import Startup

ROWS = [{"tensor": [1, 2, 3]}]


@pytest.fixture
def workspace(admin, unique):
    return admin.ok("workspaces/create", {"workspace_name": unique("pipes")})["workspace_id"]


@pytest.fixture
def version(admin, workspace, tmp_path):
    return upload(admin, workspace, linear_model(tmp_path / "linear.onnx"), "linear")


def test_creating_a_name_again_makes_a_version(admin, workspace, unique):
    body = {"pipeline_id": unique("twice"), "workspace_id": workspace, "definition": {}}
    first, second = (admin.ok("pipelines/create", body) for _ in range(2))
    assert first["pipeline_pk_id"] == second["pipeline_pk_id"]
    assert second["pipeline_variant_pk_id"] > first["pipeline_variant_pk_id"]
    assert UUID(first["pipeline_variant_version"]) != UUID(second["pipeline_variant_version"])


@pytest.mark.parametrize("name", ["", "Upper", "-x", "x-", "a_b", "x" * 64, "../x", "ü", "<b>"])
def test_names_must_fit_into_host_names(admin, workspace, name):
    answer = admin.post("pipelines/create", {"pipeline_id": name, "workspace_id": workspace})
    assert answer.status_code == 400
    assert "pipeline_id" in answer.json()["msg"]


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"Average": {}}, "'Average' is not supported"),
        ({"Check": {"tree": []}}, "'Check' is not supported"),
        ({"MetaValueSplit": {}}, "'MetaValueSplit' is not supported"),
        ({}, "one key"),
        ({"MultiOut": {}, "Average": {}}, "one key"),
        ({"MultiOut": {}}, "needs a ModelInference"),
        ({"ModelInference": {"models": []}}, "models"),
        ({"RandomSplit": {"weights": []}}, "weights"),
        ({"ModelInference": {"models": [{"name": "x", "version": "v", "sha": "s"}]}}, "no version"),
    ],
)
def test_steps_that_cannot_run_are_refused_with_their_name(admin, workspace, step, reason):
    body = {"pipeline_id": "refused", "workspace_id": workspace, "definition": {"steps": [step]}}
    answer = admin.post("pipelines/create", body)
    assert answer.status_code == 400
    assert reason in answer.json()["msg"]


def test_deploy_run_undeploy(admin, workspace, version, unique):
    pipeline = Deployed(admin, workspace, unique("whole"), [inference_step(version)])
    status = pipeline.wait()
    assert status["status"] == "Running"
    (engine,) = status["engines"]
    assert engine["pipeline_statuses"]["pipelines"][0]["id"] == pipeline.name
    (model,) = engine["model_statuses"]["models"]
    assert {key: model[key] for key in ("name", "version", "sha")} == model_ref(version)
    url = {"workspace_id": workspace, "pipeline_name": pipeline.name}
    external = admin.ok("admin/get_pipeline_external_url", url)["url"]
    assert external.endswith(f"/v1/api/pipelines/infer/{pipeline.deployment}/{pipeline.name}")
    assert external.startswith(admin.url)
    internal = admin.ok("admin/get_pipeline_internal_url", url)["url"]
    assert internal == f"http://engine-lb.{pipeline.deployment}:29502/pipelines/{pipeline.name}"
    assert pipeline.infer(ROWS).json()[0]["out"] == {"variable": [14.5]}
    details = {"model_version_id": version["id"]}
    inner = admin.ok("models/get_version_by_id", details)["model_version"]["model_version"]
    assert inner["deployed"] is True
    both = {"pipeline_id": pipeline.pipeline_id, "deployment_id": pipeline.id}
    assert admin.ok("pipelines/undeploy", both) == {}
    assert admin.ok("pipelines/undeploy", both) == {}
    assert admin.post("status/get_deployment", {"name": pipeline.deployment}).status_code == 404
    assert admin.post("admin/get_pipeline_external_url", url).status_code == 400
    assert pipeline.infer(ROWS).status_code == 404
    before = pipeline.id
    pipeline.deploy()
    assert pipeline.id == before
    assert pipeline.wait()["status"] == "Running"
    assert admin.ok("pipelines/undeploy", {"deployment_id": pipeline.id}) == {}


def test_models_may_be_named_by_the_deploy_call(admin, workspace, version, unique):
    pipeline = Deployed(admin, workspace, unique("named"), model_ids=[version["id"]])
    assert pipeline.wait()["status"] == "Running"
    assert pipeline.infer(ROWS).json()[0]["out"] == {"variable": [14.5]}
    config = admin.ok("models/get_config_by_id", {"model_id": version["id"]})["model_config"]["id"]
    base = {"deploy_id": pipeline.name, "pipeline_version_pk_id": pipeline.version_id}
    for way in ({"model_configs": [config]}, {"models": [model_ref(version)]}):
        assert admin.ok("pipelines/deploy", {**base, **way})["id"] == pipeline.id
        assert pipeline.wait()["status"] == "Running"
        assert pipeline.infer(ROWS).json()[0]["out"] == {"variable": [14.5]}


def test_a_new_version_takes_over_without_a_gap(admin, workspace, version, unique, tmp_path):
    pipeline = Deployed(admin, workspace, unique("swap"), [inference_step(version)])
    pipeline.wait()
    path = scaled_model(tmp_path / "scaled.onnx", 2)
    other = upload(admin, workspace, path, "scaled")
    definition = {"steps": [inference_step(other)]}
    body = {"pipeline_id": pipeline.name, "workspace_id": workspace, "definition": definition}
    pipeline.version_id = admin.ok("pipelines/create", body)["pipeline_variant_pk_id"]
    pipeline.deploy()
    assert pipeline.infer(ROWS).json()[0]["out"]["variable"] in ([14.5], [12])
    pipeline.wait()
    assert pipeline.infer(ROWS).json()[0]["out"] == {"variable": [12]}


def test_without_a_version_the_newest_is_deployed(admin, workspace, version, unique, tmp_path):
    pipeline = Deployed(admin, workspace, unique("newest"), [inference_step(version)])
    other = upload(admin, workspace, scaled_model(tmp_path / "scaled.onnx", 2), "scaled")
    definition = {"steps": [inference_step(other)]}
    body = {"pipeline_id": pipeline.name, "workspace_id": workspace, "definition": definition}
    admin.ok("pipelines/create", body)
    without = {"deploy_id": pipeline.name, "pipeline_id": pipeline.pipeline_id}
    assert admin.ok("pipelines/deploy", without)["id"] == pipeline.id
    assert pipeline.wait()["status"] == "Running"
    assert pipeline.infer(ROWS).json()[0]["out"] == {"variable": [12]}


def test_wrong_deploys_are_refused(admin, workspace, version, unique, new_user):
    pipeline = Deployed(admin, workspace, unique("wrong"), [inference_step(version)])
    good = {"deploy_id": pipeline.name, "pipeline_version_pk_id": pipeline.version_id}
    assert admin.post("pipelines/deploy", {**good, "deploy_id": "other"}).status_code == 400
    assert admin.post("pipelines/deploy", {**good, "pipeline_id": 10**9}).status_code == 400
    assert admin.post("pipelines/deploy", {**good, "model_ids": [10**9]}).status_code == 404
    unknown = {**good, "pipeline_version_pk_id": 10**9}
    assert admin.post("pipelines/deploy", unknown).status_code == 404
    assert admin.post("pipelines/deploy", {"deploy_id": pipeline.name}).status_code == 400
    foreign = new_user()
    assert foreign.post("pipelines/deploy", good).status_code == 404
    undeploy = {"pipeline_id": pipeline.pipeline_id}
    assert foreign.post("pipelines/undeploy", undeploy).status_code == 404
    assert admin.post("pipelines/undeploy", {}).status_code == 400


def test_a_model_that_cannot_be_loaded_is_an_error_state(admin, workspace, unique, tmp_path):
    path = linear_model(tmp_path / "linear.onnx")
    model = onnx.load(path)
    model.graph.node.append(helper.make_node("NoSuchOperator", ["tensor"], ["x"]))
    path.write_bytes(model.SerializeToString())
    broken = upload(admin, workspace, path, "broken")
    pipeline = Deployed(admin, workspace, unique("broken"), [inference_step(broken)])
    status = pipeline.wait()
    assert status["status"] == "Error"
    assert "NoSuchOperator" in status["details"][0]
    assert str(tmp_path) not in json.dumps(status)
    answer = pipeline.infer(ROWS)
    assert answer.status_code == 503
    assert answer.json()["status"] == "error"


def test_copy(admin, workspace, version, unique):
    pipeline = Deployed(admin, workspace, unique("source"), [inference_step(version)])
    body = {"workspace_id": workspace, "source_pipeline": pipeline.pipeline_id}
    name = unique("copy")
    copied = admin.ok("pipelines/copy", {**body, "name": name})
    assert copied["pipeline_version"] is None
    assert copied["deployment"] is None
    assert admin.post("pipelines/copy", {**body, "name": name}).status_code == 400
    deployed = unique("copy")
    answer = admin.ok("pipelines/copy", {**body, "name": deployed, "deploy": deployed})
    assert answer["deployment"]["id"] > pipeline.id
    other = admin.ok("workspaces/create", {"workspace_name": unique("other")})["workspace_id"]
    elsewhere = {**body, "workspace_id": other, "name": unique("copy")}
    assert admin.post("pipelines/copy", elsewhere).status_code == 404


def test_a_version_can_be_read(admin, workspace, version, unique):
    definition = {"id": "x", "steps": [inference_step(version)]}
    name = unique("readable")
    body = {"pipeline_id": name, "workspace_id": workspace, "definition": definition}
    uuid = admin.ok("pipelines/create", body)["pipeline_variant_version"]
    found = admin.ok("pipelines/get_version", {"version": uuid})
    assert found == {"pipeline_id": name, "version": uuid, "definition": definition}
    assert admin.post("pipelines/get_version", {"version": "none"}).status_code == 404


def connect(instance):
    creds = json.loads(instance.credentials_file.read_text())
    return log_in(instance.url, creds["username"], creds["password"])


def test_a_deployment_can_be_held_in_starting(tmp_path):
    with ww.LocalInstance(startup=Startup(polls=2)) as instance:
        raw = connect(instance)
        workspace = raw.ok("workspaces/create", {"workspace_name": "held"})["workspace_id"]
        version = upload(raw, workspace, linear_model(tmp_path / "linear.onnx"), "linear")
        pipeline = Deployed(raw, workspace, "held", [inference_step(version)])
        early = pipeline.infer(ROWS)
        assert early.status_code == 503
        assert early.headers["Retry-After"]
        starting = {"details": [], "engines": [], "engine_lbs": [], "sidekicks": []}
        for _ in range(2):
            status = pipeline.status()
            assert status["status"] == "Starting"
            assert {key: status[key] for key in starting} == starting
        assert pipeline.wait()["status"] == "Running"
        assert pipeline.infer(ROWS).status_code == 200


def test_a_restart_brings_deployments_models_and_logs_back(tmp_path):
    data = tmp_path / "data"
    with ww.LocalInstance(data=data) as instance:
        raw = connect(instance)
        workspace = raw.ok("workspaces/create", {"workspace_name": "kept"})["workspace_id"]
        version = upload(raw, workspace, linear_model(tmp_path / "linear.onnx"), "linear")
        kept = Deployed(raw, workspace, "kept", [inference_step(version)])
        gone = Deployed(raw, workspace, "gone", [inference_step(version)])
        kept.wait()
        kept.infer(ROWS)
        raw.ok("pipelines/undeploy", {"pipeline_id": gone.pipeline_id})
    with ww.LocalInstance(data=data) as instance:
        kept.raw = gone.raw = connect(instance)
        assert kept.wait()["status"] == "Running"
        assert kept.infer(ROWS).json()[0]["out"] == {"variable": [14.5]}
        assert len(kept.logs().json()) == 2
        answer = kept.raw.post("status/get_deployment", {"name": gone.deployment})
        assert answer.status_code == 404
    with pytest.raises(requests.ConnectionError):
        kept.infer(ROWS)
