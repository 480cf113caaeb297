"""Uploading without a kernel: to a real instance, and every refusal, failure, cancel and retry."""

from __future__ import annotations

import threading

import pytest

import wallwidgets as ww
from tests.api.service import Answer, Reset, ResetBeforeReading, Service
from tests.models import linear_model
from tests.panels.conftest import STATE_WAIT_S, settle
from wallwidgets import errors
from wallwidgets.panels.model_uploader_state import UploadState

API = "/v1/api/"
LIST, VERSIONS, STREAM = (
    f"{API}models/list",
    f"{API}models/list_versions",
    f"{API}models/upload_stream",
)
CONVERT, VERSION = f"{API}models/upload_and_convert", f"{API}models/get_version_by_id"
STAMP = "2026-03-02T12:00:00+00:00"
WORKSPACE = {
    "id": 4, "name": "fraud", "created_at": STAMP, "created_by": "u", "archived": False,
    "models": [], "pipelines": [],
}  # fmt: skip
UPLOADED = {"insert_models": {"returning": [{"models": [{"id": 7}]}]}}


def row(status: str = "ready", sha: str = "aa", **more: object) -> dict[str, object]:
    return {
        "sha": sha, "models_pk_id": 5, "model_version": "v", "owner_id": "", "model_id": "m",
        "id": 7, "file_name": "m.onnx", "image_path": None, "status": status,
    } | more  # fmt: skip


@pytest.fixture
def file(tmp_path) -> str:
    return str(linear_model(tmp_path / "my model.onnx"))


@pytest.fixture
def large(tmp_path) -> str:
    """Larger than what a socket takes on its own."""
    path = tmp_path / "m.onnx"
    path.write_bytes(b"x" * 32 * 2**20)
    return str(path)


@pytest.fixture
def workspace(client, unique):
    return client.workspaces.create(unique("upload"))


@pytest.fixture
def service():
    """A service whose answers a test decides, with one workspace and no models."""
    running = Service()
    running.answers = {
        f"{API}workspaces/list": {"workspaces": [WORKSPACE]},
        LIST: {"models": []},
        VERSIONS: [[row()]],
        STREAM: UPLOADED,
    }
    yield running
    running.close()


@pytest.fixture
def scripted(service):
    """A state at that service, with a file and all the rest filled in."""
    with ww.connect(
        service.url, headers=lambda: {"Authorization": "Bearer of-the-caller"}
    ) as client:

        def make(path: str, **options: object) -> UploadState:
            state = UploadState(client, "fraud", **{"pauses_s": (), **options})
            state.picked, state.name = path, "m"
            ready(state)
            return state

        yield make


def ready(state: UploadState) -> None:
    """Wait until all is read that is read unasked."""
    for each in (state.reading, state.listing, state.looking, state.counting):
        assert each.wait(STATE_WAIT_S)


def test_a_new_model_and_its_next_version(client, workspace, file):
    state = UploadState(client, workspace)
    assert state.missing == "Upload needs a file."
    state.picked = file
    ready(state)
    assert (state.name, state.name_help) == ("my-model", "New: this becomes version 1.")
    assert state.code.startswith("version = client.models.upload(")
    assert state.upload()
    settle(state)
    assert (state.said.kind, state.said.text) == ("ok", "Version 1 of my-model is ready.")
    assert state.value.sha == state.facts.sha256
    ready(state)
    assert (len(state.existing), state.name_help) == (1, "This is version 1.")
    assert (state.missing, state.upload()) == ("This file is sent.", False)

    names = {"client": client}
    exec(compile(state.code, "<code>", "exec"), names)
    assert (names["version"].sha, names["version"].parent_id) == (
        state.value.sha,
        state.value.parent_id,
    )

    state.start_over()
    ready(state)
    assert state.name_help == "Exists: this becomes version 3."
    assert state.upload()
    settle(state)
    assert state.said.text == "Version 3 of my-model is ready."


