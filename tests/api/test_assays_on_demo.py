"""Assays through client and instance on the demo: what a user of the notebook does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest

import wallwidgets as ww
from wallwidgets import errors
from wallwidgets.schemas.pipelines import PipelineRecord

FIRST_DAY = ("2022-01-01T05:00:00Z", "2022-01-02T05:00:00Z")
UNTIL = "2022-02-01T05:00:00Z"
IOPATH = "output dense_2 0"
MODEL = "housepricemodel"
SETTINGS = {"baseline": FIRST_DAY, "model": MODEL, "until": UNTIL, "alert_threshold": 0.1}
ONSET = datetime(2022, 1, 16, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo() -> Iterator[ww.LocalInstance]:
    with ww.LocalInstance(demo=True) as running:
        yield running


@pytest.fixture(scope="module")
def client(demo: ww.LocalInstance) -> Iterator[ww.Client]:
    with demo.connect() as connected:
        yield connected


@pytest.fixture(scope="module")
def pipeline(client: ww.Client) -> PipelineRecord:
    return client.pipelines.get(client.workspaces.get("housepricedrift"), "housepricepipe")


def test_the_service_gives_what_drift_gives(client, pipeline):
    results = client.assays.run(pipeline, IOPATH, warning_threshold=0.04, **SETTINGS)
    values = client.assays.values(
        pipeline, IOPATH, start="2022-01-01", end="2022-02-02", model=MODEL
    )
    found = ww.drift.run(
        values.to_polars(), "value", baseline=FIRST_DAY, until=UNTIL,
        warning_threshold=0.04, alert_threshold=0.1,
    )  # fmt: skip
    assert [each.score for each in results] == pytest.approx(found.score.tolist(), rel=1e-12)
    assert [each.status for each in results] == found.status
    assert len(results) == 30
    drifted = [each.window_start for each in results if each.status != "Ok"]
    assert drifted[0] == ONSET
    assert len(drifted) == 16


def test_a_scan_finds_the_features_that_drift(client, pipeline):
    scan = client.assays.scan(pipeline, warning_threshold=0.04, **SETTINGS)
    assert len(scan.features) == 18
    assert scan.skipped == {}
    drifted = {each.label: each.since for each in scan.features if each.since}
    assert set(drifted) == {"dense_2.0", "tensor.0", "tensor.8", "tensor.9"}
    assert drifted["tensor.0"] == ONSET
    assert scan.features[0].label in drifted
    assert all(each.continuous for each in scan.features)


def test_the_pipeline_without_drift_stays_inside_the_band(client):
    pipeline = client.pipelines.get(client.workspaces.get("housepricelive"), "housepricelive")
    assay = next(each for each in client.assays.list(pipeline) if each.name == "live prices")
    results = client.assays.run(assay)
    assert len(results) >= 26
    scores = np.array([each.score for each in results])
    assert (scores < ww.drift.chance_band(results, 0.999)).all()
    assert ww.drift.onset(results) is None


def test_an_assay_from_its_creation_to_its_end(client, pipeline):
    made = client.assays.create(pipeline, IOPATH, name="a test of assays", **SETTINGS)
    assert made.active
    assert made.name in [each.name for each in client.assays.list(pipeline)]
    whole = next(each for each in client.assays.filter(4, pipeline) if each.id == made.id)
    assert whole.iopath == IOPATH
    with pytest.raises(errors.InvalidRequest, match="name"):
        client.assays.create(pipeline, IOPATH, name="a test of assays", **SETTINGS)
    client.assays.deactivate(made)
    assert not next(each for each in client.assays.list(4) if each.id == made.id).active
    baseline = client.assays.run_baseline(made.id)
    assert baseline.status == "BaselineRun"
    assert [each.score for each in client.assays.run(made.id)] == [
        each.score for each in client.assays.run(pipeline, IOPATH, **SETTINGS)
    ]


@pytest.mark.parametrize(
    ("iopath", "change", "sentence"),
    [
        ("output price 0", {}, "iopath"),
        ("output dense_2 1", {}, "iopath"),
        (IOPATH, {"model": "nobody"}, "model"),
        (IOPATH, {"baseline": ("2021-01-01", "2021-01-02")}, "baseline: has no rows"),
        (IOPATH, {"width": "1 fortnight"}, "width: '1 fortnight' is no length of time"),
        (IOPATH, {"width": "0 hours"}, "width: '0 hours' is not longer than zero"),
        (IOPATH, {"weights": [1.0]}, "bin_weights: has 1 weights, needs 7, one per bin"),
        (IOPATH, {"warning_threshold": 0.5}, "warning_threshold: 0.5 is above the alert"),
        (IOPATH, {"bin_mode": "Provided", "edges": [3.0, 1.0], "num_bins": 1}, "provided_edges"),
    ],
)
def test_what_bad_input_gets(client, pipeline, iopath, change, sentence):
    with pytest.raises(errors.InvalidRequest) as caught:
        client.assays.run(pipeline, iopath, **(SETTINGS | change))
    assert sentence in str(caught.value)
    assert caught.value.status == 400
