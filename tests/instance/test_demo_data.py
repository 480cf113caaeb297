"""The demo's content: the tutorial's printed ids and names, records, and a fill that breaks off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sqlalchemy import select

import wallwidgets as ww
from wallwidgets.drift import noise_band
from wallwidgets.instance import demo_data, demo_models, demo_records
from wallwidgets.instance.config import InstanceConfig
from wallwidgets.instance.context import Context
from wallwidgets.instance.demo_data import fill
from wallwidgets.instance.tables import AccountRow, AssayRow, WorkspaceRow
from wallwidgets.schemas.pipelines import PipelineRecord

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
JANUARY = datetime(2022, 1, 1, tzinfo=UTC)
FEBRUARY = datetime(2022, 2, 1, tzinfo=UTC)
HOUSE_PIPELINE = PipelineRecord(id=4, name="housepricepipe", workspace_id=4)
LIVE_PIPELINE = PipelineRecord(id=3, name="housepricelive", workspace_id=3)
FRAUD_PIPELINE = PipelineRecord(id=1, name="ccfraudpipe", workspace_id=2)


@pytest.fixture(scope="module")
def demo() -> Iterator[ww.LocalInstance]:
    with ww.LocalInstance(demo=True, clock=lambda: NOW) as running:
        yield running


@pytest.fixture(scope="module")
def client(demo: ww.LocalInstance) -> Iterator[ww.Client]:
    with demo.connect() as connected:
        yield connected


@pytest.fixture(scope="module")
def january(client: ww.Client) -> pl.DataFrame:
    """The records of the tutorial's pipeline."""
    log = client.pipelines.logs(HOUSE_PIPELINE, limit=None, newest_first=False)
    return log.to_polars().with_columns(
        model=pl.col("metadata.last_model").str.json_path_match("$.model_name"),
        living_area=pl.col("in.tensor").list.get(0),
        log_price=pl.col("out.dense_2").list.get(0),
    )


@pytest.fixture
def context(tmp_path) -> Iterator[Context]:
    made = Context(InstanceConfig(tmp_path, "http://127.0.0.1", clock=lambda: NOW))
    yield made
    made.close()


def test_names_and_ids_of_the_tutorial(demo, client):
    workspace = client.workspaces.get(4)
    assert workspace.name == "housepricedrift"
    assert workspace.pipelines == [4]
    names = {model.name for model in client.models.list(workspace)}
    assert names == {"housepricemodel", "houseprice-model-yns"}
    assert "/housepricepipe-" in client.pipelines.url(HOUSE_PIPELINE)
    with demo.context.store.read() as session:
        assays = {row.id: row for row in session.scalars(select(AssayRow))}
    assert set(assays) == {1, 2, 3}
    assay = assays[3]
    assert (assay.name, assay.pipeline_id, assay.workspace_id) == ("example assay", 4, 4)
    assert assay.config["iopath"] == "input 0 0"
    assert assay.config["baseline"] == {
        "Fixed": {
            "pipeline": "housepricepipe",
            "model": "houseprice-model-yns",
            "start_at": "2022-01-01T00:00:00-05:00",
            "end_at": "2022-01-02T00:00:00-05:00",
        }
    }
    assert assay.config["window"]["width"] == "24 hours"


def test_records_fill_january_2022(january):
    assert january["time"].min() < JANUARY + timedelta(hours=1)
    assert FEBRUARY - timedelta(hours=1) < january["time"].max() < FEBRUARY
    assert january["time"].is_sorted()
    per_day = january.group_by(pl.col("time").dt.date(), "model").len()
    assert len(per_day) == 31 * 2
    assert per_day["len"].is_between(850, 1150).all()
    assert set(january["model"]) == {"housepricemodel", "houseprice-model-yns"}


def test_inputs_and_outputs_drift_from_the_middle(january):
    middle = JANUARY + timedelta(days=15)
    before = january.filter(pl.col("time") < middle)
    after = january.filter(pl.col("time") >= middle + timedelta(days=4))
    assert abs(before["living_area"].mean()) < 0.05
    assert after["living_area"].mean() == pytest.approx(1, abs=0.05)
    assert before["log_price"].mean() == pytest.approx(12.9, abs=0.05)
    assert before["log_price"].std() == pytest.approx(0.45, abs=0.05)
    assert after["log_price"].mean() > before["log_price"].mean() + 0.3
    last = middle + timedelta(days=demo_records.DRIFT_GROWS_DAYS)
    grows = january.filter(pl.col("time").is_between(middle, last, closed="left"))
    days = grows.group_by_dynamic("time", every="1d").agg(pl.col("living_area").mean())
    assert days["living_area"].is_sorted()


