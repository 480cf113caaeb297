"""One configuration over every column, against a service that computes its answers."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import responses

import wallwidgets as ww
from tests.drift.test_run import BASELINE, DAY
from wallwidgets import errors
from wallwidgets.drift import results, run
from wallwidgets.schemas.pipelines import PipelineRecord

URL = "https://wallaroo.example"
PIPELINE = PipelineRecord(id=1, name="p", workspace_id=4)
TIME = np.arange(0, 12 * DAY, 300_000)
RANDOM = np.random.default_rng(11)
COLUMNS = {
    "input tensor 0": RANDOM.normal(size=len(TIME)) + (TIME >= 8 * DAY),
    "input tensor 1": RANDOM.normal(size=len(TIME)),
    "input flag 0": (RANDOM.random(len(TIME)) < 0.02) * 1.0,
    "output y 0": RANDOM.normal(size=len(TIME)) + 0.6 * (TIME >= 9 * DAY),
    "output empty 0": np.full(len(TIME), np.nan),
}


def records() -> list[dict[str, Any]]:
    def row(at: int) -> dict[str, Any]:
        tensor = [COLUMNS["input tensor 0"][at], COLUMNS["input tensor 1"][at]]
        return {
            "time": int(TIME[at]), "in.tensor": tensor, "in.flag": [COLUMNS["input flag 0"][at]],
            "in.text": ["a"], "out.y": [[COLUMNS["output y 0"][at]]], "out.empty": [None],
            "metadata.last_model": "{}",
        }  # fmt: skip

    return [row(at) for at in range(288)]


@pytest.fixture
def service():
    """Answers as the service does, with the arithmetic of ``drift``."""
    bodies = []

    def run_interactive(request):
        body = json.loads(b"".join(request.body))
        bodies.append(body)
        path = body["iopath"]
        frame = {"time": TIME, "value": COLUMNS[path]}
        try:
            made = results(run(frame, "value", baseline=BASELINE, until="1970-01-13"), iopath=path)
        except errors.InvalidRequest as refused:
            return 400, {}, json.dumps({"msg": refused.message, "code": 400})
        return 200, {}, f"[{','.join(each.model_dump_json() for each in made)}]"

    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add("POST", f"{URL}/v1/api/assays/get_baseline", body=json.dumps(records()))
        mock.add_callback("POST", f"{URL}/v1/api/assays/run_interactive", run_interactive)
        yield bodies


@pytest.fixture
def assays():
    with ww.connect(URL, headers=dict) as client:
        yield client.assays


def test_columns_are_ranked_and_say_since_when(service, assays):
    seen = []
    scan = assays.scan(PIPELINE, baseline=BASELINE, progress=lambda *state: seen.append(state))
    assert [each.iopath for each in scan.features][:2] == ["input tensor 0", "output y 0"]
    since = {each.iopath: each.since for each in scan.features}
    assert since == {
        "input tensor 0": datetime(1970, 1, 9, tzinfo=UTC),
        "output y 0": datetime(1970, 1, 10, tzinfo=UTC),
        "input tensor 1": None,
        "input flag 0": None,
    }
    assert seen == [(done, 5) for done in range(1, 6)]
    assert "none of its 288 rows has a finite value" in scan.skipped["output empty 0"]
    top = scan.features[0]
    assert (top.label, top.windows, top.alerts, top.status) == ("tensor.0", 11, 4, "Alert")
    assert top.score == scan.results[10].score
    assert [each.iopath for each in scan.results[:11]] == ["input tensor 0"] * 11
    assert scan.features.to_polars()["since"].null_count() == 2


def test_what_is_not_continuous_is_said(service, assays):
    scan = assays.scan(PIPELINE, baseline=BASELINE)
    flag = next(each for each in scan.features if each.iopath == "input flag 0")
    assert (flag.distinct, flag.continuous) == (2, False)
    assert flag.largest_share > 0.9
    assert [each.iopath for each in scan.features if not each.continuous] == ["input flag 0"]


def test_a_configuration_can_be_scanned(service, assays):
    config = assays.config(PIPELINE, "output y 0", baseline=BASELINE, num_bins=7)
    assert len(assays.scan(config).features) == 4
    assert {body["iopath"] for body in service} == set(COLUMNS)
    assert {body["summarizer"]["num_bins"] for body in service} == {7}


def test_a_scan_can_be_cancelled(service, assays):
    cancel = threading.Event()
    with pytest.raises(errors.Cancelled):
        assays.scan(
            PIPELINE, baseline=BASELINE, progress=lambda *state: cancel.set(), cancel=cancel
        )


def test_a_baseline_without_records(assays):
    with responses.RequestsMock() as mock:
        mock.add("POST", f"{URL}/v1/api/assays/get_baseline", body="[]")
        with pytest.raises(errors.InvalidRequest, match="baseline: has no records from 1970-01-01"):
            assays.scan(PIPELINE, baseline=BASELINE)


def test_values_of_a_column(service, assays):
    for iopath, column in (("output y 0", "output y 0"), ("input 0 1", "input tensor 1")):
        frame = assays.values(PIPELINE, iopath, start="1970-01-01", end="1970-01-02").to_polars()
        assert frame["value"].to_list() == COLUMNS[column][:288].tolist()
        assert frame["time"][1] == datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
    sentence = "iopath: the records have no 'input tensor 2'; they have input tensor 0, input ten"
    with pytest.raises(errors.InvalidRequest, match=sentence):
        assays.values(PIPELINE, "input tensor 2")
