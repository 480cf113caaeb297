"""Looking around and looking after, without a kernel: readings, refusals, failures, retries."""

from __future__ import annotations

import json
import threading

import pytest
import responses

import wallwidgets as ww
from tests.models import linear_model
from wallwidgets.errors import InvalidRequest, NotFound
from wallwidgets.panels.workspace_browser_state import BrowserState
from wallwidgets.panels.workspace_details import read_details
from wallwidgets.schemas.connections import Details
from wallwidgets.settings import Secret

CANARY = "canary-9d41c7"
URL = "http://127.0.0.1:9"
WAIT_S = 60


def settle(state: BrowserState) -> BrowserState:
    """Wait until it neither acts nor reads."""
    while state.busy:
        assert state.job.wait(WAIT_S)
        assert state.reading.wait(WAIT_S)
    return state


@pytest.fixture
def workspace(client, unique):
    return client.workspaces.create(unique("browse"))


@pytest.fixture
def state(client, workspace):
    made = settle(BrowserState(client))
    made.select_workspace(workspace)
    return settle(made)


@pytest.fixture
def fake():
    """A client whose service says what a test decides."""
    client = ww.connect(URL, headers=lambda: {"Authorization": "Bearer opaque"})
    with responses.RequestsMock(assert_all_requests_are_fired=False) as service:
        service.client = client
        yield service
    client.close()


def answers(service, path: str, body: object, status: int = 200) -> None:
    service.upsert("POST", f"{URL}/v1/api/{path}", json=body, status=status)


def one_workspace(service, **lists: object) -> None:
    """A service with one workspace, empty apart from what a test adds."""
    record = {"id": 4, "name": "fraud", "created_at": "2023-01-01T00:00:00Z", "created_by": "u",
              "models": [], "pipelines": [7]}  # fmt: skip
    answers(service, "workspaces/list", {"workspaces": [record]})
    empty = {"models/list": {"models": []}, "workspaces/list_users": {"users": []},
             "connections/list": {"connections": []}, "assays/list": []}  # fmt: skip
    for path, body in (empty | lists).items():
        answers(service, path, body)


def assay(**changes: object) -> dict[str, object]:
    return {
        "id": 3, "name": "price drift", "active": True, "status": "created", "pipeline_id": 7,
        "pipeline_name": "prices", "warning_threshold": 0.1, "alert_threshold": 0.25,
        "baseline": {"Fixed": {"pipeline": "prices", "start_at": "2022-01-01T00:00:00Z",
                               "end_at": "2022-01-02T00:00:00Z"}},
        "window": {"width": "24 hours"}, "summarizer": {"num_bins": 5},
        "last_run": "2022-02-01T00:00:00Z",
    } | changes  # fmt: skip


def rows(state: BrowserState) -> list[dict[str, object]]:
    return [item.row for item in state.listing.items]


def runs(state: BrowserState, client, **names: object) -> dict[str, object]:
    """What the code of the last action leaves behind, once it has run again."""
    space = {"client": client} | names
    exec(compile(state.code, "<code>", "exec"), space)
    return space


# Reading


def test_without_a_client_it_says_so_and_asks_nobody():
    state = BrowserState()
    assert (state.said.text, state.busy, state.read_again()) == ("Log in first.", False, False)
    assert not state.create_workspace()


def test_a_login_that_comes_later_is_read_and_a_logout_forgets(client, workspace):
    state = BrowserState()
    state.client = client
    settle(state)
    assert state.left.items
    assert "workspace" in state.said.text
    state.select_workspace(state.left.items[0].value)
    settle(state)
    state.client = None
    assert (state.listings, state.workspace, state.value) == ({}, None, None)
    assert state.said.text == "Log in first."


def test_a_workspace_has_its_counts_and_the_code_reads_the_same(state, client, workspace):
    assert state.value == workspace
    counts = {name: state.count(name) for name in ("Models", "Pipelines", "Members")}
    assert counts == {"Models": 0, "Pipelines": 0, "Members": 1}
    assert state.said.text == f"No models in {workspace.name}."
    assert state.my_role == "owner"
    assert runs(state, client)["workspace"] == workspace


def test_models_have_versions_and_configuration(state, client, workspace, tmp_path):
    for inputs in (3, 4):
        path = tmp_path / f"{inputs}.onnx"
        linear_model(path, inputs)
        client.models.upload(workspace, "prices", path)
    state.read_again()
    settle(state)
    row = rows(state)[0]
    assert (row["name"], row["status"], row["versions"]) == ("prices", "ready", 2)
    state.choose(row["id"])
    settle(state)
    facts = dict(state.facts())
    assert facts["Selected"] == "prices, version 2 of 2"
    assert facts["SHA-256"] == state.model.sha == row["sha"]
    assert facts["Runtime"] == "onnx"
    assert runs(state, client)["versions"][-1].id == state.value.id == state.model.id
    first = state.item.versions[0]
    state.choose_version(first.id)
    settle(state)
    assert (state.value, dict(state.facts())["Version id"]) == (first, first.id)
    state.read_again()
    settle(state)
    assert state.model.id == first.id


