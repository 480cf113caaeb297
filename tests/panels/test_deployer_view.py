"""PipelineDeployer as widgets, still without a browser: what is shown, asked and sent."""

from __future__ import annotations

import json
import threading

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import wallwidgets as ww
from tests.models import linear_model
from tests.panels.conftest import STATE_WAIT_S, settle
from wallwidgets.api import transport
from wallwidgets.api.wire import Repeat
from wallwidgets.panels.try_input import parse
from wallwidgets.panels.try_result import shown
from wallwidgets.panels.try_state import FILE, PASTE

TENSORS = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
SUMS = [14.5, 32.5]
RECORDS = json.dumps([{"tensor": each} for each in TENSORS])
HOSTILE = "<img src=x onerror=alert(1)>\u202e"


@pytest.fixture(scope="module")
def running(client, tmp_path_factory):
    """A workspace whose only pipeline runs, and a model of a hostile name."""
    workspace = client.workspaces.create("deployer-view")
    path = linear_model(tmp_path_factory.mktemp("models") / "linear.onnx")
    version = client.models.upload(workspace, "linear", path)
    client.models.upload(workspace, HOSTILE, path)
    pipeline = client.pipelines.create(workspace, "view", models=version)
    client.pipelines.deploy(pipeline, models=version, wait=True)
    return workspace


@pytest.fixture
def panel(client, running):
    made = ww.PipelineDeployer(client, running, "view")
    assert made.state.reading.wait(STATE_WAIT_S)
    assert made.status == "view is running: 1 engine, 1 model."
    return made


def is_shown(widget) -> bool:
    return "ww-gone" not in widget._dom_classes


def is_primary(widget) -> bool:
    return "ww-primary" in widget._dom_classes


def send(panel) -> None:
    panel.try_it.send.click()
    assert panel.trial.job.wait(STATE_WAIT_S)


def test_the_journey(client, running, unique):
    panel = ww.PipelineDeployer(client)
    assert panel.state.reading.wait(STATE_WAIT_S)
    left, buttons = panel.what_runs, panel.buttons
    left.workspaces.control.value = running.id
    assert panel.state.reading.wait(STATE_WAIT_S)
    left.name.control.value = "No Name"
    assert "has a space" in left.name.error
    assert buttons._actions.why == "Deploy needs a valid name."
    left.name.control.value = name = unique("journey")
    left.versions.control.value = panel.state.versions[-1].version.id
    assert left.versions.control.index == 0
    assert is_primary(buttons.deploy)
    buttons.deploy.click()
    settle(panel.state)
    assert (panel.pipeline.name, panel.value.deploy_id) == (name, name)
    assert (is_primary(buttons.deploy), is_primary(panel.try_it.send)) == (False, True)
    assert buttons.copy_url.text == client.pipelines.url(panel.pipeline)
    assert left.parts.shown["rows"][0]["cells"][2] == {"text": "Running", "kind": "running"}

    buttons.undeploy.ask()
    assert panel.status == f"Waiting for your answer: undeploy {name}?"
    assert not is_primary(panel.try_it.send)
    buttons.undeploy.answer(False)
    assert panel.status.startswith(f"{name} is running")
    buttons.undeploy.ask()
    buttons.undeploy.answer(True)
    settle(panel.state)
    assert panel.status == f"{name} is stopped; requests get an error."
    assert not is_shown(buttons.undeploy)
    assert not is_shown(panel.try_it._sources)

    buttons.copy_first.click()
    panel.buttons.copy_name.control.value = f"{name}-b"
    buttons.copy.click()
    settle(panel.state)
    assert panel.pipeline.name == f"{name}-b"
    assert buttons.deploy.description == "Deploy"


def test_a_question_ends_with_its_pipeline(panel):
    panel.buttons.undeploy.ask()
    panel.pipeline = None
    assert not panel.buttons.undeploy.asking


