"""Inference logs over HTTP: pages, cursors and topics."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.instance.pipelines import ARROW, Deployed, inference_step, read_arrow, upload
from tests.models import linear_model

STATUS, CURSOR = "x-iteration-status", "x-iteration-cursor"


@pytest.fixture
def pipeline(admin, unique, tmp_path):
    workspace = admin.ok("workspaces/create", {"workspace_name": unique("logs")})["workspace_id"]
    version = upload(admin, workspace, linear_model(tmp_path / "linear.onnx"), "linear")
    deployed = Deployed(admin, workspace, unique("logs"), [inference_step(version)])
    deployed.wait()
    return deployed


def rows(first, count):
    return [{"tensor": [number, 0, 0]} for number in range(first, first + count)]


def values(records):
    return [record["out"]["variable"][0] - 0.5 for record in records]


def test_records_come_oldest_first_with_a_cursor(pipeline):
    for first in (0, 3, 6):
        answers = pipeline.infer(rows(first, 3)).json()
    page = pipeline.logs(page_size=2)
    assert page.headers[STATUS] == "RecordLimited"
    assert values(page.json()) == [0, 1]
    arrow = pipeline.logs(page_size=5, cursor=page.headers[CURSOR], accept=ARROW)
    assert [each["variable"][0] - 0.5 for each in read_arrow(arrow.content)["out"].to_pylist()] == [
        2, 3, 4, 5, 6,
    ]  # fmt: skip
    last = pipeline.logs(cursor=arrow.headers[CURSOR])
    assert last.headers[STATUS] == "All"
    assert CURSOR not in last.headers
    assert last.json() == answers[1:]


@pytest.mark.parametrize("order", ["Desc", "desc"])
def test_newest_first(pipeline, order):
    pipeline.infer(rows(0, 5))
    page = pipeline.logs(order=order, page_size=3)
    assert values(page.json()) == [4, 3, 2]
    assert values(pipeline.logs(order=order, cursor=page.headers[CURSOR]).json()) == [1, 0]


def test_a_page_of_json_has_at_most_100_000_bytes(pipeline):
    pipeline.infer(rows(0, 2000))
    found, cursor = [], None
    for _ in range(30):
        page = pipeline.logs(cursor=cursor, page_size=2000)
        assert len(page.content) <= 100_000
        found += values(page.json())
        cursor = page.headers.get(CURSOR)
        if cursor is None:
            break
        assert page.headers[STATUS] == "ByteLimited"
    assert found == list(range(2000))
    assert values(pipeline.logs(order="Desc", page_size=2000).json())[:2] == [1999, 1998]


def test_a_time_range(pipeline):
    time = pipeline.infer(rows(0, 1)).json()[0]["time"]
    moment = datetime.fromtimestamp(time / 1000, UTC)
    end = datetime.fromtimestamp((time + 1) / 1000, UTC).isoformat()
    inside = pipeline.logs(start_time=moment.isoformat(), end_time=end)
    assert len(inside.json()) == 1
    before = pipeline.logs(start_time="2020-01-01T00:00:00Z", end_time=moment.isoformat())
    assert (before.json(), before.headers[STATUS]) == ([], "All")
    assert pipeline.logs(start_time="2020-01-01T00:00:00Z").status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {"cursor": "nonsense"},
        {"cursor": "MTIzNDU2Nzg5OjE="},
        {"page_size": 0},
        {"page_size": "3"},
        {"order": "sideways"},
        {"start_time": 3, "end_time": 4},
    ],
)
def test_wrong_queries_are_refused(pipeline, body):
    assert pipeline.logs(**body).status_code == 400


def test_only_members_read(pipeline, new_user):
    owner, pipeline.raw = pipeline.raw, new_user()
    assert pipeline.logs().status_code == 404
    topic = f"workspace-{pipeline.workspace_id}-pipeline-{pipeline.name}-inference"
    url = f"{owner.url}/v1/logs/topic/{topic}"
    headers = pipeline.raw.headers
    assert owner.session.get(url, headers=headers, timeout=60).status_code == 404
    answer = owner.session.post(f"{url}/records", json={}, headers=headers, timeout=60)
    assert answer.status_code == 404


def test_topics_page_as_the_official_sdk_does(pipeline):
    raw = pipeline.raw
    for first in range(0, 6, 2):
        pipeline.infer(rows(first, 2))
    topic = raw.ok("plateau/get_topic_name", {"pipeline_pk_id": pipeline.pipeline_id})["topic_name"]
    assert topic == f"workspace-{pipeline.workspace_id}-pipeline-{pipeline.name}-inference"
    by_name = {"pipeline_name": pipeline.name, "workspace_id": pipeline.workspace_id}
    assert raw.ok("plateau/get_pipeline_topic_name", by_name) == {"topic_name": topic}
    assert raw.ok("plateau/get_topic_name", {"pipeline_name": pipeline.name})
    url = f"{raw.url}/v1/logs/topic/{topic}"
    found = raw.session.get(url, headers=raw.headers, timeout=60).json()["partitions"]
    ((partition, extent),) = found.items()
    assert extent == {"start": 0, "end": 6}

    def page(iterator, query, accept=ARROW, name=topic):
        return raw.session.post(
            f"{raw.url}/v1/logs/topic/{name}/records?{query}",
            json=iterator,
            headers={**raw.headers, "Accept": accept},
            timeout=60,
        )

    sdk = "dataset[]=*&dataset.exclude[]=metadata&dataset.separator=."
    found, iterator = [], {}
    while iterator is not None:
        table = read_arrow(page(iterator, f"order=desc&page_size=4&{sdk}").content)
        found += [value[0] - 0.5 for value in table["out.variable"].to_pylist()]
        iterator = json.loads(table.schema.metadata[b"status"])["next"]
    assert found == [5, 4, 3, 2, 1, 0]
    table = read_arrow(page({partition: 4}, f"page_size=10&{sdk}").content)
    assert [value[0] - 0.5 for value in table["out.variable"].to_pylist()] == [4, 5]
    assert json.loads(table.schema.metadata[b"status"]) == {"status": "All", "next": None}
    assert read_arrow(page({partition: 999}, "page_size=10").content).num_rows == 0
    assert read_arrow(page({}, "page_size=10", name=f"{topic}-failures").content).num_rows == 0
    answer = page({}, "limit=1", "application/json").json()
    assert answer["status"] == "RecordLimited"
    record = json.loads(answer["records"][0])
    assert record["original_data"] == {"tensor": [[0.0, 0.0, 0.0]]}
    assert record["outputs"] == [{"Float": {"data": [0.5], "dim": [1, 1], "v": 1}}]
    times = "time.start=2020-01-01T00:00:00%2B00:00&time.end=2020-01-02T00:00:00%2B00:00"
    assert read_arrow(page({}, times).content).num_rows == 0
    assert page({}, "time.start=x").status_code == 400
    assert page({partition: -1}, "").status_code == 400
    assert page({}, "", name="workspace-1-pipeline-nothing-inference").status_code == 404
    assert page({}, "", name="nothing").status_code == 404
