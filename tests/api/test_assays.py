"""The calls of assays, against the recorded shapes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import responses

import wallwidgets as ww
from tests.api.test_schemas import ASSAY, RESULT
from wallwidgets import errors
from wallwidgets.schemas.assays import AssayConfig, AssayRecord
from wallwidgets.schemas.pipelines import DeploymentRecord, PipelineRecord

URL = "https://wallaroo.example"
MADE = "2023-04-25T21:50:28.682984+00:00"
PIPELINE = PipelineRecord(id=1, name="p", workspace_id=4)
WHOLE = ASSAY | {"iopath": "output dense_2 0", "workspace_id": 4, "created_at": MADE}
DAY = datetime(2022, 1, 1, tzinfo=UTC)


@pytest.fixture
def wire():
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def assays():
    with ww.connect(URL, headers=dict) as client:
        yield client.assays


@pytest.fixture
def answer(wire):
    def add(path, body, status=200):
        wire.add("POST", f"{URL}/v1/api/{path}", body=json.dumps(body), status=status)

    return add


@pytest.fixture
def sent(wire):
    return lambda: [json.loads(b"".join(call.request.body)) for call in wire.calls]


@pytest.fixture
def config():
    fields = AssayConfig.model_fields
    return AssayConfig.model_validate({key: value for key, value in WHOLE.items() if key in fields})


def test_create(assays, answer, sent, config):
    answer("assays/create", {"assay_id": 5})
    answer("assays/list", [ASSAY])
    assert assays.create(config).name == "a"
    assert sent()[0]["window"]["width"] == "24 hours"
    assert sent()[1] == {"pipeline_id": 1}


@pytest.mark.parametrize("fresh", [False, True])
def test_a_lost_assay_is_looked_up(assays, wire, answer, config, fresh):
    wire.add("POST", f"{URL}/v1/api/assays/create", status=504)
    answer(
        "assays/list", [ASSAY | ({"updated_at": datetime.now(UTC).isoformat()} if fresh else {})]
    )
    if fresh:
        assert assays.create(config).id == 5
    else:
        with pytest.raises(errors.OutcomeUnknown):
            assays.create(config)


def test_list(assays, answer, sent):
    answer("assays/list", [ASSAY])
    assert assays.list()[0].window.width == "24 hours"
    assays.list(PIPELINE)
    assays.list(DeploymentRecord(id=9, deploy_id="p", pipeline_id=1, workspace_id=4))
    assert sent() == [{}, {"pipeline_id": 1}, {"pipeline_id": 1}]


def test_filter(assays, answer, sent):
    answer("assays/filter", [WHOLE])
    assert assays.filter(4, PIPELINE)[0].iopath == "output dense_2 0"
    assays.filter(4, 1, name="a", active=True, start=DAY, end=DAY, sort_by="LastRunDateDesc")
    day = "2022-01-01T00:00:00+00:00"
    assert sent() == [
        {"workspace_id": 4, "pipeline_id": 1, "sort_by": "CreationDateDesc"},
        {
            "workspace_id": 4, "pipeline_id": 1, "sort_by": "LastRunDateDesc", "name": "a",
            "active": True, "drift_window": {"start": day, "end": day},
        },
    ]  # fmt: skip
    with pytest.raises(errors.InvalidRequest, match="belong together"):
        assays.filter(4, 1, start=DAY)
    with pytest.raises(errors.InvalidRequest, match="sort_by"):
        assays.filter(4, 1, sort_by="Name")


def test_activity(assays, answer, sent):
    answer("assays/set_active", {"id": 5, "active": False})
    assays.activate(5)
    assays.deactivate(AssayRecord.model_validate(ASSAY))
    assert sent() == [{"id": 5, "active": True}, {"id": 5, "active": False}]


def test_run_a_configuration(assays, answer, sent, config):
    answer("assays/run_interactive", [RESULT, RESULT])
    results = assays.run(config)
    assert results.to_polars()["score"].to_list() == [0.0370332] * 2
    assert sent()[0]["iopath"] == "output dense_2 0"


@pytest.mark.parametrize("by", [5, AssayRecord.model_validate(ASSAY)])
def test_run_an_existing_assay_looks_up_its_configuration(assays, answer, sent, by):
    rows = [
        {"id": 3, "name": "x", "created_at": MADE, "created_by": "u", "pipelines": [2]},
        {"id": 4, "name": "w", "created_at": MADE, "created_by": "u", "pipelines": [1]},
    ]
    if by == 5:
        answer("assays/list", [ASSAY])
    answer("workspaces/list", {"workspaces": rows})
    answer("assays/filter", [WHOLE])
    answer("assays/run_interactive", [RESULT])
    assert len(assays.run(by)) == 1
    body = sent()[-1]
    assert (body["id"], body["workspace_id"], body["iopath"]) == (5, 4, "output dense_2 0")
    assert body["baseline"]["Fixed"]["start_at"] == "2023-01-01T05:00:00+00:00"


def test_run_something_else(assays):
    with pytest.raises(
        errors.InvalidRequest, match="AssayConfig or AssayRecord or PipelineRecord or its id"
    ):
        assays.run("price drift")


def test_plain_settings_make_the_same_configuration(assays, answer, sent):
    answer("assays/run_interactive", [RESULT])
    settings = {
        "baseline": ("2022-01-01", DAY + timedelta(days=1)), "name": "mine", "model": "m",
        "width": "12 hours", "interval": "6 hours", "start": "2022-01-03", "until": DAY,
        "bin_mode": "Provided", "num_bins": 2, "edges": [1.0, 2.0, 3.0], "metric": "MaxDiff",
        "aggregation": "Cumulative", "weights": [1, 2, 3, 4], "warning_threshold": 0.1,
        "alert_threshold": 0.2, "active": False,
    }  # fmt: skip
    results = assays.run(PIPELINE, "output dense_2 3", **settings)
    assert results.windows().to_arrow()["name"].to_pylist() == ["mine"]
    first, second = "2022-01-01T00:00:00+00:00", "2022-01-02T00:00:00+00:00"
    body = sent()[0]
    assert body.pop("created_at") > "2026"
    assert body == {
        "name": "mine", "pipeline_id": 1, "pipeline_name": "p", "workspace_id": 4,
        "active": False, "status": "created", "iopath": "output dense_2 3",
        "baseline": {"Fixed": {
            "pipeline": "p", "model": "m", "start_at": first, "end_at": second}},
        "window": {
            "pipeline": "p", "model": "m", "width": "12 hours", "interval": "6 hours",
            "start": "2022-01-03T00:00:00+00:00"},
        "summarizer": {
            "type": "UnivariateContinuous", "bin_mode": "Provided", "num_bins": 2,
            "provided_edges": [1.0, 2.0, 3.0], "metric": "MaxDiff", "aggregation": "Cumulative",
            "bin_weights": [1.0, 2.0, 3.0, 4.0]},
        "warning_threshold": 0.1, "alert_threshold": 0.2, "run_until": first,
    }  # fmt: skip


def test_a_typed_configuration_is_the_same(assays, answer, sent):
    answer("assays/run_interactive", [])
    january = {"baseline": ("2022-01-01", "2022-01-02")}
    config = assays.config(PIPELINE, "output dense_2 0", **january)
    assert config.name == "p output dense_2 0"
    assays.run(config)
    assays.run(PIPELINE, "output dense_2 0", **january)
    first, second = ({**body, "created_at": None} for body in sent())
    assert first == second


@pytest.mark.parametrize(
    ("iopath", "settings", "sentence"),
    [
        ("dense_2 0", {}, "iopath: 'dense_2 0' is no"),
        ("output x 0", {"baseline": None}, "baseline: is a pair of start and end"),
        ("output x 0", {"baseline": ("2022-01-01",)}, "baseline: is a pair"),
        ("output x 0", {"baseline": ("yesterday", "2022-01-02")}, "start_at: "),
        ("output x 0", {"bins": 5}, "bins: is no setting of an assay; these are: baseline, name"),
        ("output x 0", {"num_bins": 0}, "num_bins: "),
        ("output x 0", {"metric": "psi"}, "metric: Input should be 'MaxDiff', 'SumDiff' or 'PSI'"),
        (None, {}, "iopath: is required with a pipeline"),
    ],
)
def test_settings_that_cannot_be_used(assays, iopath, settings, sentence):
    settings = {"baseline": ("2022-01-01", "2022-01-02"), **settings}
    with pytest.raises(errors.InvalidRequest) as caught:
        assays.run(PIPELINE, iopath, **settings)
    assert sentence in str(caught.value)


def test_an_assay_has_its_settings(assays, config):
    with pytest.raises(errors.InvalidRequest, match="has its settings already"):
        assays.run(config, num_bins=7)
    with pytest.raises(errors.InvalidRequest, match="AssayConfig or PipelineRecord"):
        assays.create(5)


@pytest.mark.parametrize("recorded", [None, RESULT | {"status": "BaselineRun", "score": 0.0}])
def test_run_the_baseline(assays, answer, config, recorded):
    answer("assays/run_interactive_baseline", recorded)
    found = assays.run_baseline(config)
    assert found is None if recorded is None else found.status == "BaselineRun"


def test_results(assays, answer, sent):
    answer("assays/get_assay_results", [RESULT | {"id": 1, "pipeline_id": 1, "created_at": MADE}])
    assert assays.results(5, start=DAY, end=DAY, limit=3)[0].id == 1
    assays.results(5)
    day = "2022-01-01T00:00:00+00:00"
    assert sent()[0] == {"assay_id": 5, "start": day, "end": day, "limit": 3}
    assert set(sent()[1]) == {"assay_id", "start", "end"}


def test_baseline_records(assays, answer, sent):
    records = [
        {"time": 1672531200000, "in.tensor": [1.0], "out.dense_2": [12.53]},
        {"time": 1672531300000, "in.tensor": [2.0], "out.dense_2": [12.5], "check_failures": []},
    ]
    answer("assays/get_baseline", records)
    frame = assays.baseline_records(PIPELINE, start=DAY, end=DAY, model="m", limit=2).to_polars()
    assert frame["time"][0] == datetime(2023, 1, 1, tzinfo=UTC)
    assert frame["out.dense_2"].to_list() == [[12.53], [12.5]]
    assert sent()[0]["pipeline_name"] == "p"
