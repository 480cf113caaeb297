"""Assays through HTTP: the numbers are those of ``drift.run``, and what does not fit is refused."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

import wallwidgets as ww
from tests.conftest import log_in
from tests.instance.assays import (
    BEGIN,
    DAY,
    NOW,
    PER_DAY,
    Clock,
    Watched,
    expected,
    millis,
    numbers,
    rows,
)
from tests.instance.pipelines import Deployed, inference_step, upload
from tests.recorded import FOLDER, load, needs_recordings
from wallwidgets.drift import run

NO_START = {"fixed_window": {"pipeline_name": "watched", "width": "1 day"}}
AT_THE_END = {"fixed_window": {**NO_START["fixed_window"], "start": "9999-12-31T23:00:00Z"}}


@pytest.fixture(scope="module")
def instance():
    with ww.LocalInstance(clock=Clock()) as running:
        yield running


@pytest.fixture(scope="module")
def watched(instance, tmp_path_factory):
    return Watched(instance, tmp_path_factory.mktemp("model"))


@pytest.mark.parametrize(
    ("iopath", "field", "index"),
    [
        ("input tensor 2", "in.tensor", 2),
        ("input tensor", "in.tensor", 0),
        ("input 0 1", "in.tensor", 1),
        ("output variable 0", "out.variable", 0),
        ("output 0 0", "out.variable", 0),
    ],
)
def test_every_form_of_an_iopath(watched, iopath, field, index):
    found = watched.run(iopath=iopath)
    assert list(map(numbers, found)) == list(map(numbers, expected(watched.frame(field, index))))
    assert {each["iopath"] for each in found} == {iopath}


def test_a_name_comes_before_a_number(instance, tmp_path):
    watched = Watched(instance, tmp_path, "numbered", records=False)
    columns = rows(PER_DAY)
    columns = {"in.text": columns["in.text"], "in.0": columns["in.tensor"]}
    watched.log(columns, millis(BEGIN) + np.arange(PER_DAY), "first")
    summary = watched.raw.ok("assays/run_interactive_baseline", watched.config(iopath="input 0 0"))
    values = np.asarray(columns["in.0"].flatten())[::3]
    assert summary["baseline_summary"]["max"] == float(values.max())


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        ({"summarizer": {"metric": "MaxDiff"}}, {"metric": "MaxDiff"}),
        (
            {"summarizer": {"metric": "SumDiff", "aggregation": "Cumulative", "num_bins": 7}},
            {"metric": "SumDiff", "aggregation": "Cumulative", "num_bins": 7},
        ),
        (
            {"summarizer": {"bin_mode": "Provided", "num_bins": 2, "provided_edges": [-1, 0, 1]}},
            {"bin_mode": "Provided", "num_bins": 2, "edges": [-1, 0, 1]},
        ),
        (
            {"summarizer": {"bin_mode": "Equal", "bin_weights": [1, 2, 3, 3, 3, 2, 1]}},
            {"bin_mode": "Equal", "weights": [1, 2, 3, 3, 3, 2, 1]},
        ),
        ({"summarizer": {"aggregation": "Edges"}}, {"aggregation": "Edges"}),
        ({"window": {"interval": "6 hours"}}, {"interval": "6 hours"}),
        (
            {"window": {"width": "90 minutes", "start": "2022-01-03T00:00:00Z"}},
            {"width": "90 minutes", "start": "2022-01-03T00:00:00Z"},
        ),
        ({"run_until": "2022-01-03T23:59:59Z"}, {"until": "2022-01-03T23:59:59Z"}),
        ({"run_until": "2030-01-01T00:00:00Z"}, {}),
        (
            {"warning_threshold": None, "alert_threshold": 0.5},
            {"warning_threshold": None, "alert_threshold": 0.5},
        ),
    ],
)
def test_the_numbers_are_those_of_the_arithmetic(watched, changes, options):
    found, wanted = watched.run(**changes), expected(watched.frame(), **options)
    assert list(map(numbers, found)) == list(map(numbers, wanted))
    assert found


@pytest.mark.parametrize(
    "width", ["1440 minutes", "1 day", "24 hours", "86400000 ms", "1 Day", "86400 seconds"]
)
def test_units_have_many_spellings(watched, width):
    assert [numbers(each) for each in watched.run(window={"width": width})] == [
        numbers(each) for each in watched.run()
    ]


def test_without_bins_there_is_nothing_to_score(watched):
    found = watched.run(summarizer={"bin_mode": "None", "num_bins": None})
    assert [each["score"] for each in found] == [None] * 3
    assert (
        found[0]["window_summary"]["mean"] == expected(watched.frame())[0]["window_summary"]["mean"]
    )


def test_only_records_of_the_model_count(watched):
    made_by_second = watched.made_by
    whole, first = watched.frame(), watched.frame(mask=~made_by_second)
    found = watched.run(fixed={"model": "first"}, window={"model": "second"})
    baseline = first["value"][first["time"] < millis(BEGIN + DAY)]
    second = watched.frame(mask=made_by_second)
    wanted = run(second, "value", baseline=baseline, start=BEGIN + DAY, until=NOW)
    assert [each["score"] for each in found] == wanted.score.tolist()
    assert found[0]["baseline_summary"]["count"] == len(baseline)
    assert found[0]["window_summary"]["count"] < PER_DAY
    assert len(whole["value"]) == len(first["value"]) + len(second["value"])


def test_the_fields_of_an_interactive_result(watched):
    first, *_ = watched.run(id=77)
    assert list(first) == [
        "id", "assay_id", "pipeline_id", "window_start", "analyzed_at", "elapsed_millis", "iopath",
        "status", "score", "scores", "bin_index", "warning_threshold", "alert_threshold",
        "baseline_summary", "window_summary", "summarizer", "created_at",
    ]  # fmt: skip
    assert [first[name] for name in ("id", "assay_id", "pipeline_id", "created_at")] == [
        None, 77, None, None,
    ]  # fmt: skip
    assert first["window_start"] == first["window_summary"]["start"] == "2022-01-02T00:00:00Z"
    assert first["analyzed_at"] == "2022-01-05T00:00:00Z"
    assert (first["warning_threshold"], first["summarizer"]["num_bins"]) == (0.0, 5)
    assert first["summarizer"].keys() == {
        "type", "bin_mode", "aggregation", "metric", "num_bins", "bin_weights", "provided_edges",
    }  # fmt: skip


def test_the_baseline_alone(watched):
    found = watched.raw.ok("assays/run_interactive_baseline", watched.config(id=3))
    assert (found["status"], found["score"], found["scores"]) == ("BaselineRun", 0.0, [0.0] * 7)
    assert found["baseline_summary"] == expected(watched.frame())[0]["baseline_summary"]
    assert found["window_summary"]["edge_names"][1].startswith("e_")
    assert (found["assay_id"], found["bin_index"]) == (3, None)


def test_nothing_is_stored_by_a_run(watched):
    before = watched.raw.ok("assays/list", {})
    watched.run(name="never stored")
    assert watched.raw.ok("assays/list", {}) == before


def test_windows_without_rows_are_left_out(instance, tmp_path):
    watched = Watched(instance, tmp_path, "gaps", records=False)
    for day in (0, 2):
        watched.log(rows(PER_DAY), millis(BEGIN + day * DAY) + np.arange(PER_DAY), "first")
    assert [each["window_start"] for each in watched.run()] == ["2022-01-03T00:00:00Z"]


def test_missing_values_are_counted(instance, tmp_path):
    watched = Watched(instance, tmp_path, "missing", records=False)
    values = np.arange(30, dtype=np.float32).reshape(10, 3)
    for day in (0, 1):
        column = pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), 3)
        watched.log({"in.tensor": column}, millis(BEGIN + day * DAY) + np.arange(10), "first")
        values[:4, 0] = np.nan
    [found] = watched.run()
    summary = found["window_summary"]
    assert (summary["count"], summary["missing"], summary["aggregated_values"][0]) == (10, 4, 0.4)


def test_records_of_other_fields_are_left_out(instance, tmp_path):
    watched = Watched(instance, tmp_path, "changes", records=False)
    columns = rows(PER_DAY)
    narrow = pa.FixedSizeListArray.from_arrays(pa.array([1.0] * PER_DAY), 1)
    for day, column in enumerate([columns["in.tensor"], narrow, columns["in.tensor"]]):
        content = {"in.tensor" if day < 2 else "in.dense": column}
        watched.log(content, millis(BEGIN + day * DAY) + np.arange(PER_DAY), "first")
    message = watched.refusal(iopath="input tensor 1")  # no window has it
    assert message == "Bad request: iopath: input 'tensor' has columns 0 to 0"
    assert len(watched.run(iopath="input tensor 0")) == 1
    assert len(watched.run(iopath="input 0 1")) == 1


# -- baselines of newer versions


def test_a_vector_as_baseline(watched):
    values = watched.frame()["value"][:PER_DAY]
    baseline = {"calculated": {"vector": values.tolist()}}
    start = (BEGIN + DAY).isoformat()
    found = watched.run(baseline=baseline, window={"start": start})
    assert [each["score"] for each in found] == [
        each["score"] for each in expected(watched.frame())
    ]
    assert found[0]["baseline_summary"]["start"] is None
    message = watched.refusal(baseline=baseline)
    assert message.startswith("Bad request: window.start: is required")


@pytest.mark.parametrize("call", ["create", "run_interactive", "run_interactive_baseline"])
def test_a_baseline_without_records_does_not_hide_a_wrong_column(watched, call):
    changes = {"baseline": {"calculated": {"vector": [1, 2]}}, "window": {"start": "2022-01-02"}}
    for iopath, message in (
        ("input tensor 3", "iopath: input 'tensor' has columns 0 to 2"),
        ("output 1 0", "iopath: no output is named '1'; there are: 'variable'"),
    ):
        assert watched.refusal(call, iopath=iopath, **changes) == f"Bad request: {message}"


def test_a_fixed_window_as_baseline(watched):
    window = {
        "path": "input tensor 0", "pipeline_name": watched.name, "width": "24 hours",
        "workspace_id": watched.workspace_id, "start": BEGIN.isoformat(),
    }  # fmt: skip
    found = watched.run(
        baseline={"calculated": {"fixed_window": window}},
        iopath=None,
        window={"path": "input tensor 0", "pipeline_name": watched.name},
    )
    assert list(map(numbers, found)) == list(map(numbers, expected(watched.frame())))


@pytest.mark.parametrize("metric", ["PSI", "MaxDiff"])
def test_a_summary_as_baseline(watched, metric):
    wanted = expected(watched.frame(), metric=metric)
    static = wanted[0]["baseline_summary"]
    found = watched.run(baseline={"static": static}, summarizer={"metric": metric})
    assert list(map(numbers, found)) == list(map(numbers, wanted))
    again = watched.raw.ok(
        "assays/run_interactive_baseline", watched.config(baseline={"static": static})
    )
    assert again["baseline_summary"] == static


def test_summarize(watched):
    window = {
        "path": "input tensor 0", "pipeline_name": watched.name, "width": "24 hours",
        "workspace_id": watched.workspace_id, "start": BEGIN.isoformat(),
    }  # fmt: skip
    body = {"summarizer": {}, "baseline": {"fixed_window": window}}
    wanted = expected(watched.frame())[0]["baseline_summary"]
    assert watched.raw.ok("assays/summarize", body) == wanted
    values = watched.frame()["value"][:PER_DAY].tolist()
    found = watched.raw.ok("assays/summarize", {**body, "baseline": {"vector": values}})
    assert found == {**wanted, "start": None, "end": None}


# -- what is refused


@pytest.mark.parametrize("call", ["run_interactive", "run_interactive_baseline", "create"])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pipeline_name": "nope"}, "pipeline_name: 'nope' is not the assay's pipeline"),
        ({"window": {"pipeline": "nope"}}, "window.pipeline: 'nope' is not the assay's pipeline"),
        ({"fixed": {"pipeline": "nope"}}, "baseline.pipeline: there is no pipeline 'nope'"),
        ({"fixed": {"model": "nope"}}, "baseline.model: there is no model 'nope'"),
        ({"window": {"model": "nope"}}, "window.model: there is no model 'nope'"),
        ({"iopath": "input dense 0"}, "iopath: no input is named 'dense'; there are: 'tensor'"),
        ({"iopath": "output 7 0"}, "iopath: no output is named '7'; there are: 'variable'"),
        ({"iopath": "input tensor 3"}, "iopath: input 'tensor' has columns 0 to 2"),
        ({"iopath": "input text 0"}, "iopath: input 'text' holds string values, not numbers"),
        ({"iopath": "tensor 0"}, "iopath: 'tensor 0' is no '<input|output> <field> <column>'"),
        ({"iopath": None}, "iopath: None is no '<input|output> <field> <column>'"),
        (
            {"fixed": {"start_at": "2021-12-01", "end_at": "2021-12-02"}},
            "baseline: has no rows from 2021-12-01 00:00:00+00:00 until 2021-12-02 00:00:00+00:00",
        ),
        (
            {"fixed": {"start_at": "2022-01-02", "end_at": "2022-01-01"}},
            "baseline: its end is not after its start",
        ),
        (
            {"fixed": {"start_at": "2031-01-01", "end_at": "2031-01-02"}},
            "baseline: has no rows from 2031",
        ),
        ({"fixed": {"start_at": "first"}}, "baseline.Fixed.start_at: "),
        ({"fixed": {"start_at": "0001-01-01T00:00:00+09:00"}}, "baseline.Fixed.start_at: "),
        (
            {"summarizer": {"bin_mode": "Provided", "provided_edges": [1, 3, 2, 4, 5]}},
            "provided_edges: are not in rising order",
        ),
        (
            {"summarizer": {"bin_mode": "Provided", "provided_edges": [1, 2]}},
            "provided_edges: has 2 edges, needs 5 or 6 for num_bins 5",
        ),
        ({"summarizer": {"bin_mode": "Provided"}}, "provided_edges: are required"),
        ({"summarizer": {"provided_edges": [1]}}, "provided_edges: only go with bin_mode Provided"),
        ({"summarizer": {"bin_weights": [1] * 5}}, "bin_weights: has 5 weights, needs 7"),
        ({"summarizer": {"num_bins": None}}, "num_bins: is required with bin_mode Quantile"),
        ({"summarizer": {"num_bins": 0}}, "summarizer.num_bins: "),
        ({"summarizer": {"metric": "ScorePSI"}}, "summarizer.metric: "),
        (
            {"summarizer": {"type": "MultivariateContinuous"}},
            "summarizer.type: 'MultivariateContinuous' is not supported; use UnivariateContinuous",
        ),
        (
            {"warning_threshold": 0.3, "alert_threshold": 0.2},
            "warning_threshold: 0.3 is above the alert_threshold of 0.2",
        ),
        ({"window": {"width": "0 hours"}}, "width: '0 hours' is not longer than zero"),
        ({"window": {"width": "1 fortnight"}}, "width: '1 fortnight' is no length of time"),
        ({"window": {"interval": "soon"}}, "interval: 'soon' is no length of time"),
        (
            {"baseline": {"Sliding": {"pipeline": "p", "width": "1 day", "offset": "1 day"}}},
            "baseline.Sliding: is not supported; use Fixed with start_at and end_at",
        ),
        (
            {"baseline": {"UserProvided": {"url": "http://x"}}},
            "baseline.UserProvided: is not supported",
        ),
        (
            {"baseline": {"calculated": {"sliding_window": {}}}},
            "baseline.calculated.sliding_window: is not supported",
        ),
        ({"baseline": {"calculated": {}}}, "baseline.calculated: "),
        (
            {"baseline": {"calculated": {"vector": ["a"]}}},
            "baseline.calculated.vector.0: ",
        ),
        (
            {"baseline": {"calculated": {"vector": []}}, "window": {"start": "2022-01-02"}},
            "baseline: has no rows",
        ),
        ({"baseline": {"calculated": AT_THE_END}}, "baseline: has no rows from 9999-12-31"),
        ({"baseline": {"calculated": NO_START}}, "fixed_window.start: is required"),
        (
            {"baseline": {"static": {"count": 1, "edges": [1, 2, None], "aggregated_values": [1]}}},
            "baseline.static.aggregated_values: has 1 values, 2 edges make 3 bins",
        ),
        ({"baseline": {"static": {"count": 1}}}, "baseline.static: needs edges"),
        ({"baseline": {}}, "baseline: "),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_its_field(watched, call, changes, message):
    assert watched.refusal(call, **changes).startswith(f"Bad request: {message}")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("pipeline_id", 987654, "Not found: pipeline_id 987654"),
        ("workspace_id", 987654, "Not found: workspace_id 987654"),
    ],
)
def test_what_is_not_there(watched, field, value, message):
    for call in ("create", "run_interactive", "run_interactive_baseline", "filter"):
        answer = watched.raw.post(f"assays/{call}", watched.config(**{field: value}))
        assert (answer.status_code, answer.json()["msg"]) == (404, message)


def test_a_pipeline_of_another_workspace_is_not_there(watched):
    other = watched.raw.ok("workspaces/create", {"workspace_name": "elsewhere"})
    answer = watched.raw.post("assays/create", watched.config(**other))
    assert answer.status_code == 404
    message = f"pipeline_id {watched.pipeline_id} in workspace_id {other['workspace_id']}"
    assert answer.json()["msg"] == f"Not found: {message}"


def test_too_many_windows_to_answer_with(instance, tmp_path):
    watched = Watched(instance, tmp_path, "many", records=False)
    watched.log(rows(10_001), millis(BEGIN) + np.arange(10_001) * 1000, "first")
    fixed = {"end_at": (BEGIN + timedelta(seconds=1)).isoformat()}
    window = {"width": "1 second", "start": BEGIN.isoformat()}
    message = watched.refusal(fixed=fixed, window=window)
    assert message.startswith("Bad request: interval: gives 10001 windows with rows, at most 10000")
    assert len(watched.run(fixed=fixed, window={"width": "1 second"})) == 10_000


# -- create, list, filter


def test_create_list_and_filter(instance, tmp_path):
    watched = Watched(instance, tmp_path, "kept")
    drops = {"bin_width": None, "add_outlier_edges": True}
    assay_id = watched.create(
        name="kept one", active=False, summarizer=drops, model_insights_url="https://example.com"
    )
    [item] = watched.raw.ok("assays/list", {"pipeline_id": watched.pipeline_id})
    shared = {
        "id": assay_id,
        "name": "kept one",
        "active": False,
        "status": "created",
        "warning_threshold": 0.0,
        "alert_threshold": 0.1,
        "pipeline_id": watched.pipeline_id,
        "pipeline_name": "kept",
        "last_run": None,
        "run_until": None,
        "baseline": {
            "Fixed": {
                "pipeline": "kept",
                "model": None,
                "start_at": "2022-01-01T00:00:00+00:00",
                "end_at": "2022-01-02T00:00:00+00:00",
            }
        },
        "window": {
            "pipeline": "kept", "model": None, "width": "24 hours", "start": None, "interval": None,
        },
        "summarizer": {
            "type": "UnivariateContinuous", "bin_mode": "Quantile", "aggregation": "Density",
            "metric": "PSI", "num_bins": 5, "bin_weights": None, "provided_edges": None,
        },
    }  # fmt: skip
    now = "2022-01-05T00:00:00+00:00"
    assert item == {**shared, "next_run": now, "updated_at": now}
    where = {"workspace_id": watched.workspace_id, "pipeline_id": watched.pipeline_id}
    [whole] = watched.raw.ok("assays/filter", {**where, "sort_by": "CreationDateDesc"})
    more = {
        "iopath": "input tensor 0",
        "workspace_id": watched.workspace_id,
        "created_at": now,
        "last_window_start": None,
    }
    assert whole == {**shared, **more}
    assert watched.record(assay_id) == {
        **item, **whole, "workspace_name": "kept",
    }  # fmt: skip
    # What filter gives can be run.
    assert len(watched.raw.ok("assays/run_interactive", whole)) == 3


def test_a_name_is_taken_once_in_a_workspace(watched):
    watched.create(name="only one", active=False)
    message = watched.refusal("create", name="only one", iopath="input tensor 1")
    assert message == "Bad request: name: 'only one' is taken by an assay of this workspace"


def test_lists_and_filters_are_in_order(instance, tmp_path):
    watched = Watched(instance, tmp_path, "ordered")
    names = ("a", "b", "c")
    ids = [watched.create(name=name, active=name == "b", alert_threshold=9) for name in names]
    instance.context.assays.run_due()
    listed = watched.raw.ok("assays/list", {"pipeline_id": watched.pipeline_id})
    assert [each["id"] for each in listed] == ids[::-1]
    assert [each["id"] for each in watched.raw.ok("assays/list", {})][:3] == ids[::-1]

    def names_of(**options):
        where = {"workspace_id": watched.workspace_id, "pipeline_id": watched.pipeline_id}
        body = {**where, "sort_by": "CreationDateDesc", **options}
        return [each["name"] for each in watched.raw.ok("assays/filter", body)]

    assert names_of() == ["c", "b", "a"]
    assert names_of(sort_by="LastRunDateDesc") == ["b", "c", "a"]
    assert names_of(active=False) == ["c", "a"]
    assert names_of(name="a") == ["a"]
    # All windows of b have a Warning, as its threshold is zero.
    window = {"start": "2022-01-02T00:00:00Z", "end": "2022-01-02T00:00:00Z"}
    assert names_of(drift_window=window) == ["b"]
    assert (
        names_of(
            drift_window={**window, "start": "2022-01-01T12:00:00Z", "end": "2022-01-01T13:00:00Z"}
        )
        == []
    )


def test_set_active(watched):
    assay_id = watched.create(name="on and off", active=False)
    for active in (True, True, False):
        body = {"id": assay_id, "active": active}
        assert watched.raw.ok("assays/set_active", body) == body
        assert watched.record(assay_id)["active"] is active
    answer = watched.raw.post("assays/set_active", {"id": 987654, "active": True})
    assert (answer.status_code, answer.json()["msg"]) == (404, "Not found: assay id 987654")


# -- records of the baseline


def test_get_baseline_gives_flat_records(watched):
    def records(**options):
        where = {"pipeline_name": watched.name, "workspace_id": watched.workspace_id}
        return watched.raw.ok("assays/get_baseline", {**where, **options})

    span = {"start": BEGIN.isoformat(), "end": (BEGIN + DAY).isoformat()}
    found = records(**span)
    assert [each["time"] for each in found] == watched.times[:PER_DAY].tolist()
    assert found[0].keys() >= {"time", "in.tensor", "out.variable", "metadata.last_model"}
    assert np.float32(found[3]["in.tensor"]).tolist() == watched.columns["in.tensor"][3].as_py()
    first = records(**span, model_name="first")
    assert [each["time"] for each in first] == watched.times[:PER_DAY][::3].tolist()
    assert records(limit=3) == found[:3]
    assert records(limit=3, model_name="first") == first[:3]
    assert len(records(workspace_id=None)) == 4 * PER_DAY
    assert records(start="2031-01-01") == []


def test_get_baseline_over_a_change_of_fields(instance, tmp_path):
    watched = Watched(instance, tmp_path, "two-forms", records=False)
    columns = rows(2)
    watched.log(columns, [millis(BEGIN)] * 2, "first")
    watched.log({"in.other": columns["in.tensor"]}, [millis(BEGIN) + 1] * 2, "second")
    found = watched.raw.ok("assays/get_baseline", {"pipeline_name": watched.name})
    assert ["in.tensor" in each for each in found] == [True, True, False, False]


def test_get_baseline_refuses(watched, monkeypatch):
    where = {"pipeline_name": watched.name, "workspace_id": watched.workspace_id}
    for body, status, message in (
        ({**where, "model_name": "nope"}, 400, "Bad request: model_name: there is no model 'nope'"),
        ({**where, "next": {"engine-1": 3}}, 400, "Bad request: next: there are no pages"),
        ({**where, "pipeline_name": "nope"}, 404, "Not found: pipeline 'nope' in workspace_id"),
        ({"pipeline_name": "nope"}, 404, "Not found: one pipeline of this pipeline_name"),
    ):
        answer = watched.raw.post("assays/get_baseline", body)
        assert answer.status_code == status
        assert answer.json()["msg"].startswith(message)
    monkeypatch.setattr("wallwidgets.instance.assay_records.MAX_RECORDS", 100)
    answer = watched.raw.post("assays/get_baseline", where)
    assert answer.json()["msg"].startswith("Bad request: limit: there are more than 100 records")
    assert len(watched.raw.ok("assays/get_baseline", {**where, "limit": 100})) == 100


# -- recorded truth


@needs_recordings
def test_recorded_results_of_the_fraud_model(tmp_path):
    """The real service's interactive and stored result of 1,001 rows against a baseline vector."""
    start = datetime(2024, 7, 29, 19, 48, 46, 944191, UTC)
    interactive, stored = load("assay_results.json")[:2]
    clock = Clock(start + timedelta(seconds=20))
    with ww.LocalInstance(clock=clock) as instance:
        creds = json.loads(instance.credentials_file.read_text())
        raw = log_in(instance.url, creds["username"], creds["password"])
        where = raw.ok("workspaces/create", {"workspace_name": "fraud"})["workspace_id"]
        version = upload(raw, where, FOLDER / "ccfraud.onnx", "ccfraud", "ccfraud.onnx")
        pipe = Deployed(raw, where, "fraudpipe", [inference_step(version)])
        pipe.wait()
        records = json.loads((FOLDER / "cc_data_1k.df.json").read_text())
        assert pipe.infer(records).status_code == 200
        with (FOLDER / "ccfraud_cc_data_1k_outputs.csv").open(newline="") as lines:
            vector = [float(row["dense_1_shortest"]) for row in csv.DictReader(lines)]
        body = {
            "name": "recorded", "pipeline_id": pipe.pipeline_id, "pipeline_name": "fraudpipe",
            "workspace_id": where, "active": True, "status": "created",
            "iopath": "output dense_1 0", "baseline": {"calculated": {"vector": vector}},
            "window": {
                "pipeline": "fraudpipe", "model": "ccfraud", "width": "1 minute",
                "start": start.isoformat(),
            },
            "summarizer": {}, "alert_threshold": 0.25,
        }  # fmt: skip
        clock.now = start + timedelta(minutes=1, seconds=20)
        raw = log_in(instance.url, creds["username"], creds["password"])
        [ours] = raw.ok("assays/run_interactive", body)
        assert_as_recorded(ours, interactive)
        assay_id = raw.ok("assays/create", body)["assay_id"]
        instance.context.assays.run_due()
        [kept] = raw.ok("assays/get_assay_results", {"assay_id": assay_id})
        assert_as_recorded(kept, stored)


def assert_as_recorded(ours, recorded):
    """Equal to the last digit; the runtime's outputs may differ in the last bit of a float32."""
    for name in ("score", "scores"):
        assert ours[name] == pytest.approx(recorded[name], rel=1e-12)
    for name in ("window_start", "status", "bin_index", "alert_threshold", "warning_threshold"):
        assert ours[name] == recorded[name]
    for name in ("baseline_summary", "window_summary"):
        for key, value in recorded[name].items():
            found = ours[name][key]
            if key == "edges":
                found, value = found[:-1], value[:-1]  # the last one is null
            if key in ("min", "max", "mean", "median", "std", "edges", "aggregated_values"):
                value = pytest.approx(value, rel=1e-9)
            assert found == value
    assert ours["summarizer"] == recorded["summarizer"]
