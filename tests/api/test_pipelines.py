"""Pipelines, inference in every kind of frame, and the log page by page."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tests.api.service import WORKSPACES, Answer
from tests.api.test_frames import arrow_file
from tests.api.test_schemas import RUNNING, STARTING
from tests.api.test_uploads import detail, row
from wallwidgets import errors
from wallwidgets.schemas.inference import ARROW_FILE, PANDAS_RECORDS
from wallwidgets.schemas.models import ModelConfigRecord, ModelRecord, ModelVersionRecord
from wallwidgets.schemas.pipelines import DeploymentRecord, PipelineRecord

CREATE = "/v1/api/pipelines/create"
DEPLOY = "/v1/api/pipelines/deploy"
UNDEPLOY = "/v1/api/pipelines/undeploy"
STATUS = "/v1/api/status/get_deployment"
TOPIC = "/v1/api/plateau/get_topic_name"
EXTERNAL = "/v1/api/admin/get_pipeline_external_url"
LOGS = "/v1/api/pipelines/get_logs"
INFER = "/v1/api/pipelines/infer/p-7/p"
CREATED = {
    "pipeline_pk_id": 10,
    "pipeline_variant_pk_id": 11,
    "pipeline_variant_version": "v-11",
}
PIPELINE = PipelineRecord(id=10, name="p", workspace_id=4, version_id=11)
DEPLOYMENT = DeploymentRecord(id=7, deploy_id="p", pipeline_id=10, workspace_id=4)
GONE = Answer({"code": 404, "status": "error", "error": "Deployment not found"}, 404)
ROWS = [{"tensor": [1.0, 2.0]}, {"tensor": [3.0, 4.0]}]


@pytest.fixture
def pipelines(service, alone):
    service.answers |= {
        CREATE: CREATED,
        DEPLOY: {"id": 7},
        UNDEPLOY: {},
        STATUS: RUNNING,
        EXTERNAL: {"url": "https://elsewhere.example/v1/api/pipelines/infer/p-7/p"},
        INFER: infers,
    }
    return alone.pipelines


def versions(*names):
    return [
        ModelVersionRecord.model_validate(row(id=at, name=name))
        for at, name in enumerate(names, 1001)
    ]


def ref(name):
    return {"name": name, "version": "3221", "sha": "bc85"}


def infers(got):
    """Sums each row, in the format that was asked for."""
    if got.headers["Content-Type"] == ARROW_FILE:
        rows = pa.ipc.open_file(got.body).read_all()["tensor"].to_pylist()
    else:
        rows = [one["tensor"] for one in json.loads(got.body)]
    out = [[sum(one)] for one in rows]
    if got.headers["Accept"] == ARROW_FILE:
        table = pa.table(
            {
                "time": [1_700_000_000_000] * len(rows),
                "in.tensor": pa.array(rows, pa.list_(pa.float32())),
                "out.y": pa.array(out, pa.list_(pa.float32())),
            }
        )
        return Answer(arrow_file(table), headers={"Content-Type": ARROW_FILE})
    return [
        {"time": 1_700_000_000_000, "in.tensor": one, "out.y": y, "check_failures": []}
        for one, y in zip(rows, out, strict=True)
    ]


def body(service, path, at=-1):
    return json.loads(service.to(path)[at].body)


@pytest.mark.parametrize(
    ("arguments", "definition"),
    [
        ({}, {}),
        ({"definition": {"id": "p", "steps": []}}, {"id": "p", "steps": []}),
        ({"models": versions("a")[0]}, {"steps": [{"ModelInference": {"models": [ref("a")]}}]}),
        (
            {"models": versions("a", "b")},
            {
                "steps": [
                    {"ModelInference": {"models": [ref("a"), ref("b")]}},
                    {"AuditResults": {"from": 1, "to": None}},
                    {"MultiOut": {}},
                ]
            },
        ),
        (
            {"models": versions("a", "b"), "weights": [2, 1], "hash_key": "id"},
            {
                "steps": [
                    {
                        "RandomSplit": {
                            "hash_key": "id",
                            "weights": [
                                {"model": ref("a"), "weight": 2},
                                {"model": ref("b"), "weight": 1},
                            ],
                        }
                    }
                ]
            },
        ),
    ],
)
def test_create(service, pipelines, arguments, definition):
    record = pipelines.create(4, "p", **arguments)
    assert body(service, CREATE) == {
        "pipeline_id": "p",
        "workspace_id": 4,
        "definition": definition,
    }
    assert (record.id, record.version_id, record.version) == (10, 11, "v-11")


def test_create_with_the_id_of_a_version(service, pipelines):
    service.answers["/v1/api/models/get_version_by_id"] = detail("ready")
    pipelines.create(4, "p", models=1005)
    assert body(service, CREATE)["definition"]["steps"][0]["ModelInference"]["models"] == [ref("m")]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"models": ModelRecord(id=5, name="m")}, "ModelVersion"),
        ({"models": versions("a"), "definition": {}}, "not both"),
        ({"models": versions("a"), "weights": [1, 2]}, "one weight per model"),
        ({"weights": []}, "one weight per model"),
        ({"definition": {"steps": 5}}, "definition.steps"),
    ],
)
def test_create_refuses(service, pipelines, arguments, words):
    with pytest.raises(errors.InvalidRequest, match=words):
        pipelines.create(4, "p", **arguments)
    assert not service.received


def test_deploy(service, pipelines):
    deployment = pipelines.deploy(PIPELINE, models=[*versions("a"), 1002])
    assert deployment == DEPLOYMENT
    assert deployment.name == "p-7"
    pipelines.deploy(
        PIPELINE, configs=[3, ModelConfigRecord(id=4, runtime="onnx")], engine_config={"engine": {}}
    )
    head = {"deploy_id": "p", "pipeline_version_pk_id": 11, "pipeline_id": 10}
    assert body(service, DEPLOY, 0) == head | {"model_ids": [1001, 1002]}
    assert body(service, DEPLOY, 1) == head | {
        "model_configs": [3, 4],
        "engine_config": {"engine": {}},
    }


@pytest.mark.parametrize("wrong", [10, DEPLOYMENT])
def test_deploy_refuses_what_is_no_pipeline(pipelines, wrong):
    with pytest.raises(errors.InvalidRequest):
        pipelines.deploy(wrong)


def found(*pairs):
    """What a service of every era tells about the pipelines of workspace 4."""
    row = {"id": 4, "name": "w", "created_at": "2026-01-01T00:00:00+00:00", "created_by": "u"}
    topics = {pk: f"workspace-4-pipeline-{name}-inference" for pk, name in pairs}
    return {
        WORKSPACES: {"workspaces": [row | {"pipelines": list(topics)}]},
        TOPIC: lambda got: {"topic_name": topics[json.loads(got.body)["pipeline_pk_id"]]},
    }


def test_pipelines_are_found_by_their_topics(service, pipelines):
    service.answers |= found((10, "p"), (12, "a-pipeline-inference"))
    listed = pipelines.list(4)
    assert listed == [
        PipelineRecord(id=10, name="p", workspace_id=4),
        PipelineRecord(id=12, name="a-pipeline-inference", workspace_id=4),
    ]
    assert listed.to_polars()["version_id"].to_list() == [None, None]
    assert pipelines.get(4, "p") == listed[0]
    assert [body(service, TOPIC, at) for at in range(3)] == [
        {"pipeline_pk_id": 10},
        {"pipeline_pk_id": 12},
        {"pipeline_pk_id": 10},
    ]


def test_pipelines_that_are_not_found(service, pipelines):
    service.answers |= found((10, "p"))
    with pytest.raises(errors.NotFound, match="no pipeline 'q'"):
        pipelines.get(4, "q")
    with pytest.raises(errors.NotFound, match="no workspace 5"):
        pipelines.list(5)
    service.answers |= found()
    assert pipelines.list(4).to_pandas().empty


@pytest.mark.parametrize(
    "topic",
    ["", "p", "workspace-4-pipeline--inference", "workspace-5-pipeline-p-inference",
     "workspace-4-pipeline-p", "workspace-4-pipeline-inference"],
)  # fmt: skip
def test_a_topic_of_another_form(service, pipelines, topic):
    service.answers |= found((10, "p")) | {TOPIC: {"topic_name": topic}}
    with pytest.raises(errors.UnexpectedAnswer, match="log of pipeline 10 has the topic"):
        pipelines.list(4)


def test_deploy_of_a_found_pipeline_names_no_version(service, pipelines):
    service.answers |= found((10, "p"))
    record = pipelines.get(4, "p")
    assert pipelines.deploy(record) == DEPLOYMENT
    assert body(service, DEPLOY) == {"deploy_id": "p", "pipeline_id": 10}
    service.answers[DEPLOY] = Answer({"msg": "Bad request: missing field", "code": 400}, 400)
    with pytest.raises(errors.InvalidRequest, match=r"missing field.*again under its name"):
        pipelines.deploy(record)
    with pytest.raises(errors.InvalidRequest) as caught:
        pipelines.deploy(PIPELINE)
    assert "again" not in str(caught.value)


def test_wait_until_running(service, pipelines):
    service.answers[STATUS] = [GONE, Answer({"msg": "x"}, 500), STARTING, RUNNING]
    seen = []
    pipelines.deploy(PIPELINE, models=versions("a"), wait=True, progress=seen.append)
    assert [state.status for state in seen] == ["Starting", "Running"]
    assert body(service, STATUS) == {"name": "p-7"}


def test_a_deployment_that_fails(service, pipelines):
    failed = RUNNING | {"status": "Error", "details": ["no memory"]}
    service.answers[STATUS] = failed
    with pytest.raises(errors.DeploymentFailed, match="'p-7' failed: no memory"):
        pipelines.wait_until_running(DEPLOYMENT)


def test_a_deployment_that_does_not_start(service, pipelines):
    service.answers[STATUS] = STARTING
    with pytest.raises(errors.DeploymentFailed, match="within 0 s: it is Starting"):
        pipelines.wait_until_running(DEPLOYMENT, timeout_s=0)
    cancel = threading.Event()
    with pytest.raises(errors.Cancelled):
        pipelines.wait_until_running(PIPELINE, progress=lambda _: cancel.set(), cancel=cancel)


def test_status_by_pipeline_and_after_undeploy(service, pipelines):
    assert pipelines.status(PIPELINE).engines[0].model_statuses.models[0].name == "m"
    service.answers[STATUS] = GONE
    with pytest.raises(errors.NotFound):
        pipelines.status(DEPLOYMENT)
    service.answers[EXTERNAL] = Answer({"msg": "Bad request: not deployed", "code": 400}, 400)
    other = PipelineRecord(id=2, name="q", workspace_id=4)
    with pytest.raises(errors.NotFound, match="Deploy it first"):
        pipelines.status(other)


@pytest.mark.parametrize("answer", [None, {}])
def test_undeploy_of_2023_and_2026(service, pipelines, answer):
    service.answers[UNDEPLOY] = answer
    pipelines.undeploy(PIPELINE)
    pipelines.undeploy(DEPLOYMENT)
    pipelines.undeploy(10)
    assert [body(service, UNDEPLOY, at) for at in range(3)] == [
        {"pipeline_id": 10},
        {"pipeline_id": 10, "deployment_id": 7},
        {"pipeline_id": 10},
    ]


def test_urls(service, pipelines):
    service.answers["/v1/api/admin/get_pipeline_internal_url"] = {
        "url": "http://engine-lb.p-7:29502"
    }
    assert pipelines.url(PIPELINE).endswith("/p-7/p")
    assert pipelines.internal_url(DEPLOYMENT).startswith("http://engine-lb")
    assert body(service, EXTERNAL) == {"pipeline_name": "p", "workspace_id": 4}


def test_copy(service, pipelines):
    service.answers["/v1/api/pipelines/copy"] = {
        "pipeline_pk_id": 12,
        "pipeline_variant_pk_id": 12,
        "pipeline_version": None,
        "deployment": None,
    }
    copied = pipelines.copy(PIPELINE, "q")
    assert (copied.id, copied.name, copied.workspace_id, copied.version_id) == (12, "q", 4, 12)
    assert pipelines.copy(10, "q", workspace=4) == copied
    with pytest.raises(errors.InvalidRequest, match="workspace="):
        pipelines.copy(10, "q")
    assert body(service, "/v1/api/pipelines/copy") == {
        "name": "q",
        "workspace_id": 4,
        "source_pipeline": 10,
    }


def test_version(service, pipelines):
    service.answers["/v1/api/pipelines/get_version"] = {
        "pipeline_id": "p",
        "version": "v",
        "definition": {"steps": []},
    }
    assert pipelines.version("v").definition == {"steps": []}
    with pytest.raises(errors.InvalidRequest, match="names no version"):
        pipelines.version(PIPELINE)


@pytest.mark.parametrize(
    "data",
    [
        pd.DataFrame(ROWS),
        pd.DataFrame({"tensor": [np.array([1, 2], "f4"), np.array([3, 4], "f4")]}, index=[5, 9]),
        pl.DataFrame(ROWS),
        pl.DataFrame({"tensor": [[1, 2], [3, 4]]}, schema={"tensor": pl.Array(pl.Float32, 2)}),
        pa.Table.from_pylist(ROWS),
        pa.RecordBatch.from_pylist(ROWS),
        ROWS,
    ],
)
def test_the_answer_is_of_the_kind_that_was_given(service, pipelines, data):
    answer = pipelines.infer(PIPELINE, data)
    assert type(answer) is type(data)
    if isinstance(answer, list):
        assert [one["out.y"] for one in answer] == [[3.0], [7.0]]
        assert service.to(INFER)[0].headers["Content-Type"] == PANDAS_RECORDS
    else:
        column = answer["out.y"]
        values = column.to_pylist() if hasattr(column, "to_pylist") else list(column)
        assert [list(y) for y in values] == [[3.0], [7.0]]
        assert service.to(INFER)[0].headers["Content-Type"] == ARROW_FILE
    assert service.to(INFER)[0].query == {
        "dataset[]": ["*"],
        "dataset.exclude[]": ["metadata"],
        "dataset.separator": ["."],
    }


def test_polars_strings_and_lists_go_out_with_plain_types(service, pipelines):
    pipelines.infer(PIPELINE, pl.DataFrame({"tensor": [[1.0]], "id": ["a"]}))
    schema = pa.ipc.open_file(service.to(INFER)[0].body).schema
    assert schema.field("tensor").type == pa.list_(pa.float64())
    assert schema.field("id").type == pa.string()
    assert schema.metadata is None


@pytest.mark.parametrize("suffix", [".json", ".df.json", ".arrow"])
@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_paths(service, pipelines, tmp_path, suffix, kind):
    path = tmp_path / f"rows{suffix}"
    if suffix == ".arrow":
        path.write_bytes(arrow_file(pa.Table.from_pylist(ROWS)))
    else:
        path.write_text(json.dumps(ROWS))
    frame = pipelines.infer(PIPELINE, kind(path))
    assert isinstance(frame, pd.DataFrame)
    assert [list(y) for y in frame["out.y"]] == [[3.0], [7.0]]
    assert frame["time"][0].year == 2023
    assert service.to(INFER)[0].body == path.read_bytes()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (5, "not int"),
        (None, "not NoneType"),
        ({"tensor": [1.0]}, "not dict"),
        ([1.0], "one dict per row"),
        ([{"tensor": float("nan")}], "no plain JSON"),
        ([{"tensor": np.zeros(1)}], "no plain JSON"),
        (pd.DataFrame({"tensor": []}), "no rows"),
        (pd.DataFrame({"tensor": [[1.0], "x"]}), "no tensor"),
        ("/no/such.json", "No such file"),
        (__file__, "neither"),
    ],
)
def test_data_that_cannot_be_sent(service, pipelines, data, words):
    with pytest.raises(errors.InvalidRequest, match=words):
        pipelines.infer(DEPLOYMENT, data)
    assert not service.received


def test_the_token_goes_to_our_origin_and_the_address_is_asked_once(service, pipelines):
    pipelines.infer(PIPELINE, ROWS)
    pipelines.infer(PIPELINE, ROWS)
    assert len(service.to(EXTERNAL)) == 1
    assert {got.bearer for got in service.to(INFER)} == {"of-the-caller"}


def test_a_deployment_needs_no_address(service, pipelines):
    pipelines.infer(DEPLOYMENT, ROWS)
    assert [got.path for got in service.received] == [INFER]


def test_a_pipeline_that_moved_is_found_again(service, pipelines):
    pipelines.infer(PIPELINE, ROWS)
    moved = "/v1/api/pipelines/infer/p-8/p"
    service.answers |= {INFER: GONE, EXTERNAL: {"url": f"https://x{moved}"}, moved: infers}
    assert len(pipelines.infer(PIPELINE, ROWS)) == 2
    service.answers |= {moved: GONE}
    with pytest.raises(errors.NotFound, match="Deployment not found"):
        pipelines.infer(PIPELINE, ROWS)
    assert len(service.to(moved)) == 2


def test_a_pipeline_that_starts_says_what_to_wait_for(service, pipelines):
    service.answers[INFER] = Answer({"code": 503, "status": "error", "error": "starting"}, 503)
    with pytest.raises(errors.ServiceBusy, match="wait_until_running"):
        pipelines.infer(DEPLOYMENT, ROWS)
    assert len(service.received) == 1


def test_an_error_inside_a_200(service, pipelines):
    service.answers[INFER] = [[{"error_type": "SchemaError", "error": "no tensor"}]]
    for data in (ROWS, pd.DataFrame(ROWS)):
        with pytest.raises(errors.InvalidRequest, match="SchemaError: no tensor"):
            pipelines.infer(DEPLOYMENT, data)


@pytest.mark.parametrize(
    "answer", [Answer(b"ARROW1junk", headers={"Content-Type": ARROW_FILE}), {}]
)
def test_an_answer_that_is_no_table(service, pipelines, answer):
    service.answers[INFER] = answer
    for data in (ROWS, pd.DataFrame(ROWS)):
        with pytest.raises(errors.UnexpectedAnswer):
            pipelines.infer(DEPLOYMENT, data)


def page(rows, status="All", cursor=None, **columns):
    table = pa.table(
        {"time": rows, "in": [{"tensor": [float(one)]} for one in rows]}
        | {name: [value] * len(rows) for name, value in columns.items()}
    )
    headers = {"Content-Type": ARROW_FILE, "x-iteration-status": status}
    return Answer(
        arrow_file(table), headers=headers | ({"x-iteration-cursor": cursor} if cursor else {})
    )


def test_logs_page_by_page(service, pipelines):
    service.answers[LOGS] = [
        page([5, 4], "RecordLimited", "c1"),
        page([3], "SchemaChange", "c2", check_failures=["x"]),
        page([2, 1]),
    ]
    frame = pipelines.logs(PIPELINE, limit=None).to_polars()
    assert frame["in.tensor"].to_list() == [[5.0], [4.0], [3.0], [2.0], [1.0]]
    assert frame["check_failures"].to_list() == [None, None, ["x"], None, None] or (
        frame["check_failures"].to_list() == [None, None, "x", None, None]
    )
    assert frame.schema["time"] == pl.Datetime("ms", "UTC")
    bodies = [json.loads(got.body) for got in service.to(LOGS)]
    assert [one.get("cursor") for one in bodies] == [None, "c1", "c2"]
    assert bodies[0]["pipeline_id"] == bodies[0]["pipeline_name"] == "p"
    assert (bodies[0]["workspace_id"], bodies[0]["order"]) == (4, "Desc")
    assert service.to(LOGS)[0].headers["Accept"] == ARROW_FILE


def test_logs_up_to_a_limit(service, pipelines):
    service.answers[LOGS] = [
        page([5, 4], "ByteLimited", "c1"),
        page([3, 2, 1], "RecordLimited", "c2"),
    ]
    assert len(pipelines.logs(DEPLOYMENT, limit=4, newest_first=False)) == 4
    bodies = [json.loads(got.body) for got in service.to(LOGS)]
    assert [one["page_size"] for one in bodies] == [4, 2]
    assert bodies[0]["order"] == "Asc"


def test_logs_of_a_time(service, pipelines):
    service.answers[LOGS] = page([])
    start, end = datetime(2022, 1, 1, tzinfo=UTC), datetime(2022, 1, 2, tzinfo=UTC)
    assert len(pipelines.logs(PIPELINE, start=start, end=end)) == 0
    assert body(service, LOGS)["start_time"] == "2022-01-01T00:00:00+00:00"
    pipelines.logs(PIPELINE, start=start)
    assert {"start_time", "end_time"} <= set(body(service, LOGS))
    pipelines.logs(PIPELINE, end=end)
    assert body(service, LOGS)["start_time"] == "1970-01-01T00:00:00+00:00"


def test_the_order_of_2026(service, pipelines):
    unknown = Answer(
        {"msg": "Bad request: unknown variant `Desc`, expected `asc`", "code": 400}, 400
    )
    service.answers[LOGS] = [unknown, page([1])]
    assert len(pipelines.logs(PIPELINE)) == 1
    assert body(service, LOGS)["order"] == "desc"


def test_logs_that_do_not_go_on(service, pipelines):
    service.answers[LOGS] = page([1], "RecordLimited", "c1")
    with pytest.raises(errors.UnexpectedAnswer, match="one cursor twice"):
        pipelines.logs(PIPELINE, limit=None)


def test_logs_of_clashing_types(service, pipelines):
    service.answers[LOGS] = [page([1], "SchemaChange", "c1", a="x"), page([2], a=[1.0])]
    with pytest.raises(errors.UnexpectedAnswer, match="several types"):
        pipelines.logs(PIPELINE)


def test_no_pages_at_all(service, pipelines):
    assert len(pipelines.logs(PIPELINE, limit=0)) == 0
    assert not service.received
