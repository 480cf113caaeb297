"""Models over HTTP: the recorded forms, and what a bad upload gets."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

import wallwidgets as ww
from tests.conftest import log_in
from tests.instance.pipelines import upload
from tests.models import linear_model

PATH = "/v1/api/models/"


@pytest.fixture
def workspace(admin, unique):
    return admin.ok("workspaces/create", {"workspace_name": unique("models")})["workspace_id"]


@pytest.fixture
def model(tmp_path):
    return linear_model(tmp_path / "linear.onnx")


def form(raw, endpoint, fields, file, **parts):
    """POST a form with text fields and a file part."""
    files = {"file": file, **parts}
    url = f"{raw.url}{PATH}{endpoint}"
    return raw.session.post(url, data=fields, files=files, headers=raw.headers, timeout=60)


def blobs(instance):
    return {path for path in instance.context.content._folder.rglob("*") if path.is_file()}


def test_the_tutorials_upload(admin, workspace, model):
    fields = {"name": "apimodel", "visibility": "public", "workspace_id": workspace}
    answer = form(admin, "upload", fields, ("apimodel", model.read_bytes()))
    assert answer.status_code == 200
    version_id = answer.json()["insert_models"]["returning"][0]["models"][0]["id"]
    assert answer.json() == {"insert_models": {"returning": [{"models": [{"id": version_id}]}]}}
    (listed,) = admin.ok("models/list", {"workspace_id": workspace})["models"]
    assert listed["name"] == "apimodel"
    assert listed["owner_id"] == '""'
    assert listed["id"] != version_id
    (version,) = admin.ok("models/list_versions", {"models_pk_id": listed["id"]})
    assert version["file_name"] == "apimodel"
    assert version["id"] == version_id
    assert version["status"] == "ready"
    assert admin.ok("models/get_config_by_id", {"model_id": version_id}) == {"model_config": None}
    found = admin.ok("models/get_by_id", {"id": listed["id"]})
    assert (found["workspace_id"], found["model_config"]) == (workspace, None)
    (item,) = admin.ok("models/get", {"id": listed["id"]})["models"]
    assert item == {key: value for key, value in version.items() if key != "status"}


def test_the_file_part_may_come_first(admin, workspace, model):
    body = (
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.onnx"\r\n\r\n'
        + model.read_bytes()
        + b'\r\n--B\r\nContent-Disposition: form-data; name="name"\r\n\r\nlate\r\n'
        + b'--B\r\nContent-Disposition: form-data; name="workspace_id"\r\n\r\n%d\r\n--B--\r\n'
        % workspace
    )
    headers = {**admin.headers, "Content-Type": "multipart/form-data; boundary=B"}
    for endpoint in ("upload", "upload_stream"):
        url = f"{admin.url}{PATH}{endpoint}"
        assert admin.session.post(url, data=body, headers=headers, timeout=60).ok
        cut = admin.session.post(url, data=body[:-10], headers=headers, timeout=60)
        assert cut.status_code == 400


def test_the_later_form_with_a_metadata_part(admin, workspace, model):
    metadata = {"name": "later", "visibility": "private", "workspace_id": workspace}
    conversion = {"framework": "onnx", "python_version": "3.8", "requirements": []}
    part = (None, json.dumps({**metadata, "conversion": conversion}), "application/json")
    file = ("later.onnx", model.read_bytes(), "application/octet-stream")
    answer = form(admin, "upload", {}, file, metadata=part)
    assert answer.status_code == 200
    answer = form(admin, "upload_and_convert", {}, file, metadata=part)
    assert answer.status_code == 202
    version_id = answer.json()["insert_models"]["returning"][0]["models"][0]["id"]
    found = admin.ok("models/get_version_by_id", {"model_version_id": version_id})
    inner = found["model_version"]["model_version"]
    assert inner["status"] == "ready"
    assert inner["file_info"]["size"] == model.stat().st_size
    assert found["model_version"]["config"]["runtime"] == "onnx"
    conversion["framework"] = "keras"
    part = (None, json.dumps({**metadata, "conversion": conversion}), "application/json")
    answer = form(admin, "upload_and_convert", {}, file, metadata=part)
    assert answer.status_code == 400
    assert "ONNX models only" in answer.json()["msg"]


def test_a_name_that_exists_gets_one_more_version(admin, workspace, model):
    first = upload(admin, workspace, model, "again")
    second = upload(admin, workspace, model, "again")
    assert first["models_pk_id"] == second["models_pk_id"]
    assert first["model_version"] != second["model_version"]
    assert first["sha"] == second["sha"]


def test_the_newest_configuration_counts(admin, workspace, model):
    version = upload(admin, workspace, model, "configured")
    body = {"model_version_id": version["id"], "tensor_fields": ["features"]}
    assert admin.ok("models/insert_model_config", body)["model_config"]["runtime"] == "onnx"
    found = admin.ok("models/get_config_by_id", {"model_id": version["id"]})["model_config"]
    assert found["tensor_fields"] == ["features"]
    body["tensor_fields"] = ["a", "b"]
    assert admin.post("models/insert_model_config", body).status_code == 400


def test_versions_are_found_over_the_callers_workspaces_only(admin, workspace, model, new_user):
    outsider = new_user()
    own = outsider.ok("workspaces/create", {"workspace_name": f"own-{workspace}"})["workspace_id"]
    upload(admin, workspace, model, "shared-name")
    mine = upload(outsider, own, model, "shared-name")
    assert outsider.ok("models/list_versions", {"model_id": "shared-name"}) == [mine]
    assert len(admin.ok("models/list_versions", {"model_id": "shared-name"})) == 2


@pytest.mark.parametrize(
    "endpoint", ["models/get", "models/get_by_id", "models/get_config_by_id", "models/list"]
)
def test_unknown_ids_are_not_found(admin, endpoint):
    body = dict.fromkeys(("id", "model_id", "workspace_id"), 10**12)
    answer = admin.post(endpoint, body)
    assert answer.status_code == 404
    assert answer.json()["code"] == 404


def test_a_file_that_is_no_model_leaves_nothing(instance, admin, workspace, model):
    before = blobs(instance)
    for content in (b"", b"hello", model.read_bytes()[:-20]):
        fields = {"name": "bad", "visibility": "public", "workspace_id": workspace}
        answer = form(admin, "upload", fields, ("bad.onnx", content))
        assert answer.status_code == 400
        assert answer.json()["msg"].startswith("Bad request: file: not a usable ONNX model")
    assert blobs(instance) == before
    assert admin.ok("models/list", {"workspace_id": workspace}) == {"models": []}


@pytest.mark.parametrize(
    "fields",
    [
        {"visibility": "public"},
        {"name": "", "visibility": "public"},
        {"name": "x", "visibility": "secret"},
        {"name": "x", "workspace_id": "-1"},
        {"name": "x", "workspace_id": "four"},
        {"name": "x", "workspace_id": "9" * 30},
    ],
)
def test_wrong_fields_are_named(admin, workspace, model, fields):
    fields = {"workspace_id": workspace, **fields}
    answer = form(admin, "upload", fields, ("x.onnx", model.read_bytes()))
    assert answer.status_code == 400
    assert answer.json()["msg"].startswith("Bad request: ")
    answer = admin.session.post(
        f"{admin.url}{PATH}upload_stream", params=fields, headers=admin.headers, timeout=60
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "name", ["../../x", "/etc/passwd", "..%2f..%2fx", "a\x00b", "", "x" * 5000, "ü<img src=x>"]
)
def test_file_names_never_become_paths(instance, admin, workspace, model, name):
    version = upload(admin, workspace, model, "hostile", file_name=name)
    assert version["file_name"] == name[:255]
    names = {path.name for path in blobs(instance)}
    assert all(len(each) == 64 and set(each) <= set("0123456789abcdef") for each in names)


def test_an_outsider_cannot_upload(instance, workspace, model, new_user):
    outsider = new_user()
    fields = {"name": "x", "visibility": "public", "workspace_id": workspace}
    assert form(outsider, "upload", fields, ("x.onnx", model.read_bytes())).status_code == 404
    url = f"{outsider.url}{PATH}upload_stream"
    query = {**fields, "filename": "x"}
    answer = outsider.session.post(
        url, params=query, data=model.read_bytes(), headers=outsider.headers, timeout=60
    )
    assert answer.status_code == 404


def test_an_upload_that_breaks_off_leaves_no_row_and_no_file(tmp_path):
    arriving = tmp_path / "models" / "incoming"
    with ww.LocalInstance(tmp_path) as instance:
        creds = json.loads(instance.credentials_file.read_text())
        admin = log_in(instance.url, creds["username"], creds["password"])
        where = admin.ok("workspaces/create", {"workspace_name": "broken"})
        parts = urlsplit(admin.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port)
        path = f"{PATH}upload_stream?name=gone&filename=g.onnx&workspace_id={where['workspace_id']}"
        connection.putrequest("POST", path)
        connection.putheader("Authorization", admin.headers["Authorization"])
        connection.putheader("Content-Length", str(2**24))
        connection.endheaders()
        connection.send(bytes(2**22))
        while not list(arriving.iterdir()):
            pass  # The test's time limit ends this if the upload never begins.
        connection.close()
        assert admin.ok("models/list", where) == {"models": []}
    # An instance that has stopped has finished all requests.
    assert [each for each in (tmp_path / "models").rglob("*") if each.is_file()] == []


@pytest.mark.parametrize(
    "name",
    [
        "<img src=x onerror=alert(1)>",
        "</script><svg/onload=alert(1)>",
        "$\\href{javascript:alert(1)}{x}$",
        "right\u202eleft",
        "nul\x00inside",
        "../../etc/passwd",
        "x" * 10_000,
    ],
)
def test_hostile_names_come_back_byte_for_byte(admin, workspace, model, name):
    metadata = json.dumps({"name": name, "workspace_id": workspace, "visibility": "private"})
    answer = form(
        admin,
        "upload",
        {},
        ("m.onnx", model.read_bytes()),
        metadata=("metadata", metadata, "application/json"),
    )
    assert answer.status_code == 200, answer.text
    (listed,) = admin.ok("models/list", {"workspace_id": workspace})["models"]
    assert listed["name"] == name
    (version,) = admin.ok("models/list_versions", {"models_pk_id": listed["id"]})
    assert version["model_id"] == name
