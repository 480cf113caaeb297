"""LoginPanel as widgets, still without a browser: what is shown, emptied and kept out of state."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ipywidgets.embed import dependency_state

import wallwidgets as ww
from tests.panels.conftest import settle
from wallwidgets.settings import Secret


@pytest.fixture
def panel(login):
    return ww.LoginPanel(state=login())


def shown(widget) -> bool:
    return "ww-gone" not in widget._dom_classes


def type_secret(panel, text: str) -> None:
    panel.secret._handle_custom_msg({"text": text}, [])


def test_the_journey(panel, creds):
    assert not shown(panel._inside)
    assert panel.log_in.disabled
    panel.username.value = creds["username"]
    assert panel._form_actions.why == "Log in needs a password."
    type_secret(panel, creds["password"])
    assert not panel.log_in.disabled
    panel.log_in.click()
    assert (panel.secret.filled, panel.log_in.disabled) == (False, True)
    settle(panel.state)
    assert isinstance(panel.value, ww.Client)
    assert panel.status.startswith("Logged in at 127.0.0.1")
    assert panel.df["User"].tolist() == [creds["username"]]
    assert (shown(panel._form), shown(panel._inside)) == (False, True)
    panel.log_out.click()
    assert (panel.value, shown(panel._form)) == (None, True)


def test_no_state_ever_holds_the_password(panel, creds):
    canary = creds["password"]
    states = [json.dumps(dependency_state([panel]))]
    panel.username.value = creds["username"]
    type_secret(panel, canary)
    states.append(json.dumps(dependency_state([panel])))
    panel.log_in.click()
    states.append(json.dumps(dependency_state([panel])))
    settle(panel.state)
    states += [json.dumps(dependency_state([panel])), repr(panel), repr(vars(panel))]
    bearer = panel.value._login.headers()["Authorization"].removeprefix("Bearer ")
    for state in states:
        assert canary not in state
        assert bearer not in state


def test_each_way_has_its_fields(panel):
    fields = (panel._username, panel._client_id, panel.file, panel._secret)
    expected = {
        "Password": [True, False, False, True],
        "Client": [False, True, False, True],
        "File": [False, False, True, False],
        "Browser": [False, False, False, False],
    }
    for way, visible in expected.items():
        panel.way.value = way
        assert [shown(each) for each in fields] == visible


def test_a_refusal_stands_at_the_field_and_in_the_status(panel, creds):
    panel.username.value = creds["username"]
    type_secret(panel, "wrong password")
    panel.log_in.click()
    settle(panel.state)
    assert panel._secret.error == "The service refused this user and password."
    assert panel.status_line.said["kind"] == "error"
    assert panel.error is panel.state.error
    type_secret(panel, "w")
    assert panel._secret.error == ""


def test_the_login_address_is_shown_when_wanted(panel):
    assert (shown(panel._auth_url), shown(panel.other_login)) == (False, True)
    panel.other_login.click()
    assert (shown(panel._auth_url), shown(panel.other_login)) == (True, False)
    panel.auth_url.value = "keycloak.example"
    assert panel._auth_url.error.startswith("The login address needs a scheme and a host.")


def test_running_a_cell_asks_nobody(login, monkeypatch):
    monkeypatch.setattr("requests.Session.send", lambda *args, **options: pytest.fail("sent"))
    state = login(environ={"WALLAROO_USER": "ada"})
    ww.LoginPanel(state=state)
    assert not state.busy


def test_many_clicks_are_one_login(panel, creds, monkeypatch):
    calls = []
    real = ww.connect

    def connect(*args, **options):
        calls.append(args)
        return real(*args, **options)

    monkeypatch.setattr("wallwidgets.panels.login_state.connect", connect)
    panel.username.value = creds["username"]
    type_secret(panel, creds["password"])
    for _ in range(20):
        panel._log_in()
    settle(panel.state)
    assert len(calls) == 1


def test_switching_and_back(panel, creds):
    panel.state.username = creds["username"]
    panel.state.log_in(Secret(creds["password"]))
    settle(panel.state)
    panel.switch.click()
    assert (shown(panel._form), shown(panel.keep), shown(panel.local)) == (True, True, False)
    panel.keep.click()
    assert (shown(panel._form), shown(panel._inside)) == (False, True)


def test_importing_the_package_loads_no_widgets():
    code = "import sys, wallwidgets; sys.exit('ipywidgets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