def test_many_clicks_are_one_upload(client, workspace, file):
    state = UploadState(client, workspace.id)
    state.picked = file
    ready(state)
    clicks = [threading.Thread(target=state.upload) for _ in range(20)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    settle(state)
    assert not state.upload()
    assert len(client.models.versions(state.value.parent_id)) == 1


def test_a_cancel_stores_nothing_and_keeps_the_form(client, workspace, large):
    state = UploadState(client, workspace)
    state.picked = large
    ready(state)
    assert "Not a usable ONNX model" in state.facts.refusal
    state.job.observe(lambda change: change["new"] and state.cancel(), "progress")
    state.upload()
    settle(state)
    assert (state.said.kind, state.said.text) == (
        "warning",
        "Cancelled at 3 %. Nothing was stored.",
    )
    assert (state.broken, state.name, state.picked, state.missing) == (True, "m", large, "")
    assert client.models.list(workspace) == []


def test_a_refused_model_says_why_and_editing_begins_anew(client, workspace, tmp_path):
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"\x08\x08")
    state = UploadState(client, workspace)
    state.picked = str(bad)
    ready(state)
    state.upload()
    settle(state)
    why = "The service refused bad.onnx (400): not a usable ONNX model: graph is missing."
    assert (state.said.text, state.value) == (why, None)
    assert isinstance(state.error, errors.InvalidRequest)
    state.name = "another"
    assert (state.said.text, state.error, state.broken) == ("Nothing sent yet.", None, False)


def test_another_framework_is_refused_by_an_instance_that_cannot_convert(
    client, workspace, tmp_path
):
    path = tmp_path / "m.keras"
    path.write_bytes(b"x")
    state = UploadState(client, workspace)
    state.picked = str(path)
    assert (state.framework, state.missing) == ("keras", "Upload of keras needs an input schema.")
    state.inputs, state.outputs = "a: list[float32, 3]", "b: float32"
    ready(state)
    state.upload()
    settle(state)
    assert "this instance runs ONNX models only" in state.said.text
    with pytest.raises(errors.InvalidRequest, match="ONNX models only"):
        exec(compile(state.code, "<code>", "exec"), {"client": client})


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (413, "The service takes no file of"),
        (507, "The disk of the service is full (507). Nothing was stored; earlier versions stay."),
        (403, "no (403)."),
    ],
)
def test_what_the_service_refuses_can_be_sent_again(service, scripted, file, status, words):
    service.answers[STREAM] = [Answer({"msg": "no", "code": status}, status), UPLOADED]
    state = scripted(file)
    state.upload()
    settle(state)
    assert words in state.said.text
    assert (state.broken, state.name, state.picked, state.busy) == (True, "m", file, False)
    state.upload()
    settle(state)
    assert (state.value.id, state.broken, state.error) == (7, False, None)


def test_a_broken_connection_is_sent_again_unasked(service, scripted, large):
    service.answers[STREAM] = [ResetBeforeReading(), ResetBeforeReading(), UPLOADED]
    state = scripted(large, pauses_s=(0, 0))
    heard = []
    arrived = threading.Event()
    state.observe(lambda change: heard.append(change["new"]), "said")
    state.observe(lambda change: arrived.set(), "value")
    state.upload()
    assert arrived.wait(STATE_WAIT_S)
    broken = [said for said in heard if said.kind == "error"]
    assert [said.step for said in broken] == [-1, -1]
    assert [said.text for said in broken if "broke at" not in said.text] == []


def test_editing_stops_the_countdown(service, scripted, large):
    service.answers[STREAM] = ResetBeforeReading()
    state = scripted(large, pauses_s=(300,))
    state.upload()
    settle(state)
    assert (state.said.seconds, state.missing) == (300, "")
    state.discard()
    assert state.again.wait(STATE_WAIT_S)
    assert (state.said.text, state.picked, state.missing) == (
        "Nothing sent yet.", "", "Upload needs a file.",
    )  # fmt: skip


def test_a_lost_answer_is_looked_up(service, scripted, file):
    service.answers[STREAM] = Reset()
    state = scripted(file)
    state.upload()
    settle(state)
    assert "no version of it was found" in state.said.text
    assert state.broken


def test_a_conversion_is_followed_given_up_and_followed_again(service, scripted, tmp_path):
    path = tmp_path / "m.pt"
    path.write_bytes(b"x")
    going = threading.Event()

    def state_of(request):
        return {"model_version": row("ready" if going.is_set() else "pending_load_container")}

    service.answers |= {
        CONVERT: Answer(UPLOADED, 202),
        VERSIONS: [[row("pending_load_container")]],
        VERSION: state_of,
    }
    state = scripted(str(path))
    state.inputs = state.outputs = "a: float32"
    converting = threading.Event()
    state.observe(
        lambda change: change["new"].text.startswith("Converting") and converting.set(), "said"
    )
    state.upload()
    assert converting.wait(STATE_WAIT_S)
    state.cancel()
    settle(state)
    assert state.said.text == "Version 1 of m is stored; the service goes on converting it."
    assert (state.value.status, state.broken) == ("pending_load_container", False)
    going.set()
    assert state.look_again()
    settle(state)
    assert (state.value.status, state.said.text) == ("ready", "m is ready.")