@pytest.mark.parametrize(
    "make",
    [
        lambda: pd.DataFrame({"tensor": TENSORS}),
        lambda: pl.DataFrame({"tensor": TENSORS}),
        lambda: pa.table({"tensor": TENSORS}),
    ],
)
def test_a_frame(panel, client, make):
    panel.data = frame = make()
    assert panel.try_it.frames.control.label.startswith("panel.data (2")
    send(panel)
    assert panel.status == "view answered 2 rows."
    assert panel.df["out.variable"].tolist() == [[each] for each in SUMS]
    assert "engine" in panel.trial.timing
    cells = panel.try_it.table.shown["rows"][0]["cells"]
    titles = [column["title"] for column in panel.try_it.table.columns]
    assert titles == ["Row", "Time", "tensor.0", "tensor.1", "tensor.2", "variable.0", "Check"]
    assert cells[5] == {"text": "14.5"}
    names = {"client": client, "panel": panel}
    exec(panel.code, names)
    assert type(names["result"]) is type(frame)
    panel.data = None
    assert panel.trial.why_not_send == "Send needs a frame."


@pytest.mark.parametrize("suffix", ["json", "arrow", "parquet", "csv"])
def test_a_file(panel, client, tmp_path, suffix):
    path = tmp_path / f"rows.{suffix}"
    frame = pl.DataFrame({"tensor": TENSORS})
    if suffix == "json":
        path.write_text(RECORDS)
    elif suffix == "arrow":
        frame.write_ipc(path, compat_level=pl.CompatLevel.oldest())
    elif suffix == "parquet":
        frame.write_parquet(path)
    else:
        pl.DataFrame({"tensor": [1.0]}).write_csv(path)
    panel.try_it.source.value = FILE
    assert panel.trial.why_not_send == "Send needs a file."
    panel.try_it.file.text.value = str(path)
    send(panel)
    if suffix == "csv":
        # A column of numbers is no tensor of three; the instance says so.
        assert panel.trial.refused.startswith("Row 0, column 'tensor'")
        assert panel.try_it.file.field.error == panel.trial.refused
        return
    assert panel.df["out.variable"].tolist() == [[each] for each in SUMS]
    names = {"client": client}
    exec(panel.code, names)
    assert len(names["result"]) == 2


def test_a_file_that_is_none(panel, tmp_path):
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    panel.try_it.source.value = FILE
    panel.try_it.file.text.value = str(tmp_path / "broken.parquet")
    send(panel)
    assert panel.trial.refused.startswith("Broken.parquet cannot be read")


def test_pasted_records(panel, client):
    panel.try_it.source.value = PASTE
    panel.try_it.paste.value = RECORDS
    send(panel)
    assert panel.df["out.variable"].tolist() == [[each] for each in SUMS]
    names = {"client": client}
    exec(panel.code, names)
    assert [row["out.variable"] for row in names["result"]] == [[each] for each in SUMS]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[{"tensor": [1, 2, 3]}, {"tensor": [1, 2]}]', "Row 1, column 'tensor': ragged"),
        ('[{"other": [1, 2, 3]}]', "Row 0, column 'tensor': is missing"),
        ('[{"tensor": [1, 2,]}]', "Line 1, column 19"),
        ("{}", "Records are an array of objects"),
        ("[1]", "Row 0 is no object"),
        ("[" * 100_000, "nested too deeply"),
        (f'[{{"{HOSTILE}": 1}}]', "there are only '<img"),
    ],
)
def test_refused_rows_say_where(panel, text, words):
    panel.try_it.source.value = PASTE
    panel.try_it.paste.value = text
    send(panel)
    assert words in panel.trial.refused
    assert panel.try_it._paste.error == panel.trial.refused
    assert panel.error is not None
    panel.try_it.paste.value = "[]"
    assert panel.try_it._paste.error == ""


def test_the_log_of_the_last_hour(panel, client):
    panel.data = pl.DataFrame({"tensor": TENSORS})
    send(panel)
    panel.try_it.view.value = "Log"
    assert panel.trial.reading.wait(STATE_WAIT_S)
    assert panel.status.startswith("view logged")
    assert len(panel.trial.log) >= 2
    assert len(panel.df) == 2
    names = {"client": client}
    exec(panel.code, names)
    assert len(names["log"]) == len(panel.trial.log)
    panel.try_it.view.value = "Result"
    assert panel.try_it.table.noun == "rows"
    panel.pipeline = None
    assert (panel.trial.result, panel.trial.log, panel.df.empty) == (None, None, True)


