"""WorkspaceBrowser as widgets, still without a browser: what is shown, hidden and kept out."""

from __future__ import annotations

import json
import threading
import time

import pytest
import responses
from ipywidgets.embed import dependency_state

import wallwidgets as ww
from tests.panels.test_workspace_browser_state import (
    URL,
    WAIT_S,
    answers,
    fake,
    one_workspace,
    settle,
)

__all__ = ["fake"]
CANARY = "canary-61b0aa"


@pytest.fixture
def panel(client, unique):
    workspace = client.workspaces.create(unique("view"))
    made = ww.WorkspaceBrowser(client)
    settle(made.state)
    made.workspace = workspace
    settle(made.state)
    return made


def shown(widget) -> bool:
    return "ww-gone" not in widget._dom_classes


def text(words) -> str:
    return json.dumps(words.content, ensure_ascii=False)


def test_without_a_client_it_says_what_to_do(client):
    panel = ww.WorkspaceBrowser()
    assert panel.status == "Log in first."
    assert "Not logged in" in text(panel._empty)
    assert (panel.new.disabled, shown(panel.again)) == (True, False)
    panel.client = client
    settle(panel.state)
    assert not panel.new.disabled
    assert panel.lists["Workspaces"].table.frame.height == len(panel.df)


def test_selecting_by_row_sets_value_and_the_shared_traits(panel, client, unique):
    name = unique("other")
    client.workspaces.create(name)
    panel.again.click()
    settle(panel.state)
    left = panel.lists["Workspaces"].table
    left.chosen = left.frame["name"].to_list().index(name)
    settle(panel.state)
    assert panel.value.name == panel.workspace.name == name
    assert name in text(panel._head)
    assert panel.sections.labels[2] == "Members 1"
    panel.sections.value = "Members"
    panel.rows.table.chosen = 0
    assert panel.value.user_id == client.account.user_id
    assert panel.df["role"].tolist() == ["owner"]
    assert "you are owner" in text(panel._head)


def test_a_selection_by_another_panel_is_marked_in_the_table(panel, client):
    panel.workspace = None
    assert panel.lists["Workspaces"].table.chosen == -1
    assert "No workspace selected" in text(panel._empty)
    first = panel.state.left.items[0].value
    panel.workspace = first
    settle(panel.state)
    assert panel.lists["Workspaces"].table.row["id"] == first.id
    assert (panel.value, panel.state.count("Members")) == (first, 1)


def test_a_form_takes_the_place_of_the_actions(panel):
    panel.sections.value = "Members"
    settle(panel.state)
    row = panel._below.children[0]
    row.add.click()
    form = panel._below.children[-1]
    assert (form.submit.disabled, form.actions.why) == (True, "Add member needs an e-mail address.")
    form.fields["email"].control.value = "ben"
    assert "is not" in form.fields["email"].error
    form.cancel.click()
    assert panel._below.children == (row,)
    assert row.why == "Select a member first."


def test_details_are_in_no_state(panel, client, unique):
    name, states = unique("secret"), []
    panel.sections.value = "Connections"
    settle(panel.state)
    panel._below.children[0].create.click()
    form = panel._below.children[-1]
    form.fields["name"].control.value, form.fields["type"].control.value = name, "X"
    details = form.fields["details"].control
    details._handle_custom_msg({"text": f'{{"password": "{CANARY}"'}, [])
    assert "no JSON object" in form.fields["details"].error
    assert form.submit.disabled
    details._handle_custom_msg({"text": f'{{"password": "{CANARY}"}}'}, [])
    assert form.fields["details"].help == "password ***"
    states.append(json.dumps(dependency_state([panel])))
    form.submit.click()
    assert not details.filled
    settle(panel.state)
    panel.rows.table.chosen = 0
    states += [json.dumps(dependency_state([panel])), repr(panel), repr(vars(panel))]
    states += [panel.df.to_string(), panel.code, str(panel.value), repr(vars(form))]
    assert client.connections.get(name).details == {"password": CANARY}
    assert all(CANARY not in each for each in states)
    assert "password ***" in text(panel._facts)


def test_a_temporary_password_passes_through_and_stays_nowhere(panel, unique, monkeypatch):
    sent = []
    monkeypatch.setattr(panel.once, "send", sent.append)
    panel.places.value = "Users"
    settle(panel.state)
    panel.new.click()
    form = panel._below.children[-1]
    form.fields["email"].control.value = f"{unique('eve')}@example.com"
    form.submit.click()
    settle(panel.state)
    password = next(each["text"] for each in sent if each["do"] == "show")
    state = json.dumps(dependency_state([panel]))
    assert password not in state + repr(vars(panel)) + repr(vars(panel.state)) + panel.code


