"""The tutorial's own cells: plain requests as it sends them, with all its quirks (contract 16)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests

import wallwidgets as ww
from tests.conftest import TOKEN_PATH, Raw
from tests.models import linear_model
from tests.recorded import FOLDER, needs_recordings


@pytest.fixture(
    params=["our own model", pytest.param("the recorded fraud model", marks=needs_recordings)]
)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, list[Any], str]:
    """A model file, two rows for it as the tutorial's data file has them, and its output's name."""
    if request.param == "our own model":
        path = linear_model(tmp_path / "own.onnx", inputs=3)
        return path, [{"tensor": [1.0, 2.0, 3.0]}, {"tensor": [0.0, 0.0, 0.0]}], "variable"
    rows = json.loads((FOLDER / "cc_data_1k.df.json").read_text())[:2]
    return FOLDER / "ccfraud.onnx", rows, "dense_1"


class Tutorial:
    """The tutorial's variables: it makes every request with the headers of its user token."""

    def __init__(self, url: str, creds: dict[str, str]):
        self.url = url
        answer = requests.post(
            url + TOKEN_PATH,
            auth=(creds["confidentialClient"], creds["confidentialPassword"]),
            data={
                "grant_type": "password",
                "username": creds["username"],
                "password": creds["password"],
            },
            timeout=60,
        )
        self.headers = {"Authorization": "Bearer " + answer.json()["access_token"]}

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        answer = requests.post(
            f"{self.url}/v1/api/{path}",
            json=body,
            headers={**self.headers, **options.pop("headers", {})},
            timeout=60,
            **options,
        )
        assert answer.status_code in (200, 204), answer.text
        return answer.json() if answer.status_code == 200 else answer.text


@pytest.fixture
def tutorial(instance: ww.LocalInstance, creds: dict[str, str]) -> Tutorial:
    return Tutorial(instance.url, creds)


def test_users(tutorial: Tutorial, unique: Callable[[str], str]) -> None:
    users = tutorial.post("users/query", {})["users"]
    first = next(iter(users))
    asked = tutorial.post("users/query", {"user_ids": [first]})["users"]
    assert asked[first]["federatedIdentities"] == []
    email = f"{unique('reader')}@example.com"
    invited = tutorial.post("users/invite", {"email": email, "password": "Password1234"})
    UUID(invited["id"])
    assert tutorial.post("users/deactivate", {"email": email}) == {}
    assert tutorial.post("users/activate", {"email": email}) == {}


def test_workspaces(tutorial: Tutorial, unique: Callable[[str], str], new_user: Any) -> None:
    tutorial.post("workspaces/list", {})
    name = unique("testapiworkspace")
    created = tutorial.post("workspaces/create", {"workspace_name": name})
    assert set(created) == {"workspace_id"}
    number, guest = created["workspace_id"], new_user()
    body = {"email": guest.email, "workspace_id": number, "user_type": "COLLABORATOR", "url": ""}
    assert tutorial.post("workspaces/add_user", body) == {}
    # The cell that means to list a workspace's users asks the wrong endpoint and gets everyone.
    everyone = tutorial.post("users/query", {"workspace_id": number})["users"]
    assert everyone == tutorial.post("users/query", {})["users"]
    members = tutorial.post("workspaces/list_users", {"workspace_id": number})["users"]
    assert [set(member) for member in members] == [{"user_id", "user_type"}] * 2
    body = {"email": guest.email, "workspace_id": number}
    assert tutorial.post("workspaces/remove_user", body) == {"affected_rows": 1}


def upload(tutorial: Tutorial, path: Path, **fields: Any) -> int:
    """As the tutorial uploads: the file part carries the model's name, without a suffix."""
    with path.open("rb") as file:
        answer = tutorial.post("models/upload", data=fields, files={"file": (fields["name"], file)})
    assert answer == {"insert_models": {"returning": [{"models": [{"id": answer_id(answer)}]}]}}
    return answer_id(answer)


def answer_id(answer: Any) -> int:
    number: int = answer["insert_models"]["returning"][0]["models"][0]["id"]
    return number