def test_outputs_are_those_of_the_models(demo, january):
    rows = january.filter(pl.col("model") == "housepricemodel").head(50)
    again = answers_again(demo, "housepricemodel", rows["in.tensor"].to_list())
    np.testing.assert_allclose(rows["log_price"].to_numpy(), again, rtol=1e-6)


def answers_again(demo: ww.LocalInstance, name: str, rows: list[list[float]]) -> np.ndarray:
    """What the model of this name says to these rows, by a pipeline of its own."""
    with demo.connect() as client:
        workspace = client.workspaces.get(4)
        model = next(each for each in client.models.list(workspace) if each.name == name)
        version = client.models.versions(model)[-1]
        pipeline = client.pipelines.create(workspace, "again", models=version)
        client.pipelines.deploy(pipeline, models=version, wait=True)
        answers = client.pipelines.infer(pipeline, [{"tensor": row} for row in rows])
        client.pipelines.undeploy(pipeline)
    return np.array([answer["out.dense_2"][0] for answer in answers])


def test_the_live_pipeline_ends_now_and_does_not_drift(client):
    log = client.pipelines.logs(LIVE_PIPELINE, limit=None, newest_first=False).to_polars()
    assert NOW - timedelta(days=30) <= log["time"].min() < NOW - timedelta(days=29, hours=23)
    assert NOW - timedelta(hours=1) < log["time"].max() <= NOW
    middle = NOW - timedelta(days=15)
    price = pl.col("out.dense_2").list.get(0).mean()
    earlier = log.filter(pl.col("time") < middle).select(price).item()
    later = log.filter(pl.col("time") >= middle).select(price).item()
    assert earlier == pytest.approx(later, abs=0.03)


def test_the_assay_shows_the_day_on_which_the_drift_begins(demo, client):
    demo.context.assays.run_due()
    found = client.assays.results(3)
    assert len(found) == 30
    begins = JANUARY + timedelta(days=demo_records.DRIFT_BEGINS_DAY)
    alerts = [each.window_start for each in found if each.status == "Alert"]
    assert alerts[0].date() == begins.date()
    assert len(alerts) == 16  # every day since then
    band = noise_bands(found)
    for each, limit in zip(found, band, strict=True):
        assert (each.score > limit) == (each.window_start.date() >= begins.date())


def test_the_live_prices_stay_within_what_chance_alone_scores(demo, client):
    demo.context.assays.run_due()
    found = client.assays.results(2)
    assert len(found) == 28
    assert {each.status for each in found} == {"Ok"}
    # The records move with the clock, and windows begin with a whole second: a margin for that.
    worst = max(each.score / limit for each, limit in zip(found, noise_bands(found), strict=True))
    assert worst < 0.9


def noise_bands(found):
    """The band of each window, for the counts of the baseline's bins."""
    baseline = found[0].baseline_summary
    counts = [value * baseline.count for value in baseline.aggregated_values]
    return noise_band(baseline.count, [each.window_summary.count for each in found], counts)


def test_the_assays_of_the_demo_run_by_themselves(tmp_path):
    with ww.LocalInstance(demo=True, clock=lambda: NOW) as instance, instance.connect() as client:
        for assay_id, number in ((1, 5), (2, 28), (3, 30)):
            while len(client.assays.results(assay_id)) < number:
                pass  # The test's time limit ends this.


@pytest.mark.parametrize(
    ("pipeline", "output", "low", "high"),
    [(HOUSE_PIPELINE, "out.dense_2", 10, 16), (FRAUD_PIPELINE, "out.dense_1", 0, 1)],
)
def test_the_demo_runs_at_start(client, pipeline, output, low, high):
    client.pipelines.wait_until_running(pipeline)
    width = 17 if pipeline is HOUSE_PIPELINE else 29
    [answer] = client.pipelines.infer(pipeline, [{"tensor": [0.1] * width}])
    assert low < answer[output][0] < high