def test_a_failed_conversion_gives_its_reason(service, scripted, tmp_path):
    path = tmp_path / "m.zip"
    path.write_bytes(b"x")
    failed = row("error") | {"error_summary": "no SavedModel in it"}
    service.answers |= {CONVERT: Answer(UPLOADED, 202), VERSIONS: [[row("pending")]]}
    service.answers[VERSION] = {"model_version": failed}
    state = scripted(str(path))
    state.framework = "tensorflow"
    state.upload()
    settle(state)
    assert "no SavedModel in it" in state.said.text
    assert state.value.status == "error"


def test_another_hash_at_the_service_is_said(service, scripted, file):
    service.answers[VERSIONS] = [[row(sha="bb" * 32)]]
    state = scripted(file)
    state.upload()
    settle(state)
    assert (state.said.kind, "its hash is not that" in state.said.text) == ("warning", True)


def test_a_file_that_goes_away(client, workspace, tmp_path, file):
    state = UploadState(client, workspace)
    state.picked = str(tmp_path / "gone.onnx")
    ready(state)
    assert state.file_error.startswith("gone.onnx cannot be read: no such file")
    assert state.missing == "Upload needs a file that can be read."


def test_the_service_cannot_be_read(service, scripted, file):
    service.answers[LIST] = Answer({"msg": "no", "code": 500}, 500)
    state = scripted(file)
    assert (state.said.kind, state.models) == ("error", None)
    service.answers[LIST] = {"models": []}
    state.start_over()
    ready(state)
    assert (state.said.text, state.name_help) == (
        "Nothing sent yet.",
        "New: this becomes version 1.",
    )


def test_without_a_client_and_with_one_later(client, workspace, file):
    state = UploadState(workspace=workspace.name)
    assert (state.said.text, state.missing) == ("Log in first.", "Log in first.")
    state.picked = file
    ready(state)
    assert state.facts.sha256
    state.client = client
    ready(state)
    assert (state.workspace.id, state.missing) == (workspace.id, "")
    state.client = None
    assert (state.workspace, state.missing, state.picked) == (None, "Log in first.", file)


def test_an_unknown_workspace_and_one_that_was_just_made(client, unique):
    state = UploadState(client, "no-such-workspace")
    ready(state)
    assert "'no-such-workspace'" in state.said.text
    made = client.workspaces.create(unique("made"))
    state.workspace = made
    assert made in state.workspaces


def test_a_workspace_made_while_the_list_is_read_stays_selected(client, made_during_list):
    state = UploadState(client)
    made = made_during_list(lambda made: setattr(state, "workspace", made))
    ready(state)
    assert (state.workspace, state.said.kind) == (made, "off")
    assert made in state.workspaces


def test_a_name_that_exists_may_break_the_rule(client, workspace, file):
    client.models.upload(workspace, "Old Name", file)
    state = UploadState(client, workspace)
    state.picked = file
    ready(state)
    state.name = "Old Name"
    ready(state)
    assert (state.name_error, state.name_help) == ("", "Exists: this becomes version 2.")
    state.name = "Other Name"
    assert state.missing == "Upload needs a valid model name."


def test_a_dropped_file_is_sent_and_a_refused_one_takes_its_place(client, workspace, file):
    state = UploadState(client, workspace)
    state.picked = file
    with open(file, "rb") as opened:
        content = opened.read()
    state.arrival.begin("dropped.onnx", len(content))
    assert (state.picked, state.missing) == ("", "Upload needs a file.")
    state.arrival.add(0, content)
    ready(state)
    assert (state.facts.name, state.name) == ("dropped.onnx", "dropped")
    state.upload()
    settle(state)
    assert state.value.file_name == "dropped.onnx"
    exec(compile(state.code, "<code>", "exec"), {"client": client})
    state.arrival.begin("big.onnx", 2**40)
    assert (state.path, state.facts, state.missing) == ("", None, "Upload needs a file.")
    state.picked = file
    assert (state.arrival.error, state.path) == ("", file)