def test_models_and_pipelines(
    tutorial: Tutorial, model: tuple[Path, list[Any], str], unique: Callable[[str], str]
) -> None:
    path, rows, output = model
    workspace = tutorial.post("workspaces/create", {"workspace_name": unique("models")})
    where = workspace["workspace_id"]
    name = unique("apimodel")
    version_id = upload(tutorial, path, name=name, visibility="public", workspace_id=where)
    # The stream cell posts to the same address, with fields and a header that have no effect.
    with path.open("rb") as file:
        streamed = tutorial.post(
            "models/upload",
            data={
                "name": name + "-s",
                "filename": name,
                "visibility": "public",
                "workspace_id": where,
            },
            files={"file": (name, file)},
            headers={"contentType": "multipart/form-data"},
        )
    assert answer_id(streamed) > version_id
    listed = tutorial.post("models/list", {"workspace_id": where})["models"]
    assert [item["name"] for item in listed] == [name + "-s", name]
    assert set(listed[1]) == {"id", "name", "owner_id", "created_at", "updated_at"}
    assert listed[1]["owner_id"] == '""'
    model_id = listed[1]["id"]
    details = tutorial.post("models/get_by_id", {"id": model_id})
    assert details["model_config"] is None
    assert details["name"] == name
    versions = tutorial.post("models/list_versions", {"model_id": name, "models_pk_id": model_id})
    assert {**versions[0], "model_version": "", "sha": ""} == {
        "sha": "",
        "models_pk_id": model_id,
        "model_version": "",
        "owner_id": '""',
        "model_id": name,
        "id": version_id,
        "file_name": name,
        "image_path": None,
        "status": "ready",
    }
    assert tutorial.post("models/get_config_by_id", {"model_id": version_id}) == {
        "model_config": None
    }
    got = tutorial.post("models/get", {"id": model_id})
    assert [item["id"] for item in got["models"]] == [version_id]
    assert "status" not in got["models"][0]
    # workspaces/list gives the ids of versions, not of models.
    spaces = tutorial.post("workspaces/list", {})["workspaces"]
    (space,) = [space for space in spaces if space["id"] == where]
    assert space["models"] == [version_id, answer_id(streamed)]
    pipelines(tutorial, where, version_id, rows, output, unique)