def test_pipelines_say_whether_they_run(state, client, workspace, tmp_path):
    path = tmp_path / "m.onnx"
    linear_model(path)
    version = client.models.upload(workspace, "prices", path)
    runs_now = client.pipelines.create(workspace, "prices", models=version)
    client.pipelines.create(workspace, "idle", models=version)
    client.pipelines.deploy(runs_now, models=version, wait=True)
    try:
        state.read_again()
        state.section = "Pipelines"
        settle(state)
        assert {row["name"]: row["state"] for row in rows(state)} == {
            "prices": "Running",
            "idle": "Stopped",
        }
        state.choose(runs_now.id)
        assert state.pipeline == state.value
        assert dict(state.facts())["Running version"] == runs_now.version
        assert runs(state, client)["pipeline"].name == "prices"
    finally:
        client.pipelines.undeploy(runs_now)


def test_a_pipeline_that_cannot_tell_its_state_hides_no_other(fake, monkeypatch):
    one_workspace(fake)
    answers(fake, "plateau/get_topic_name", {"topic_name": "workspace-4-pipeline-p-inference"})
    answers(fake, "admin/get_pipeline_external_url", {"msg": "disk", "code": 500}, 500)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    state = settle(BrowserState(fake.client))
    state.section = "Pipelines"
    state.select_workspace(state.left.items[0].value)
    settle(state)
    assert rows(state)[0]["state"] == "Unknown"
    assert dict(state.listing.items[0].facts)["Why"]


def test_an_instance_without_assays_says_so_in_words(state):
    state.section = "Assays"
    settle(state)
    if isinstance(state.listing.error, NotFound):
        assert state.said.text == "This instance keeps no assays."
        assert (state.error, state.count("Assays")) == (None, None)


def test_a_failure_is_said_and_read_again(fake):
    answers(fake, "workspaces/list", {"msg": "no", "code": 403}, 403)
    state = settle(BrowserState(fake.client))
    assert (state.said.kind, state.error.status, state.busy) == ("error", 403, False)
    one_workspace(fake)
    assert state.read_again()
    settle(state)
    assert (state.said.kind, state.error) == ("ok", None)
    assert len(state.left.items) == 1


def test_one_section_that_fails_leaves_the_others(fake):
    one_workspace(fake)
    answers(fake, "connections/list", {"msg": "no", "code": 403}, 403)
    state = settle(BrowserState(fake.client))
    state.select_workspace(state.left.items[0].value)
    settle(state)
    assert (state.said.kind, state.count("Models"), state.count("Connections")) == ("ok", 0, None)
    state.section = "Connections"
    assert (state.said.kind, state.error.status) == ("error", 403)


def test_a_reread_that_fails_keeps_the_rows(fake):
    one_workspace(fake)
    state = settle(BrowserState(fake.client))
    answers(fake, "workspaces/list", {"msg": "no", "code": 403}, 403)
    state.read_again()
    settle(state)
    assert (state.said.kind, len(state.left.items)) == ("error", 1)


def test_what_is_selected_last_is_what_is_shown(client, unique, monkeypatch):
    first, last = (client.workspaces.create(unique("race")) for _ in range(2))
    state = settle(BrowserState(client))
    gate, real, threads = threading.Event(), client.models.list, set()

    def slow(workspace):
        threads.add(threading.active_count())
        gate.wait(WAIT_S)
        return real(workspace)

    monkeypatch.setattr(client.models, "list", slow)
    state.select_workspace(first)
    for _ in range(20):
        state.select_workspace(first)
        state.select_workspace(last)
    gate.set()
    settle(state)
    assert state.key == (last.id, "Models")
    assert state.listing is not None
    assert state.said.text == f"No models in {last.name}."
    assert {key[0] for key in state.listings} == {None, last.id}


def test_a_workspace_that_is_gone_is_left(fake):
    one_workspace(fake)
    state = settle(BrowserState(fake.client))
    state.select_workspace(state.left.items[0].value)
    settle(state)
    answers(fake, "workspaces/list", {"workspaces": []})
    state.read_again()
    settle(state)
    assert (state.workspace, state.value) == (None, None)


# Workspaces