def test_new_records_follow_the_old_ones_in_one_frame(client):
    client.pipelines.wait_until_running(FRAUD_PIPELINE)
    client.pipelines.infer(FRAUD_PIPELINE, [{"tensor": [0.0] * 29}])
    log = client.pipelines.logs(FRAUD_PIPELINE, limit=10)
    assert len(log) == 10
    models = [json.loads(text)["model_name"] for text in log.to_polars()["metadata.last_model"]]
    assert models == ["ccfraud"] * 10


def test_people_have_no_known_passwords(demo, client):
    people = client.users.list().to_polars()
    assert people.height == 4
    assert people["enabled"].sum() == 3
    with demo.context.store.read() as session:
        hashes = list(session.scalars(select(AccountRow.password_hash)))
    assert len(set(hashes)) == 4


def test_connections_belong_to_workspaces(client):
    names = [each.name for each in client.connections.list(4)]
    assert names == ["houseprice-warehouse"]


def test_a_second_fill_adds_nothing(context):
    assert fill(context)
    before = contents(context)
    assert fill(context)
    assert contents(context) == before


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (demo_records, "fraud_records"),
        (demo_records, "live_records"),
        (demo_records, "drift_records"),
        (demo_data, "_add_pipelines"),
        (demo_data, "add_assays"),
        (demo_data, "_add_connections"),
    ],
)
def test_an_interrupted_fill_is_finished_by_the_next(context, tmp_path, monkeypatch, module, name):
    def break_off(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, name, break_off)
        with pytest.raises(KeyboardInterrupt):
            fill(context)
    with context.store.read() as session:
        assert session.scalars(select(WorkspaceRow)).all() == []
    assert fill(context)
    whole = Context(InstanceConfig(tmp_path / "whole", "http://127.0.0.1", clock=lambda: NOW))
    assert fill(whole)
    assert contents(context) == contents(whole)
    whole.close()


def contents(context: Context) -> dict[str, object]:
    """Counts and names of what there is, without what is random."""
    with context.store.read() as session:
        workspaces = {
            row.name: (
                [(model.name, [v.sha for v in model.versions]) for model in row.models],
                [(each.name, [v.version for v in each.versions]) for each in row.pipelines],
                len(row.members),
            )
            for row in session.scalars(select(WorkspaceRow))
        }
        assays = [row.config for row in session.scalars(select(AssayRow))]
        emails = set(session.scalars(select(AccountRow.email)))
    extents = [context.log.extent(pipeline) for pipeline in range(1, 6)]
    return {"workspaces": workspaces, "assays": assays, "emails": emails, "log": extents}


def test_an_instance_with_content_of_its_own_is_left_alone(context):
    with context.store.write() as session:
        admin = session.scalars(select(AccountRow)).one()
        session.add(WorkspaceRow(name="mine", created_by=admin.id, created_at=NOW))
    assert not fill(context)
    assert list(contents(context)["workspaces"]) == ["mine"]


def test_nothing_is_told_to_anyone_or_left_outside_of_the_data_folder(tmp_path):
    """onnxruntime's telemetry is off: it would leave a device id in the home folder."""
    script = "import wallwidgets as ww; ww.LocalInstance('data', demo=True).start().stop()"
    folders = {name: tmp_path / name for name in ("HOME", "TMPDIR", "current")}
    for folder in folders.values():
        folder.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        # The repository is importable also where the package is not installed.
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(folders["HOME"]),
        "TMPDIR": str(folders["TMPDIR"]),
    }
    subprocess.run(
        [sys.executable, "-c", script], cwd=folders["current"], env=environment, check=True
    )
    assert [path.name for path in folders["current"].iterdir()] == ["data"]
    assert list(folders["HOME"].iterdir()) == list(folders["TMPDIR"].iterdir()) == []


def test_models_are_the_same_every_time():
    assert demo_models.house_price_model(1) == demo_models.house_price_model(1)
    assert demo_models.fraud_model(1) != demo_models.fraud_model(2)


def test_transactions_hold_a_few_frauds(context):
    fill(context)
    _times, probability = context.log.column(1, "out.dense_1", 0)
    assert 0.005 < np.mean(probability > 0.5) < 0.05
    assert 0 < probability.min() < probability.max() < 1