def pipelines(
    tutorial: Tutorial,
    where: int,
    version_id: int,
    rows: list[Any],
    output: str,
    unique: Callable[[str], str],
) -> None:
    """The pipeline half of the tutorial: create, deploy, infer, undeploy, copy."""
    name = unique("apipipeline")
    created = tutorial.post(
        "pipelines/create", {"pipeline_id": name, "workspace_id": where, "definition": {}}
    )
    assert set(created) == {"pipeline_pk_id", "pipeline_variant_pk_id", "pipeline_variant_version"}
    deployment = tutorial.post(
        "pipelines/deploy",
        {
            "deploy_id": name,
            "pipeline_version_pk_id": created["pipeline_variant_pk_id"],
            "model_ids": [version_id],
            "pipeline_id": created["pipeline_pk_id"],
        },
    )
    assert set(deployment) == {"id"}
    full_name = f"{name}-{deployment['id']}"
    status = wait_until_running(tutorial, full_name)
    assert {"status", "details", "engines", "engine_lbs", "sidekicks"} <= set(status)
    assert status["engines"][0]["model_statuses"]["models"][0]["status"] == "Running"
    address = tutorial.post(
        "admin/get_pipeline_external_url", {"workspace_id": where, "pipeline_name": name}
    )
    assert address == {"url": f"{tutorial.url}/v1/api/pipelines/infer/{full_name}/{name}"}
    # Its header is no Content-Type, so the records go out as plain JSON.
    answer = requests.post(
        address["url"],
        json=rows,
        headers={**tutorial.headers, "contentType": "application/json; format=pandas-records"},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    records = answer.json()
    # The service echoes what the model got: float32.
    sent = [pytest.approx(row["tensor"], rel=1e-6) for row in rows]
    assert [record["in"]["tensor"] for record in records] == sent
    assert {*records[0]} == {"time", "in", "out", "check_failures", "metadata"}
    assert all(len(record["out"][output]) == 1 for record in records)
    both = {"pipeline_id": created["pipeline_pk_id"], "deployment_id": deployment["id"]}
    assert tutorial.post("pipelines/undeploy", both) == {}
    gone = requests.post(
        f"{tutorial.url}/v1/api/status/get_deployment",
        json={"name": full_name},
        headers=tutorial.headers,
        timeout=60,
    )
    assert gone.status_code == 404
    copied = tutorial.post(
        "pipelines/copy",
        {
            "name": name + "-copy",
            "workspace_id": where,
            "source_pipeline": created["pipeline_pk_id"],
        },
    )
    assert {**copied, "pipeline_pk_id": 0, "pipeline_variant_pk_id": 0} == {
        "pipeline_pk_id": 0,
        "pipeline_variant_pk_id": 0,
        "pipeline_version": None,
        "deployment": None,
    }


def wait_until_running(tutorial: Tutorial, name: str) -> Any:
    while True:
        status = tutorial.post("status/get_deployment", {"name": name})
        if status["status"] != "Starting":
            assert status["status"] == "Running", status
            return status


def test_an_empty_pipeline_echoes(tutorial: Tutorial, unique: Callable[[str], str]) -> None:
    """The tutorial's recorded answer: the rows, inside one more list."""
    workspace = tutorial.post("workspaces/create", {"workspace_name": unique("empty")})
    name = unique("echo")
    created = tutorial.post(
        "pipelines/create", {"pipeline_id": name, **workspace, "definition": {}}
    )
    deployment = tutorial.post(
        "pipelines/deploy",
        {
            "deploy_id": name,
            "pipeline_version_pk_id": created["pipeline_variant_pk_id"],
            "pipeline_id": created["pipeline_pk_id"],
        },
    )
    wait_until_running(tutorial, f"{name}-{deployment['id']}")
    rows = [{"tensor": [1.0, 2.0]}, {"tensor": [3.0, 4.0]}]
    answer = tutorial.post(f"pipelines/infer/{name}-{deployment['id']}/{name}", rows)
    assert answer == [rows]


def test_features_and_connections(tutorial: Tutorial, admin: Raw, unique: Any) -> None:
    features = tutorial.post("features/list", {})
    assert features["features"] == {"plateau": "true"}
    assert isinstance(features["name"], str)
    assert features["is_auth_enabled"] is True
    workspace = tutorial.post("workspaces/create", {"workspace_name": unique("data")})
    name = unique("houseprice_arrow_table")
    body = {"name": name, "type": "HTTPFILE", "details": {"host": "https://example.com/d.arrow"}}
    made = tutorial.post("connections/create", body)
    UUID(made["id"])
    link = {**workspace, "connection_id": made["id"]}
    assert set(tutorial.post("connections/add_to_workspace", link)) == {"id"}
    listed = tutorial.post("connections/list", {})["connections"]
    (item,) = [item for item in listed if item["name"] == name]
    assert {*item} == {"id", "name", "type", "created_at", "workspace_names", "details"}
    assert tutorial.post("connections/remove_from_workspace", link) == ""
    assert tutorial.post("connections/delete", {"connection_name": name}) == ""


@pytest.fixture(scope="module")
def demo() -> Iterator[Tutorial]:
    """The tutorial's variables for the demo, which has the ids and names that it prints."""
    with ww.LocalInstance(demo=True) as running:
        running.context.assays.run_due()
        yield Tutorial(running.url, json.loads(running.credentials_file.read_text()))


WORKSPACE_ID, PIPELINE_ID, ASSAY_ID = 4, 4, 3
PIPELINE, MODEL = "housepricepipe", "houseprice-model-yns"
FIRST_DAY = {"start_at": "2022-01-01T00:00:00-05:00", "end_at": "2022-01-02T00:00:00-05:00"}
SUMMARIZER = {
    "type": "UnivariateContinuous",
    "bin_mode": "Quantile",
    "aggregation": "Density",
    "metric": "PSI",
    "num_bins": 5,
    "bin_weights": None,
    "bin_width": None,
    "provided_edges": None,
    "add_outlier_edges": True,
}


def assay_cell(name: str) -> dict[str, Any]:
    """The body of the create cell: its baseline names another model than its window."""
    return {
        "id": ASSAY_ID,
        "name": name,
        "pipeline_id": PIPELINE_ID,
        "pipeline_name": PIPELINE,
        "active": True,
        "status": "active",
        "iopath": "input 0 0",
        "baseline": {"Fixed": {"pipeline": PIPELINE, "model": MODEL, **FIRST_DAY}},
        "window": {
            "pipeline": PIPELINE,
            "model": "housepricemodel",
            "width": "24 hours",
            "start": None,
            "interval": None,
        },
        "summarizer": SUMMARIZER,
        "warning_threshold": 0,
        "alert_threshold": 0.1,
        "run_until": None,
        "workspace_id": WORKSPACE_ID,
        "model_insights_url": "http://model-insights:5150",
    }


def test_create_an_assay(demo: Tutorial) -> None:
    created = demo.post("assays/create", assay_cell("api_assay"))
    assert set(created) == {"assay_id"}
    listed = demo.post("assays/list", {"pipeline_id": PIPELINE_ID})
    assert [item["id"] for item in listed] == [created["assay_id"], ASSAY_ID]
    assert (listed[0]["status"], listed[0]["warning_threshold"]) == ("created", 0.0)
    assert "iopath" not in listed[0]
    assert listed[0]["summarizer"].keys() == SUMMARIZER.keys() - {"bin_width", "add_outlier_edges"}


def test_filter_and_set_active(demo: Tutorial) -> None:
    body = {
        "workspace_id": WORKSPACE_ID,
        "pipeline_id": PIPELINE_ID,
        "name": "example assay",
        "active": True,
        "sort_by": "LastRunDateDesc",
    }
    [found] = demo.post("assays/filter", body)
    assert (found["id"], found["iopath"]) == (ASSAY_ID, "input 0 0")
    for active in (False, True):
        body = {"id": ASSAY_ID, "active": active}
        assert demo.post("assays/set_active", body) == body


def test_get_baseline(demo: Tutorial) -> None:
    body = {
        "workspace_id": WORKSPACE_ID,
        "pipeline_name": PIPELINE,
        "start": FIRST_DAY["start_at"],
        "end": FIRST_DAY["end_at"],
        "model_name": MODEL,
        "limit": 3,
    }
    records = demo.post("assays/get_baseline", body)
    assert len(records) == 3
    assert all(len(each["in.tensor"]) == 17 for each in records)
    assert all(f'"model_name":"{MODEL}"' in each["metadata.last_model"] for each in records)
    assert len(demo.post("assays/get_baseline", {"pipeline_name": PIPELINE})) == 62_000


def test_run_interactively(demo: Tutorial) -> None:
    results = demo.post("assays/run_interactive", assay_cell("never stored"))
    assert [each["assay_id"] for each in results] == [ASSAY_ID] * 30
    assert [each["id"] for each in results] == [None] * 30
    assert results[0]["window_start"] == "2022-01-02T05:00:00Z"
    baseline = demo.post("assays/run_interactive_baseline", assay_cell("never stored"))
    assert baseline["status"] == "BaselineRun"
    assert baseline["baseline_summary"] == results[0]["baseline_summary"]


def test_results_of_an_assay(demo: Tutorial) -> None:
    body = {"assay_id": ASSAY_ID, "pipeline_id": PIPELINE_ID}
    results = demo.post("assays/get_results", body)
    assert len(results) == 30
    span = {"start": "2022-01-16T05:00:00Z", "end": "2022-01-31T00:00:00Z", "limit": 100}
    later = demo.post("assays/get_results", {**body, **span})
    assert later == results[14:29]
    assert {each["status"] for each in later} == {"Alert"}
    assert demo.post("assays/get_assay_results", {"assay_id": ASSAY_ID, **span}) == later