def test_a_workspace_is_made_once_and_selected(client, unique, monkeypatch):
    state, calls = settle(BrowserState(client)), []
    real = client.workspaces.create
    monkeypatch.setattr(
        client.workspaces, "create", lambda name: (calls.append(name), real(name))[1]
    )
    state.open_form("workspace")
    assert state.why_not_yet == "Create workspace needs a name."
    state.name = "House Price"
    assert "has a space" in state.errors["name"]
    assert not state.create_workspace()
    state.name = name = unique("made")
    assert (state.errors, state.why_not_yet) == ({}, "")
    for _ in range(20):
        state.create_workspace()
    settle(state)
    assert (calls, state.workspace.name, state.form) == ([name], name, "")
    assert state.said.text == f"Workspace {name} created."
    assert name in [item.name for item in state.left.items]
    monkeypatch.undo()
    with pytest.raises(InvalidRequest, match="taken"):
        runs(state, client)


def test_a_taken_name_is_refused_at_the_field(fake):
    one_workspace(fake)
    state = settle(BrowserState(fake.client))
    state.open_form("workspace")
    state.name = "fraud"
    assert state.errors == {"name": "“fraud” is taken; names are unique on the instance."}
    assert not state.create_workspace()
    message = "Uniqueness violation of workspace_name_key"
    answers(fake, "workspaces/create", {"msg": message, "code": 400}, 400)
    state.name = "hidden"
    state.create_workspace()
    settle(state)
    # Somebody has it whose workspaces are not listed here.
    assert state.errors == {"name": "“hidden” is taken; names are unique on the instance."}
    assert (state.said.text, state.said.details) == (
        "“hidden” is taken; nothing was created.",
        message,
    )
    assert state.form == "workspace"
    state.name = "hidden-2"
    assert state.errors == {}


# Members


def test_members_come_and_change_and_go(state, client, workspace, new_user):
    ben = new_user().email
    state.section = "Members"
    state.open_form("member")
    state.email = "ben"
    assert (state.add_member(), state.why_not_yet) == (False, "Add member needs an e-mail address.")
    state.email = ben
    assert state.add_member()
    settle(state)
    assert state.said.text == f"{ben} added in {workspace.name}."
    assert {row["name"]: row["role"] for row in rows(state)}[ben] == "collaborator"
    runs(state, client)
    me = client.account.user_id
    state.choose(me)
    assert state.is_last_owner
    state.choose(next(row["id"] for row in rows(state) if row["name"] == ben))
    assert state.set_role("owner")
    settle(state)
    assert state.item.row["role"] == "owner"
    runs(state, client)
    assert state.remove_member()
    settle(state)
    assert (len(rows(state)), state.chosen, state.value) == (1, None, workspace)
    runs(state, client)


def test_the_last_owner_is_refused_by_the_service(state, client):
    state.section = "Members"
    settle(state)
    state.choose(client.account.user_id)
    state.remove_member()
    settle(state)
    assert (state.said.kind, state.error.status) == ("error", 403)
    assert len(rows(state)) == 1


def test_a_collaborator_is_told_who_may(client, workspace, new_user, instance):
    user = new_user()
    client.workspaces.add_user(workspace, user.email)
    with ww.connect(instance.url, username=user.email, password="correct horse") as other:
        state = settle(BrowserState(other))
        assert not state.is_admin
        state.select_workspace(other.workspaces.get(workspace.id))
        settle(state)
        assert state.my_role == "collaborator"
        assert "Only an owner" in state.why_no_member_change


# Connections


def test_connections_are_made_attached_and_detached(state, client, workspace, unique, monkeypatch):
    name = unique("warehouse")
    state.section = "Connections"
    state.open_form("connection")
    state.name, state.type = name, "BIGQUERY"
    details = json.dumps({"host": "db", "password": CANARY})
    assert state.create_connection(Secret(details))
    settle(state)
    assert (state.said.kind, rows(state)[0]["name"]) == ("ok", name)
    assert client.connections.get(name).details["password"] == CANARY
    state.choose(rows(state)[0]["id"])
    assert dict(state.facts())["Details"] == "host ***, password ***"
    seen = repr(vars(state)) + repr(state.trait_values()) + json.dumps(dict(state.facts()))
    assert CANARY not in seen + str(dict(state.value.details))
    state.detach()
    settle(state)
    assert rows(state) == []
    state.open_form("attach")
    settle(state)
    state.connection_id = {text: key for text, key in state.attachable}[name]
    assert state.attach()
    settle(state)
    assert (rows(state)[0]["name"], state.form) == (name, "")
    runs(state, client)
    client.connections.delete(name)
    monkeypatch.setattr("getpass.getpass", lambda prompt: details)
    state.open_form("connection")
    state.name, state.type = name, "BIGQUERY"
    state.create_connection(Secret(details))
    settle(state)
    client.connections.delete(name)
    assert CANARY not in state.code
    assert runs(state, client)["connection"].details["password"] == CANARY


