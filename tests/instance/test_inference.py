"""Inference over HTTP: the recorded forms, who may, and what a bad payload gets."""

from __future__ import annotations

import csv
import json
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
import requests

from tests.conftest import TOKEN_PATH, Raw
from tests.instance.pipelines import (
    ARROW,
    Deployed,
    arrow_file,
    inference_step,
    model_ref,
    read_arrow,
    upload,
)
from tests.models import linear_model, scaled_model
from tests.recorded import FOLDER, needs_recordings

ROWS = [{"tensor": [1.1, 2, 3]}, {"tensor": [4, 5, 6]}]
SDK_QUERY = "?dataset%5B%5D=*&dataset.exclude%5B%5D=metadata&dataset.separator=."


@pytest.fixture(scope="module")
def pipeline(instance, tmp_path_factory):
    creds = json.loads(instance.credentials_file.read_text())
    from tests.conftest import log_in

    raw = log_in(instance.url, creds["username"], creds["password"])
    workspace = raw.ok("workspaces/create", {"workspace_name": "inference"})["workspace_id"]
    path = linear_model(tmp_path_factory.mktemp("models") / "linear.onnx")
    version = upload(raw, workspace, path, "linear")
    deployed = Deployed(raw, workspace, "inference", [inference_step(version)])
    assert deployed.wait()["status"] == "Running"
    return deployed


def test_nested_records(pipeline):
    before = int(time.time() * 1000)
    answer = pipeline.infer(ROWS)
    assert answer.headers["Content-Type"] == "application/json"
    first, second = answer.json()
    assert before - 1 <= first["time"] <= time.time() * 1000
    assert first["in"] == {"tensor": [1.1, 2.0, 3.0]}
    assert first["out"] == {"variable": [14.6]}
    assert second["out"] == {"variable": [32.5]}
    assert first["check_failures"] == []
    metadata = first["metadata"]
    assert json.loads(metadata["last_model"])["model_name"] == "linear"
    assert len(metadata["elapsed"]) == 2
    assert metadata["dropped"] == []
    assert metadata["partition"].startswith("engine-")


def test_flattened_records_as_the_sdk_asks_for_them(pipeline):
    record = pipeline.infer(ROWS, query=SDK_QUERY).json()[0]
    assert list(record) == ["time", "in.tensor", "out.variable", "check_failures"]
    assert pipeline.infer(ROWS, query="?dataset.flatten=true").json()[0]["metadata.partition"]
    record = pipeline.infer(ROWS, query="?dataset[]=out.variable&dataset[]=metadata.elapsed")
    assert list(record.json()[0]) == ["out", "metadata"]
    record = pipeline.infer(ROWS, query="?dataset[]=*&dataset[]=metadata").json()[0]
    assert set(record) == {"time", "in", "out", "check_failures", "metadata"}
    assert pipeline.infer(ROWS, query="?dataset[]=nothing").json() == []
    assert pipeline.infer(ROWS, query="?dataset.separator=").status_code == 400


def test_arrow_in_and_out(pipeline):
    column = pa.array([[1.1, 2, 3], [4, 5, 6]], pa.list_(pa.float32()))
    body = arrow_file(pa.table({"tensor": column}))
    flat = pipeline.infer(body, ARROW, query=SDK_QUERY, accept=ARROW)
    assert flat.headers["Content-Type"] == ARROW
    table = read_arrow(flat.content)
    assert table.column_names == ["time", "in.tensor", "out.variable", "check_failures"]
    assert table.schema.field("out.variable").type == pa.list_(pa.float32())
    assert table["in.tensor"].combine_chunks().equals(column)
    nested = read_arrow(pipeline.infer(body, ARROW, accept=ARROW).content)
    assert nested["out"].type == pa.struct([("variable", pa.list_(pa.float32()))])
    assert pipeline.infer(body, ARROW).json()[1]["out"] == {"variable": [32.5]}


def test_both_addresses_and_the_older_body(pipeline):
    url = f"{pipeline.raw.url}/v1/api/pipelines/infer/{pipeline.deployment}"
    body = {"tensor": [[1, 2, 3], [4, 5, 6]]}
    answer = requests.post(url, json=body, headers=pipeline.raw.headers, timeout=60)
    assert [record["out"]["variable"] for record in answer.json()] == [[14.5], [32.5]]
    assert requests.post(f"{url}/other", json=body, headers=pipeline.raw.headers).status_code == 404


def test_an_inference_token_infers_and_does_nothing_else(pipeline, creds):
    answer = requests.post(
        pipeline.raw.url + TOKEN_PATH,
        auth=(creds["confidentialClient"], creds["confidentialPassword"]),
        data={"grant_type": "client_credentials"},
        timeout=60,
    )
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    service = Raw(pipeline.raw.url, "", headers)
    assert pipeline.infer(ROWS, raw=service).status_code == 200
    assert service.post("status/get_deployment", {"name": pipeline.deployment}).status_code == 403


