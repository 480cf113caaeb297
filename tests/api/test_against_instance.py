"""The client against the embedded instance, from users to connections."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import wallwidgets as ww
from tests.api.endpoints import endpoints
from tests.conftest import get_token
from tests.models import linear_model
from wallwidgets import errors
from wallwidgets.schemas.assay_baselines import Baseline, FixedBaseline
from wallwidgets.schemas.assays import (
    AssayConfig,
    AssayWindow,
)

ROWS = [{"tensor": [1.0, 2.0, 3.0]}, {"tensor": [4.0, 5.0, 6.0]}]
SUMS = [14.5, 32.5]


@pytest.fixture(scope="module")
def workspace(client):
    return client.workspaces.create("api-walk")


@pytest.fixture(scope="module")
def onnx(tmp_path_factory):
    return linear_model(tmp_path_factory.mktemp("models") / "linear.onnx")


@pytest.fixture(scope="module")
def version(client, workspace, onnx):
    return client.models.upload(workspace, "linear", onnx)


@pytest.fixture(scope="module")
def pipeline(client, workspace, version):
    made = client.pipelines.create(workspace, "api-walk", models=version)
    client.pipelines.deploy(made, models=version, wait=True)
    return made


def test_every_endpoint_is_one_of_the_instance(instance):
    import requests

    paths = requests.get(f"{instance.url}/v1/api/openapi.json", timeout=60).json()["paths"]
    served = {path.split("{")[0] for path in paths}
    missing = {
        name: endpoint.path for name, endpoint in endpoints().items() if endpoint.path not in served
    }
    # The instance runs ONNX only, so it converts nothing.
    assert missing.keys() <= {"models.UPLOAD_AND_CONVERT"}


@pytest.mark.parametrize("grant", ["confidential", "public", "service", "refresh", "headers"])
def test_every_grant(instance, creds, grant):
    user = {"username": creds["username"], "password": creds["password"]}
    tokens = get_token(instance.url, grant_type="password", **user).json()
    confidential = {
        "client_id": creds["confidentialClient"],
        "client_secret": creds["confidentialPassword"],
    }
    ways = {
        "confidential": user | confidential,
        "public": user,
        "service": confidential,
        "refresh": {"refresh_token": tokens["refresh_token"]},
        "headers": {"headers": lambda: {"Authorization": f"Bearer {tokens['access_token']}"}},
    }
    with instance.connect(**ways[grant]) as client:
        assert client.account.kind == ("service" if grant == "service" else "user")
        if grant == "service":
            with pytest.raises(errors.PermissionDenied):
                client.workspaces.list()
        else:
            client.workspaces.list()
            assert client.account.email == creds["email"]


def test_wrong_credentials(instance, creds):
    for wrong in ({"username": creds["username"], "password": "wrong"},
                  {"username": "nobody", "password": "wrong"},
                  {"client_id": creds["confidentialClient"], "client_secret": "wrong"},
                  {"refresh_token": "wrong"}):  # fmt: skip
        with pytest.raises(errors.AuthenticationError, match="login is refused"):
            instance.connect(**wrong)


def test_users(instance, client, unique):
    email = f"{unique('ada')}@example.com"
    invited = client.users.invite(email, "correct horse")
    assert invited.password == "correct horse"
    user = client.users.list([invited.id])[0]
    assert user.email == email
    assert invited.id in client.users.list().to_polars()["id"].to_list()
    with instance.connect(username=email, password="correct horse") as other:
        assert other.account.user_id == invited.id
        client.users.deactivate(user)
        with pytest.raises(errors.AuthenticationError):
            other.workspaces.list()
    client.users.activate(user)
    with pytest.raises(errors.WallwidgetsError):
        client.users.invite(email)


def test_workspaces(client, unique):
    workspace = client.workspaces.create(unique("api"))
    assert client.workspaces.get(workspace.name) == client.workspaces.get(workspace) == workspace
    with pytest.raises((errors.Conflict, errors.InvalidRequest)):
        client.workspaces.create(workspace.name)
    invited = client.users.invite(f"{unique('bob')}@example.com", "correct horse")
    client.workspaces.add_user(workspace, invited.id)
    client.workspaces.add_user(workspace, invited.id, "owner")
    members = {member.user_id: member.user_type for member in client.workspaces.users(workspace)}
    assert members[invited.id] == "OWNER"
    assert workspace.id in {found.id for found in client.workspaces.list(invited.id)}
    assert client.workspaces.remove_user(workspace, invited.id) is True
    assert client.workspaces.remove_user(workspace, invited.id) is False
    with pytest.raises(errors.NotFound):
        client.workspaces.users(2**40)


def test_models(client, workspace, onnx, version):
    sent = []
    again = client.models.upload(workspace, "linear", onnx, progress=lambda *at: sent.append(at))
    size = onnx.stat().st_size
    assert sent == [(size, size)]
    assert again.parent_id == version.parent_id
    assert again.id > version.id
    assert again.sha == version.sha
    for form in ("metadata", "fields"):
        assert client.models.upload_multipart(workspace, "linear", onnx, form=form).id > again.id
    assert len(client.models.versions(version)) == 4
    model = client.models.list(workspace)[0]
    assert model.id == version.parent_id
    assert next(found.id for found in client.models.get(model).versions) == version.id
    assert client.models.get_by_id(model).workspace_id == workspace.id
    assert client.models.version(again).status == "ready"
    made = client.models.configure(again, tensor_fields=["tensor"])
    assert client.models.configuration(again).id == made.id


def test_what_is_no_model(client, workspace, tmp_path):
    path = tmp_path / "text.onnx"
    path.write_text("this is no model")
    with pytest.raises(errors.InvalidRequest):
        client.models.upload(workspace, "text", path)
    assert "text" not in {model.name for model in client.models.list(workspace)}
    with pytest.raises(errors.NotFound):
        client.models.get(2**40)


def test_a_cancelled_upload_leaves_nothing(client, workspace, tmp_path):
    big = linear_model(tmp_path / "big.onnx", inputs=1_000_000)
    cancel = threading.Event()
    with pytest.raises(errors.Cancelled):
        client.models.upload(
            workspace, "big", big, progress=lambda *at: cancel.set(), cancel=cancel
        )
    assert "big" not in {model.name for model in client.models.list(workspace)}
    assert client.models.upload(workspace, "big", big).status == "ready"


@pytest.mark.parametrize(
    "data",
    [
        pd.DataFrame(ROWS),
        pd.DataFrame({"tensor": [np.array(row["tensor"], "f4") for row in ROWS]}),
        pl.DataFrame(ROWS),
        pl.DataFrame(ROWS, schema={"tensor": pl.Array(pl.Float32, 3)}),
        pa.Table.from_pylist(ROWS),
        pa.RecordBatch.from_pylist(ROWS),
        ROWS,
    ],
)
def test_inference_in_every_kind(client, pipeline, data):
    answer = client.pipelines.infer(pipeline, data)
    assert type(answer) is type(data)
    if isinstance(answer, list):
        assert [row["out.variable"] for row in answer] == [[sum_] for sum_ in SUMS]
    else:
        table = (
            pa.table(answer)
            if not isinstance(answer, pd.DataFrame)
            else (pa.Table.from_pandas(answer))
        )
        assert table["out.variable"].to_pylist() == [[sum_] for sum_ in SUMS]


def test_inference_of_a_file(client, pipeline, tmp_path):
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(ROWS))
    assert [list(y) for y in client.pipelines.infer(pipeline, path)["out.variable"]] == [
        [sum_] for sum_ in SUMS
    ]


def test_inference_of_many_threads(client, pipeline):
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: client.pipelines.infer(pipeline, ROWS), range(64)))
    assert all(answer[1]["out.variable"] == [32.5] for answer in answers)


@pytest.mark.parametrize(
    "data",
    [
        [{"other": [1.0]}],
        [{"tensor": [1.0]}],
        [{"tensor": ["x", "y", "z"]}],
        pa.table({"tensor": [["x", "y", "z"]]}),
        pd.DataFrame({"tensor": [[1.0, 2.0]]}),
    ],
)
def test_what_cannot_be_inferred(client, pipeline, data):
    with pytest.raises(errors.InvalidRequest):
        client.pipelines.infer(pipeline, data)


def test_the_log(client, workspace, version, unique):
    pipeline = client.pipelines.create(workspace, unique("log"), models=version)
    client.pipelines.deploy(pipeline, models=version, wait=True)
    before = datetime.now(UTC) - timedelta(seconds=5)
    values = np.arange(30_000, dtype="f4").reshape(-1, 3)
    data = pa.table({"tensor": pa.FixedSizeListArray.from_arrays(values.ravel(), 3)})
    for _ in range(3):
        client.pipelines.infer(pipeline, data)
    client.pipelines.infer(pipeline, ROWS)
    frame = client.pipelines.logs(pipeline, limit=None).to_polars()
    assert frame.height == 30_002
    assert frame["time"].is_sorted(descending=True)
    assert frame["out.variable"][0].to_list() in ([14.5], [32.5])
    assert len(client.pipelines.logs(pipeline, limit=7)) == 7
    oldest = client.pipelines.logs(pipeline, limit=2, newest_first=False).to_polars()
    assert oldest["in.tensor"][0].to_list() == [0.0, 1.0, 2.0]
    assert len(client.pipelines.logs(pipeline, limit=None, start=before)) == 30_002
    assert len(client.pipelines.logs(pipeline, limit=None, end=before)) == 0


def test_the_life_of_a_pipeline(client, workspace, version, unique):
    name = unique("life")
    pipeline = client.pipelines.create(workspace, name)
    again = client.pipelines.create(workspace, name, models=version)
    assert again.id == pipeline.id
    assert again.version_id != pipeline.version_id
    assert client.pipelines.version(again).definition["steps"]
    first = client.pipelines.deploy(again, models=version, wait=True)
    assert client.pipelines.deploy(again, models=[version.id], wait=True) == first
    assert client.pipelines.status(again).status == "Running"
    assert client.pipelines.url(again).endswith(f"/{first.name}/{name}")
    assert first.name in client.pipelines.internal_url(again)
    client.pipelines.undeploy(again)
    client.pipelines.undeploy(first)
    with pytest.raises(errors.NotFound):
        client.pipelines.status(first)
    for gone in (again, first):
        with pytest.raises(errors.NotFound):
            client.pipelines.infer(gone, ROWS)
    copied = client.pipelines.copy(again, unique("copy"))
    assert copied.id != again.id
    client.pipelines.deploy(copied, models=version, wait=True)
    assert client.pipelines.infer(copied, ROWS)[0]["out.variable"] == [14.5]


def test_a_pipeline_is_found_in_another_session(instance, client, onnx, unique):
    workspace = client.workspaces.create(unique("found"))
    assert client.pipelines.list(workspace) == []
    other = client.models.upload(workspace, "linear", onnx)
    name = unique("found")
    client.pipelines.create(workspace, name)
    made = client.pipelines.create(workspace, name, models=other)
    with instance.connect() as later:
        (listed,) = later.pipelines.list(workspace.id)
        found = later.pipelines.get(workspace, name)
        assert listed == found
        assert (found.id, found.name, found.version_id) == (made.id, name, None)
        with pytest.raises(errors.NotFound):
            later.pipelines.get(workspace, "no-such-pipeline")
        with pytest.raises(errors.NotFound):
            later.pipelines.list(2**40)
        with pytest.raises(errors.NotFound, match="Deploy it first"):
            later.pipelines.infer(found, ROWS)
        # The instance takes the newest version, which has the model in its steps.
        later.pipelines.deploy(found, wait=True)
        assert later.pipelines.infer(found, ROWS)[0]["out.variable"] == [14.5]
        later.pipelines.undeploy(found)


def test_shadows_and_splits(client, workspace, version, onnx, unique):
    other = client.models.upload(workspace, "challenger", onnx)
    shadow = client.pipelines.create(workspace, unique("shadow"), models=[version, other])
    client.pipelines.deploy(shadow, models=[version, other], wait=True)
    answer = client.pipelines.infer(shadow, ROWS)[0]
    assert answer["out_challenger.variable"] == answer["out.variable"] == [14.5]
    split = client.pipelines.create(
        workspace, unique("split"), models=[version, other], weights=[2, 1]
    )
    client.pipelines.deploy(split, models=[version, other], wait=True)
    assert client.pipelines.infer(split, ROWS)[0]["out.variable"] == [14.5]


def test_a_pipeline_that_starts(onnx):
    from wallwidgets.instance.config import Startup

    with ww.LocalInstance(startup=Startup(polls=2)) as instance, instance.connect() as client:
        workspace = client.workspaces.create("start")
        version = client.models.upload(workspace, "linear", onnx)
        pipeline = client.pipelines.create(workspace, "start", models=version)
        deployment = client.pipelines.deploy(pipeline, models=version)
        with pytest.raises(errors.ServiceBusy, match="wait_until_running"):
            client.pipelines.infer(deployment, ROWS)
        seen = []
        client.pipelines.wait_until_running(deployment, progress=seen.append)
        assert [state.status for state in seen] == ["Starting", "Starting", "Running"]
        assert len(client.pipelines.infer(deployment, ROWS)) == 2


def test_connections(client, workspace, unique):
    name = unique("warehouse")
    made = client.connections.create(name, "BIGQUERY", {"key": "canary"})
    assert made.details == {"key": "canary"}
    assert client.connections.get(name).id == client.connections.get_by_id(made).id == made.id
    client.connections.add_to_workspace(made, workspace)
    assert name in client.connections.list(workspace).to_polars()["name"].to_list()
    with pytest.raises(errors.Conflict):
        client.connections.create(name, "BIGQUERY")
    client.connections.remove_from_workspace(made, workspace)
    client.connections.delete(made)
    with pytest.raises(errors.NotFound):
        client.connections.get(name)


def test_assays(client, pipeline):
    """The client finds the configuration of an assay where the instance's list leaves it out."""
    client.pipelines.infer(pipeline, ROWS * 50)
    log = client.pipelines.logs(pipeline, limit=None, newest_first=False).to_polars()
    begin, end = log["time"].min(), log["time"].max() + timedelta(milliseconds=1)
    config = AssayConfig(
        name="walk", pipeline_id=pipeline.id, pipeline_name=pipeline.name,
        workspace_id=pipeline.workspace_id, iopath="output variable 0", active=False,
        baseline=Baseline(
            fixed=FixedBaseline(pipeline=pipeline.name, start_at=begin, end_at=end)
        ),
        window=AssayWindow(pipeline=pipeline.name, width="1 ms", start=begin),
    )  # fmt: skip
    made = client.assays.create(config)
    assert [each.id for each in client.assays.list(pipeline)] == [made.id]
    assert client.assays.filter(pipeline.workspace_id, pipeline)[0].iopath == config.iopath
    found = client.assays.run(made)
    assert [each.assay_id for each in found] == [made.id] * len(found)
    assert sum(each.window_summary.count for each in found) == len(log)
    assert client.assays.run_baseline(made.id).baseline_summary.count == len(log)
    records = client.assays.baseline_records(pipeline, start=begin, end=end, model="linear")
    assert len(records) == len(log)
    assert len(client.assays.baseline_records(pipeline, limit=3)) == 3
    assert client.assays.results(made).to_polars().is_empty()
    client.assays.activate(made)
    while len(stored := client.assays.results(made)) < len(found):
        pass  # The test's time limit ends this.
    assert [each.scores for each in stored] == [each.scores for each in found]
    client.assays.deactivate(made)
    assert client.assays.list(pipeline)[0].active is False
    with pytest.raises(errors.InvalidRequest, match="name: 'walk' is taken"):
        client.assays.create(config)


def test_features(client):
    assert client.features().features
    assert client.config().default_arch == "x86"