def test_details_that_are_no_object_are_refused_without_repeating_them(state):
    state.open_form("connection")
    state.name, state.type = "a", "b"
    for text in (f"[{CANARY!r}", f'"{CANARY}"', "[" * 100_000):
        assert not state.create_connection(Secret(text))
        assert "are no JSON object" in state.errors["details"]
        assert CANARY not in state.errors["details"]
    assert read_details(None) is None
    assert read_details(Secret('{"a": 1}')) == Details(a=1)


def test_a_service_that_echoes_the_details_is_not_repeated(fake, caplog):
    one_workspace(fake)
    answers(fake, "connections/create", {"msg": f"bad password {CANARY}", "code": 400}, 400)
    state = settle(BrowserState(fake.client))
    state.select_workspace(state.left.items[0].value)
    state.open_form("connection")
    state.name, state.type = "db", "X"
    state.create_connection(Secret(json.dumps({"deep": [{"password": CANARY}]})))
    settle(state)
    assert state.said.kind == "error"
    assert CANARY not in repr(state.said) + repr(state.errors) + str(state.error) + caplog.text


def test_a_connection_that_is_made_but_not_attached_is_told_apart(fake):
    record = {"id": "c1", "name": "db", "type": "X", "created_at": "2023-01-01T00:00:00Z"}
    one_workspace(fake)
    answers(fake, "connections/create", {"id": "c1"})
    answers(fake, "connections/get_by_id", record)
    answers(fake, "connections/add_to_workspace", {"msg": "no", "code": 403}, 403)
    state = settle(BrowserState(fake.client))
    state.select_workspace(state.left.items[0].value)
    state.open_form("connection")
    state.name, state.type = "db", "X"
    state.create_connection()
    settle(state)
    assert state.said.text == "db is created but not attached: no (403)."


# Assays


def test_assays_are_switched(fake):
    one_workspace(fake, **{"assays/list": [assay(), assay(id=9, pipeline_id=8)]})
    state = settle(BrowserState(fake.client))
    state.section = "Assays"
    state.select_workspace(state.left.items[0].value)
    settle(state)
    assert [row["name"] for row in rows(state)] == ["price drift"]
    state.choose(3)
    facts = dict(state.facts())
    assert facts["Thresholds"] == "warning from 0.1, alert from 0.25"
    assert (facts["Last run"], facts["Score"]) == (
        "2022-02-01 00:00:00 UTC",
        "PSI of 5 Quantile bins",
    )
    answers(fake, "assays/set_active", {"id": 3, "active": False})
    answers(fake, "assays/list", [assay(active=False)])
    assert state.switch_assay(False)
    settle(state)
    assert (state.item.row["state"], state.said.text) == ("inactive", "price drift is inactive.")
    runs(state, fake.client)
    sent = [call for call in fake.calls if call.request.url.endswith("set_active")]
    assert len(sent) == 2


# Users


def test_an_invited_password_is_shown_once_and_kept_nowhere(client, unique):
    state, shown = settle(BrowserState(client)), []
    state.show_once = lambda title, secret: shown.append((title, secret.reveal()))
    state.place = "Users"
    state.open_form("user")
    state.email = email = f"{unique('eve')}@example.com"
    assert state.invite()
    settle(state)
    title, password = shown.pop()
    assert title == f"Temporary password of {email}"
    assert password not in repr(vars(state)) + repr(state.job.result) + state.code + str(state.said)
    user = next(item.value for item in state.left.items if item.name == email)
    state.select_user(user)
    assert state.switch_user(False)
    settle(state)
    assert (state.user.enabled, state.value.enabled) == (False, False)
    runs(state, client)
    assert state.switch_user(True)
    settle(state)
    assert state.user.enabled


def test_an_address_that_is_known_is_refused_at_the_field(client, creds):
    state = settle(BrowserState(client))
    state.place = "Users"
    state.open_form("user")
    state.email = creds["email"]
    state.invite()
    settle(state)
    assert state.errors["email"]
    assert (state.form, state.said.kind) == ("user", "error")


def test_a_workspace_made_while_the_list_is_read_stays_selected(client, made_during_list):
    state = BrowserState(client)
    made = made_during_list(state.select_workspace)
    settle(state)
    assert state.workspace.id == made.id
    assert made.id in {item.key for item in state.left.items}