def test_errors_have_the_shape_of_the_inference_path(pipeline, new_user):
    nobody = Raw(pipeline.raw.url, "", {})
    expected = [
        (pipeline.infer(ROWS, raw=nobody), 401, "platform"),
        (pipeline.infer(ROWS, raw=new_user()), 404, "platform"),
        (pipeline.infer('[{"tensor": [1]}]'), 400, "engine"),
        (pipeline.infer(b"x", ARROW), 400, "engine"),
        (pipeline.infer(json.dumps(ROWS), ARROW), 400, "engine"),
        (pipeline.infer(json.dumps(ROWS), "text/csv"), 415, "engine"),
    ]
    for answer, status, source in expected:
        body = answer.json()
        assert answer.status_code == body["code"] == status
        assert (body["status"], body["source"]) == ("error", source)
        assert body["error"]
    unknown = f"{pipeline.raw.url}/v1/api/pipelines/infer/nothing-1/nothing"
    answer = requests.post(unknown, json=ROWS, headers=pipeline.raw.headers, timeout=60)
    assert answer.json()["error"] == "Deployment not found"


def test_failed_inferences_leave_no_record(pipeline):
    before = len(pipeline.logs(page_size=1_000).json())
    pipeline.infer('[{"tensor": [1]}]')
    assert len(pipeline.logs(page_size=1_000).json()) == before


def test_an_empty_pipeline_echoes(admin, unique):
    workspace = admin.ok("workspaces/create", {"workspace_name": unique("echo")})["workspace_id"]
    echo = Deployed(admin, workspace, unique("echo"))
    assert echo.wait()["status"] == "Running"
    assert echo.infer(ROWS, "application/json").json() == [ROWS]
    records = echo.infer(ROWS).json()
    assert records[0]["in"] == ROWS[0]
    assert "out" not in records[0]
    assert len(echo.logs().json()) == 4


def test_shadow_deployment_split_and_chain(admin, unique, tmp_path):
    workspace = admin.ok("workspaces/create", {"workspace_name": unique("many")})["workspace_id"]
    champion = upload(admin, workspace, linear_model(tmp_path / "a.onnx"), "champion")
    challenger = upload(admin, workspace, scaled_model(tmp_path / "b.onnx", 2), "challenger")
    steps = [
        inference_step(champion, challenger),
        {"AuditResults": {"from": 1, "to": None}},
        {"MultiOut": {}},
    ]
    shadow = Deployed(admin, workspace, unique("shadow"), steps)
    shadow.wait()
    record = shadow.infer(ROWS, query=SDK_QUERY).json()[1]
    assert record["out.variable"] == [32.5]
    assert record["out_challenger.variable"] == [30.0]
    assert shadow.infer(ROWS).json()[1]["out_challenger"] == {"variable": [30.0]}
    assert shadow.logs().json()[1]["out_challenger"] == {"variable": [30.0]}

    named = Deployed(
        admin, workspace, unique("named"), model_ids=[champion["id"], challenger["id"]]
    )
    named.wait()
    assert named.infer(ROWS).json()[1]["out_challenger"] == {"variable": [30.0]}

    weights = [
        {"model": model_ref(champion), "weight": 0},
        {"model": model_ref(challenger), "weight": 2},
    ]
    split_steps = [{"RandomSplit": {"hash_key": None, "weights": weights}}]
    split = Deployed(admin, workspace, unique("split"), split_steps)
    split.wait()
    record = split.infer(ROWS).json()[1]
    assert record["out"]["variable"] == [30.0]
    assert json.loads(record["out"]["_model_split"][0]) == model_ref(challenger)
    assert json.loads(record["metadata"]["last_model"])["model_name"] == "challenger"

    last = upload(admin, workspace, scaled_model(tmp_path / "c.onnx", 10, inputs=1), "last")
    chain = Deployed(
        admin, workspace, unique("chain"), [inference_step(champion), inference_step(last)]
    )
    chain.wait()
    record = chain.infer(ROWS).json()[1]
    assert record["out"] == {"variable": [325.0]}
    assert len(record["metadata"]["elapsed"]) == 3


def test_many_callers_at_once(pipeline):
    def one(number):
        session = requests.Session()
        raw = Raw(pipeline.raw.url, "", pipeline.raw.headers, session)
        answer = pipeline.infer([{"tensor": [number, 0, 0]}], raw=raw)
        return answer.status_code, answer.json()[0]["out"]["variable"]

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(one, range(200)))
    assert found == [(200, [number + 0.5]) for number in range(200)]


@needs_recordings
def test_the_recorded_model_gives_the_recorded_outputs_to_the_last_bit(admin, unique):
    workspace = admin.ok("workspaces/create", {"workspace_name": unique("real")})["workspace_id"]
    version = upload(admin, workspace, FOLDER / "ccfraud.onnx", "ccfraud", "ccfraud.onnx")
    pipeline = Deployed(admin, workspace, unique("real"), [inference_step(version)])
    pipeline.wait()
    body = (FOLDER / "cc_data_1k.df.json").read_bytes()
    with (FOLDER / "ccfraud_cc_data_1k_outputs.csv").open() as file:
        lines = list(csv.DictReader(file))
    wanted = np.array([line["dense_1_f32"] for line in lines], dtype=np.float32)
    text = pipeline.infer(body).text
    found = [record["out"]["dense_1"][0] for record in json.loads(text)]
    assert np.array_equal(np.array(found, dtype=np.float32).view("u4"), wanted.view("u4"))
    assert f'"dense_1":[{lines[0]["dense_1_shortest"]}]' in text
    table = read_arrow(pipeline.infer(body, query=SDK_QUERY, accept=ARROW).content)
    values = table["out.dense_1"].combine_chunks().flatten().to_numpy()
    assert np.array_equal(values.view("u4"), wanted.view("u4"))