def test_deactivating_asks_first_and_spares_oneself(panel, client, new_user):
    user = new_user()
    panel.places.value = "Users"
    settle(panel.state)
    users = panel.lists["Users"].table
    names = users.frame["name"].to_list()
    users.chosen = users.frame["id"].to_list().index(client.account.user_id)
    row = panel._below.children[0]
    assert row.why == "You cannot deactivate yourself."
    users.chosen = names.index(user.email)
    row.deactivate.first.click()
    row.deactivate.keep.click()
    assert panel.value.enabled
    row.deactivate.first.click()
    for _ in range(20):
        row.deactivate.sure.click()
    settle(panel.state)
    assert not panel.value.enabled
    assert (shown(row.activate), shown(row.deactivate)) == (True, False)
    row.activate.click()
    settle(panel.state)


def test_users_are_for_administrators(panel, instance, new_user):
    assert shown(panel.places)
    user = new_user()
    with ww.connect(instance.url, username=user.email, password="correct horse") as other:
        plain = ww.WorkspaceBrowser(other)
        settle(plain.state)
        assert not shown(plain.places)
        assert "No workspaces yet" in text(plain._empty)


def test_another_panel_takes_the_selection_over(client, panel):
    gone = []
    shared = ww.WorkspaceBrowser(state=panel.state, go=gone.append)
    row = shared._below.children[0]
    assert row.why == "Select a model first."
    row.upload.click()
    assert gone == ["Upload"]


def test_a_reader_that_waits_shows_skeletons_and_a_failure_its_words(fake, monkeypatch):
    one_workspace(fake)
    gate, real = threading.Event(), fake.client.workspaces.list
    monkeypatch.setattr(fake.client.workspaces, "list", lambda: (gate.wait(WAIT_S), real())[1])
    panel = ww.WorkspaceBrowser(fake.client)
    assert panel.lists["Workspaces"].table.shown["skeletons"] > 0
    assert (panel.busy, panel.status) == (True, "Reading the workspaces …")
    answers(fake, "models/list", {"msg": "no", "code": 403}, 403)
    gate.set()
    settle(panel.state)
    panel.lists["Workspaces"].table.chosen = 0
    settle(panel.state)
    assert "Models could not be read" in text(panel._empty)
    assert panel.error.status == 403


def test_ten_thousand_workspaces_are_quick_and_small(fake, monkeypatch):
    records = [
        {"id": at, "name": f"workspace-{at:05}", "created_at": "2023-01-01T00:00:00Z",
         "created_by": "u", "models": [at], "pipelines": [at]}
        for at in range(10_000)
    ]  # fmt: skip
    answers(fake, "workspaces/list", {"workspaces": records})
    sent = []
    monkeypatch.setattr(
        "ipykernel.comm.Comm.send", lambda self, data=None, **more: sent.append(json.dumps(data))
    )
    began = time.perf_counter()
    panel = ww.WorkspaceBrowser(fake.client)
    settle(panel.state)
    table = panel.lists["Workspaces"].table
    table.search.value = "09999"
    elapsed_s = time.perf_counter() - began
    assert table.shown["count"] == "1 of 10,000 workspaces"
    assert len(json.dumps(dependency_state([panel]))) < 200_000
    assert all(len(each) < 100_000 for each in sent)
    # Ten times what it takes, so that a busy machine passes.
    assert elapsed_s < 15


def test_an_unreachable_instance_is_said_once():
    client = ww.connect(URL, headers=lambda: {"Authorization": "Bearer opaque"})
    with client, responses.RequestsMock() as service:
        service.add("POST", f"{URL}/v1/api/workspaces/list", status=403, json={"msg": "no"})
        panel = ww.WorkspaceBrowser(client)
        settle(panel.state)
        assert panel.status == "no (403)."
        assert len(service.calls) == 1


def test_names_in_menus_and_questions_hide_nothing(fake):
    record = {"id": "c1", "name": "a\u202eb" + "x" * 1000, "type": "X",
              "created_at": "2023-01-01T00:00:00Z"}  # fmt: skip
    one_workspace(fake)
    panel = ww.WorkspaceBrowser(fake.client)
    settle(panel.state)
    panel.workspace = panel.state.left.items[0].value
    panel.sections.value = "Connections"
    settle(panel.state)
    answers(fake, "connections/list", {"connections": [record]})
    panel._below.children[0].attach.click()
    settle(panel.state)
    label = panel._below.children[-1].fields["connection_id"].control.options[0][0]
    assert label.startswith("a\\u202eb")
    assert len(label) < 400
    panel._below.children[-1].cancel.click()
    panel.again.click()
    settle(panel.state)
    panel.rows.table.chosen = 0
    asked = panel._below.children[0].detach.sure.description
    assert asked.startswith("Detach a\\u202eb")
