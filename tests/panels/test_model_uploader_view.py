"""ModelUploader as widgets, still without a browser: what is shown, off and why."""

from __future__ import annotations

import json

import pytest
from ipywidgets.embed import dependency_state

import wallwidgets as ww
from tests.models import linear_model
from tests.panels.conftest import settle
from tests.panels.test_model_uploader import ready
from wallwidgets.panels.model_uploader_state import UploadState
from wallwidgets.schemas.workspaces import WorkspaceRecord

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def file(tmp_path) -> str:
    return str(linear_model(tmp_path / "m.onnx"))


@pytest.fixture
def panel(client, unique):
    made = client.workspaces.create(unique("view"))
    shown = ww.ModelUploader(client, made)
    ready(shown.state)
    return shown


def is_shown(widget) -> bool:
    return "ww-gone" not in widget._dom_classes


def shown_buttons(panel) -> list[str]:
    buttons = (panel.upload, panel.stop, panel.discard, panel.look_again, panel.start_over)
    return [each.description for each in buttons if is_shown(each)]


def test_the_journey(panel, client, file):
    assert (panel.upload.disabled, panel._actions.why) == (True, "Upload needs a file.")
    panel.file.text.value = file
    ready(panel.state)
    assert "tensor float32 [?, 3]" in json.dumps(panel._facts.content, ensure_ascii=False)
    panel.name.value = "my model"
    assert "has a space" in panel._name.error
    assert panel._actions.why == "Upload needs a valid model name."
    panel.name.value = "my-model"
    panel.upload.click()
    settle(panel.state)
    ready(panel.state)
    assert panel.status == "Version 1 of my-model is ready."
    assert panel.value == client.models.versions(panel.value.parent_id)[0]
    assert panel.df["sha"].tolist() == [panel.value.sha]
    assert panel.table.frame["version"].to_list() == [1]
    assert shown_buttons(panel) == ["Upload", "Start over"]
    assert not is_shown(panel._progress)


def test_while_it_runs_fields_are_off_and_cancel_takes_the_place(panel, file, monkeypatch):
    seen = []

    def send(form, client, *, progress, cancel):
        progress(512, 1024)
        seen.append((shown_buttons(panel), panel.name.disabled, panel._actions.why))
        panel.stop.click()
        seen.append((panel.stop.disabled, panel._actions.why))
        raise ww.errors.Cancelled("x")

    monkeypatch.setattr("wallwidgets.panels.upload_form.UploadForm.send", send)
    panel.file.text.value = file
    ready(panel.state)
    panel.upload.click()
    settle(panel.state)
    assert seen == [
        (["Cancel upload"], True, "Uploading. The fields unlock when it ends."),
        (True, "Cancelling; it ends with the piece that is on its way."),
    ]
    assert panel.progress.shown["percent"] == 50
    assert shown_buttons(panel) == ["Send again", "Discard"]
    assert (panel.name.disabled, panel.name.value, panel.file.value) == (False, "m", file)
    panel.discard.click()
    assert (panel.file.text.value, panel.name.value, panel.status) == ("", "", "Nothing sent yet.")


def test_the_workspace_is_chosen_here_or_elsewhere(client, unique):
    first, second = (client.workspaces.create(unique("choose")) for _ in range(2))
    panel = ww.ModelUploader(client)
    ready(panel.state)
    assert (panel.workspace.label, panel._actions.why) == (
        "Choose a workspace",
        "Upload needs a file.",
    )
    panel.workspace.value = first.id
    assert panel.state.workspace.id == first.id
    panel.state.workspace = second
    assert panel.workspace.value == second.id
    panel.client = None
    assert (panel.workspace.label, panel.status) == ("No workspace yet", "Log in first.")


def test_other_frameworks_show_their_fields(panel):
    fields = (panel._inputs, panel._outputs, panel._requirements)
    panel.framework.value = "xgboost"
    assert all(map(is_shown, fields))
    panel.inputs.value = "a: money"
    assert "“money” is no type" in panel._inputs.error
    panel.framework.value = "tensorflow"
    assert not any(map(is_shown, fields))


def test_a_drop_empties_the_path(panel, file):
    panel.file.text.value = file
    message = {"do": "begin", "id": "1", "name": "big.onnx", "size": 2**40}
    panel.drop._handle_custom_msg(message, [])
    assert (panel.file.text.value, panel.state.path) == ("", "")
    assert "the browser can bring 10 MiB" in panel.drop.said["text"]


def test_running_a_cell_only_reads(client, monkeypatch):
    sent = []
    real = client._transport.send
    monkeypatch.setattr(
        client._transport, "send", lambda out: sent.append(out.endpoint.path) or real(out)
    )
    ready(ww.ModelUploader(client).state)
    assert set(sent) <= {"/v1/api/workspaces/list", "/v1/api/models/list"}


def test_ten_thousand_workspaces_with_long_names_are_a_small_message():
    state = UploadState()
    record = {"created_at": "2026-03-02T12:00:00Z", "created_by": "u"}
    state.workspaces = tuple(
        WorkspaceRecord(id=number, name=f"{number}{HOSTILE}" + "x" * 500, **record)
        for number in range(10_000)
    )
    panel = ww.ModelUploader(state=state)
    size = len(json.dumps(dependency_state([panel.workspace], drop_defaults=False)))
    assert size < 1_000_000