def test_of_50_000_rows_only_a_page_travels(panel, monkeypatch):
    sent = []
    monkeypatch.setattr(
        type(panel.try_it.table), "send_state", lambda self, key=None: sent.append(self.shown)
    )
    panel.data = pl.DataFrame({"tensor": np.ones((50_000, 3), dtype="float32")})
    send(panel)
    assert panel.try_it.table.shown["count"].endswith("of 50,000 rows")
    assert max(len(json.dumps(each)) for each in sent) < 100_000
    panel.try_it.table.page = 2000
    assert panel.try_it.table.shown["rows"][-1]["id"] == 49_999


def test_many_columns_are_cut_and_said():
    table = pa.table({f"in.{each}": [1.0] for each in range(100)} | {"out.y": [[0.5]]})
    _, columns, left = shown(table)
    assert (len(columns), left) == (40, 62)


def test_a_split_says_which_model_answered():
    named = json.dumps({"name": HOSTILE, "version": "4cb42b9f-1c3a", "sha": "e2"})
    table = pa.table({"out.y": [[0.5], [0.5]], "out._model_split": [[named], ["no JSON"]]})
    frame, columns, _ = shown(table)
    assert columns[-1].title == "Answered by"
    assert frame["out._model_split"].to_list() == [f"{HOSTILE} 4cb42b9f", None]


def test_failed_checks_show():
    table = pa.table({"out.y": [[1.0], [2.0]], "anomaly.count": pa.array([0, 2], pa.uint32())})
    frame, columns, _ = shown(table)
    assert columns[-1].kind == "chip"
    assert frame["anomaly.count"].to_list() == ["passed", "failed"]


def test_running_a_cell_only_reads(client, running, monkeypatch):
    endpoints = []
    real = transport.Transport.post

    def post(self, endpoint, *args, **options):
        endpoints.append(endpoint)
        return real(self, endpoint, *args, **options)

    monkeypatch.setattr(transport.Transport, "post", post)
    panel = ww.PipelineDeployer(client, running, "view")
    assert panel.state.reading.wait(STATE_WAIT_S)
    assert {each.repeat for each in endpoints} == {Repeat.READ}


def test_while_it_waits_other_controls_answer(panel, monkeypatch):
    go = threading.Event()
    monkeypatch.setattr(panel.client.pipelines, "infer", lambda *a, **o: go.wait(STATE_WAIT_S))
    panel.data = pl.DataFrame({"tensor": TENSORS})
    for _ in range(20):
        panel.try_it.send.click()
    assert panel.busy
    panel.try_it.source.value = PASTE
    panel.try_it.view.value = "Log"
    assert panel.trial.reading.wait(STATE_WAIT_S)
    assert panel.trial.log is not None
    go.set()
    assert panel.trial.job.wait(STATE_WAIT_S)


def test_an_inference_that_takes_too_long_is_not_waited_for(panel, monkeypatch):
    go, pipelines = threading.Event(), panel.client.pipelines
    real = pipelines.infer
    monkeypatch.setattr(pipelines, "infer", lambda *a, **o: go.wait(STATE_WAIT_S))
    panel.data = pl.DataFrame({"tensor": TENSORS})
    assert not is_shown(panel.try_it.stop)
    panel.try_it.send.click()
    assert (panel.try_it.send.disabled, is_shown(panel.try_it.stop)) == (True, True)
    panel.try_it.stop.click()
    # The service has not answered yet.
    assert panel.trial.job.wait(STATE_WAIT_S)
    assert panel.status == "The wait has ended; what view answers is lost."
    assert (panel.busy, is_shown(panel.try_it.stop), panel.trial.result) == (False, False, None)
    monkeypatch.setattr(pipelines, "infer", real)
    send(panel)
    go.set()
    assert panel.trial.timing.startswith("2 rows in")


def test_hostile_names_are_plain_labels(panel):
    labels = [label for label, _ in panel.what_runs.versions.control.options]
    assert any(label.startswith("<img src=x onerror=alert(1)>\\u202e") for label in labels)
    at = next(each for each in panel.state.versions if each.version.name == HOSTILE)
    panel.what_runs.versions.control.value = at.version.id
    cell = panel.what_runs.parts.shown["rows"][0]["cells"][0]
    assert cell["text"].startswith("<img")
    assert "\u202e" not in json.dumps(panel.what_runs.parts.shown, ensure_ascii=False)


def test_parsing_keeps_what_was_pasted():
    assert parse(RECORDS) == json.loads(RECORDS)
