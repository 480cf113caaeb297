"""Console without a browser: tabs made when opened, one login, one selection."""

from __future__ import annotations

import json
import threading

import pytest
from ipywidgets.embed import dependency_state

import wallwidgets as ww
from tests.panels.conftest import STATE_WAIT_S, settle
from wallwidgets.errors import AuthenticationError
from wallwidgets.instance.demo_models import fraud_model
from wallwidgets.panels.console_state import BROWSE, DEPLOY, DRIFT, LOGIN, UPLOAD, ConsoleState
from wallwidgets.settings import Secret


@pytest.fixture
def make(login):
    """Makes a Console at the address of the instance, where nobody is logged in."""
    made = []

    def console(**options):
        made.append(ww.Console(state=ConsoleState(login(**options))))
        return made[-1]

    yield console
    for each in made:
        each.close()


@pytest.fixture
def console(make, creds):
    """A Console where the tutorial's user is logged in."""
    console = make()
    enter(console, creds["username"], creds["password"])
    assert console.tab == BROWSE
    return console


def enter(console, user, password):
    state = console.state.login
    state.switch_user()
    state.username = user
    assert state.log_in(Secret(password))
    settle(state)


def still(console):
    """Wait until nothing runs in the panels."""
    for panel in console.panels.values():
        for job in panel.state._jobs:
            assert job.wait(STATE_WAIT_S)


def test_begins_with_the_login_and_asks_nobody(make, monkeypatch):
    monkeypatch.setattr("requests.Session.send", None)
    console = make(environ={"WALLAROO_URL": "https://wallaroo.example", "WALLAROO_USER": "ada"})
    assert (list(console.panels), console.tab, console.value) == ([LOGIN], LOGIN, None)
    assert console.panel.url.value == "https://wallaroo.example"
    assert console.tabs.titles == ("Login", "Browse", "Upload", "Deploy", "Drift")
    console.tabs.selected_index = 3
    assert (console.tab, console.status) == (DEPLOY, "Log in first.")
    assert list(console.panels) == [LOGIN, DEPLOY]
    assert console.account.account == {"word": "Not logged in"}
    assert repr(console) == "Console('Deploy', 'Log in first.')"


def test_a_login_opens_browse_and_names_who_it_is(console, creds, instance):
    assert console.tabs.selected_index == 1
    assert list(console.panels) == [LOGIN, BROWSE]
    assert console.panel.client is console.value is console.state.login.value
    account = console.account.account
    assert account["host"] == instance.url.removeprefix("http://")
    assert (account["user"], account["tls"]) == (creds["username"], "no TLS, on this machine")
    assert account["until_ms"] > 0
    still(console)
    assert console.status.endswith("workspaces.") or console.status.endswith("workspace.")
    assert console.code == console.panel.code == "workspaces = client.workspaces.list()"
    assert console.df.equals(console.panel.df)
    assert creds["password"] not in json.dumps(dependency_state([console]))


def test_a_client_that_is_given_is_shown_at_once(instance):
    client = instance.connect()
    console = ww.Console(client)
    assert (console.tab, console.value) == (BROWSE, client)
    console.tab = LOGIN
    console.panel.log_out.click()
    assert (console.tab, console.value, list(console.panels)) == (LOGIN, None, [LOGIN])


def test_the_selection_goes_from_tab_to_tab(console, unique, tmp_path):
    name = unique("shared")
    workspace = console.value.workspaces.create(name)
    (tmp_path / "fraud.onnx").write_bytes(fraud_model(1))
    browser = console.panels[BROWSE]
    browser.workspace = workspace
    console.tab = UPLOAD
    uploader = console.panel
    assert uploader.state.workspace.id == workspace.id == console.workspace.id
    uploader.state.picked = str(tmp_path / "fraud.onnx")
    uploader.state.name = "fraud"
    assert uploader.state.upload()
    settle(uploader.state)
    assert console.model.name == "fraud"

    console.tabs.selected_index = 1
    assert (console.panel, browser.workspace.id) == (browser, workspace.id)
    still(console)
    browser.state.choose(browser.state.listing.items[0].key)
    still(console)
    console.go(DEPLOY)
    still(console)
    deploy = console.panel.state
    assert [part.label for part in deploy.plan.parts] == ["fraud v1"]
    deploy.name = "sharedpipe"
    assert deploy.deploy()
    console.tab = BROWSE
    settle(deploy)
    assert console.pipeline is None
    console.tab = DEPLOY
    assert (console.pipeline.name, console.status) == (
        "sharedpipe",
        "sharedpipe is running: 1 engine, 1 model.",
    )
    deploy.undeploy()
    settle(deploy)

    console.tab = BROWSE
    browser.state.section = "Pipelines"
    still(console)
    assert [item.name for item in browser.state.listing.items] == ["sharedpipe"]
    browser.state.section = "Models"
    browser.state.choose(browser.state.listing.items[0].key)
    console.go(UPLOAD)
    assert uploader.state.name == "fraud"


def test_a_pipeline_that_is_opened_and_another_workspace(console, unique):
    client = console.value
    first, second = (client.workspaces.create(unique("both")) for _ in range(2))
    pipeline = client.pipelines.create(first, "opened")
    browser = console.panels[BROWSE].state
    browser.workspace, browser.section = first, "Pipelines"
    still(console)
    browser.choose(browser.listing.items[0].key)
    console.go(DEPLOY)
    still(console)
    deploy = console.panel.state
    assert (deploy.workspace.id, deploy.pipeline.id) == (first.id, pipeline.id)
    console.tab = DRIFT
    chart = console.panel.state
    assert chart.settle(STATE_WAIT_S)
    assert (chart.pipeline.id, console.status) == (
        pipeline.id,
        "opened has no inference records yet.",
    )
    other = client.pipelines.create(first, "other")
    console.tab = DEPLOY
    still(console)
    console.panel.pipeline = other
    still(console)
    console.tab = DRIFT
    assert chart.settle(STATE_WAIT_S)
    assert chart.pipeline.id == other.id
    console.tab = DEPLOY
    # What is typed here stays as long as nothing else is selected elsewhere.
    deploy.replicas = "3"
    console.tab = UPLOAD
    console.tab = DEPLOY
    assert deploy.replicas == "3"
    console.tab = BROWSE
    browser.workspace = second
    assert console.pipeline is None
    made = client.workspaces.create(unique("late"))
    browser.workspace = made
    console.tab = DEPLOY
    still(console)
    assert (deploy.workspace.id, deploy.pipeline) == (made.id, None)


def test_drift_opens_in_the_selected_workspace(console, unique):
    client = console.value
    for _ in range(2):
        client.pipelines.create(client.workspaces.create(unique("else")), unique("pipe"))
    here, bare = (client.workspaces.create(unique("drifts")) for _ in range(2))
    pipeline = client.pipelines.create(here, unique("pipe"))
    browser = console.panels[BROWSE].state

    def shown(workspace):
        console.tab = BROWSE
        browser.workspace = workspace
        console.tab = DRIFT
        assert console.panel.state.settle(STATE_WAIT_S)
        return console.panel.state.pipeline, console.status

    assert shown(here)[0].id == pipeline.id
    assert shown(bare) == (None, f"{bare.name} has no pipelines yet; deploy one first.")
    assert shown(here)[0].id == pipeline.id
    # One that is chosen there stays, as long as nothing else is selected elsewhere.
    other = next(each for _, each in console.panel.state.pipelines if each.id != pipeline.id)
    console.panel.state.pipeline = other
    assert shown(here)[0].id == other.id


def test_a_busy_uploader_keeps_its_workspace(console, unique):
    client = console.value
    first, second = (client.workspaces.create(unique("busy")) for _ in range(2))
    browser = console.panels[BROWSE]
    browser.workspace = first
    console.tab = UPLOAD
    state, go_on = console.panel.state, threading.Event()
    still(console)
    state.job.start(lambda job: go_on.wait(STATE_WAIT_S))
    console.tab = BROWSE
    browser.workspace = second
    console.tab = UPLOAD
    assert state.workspace.id == first.id
    go_on.set()
    settle(state)
    console.tab = BROWSE
    console.tab = UPLOAD
    assert state.workspace.id == second.id


def test_who_leaves_takes_all_panels_along(console, new_user):
    before = set(threading.enumerate())
    for tab in (UPLOAD, DEPLOY):
        console.tab = tab
    old = dict(console.panels)
    old[UPLOAD].state.name = "typed"
    old[DEPLOY].state.job.start(lambda job: job.cancelled.wait(STATE_WAIT_S))
    still_logged_in = console.value
    other = new_user()
    enter(console, other.email, "correct horse")
    assert console.value is not still_logged_in
    assert console.panels[LOGIN] is old[LOGIN]
    assert set(console.panels) == {LOGIN, BROWSE}
    assert console.panels[BROWSE] is not old[BROWSE]
    settle(old[DEPLOY].state)
    assert all(old[tab].comm is None and old[tab].state.client is None for tab in (UPLOAD, DEPLOY))
    console.tab = UPLOAD
    assert console.panel.state.name == ""
    console.state.login.log_out()
    assert (console.tab, console.status) == (LOGIN, "Logged out; the tokens are forgotten.")
    assert (console.workspace, console.value) == (None, None)
    for thread in set(threading.enumerate()) - before:
        thread.join(STATE_WAIT_S)
        assert not thread.is_alive()


def end_login(console):
    """Let the login end by itself, and wait until the Console says so."""
    ended = threading.Event()
    login = console.state.login
    login.observe(lambda change: change["new"].kind == "error" and ended.set(), "said")
    console.value.close()
    assert ended.wait(STATE_WAIT_S)


def test_after_a_login_that_ended_the_panels_go_on(make, creds, new_user, unique, monkeypatch):
    monkeypatch.setattr("wallwidgets.panels.keeper.renew_in_s", lambda account: 0.05)
    console = make()
    enter(console, creds["username"], creds["password"])
    client = console.value
    workspace = client.workspaces.create(unique("kept"))
    console.panel.workspace = workspace
    console.tab = DEPLOY
    still(console)
    console.panel.state.name = "half-typed"
    panels = dict(console.panels)
    end_login(console)
    assert (console.tab, console.value) == (LOGIN, None)
    assert console.status == "The login has ended; log in again."
    assert console.account.account == {"word": "Not logged in"}
    panels[DEPLOY].state.look_again()
    still(console)
    assert isinstance(panels[DEPLOY].error, AuthenticationError)

    enter(console, creds["username"], creds["password"])
    assert (console.tab, console.value) == (DEPLOY, client)
    assert console.panels == panels
    assert console.workspace.id == workspace.id
    still(console)
    assert (console.panel.state.name, console.panel.error) == ("half-typed", None)
    assert client.workspaces.list() is not None
    assert console.account.account["user"] == creds["username"]

    end_login(console)
    other = new_user()
    enter(console, other.email, "correct horse")
    assert (set(console.panels), console.tab) == ({LOGIN, BROWSE}, BROWSE)
    assert console.value is not client
    assert console.workspace is None


def test_says_in_a_saved_notebook_where_it_was(make):
    assert make()._repr_mimebundle_()["text/plain"] == (
        "Console of wallwidgets: run this cell to see it."
    )
