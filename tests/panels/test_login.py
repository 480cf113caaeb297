"""Logging in without a kernel: every way, refusal, failure, cancel and retry."""

from __future__ import annotations

import json
import logging
import ssl
import stat
import threading
import traceback
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import requests
import responses
import trustme

import wallwidgets as ww
from tests.api.service import TOKEN, Hang, Reset, Service, token
from tests.conftest import TOKEN_PATH
from tests.panels.conftest import settle
from wallwidgets.api.account import Account
from wallwidgets.errors import AuthenticationError, ServiceBusy, SettingsError
from wallwidgets.panels.keeper import renew_in_s
from wallwidgets.panels.login_state import LoginState
from wallwidgets.panels.login_ways import tls
from wallwidgets.panels.recent import RecentAddresses
from wallwidgets.settings import Identity, Secret, Settings

CANARY = "canary-5c1e0f"


@pytest.fixture
def service():
    """A service whose answers a test decides."""
    running = Service()
    yield running
    running.close()


def by_password(login, creds, **options) -> LoginState:
    state = login(**options)
    state.username = creds["username"]
    state.log_in(Secret(creds["password"]))
    settle(state)
    return state


def runs(code: str, monkeypatch, secret: str = "") -> dict[str, object]:
    """What a code of a panel leaves behind, once it has run."""
    monkeypatch.setattr("getpass.getpass", lambda prompt: secret)
    names: dict[str, object] = {}
    exec(compile(code, "<code>", "exec"), names)
    return names


def test_by_password_and_the_code_does_the_same(login, creds, monkeypatch):
    state = by_password(login, creds)
    assert (state.said.kind, state.error, state.busy) == ("ok", None, False)
    assert creds["username"] in state.said.text
    assert state.value.workspaces.list() is not None
    assert dict(state.facts())["Connection"] == "no TLS, on this machine"
    assert creds["password"] not in state.code
    with runs(state.code, monkeypatch, creds["password"])["client"] as client:
        assert client.account.username == state.account.username


def test_by_client(login, creds, monkeypatch):
    state = login()
    state.way, state.client_id = "Client", creds["confidentialClient"]
    assert state.missing == "Log in needs a client secret."
    state.log_in(Secret(creds["confidentialPassword"]))
    settle(state)
    assert state.account.kind == "service"
    with runs(state.code, monkeypatch, creds["confidentialPassword"])["client"] as client:
        assert client.account.kind == "service"


def test_by_file_from_the_environment(login, instance, monkeypatch):
    path = str(instance.credentials_file)
    state = login(environ={"WALLAROO_SDK_CREDENTIALS": path})
    assert (state.way, state.path, state.missing) == ("File", path, "")
    state.log_in()
    settle(state)
    assert state.said.kind == "ok"
    with runs(state.code, monkeypatch)["client"] as client:
        assert client.account.username == state.account.username


def test_the_password_of_the_environment_is_used_and_never_shown(login, creds, monkeypatch):
    variables = {"WALLAROO_USER": creds["username"], "WALLAROO_PASSWORD": creds["password"]}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    state = login(environ=variables)
    assert (state.uses_environment, state.missing) == (True, "")
    assert creds["password"] not in repr(vars(state))
    state.log_in()
    settle(state)
    assert state.said.kind == "ok"
    with runs(state.code, monkeypatch)["client"] as client:
        assert client.account.username == state.account.username
    state.switch_user()
    state.username = "somebody.else"
    assert state.missing == "Log in needs a password."


def confirm(url: str, link: str, creds: dict[str, str]) -> None:
    """What somebody does in the browser to confirm a code."""
    code = link.rpartition("user_code=")[2]
    form = {"user_code": code, "username": creds["username"], "password": creds["password"]}
    answer = requests.post(link.partition("?")[0], data=form, timeout=60)
    assert answer.status_code == 200, answer.text


def test_by_browser(login, instance, creds, monkeypatch):
    state, shown = login(), threading.Event()
    state.way = "Browser"
    assert state.missing == ""
    state.observe(lambda change: shown.set(), "device")
    state.log_in()
    assert shown.wait(60)
    link, code = state.device
    assert link.startswith(f"{instance.url}/auth/")
    assert code in link
    assert state.busy
    confirm(instance.url, link, creds)
    settle(state)
    assert state.account.username == creds["username"]
    assert state.device is None
    assert "device=lambda" in state.code
    compile(state.code, "<code>", "exec")


def test_by_browser_given_up(login):
    state, shown = login(), threading.Event()
    state.way = "Browser"
    state.observe(lambda change: shown.set(), "device")
    state.log_in()
    assert shown.wait(60)
    state.give_up()
    settle(state)
    assert (state.said.kind, state.said.text) == ("warning", "The login was given up.")
    assert (state.value, state.device) == (None, None)


def test_a_password_given_up_closes_what_it_got(login, service):
    gate = threading.Event()
    service.answers = {TOKEN: Hang(gate)}
    state = login(environ={"WALLAROO_URL": service.url})
    state.username = "ada"
    state.log_in(Secret(CANARY))
    state.give_up()
    assert state.said.text == "Giving up …"
    gate.set()
    settle(state)
    assert state.value is None


def test_a_wrong_password_and_another_try(login, creds, caplog):
    caplog.set_level(logging.DEBUG)
    state = login()
    state.username = creds["username"]
    state.log_in(Secret(CANARY))
    settle(state)
    assert state.said.text == ("Login refused (401). Nothing was stored; type the password again.")
    assert state.refused == {"secret": "The service refused this user and password."}
    assert isinstance(state.error, AuthenticationError)
    places = [repr(state), repr(vars(state)), caplog.text, str(state.said), state.code]
    places.append(
        "".join(
            traceback.TracebackException.from_exception(state.error, capture_locals=True).format()
        )
    )
    assert CANARY not in "".join(places)
    state.has_secret = True
    assert state.refused == {}
    state.log_in(Secret(creds["password"]))
    settle(state)
    assert state.said.kind == "ok"
    assert state.error is None


def test_twenty_clicks_are_one_request(login, service):
    gate = threading.Event()
    service.answers = {TOKEN: Hang(gate)}
    state = login(environ={"WALLAROO_URL": service.url})
    state.username = "ada"
    started = [state.log_in(Secret("p")) for _ in range(20)]
    assert started == [True] + [False] * 19
    state.give_up()
    gate.set()
    settle(state)


def test_an_unreachable_host(login):
    state = login(environ={"WALLAROO_URL": "http://127.0.0.1:9"})
    state.username = "ada"
    state.log_in(Secret(CANARY))
    settle(state)
    assert state.said.text == "127.0.0.1:9 cannot be reached."
    assert state.address_error == "Nobody answers at this address."
    state.url = "http://127.0.0.1:10"
    assert state.address_error == ""


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (requests.exceptions.ConnectTimeout("slow"), "did not answer in time"),
        (requests.exceptions.ConnectionError("refused"), "cannot be reached"),
    ],
)
@responses.activate
def test_faults_have_their_own_sentences(login, fault, words):
    url = "https://wallaroo.example"
    responses.post(url + TOKEN_PATH, body=fault)
    state = login(environ={"WALLAROO_URL": url})
    state.username = "ada"
    state.log_in(Secret(CANARY))
    settle(state)
    assert words in state.said.text
    assert "wallaroo.example" in state.said.text
    assert CANARY not in state.said.text + state.said.details


def test_a_bad_certificate_and_its_authority(login, tmp_path):
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    secure = Service(lambda listener: context.wrap_socket(listener, server_side=True))
    secure.answers = {TOKEN: token()}
    state = login(environ={"WALLAROO_URL": secure.url})
    state.username = "ada"
    state.log_in(Secret(CANARY))
    settle(state)
    assert "is not trusted; no secret was sent." in state.said.text
    assert (state.wants_ca, list(state.refused)) == (True, ["ca"])
    assert secure.received == []
    state.ca = str(tmp_path / "ca.pem")
    authority.cert_pem.write_to_path(state.ca)
    state.log_in(Secret(CANARY))
    settle(state)
    assert dict(state.facts())["Connection"] == f"TLS checked with {state.ca}"
    state.log_out()
    secure.close()


@pytest.mark.parametrize("status", [200, 404])
@responses.activate
def test_something_else_answers(login, status):
    url, auth_url = "https://wallaroo.example", "https://keycloak.example"
    for each in (url, auth_url):
        responses.post(each + TOKEN_PATH, "<html>", status=status, content_type="text/html")
    state = login(environ={"WALLAROO_URL": url})
    state.username = "ada"
    state.log_in(Secret(CANARY))
    settle(state)
    assert state.said.text == "wallaroo.example answers, but not as a Wallaroo instance does."
    # An older cluster may answer so: its login has an address of its own.
    assert (state.wants_auth, list(state.refused)) == (True, ["url", "auth_url"])
    state.auth_url = auth_url
    state.log_in(Secret(CANARY))
    settle(state)
    assert state.said.text == "keycloak.example answers, but not as a login service does."
    assert state.auth_error == "This is not the address of a login service."
    assert state.address_error == ""


def test_a_login_service_with_an_address_of_its_own(login, service, recent, monkeypatch):
    cluster, service.answers = Service(), {TOKEN: token()}
    state = login(environ={"WALLAROO_URL": cluster.url})
    state.username, state.has_secret = "ada", True
    state.auth_url = "keycloak.example"
    assert "login address needs a scheme" in state.auth_error
    assert state.missing == "Log in needs a login address that can be used."
    state.auth_url = f" {service.url}"
    state.log_in(Secret(CANARY))
    settle(state)
    assert dict(state.facts())["Login address"] == service.url
    assert cluster.received == []
    with runs(state.code, monkeypatch, CANARY)["client"] as client:
        assert client.settings.auth_url == service.url
    state.log_out()
    cluster.close()

    # It is remembered with its address, and goes with it.
    later = LoginState(environ={}, recent=recent)
    assert (later.url, later.auth_url) == (cluster.url, service.url)
    later.url = "https://else.example"
    assert later.auth_url == ""
    later.url = f"{cluster.url}/"
    assert later.auth_url == service.url
    later.auth_url = "https://typed.example"
    later.url = "https://else.example"
    assert later.auth_url == "https://typed.example"


def test_the_login_address_of_the_environment(login, service, monkeypatch):
    variables = {
        "WALLAROO_URL": service.url,
        "WALLAROO_AUTH_URL": "https://keycloak.example",
        "WALLAROO_CLIENT_ID": "hub",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    state = login(environ=variables)
    assert (state.auth_url, state.client_id) == ("https://keycloak.example", "hub")
    # Emptied, it is the address above, whatever the environment says.
    service.answers = {TOKEN: token()}
    state.auth_url, state.username = "", "ada"
    state.log_in(Secret(CANARY))
    settle(state)
    assert state.said.kind == "ok"
    assert service.to(TOKEN)[0].form["client_id"] == "hub"
    with runs(state.code, monkeypatch, CANARY)["client"] as client:
        assert client.settings.auth_url == service.url


def test_a_broken_connection_is_a_sentence(login, service):
    service.answers = {TOKEN: Reset()}
    state = login(environ={"WALLAROO_URL": service.url})
    state.username = "ada"
    state.log_in(Secret(CANARY))
    settle(state)
    assert state.said.kind == "error"


def test_a_fault_of_ours_is_not_hidden(login, monkeypatch, caplog):
    def broken(*args, **options):
        raise RuntimeError(f"with {CANARY}")

    monkeypatch.setattr("wallwidgets.panels.login_state.connect", broken)
    state = login()
    state.username = "ada"
    state.log_in(Secret("p"))
    settle(state)
    assert state.said.text == "This is a fault of wallwidgets (RuntimeError); the log says more."
    assert CANARY not in state.said.details
    assert "RuntimeError" in caplog.text


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", ""),
        ("https://wallaroo.example", ""),
        ("http://localhost:8080", ""),
        (
            "http://wallaroo.example",
            "http:// would send passwords and tokens readably to wallaroo.example. Write https://.",
        ),
        ("wallaroo.example", "The address needs a scheme and a host."),
        ("https://ada:pw@wallaroo.example", "The address holds a user"),
        ("https://wall aroo", "blanks"),
        ("https://[", "cannot be read"),
    ],
)
def test_addresses_are_checked_as_one_types(login, url, sentence):
    state = login()
    state.url = url
    assert sentence in state.address_error
    assert bool(state.address_error) == bool(sentence)
    state.username, state.has_secret = "ada", True
    assert bool(state.missing) == (not url or bool(sentence))
    if state.missing:
        assert not state.log_in(Secret("p"))


def test_what_is_missing_is_said_in_order(login):
    state = login()
    assert state.missing == "Log in needs a user."
    state.username = "ada"
    assert state.missing == "Log in needs a password."
    state.has_secret = True
    assert state.missing == ""
    state.way = "Client"
    assert state.missing == "Log in needs a client id."
    state.way = "File"
    assert state.missing == "Log in needs a credentials file."


def test_a_certificate_file_that_is_not_there(login):
    state = login(environ={"WALLAROO_URL": "https://wallaroo.example"})
    state.username, state.ca = "ada", "/nowhere/ca.pem"
    state.log_in(Secret("p"))
    settle(state)
    assert isinstance(state.error, SettingsError)
    assert "/nowhere/ca.pem" in state.said.text
    assert "verify='/nowhere/ca.pem'" in state.form.code(typed=True)


def test_logging_out_forgets_and_closes(login, creds):
    state = by_password(login, creds)
    client = state.value
    state.log_out()
    assert (state.value, state.account, state.facts()) == (None, None, [])
    assert state.code == "client.close()"
    with pytest.raises(AuthenticationError):
        client.workspaces.list()


def test_switching_keeps_the_login_until_another_succeeds(login, creds, new_user):
    state, other = by_password(login, creds), new_user()
    first = state.value
    state.switch_user()
    assert (state.switching, state.username, state.value) == (True, "", first)
    state.username = other.email
    state.log_in(Secret("wrong password"))
    settle(state)
    assert (state.value, state.switching) == (first, True)
    state.log_in(Secret("correct horse"))
    settle(state)
    assert state.account.username == other.email
    assert not state.switching
    with pytest.raises(AuthenticationError):
        first.workspaces.list()


def test_switching_to_the_same_user_keeps_the_client(login, creds):
    state = by_password(login, creds)
    client = state.value
    state.switch_user()
    state.username = creds["username"]
    state.log_in(Secret(creds["password"]))
    settle(state)
    assert (state.value, state.switching) == (client, False)
    assert client.workspaces.list() is not None


def test_not_switching_after_all(login, creds):
    state = by_password(login, creds)
    first = state.value
    state.switch_user()
    state.keep_user()
    assert (state.value, state.switching, state.said.kind) == (first, False, "ok")


def test_a_client_that_is_given(login, instance):
    with instance.connect() as client:
        state = login(client=client)
        assert (state.value, state.said.kind) == (client, "ok")


def test_a_local_instance_starts_once_and_stops(login, recent):
    started = []

    def start():
        started.append(ww.LocalInstance().start())
        return started[-1]

    state = login(start_local=start)
    assert state.start_local()
    assert not state.start_local()
    settle(state)
    assert (state.said.kind, state.has_local) == ("ok", True)
    assert state.value.workspaces.list() is not None
    state.log_out()
    state.start_local()
    settle(state)
    assert len(started) == 1
    assert recent.read() == {}
    state.stop_local()
    settle(state)
    assert (state.value, state.has_local) == (None, False)
    assert state.said.text == "The local instance is stopped."
    assert not state.stop_local()


def test_without_the_extra_a_sentence_says_what_to_install(login, monkeypatch):
    monkeypatch.setattr("wallwidgets.panels.local_start.find_spec", lambda name: None)
    state = login()
    assert state.why_no_local == "A local instance needs pip install 'wallwidgets[instance]'."
    assert not state.start_local()


def test_a_local_instance_that_does_not_start(login):
    def fail():
        raise SettingsError("The port 8080 is taken.")

    state = login(start_local=fail)
    state.start_local()
    settle(state)
    assert (state.said.text, state.has_local) == ("The port 8080 is taken.", False)


def test_tokens_are_renewed_ahead(login, creds, monkeypatch):
    renewed = threading.Event()
    waits = iter([0.0])
    monkeypatch.setattr("wallwidgets.panels.keeper.renew_in_s", lambda account: next(waits, 60.0))
    monkeypatch.setattr(ww.Client, "features", lambda client: renewed.set())
    state = by_password(login, creds)
    assert renewed.wait(60)
    assert state.said.kind == "ok"


def test_a_renewal_that_fails_is_tried_again(login, creds, monkeypatch):
    monkeypatch.setattr("wallwidgets.panels.keeper.renew_in_s", lambda account: 0.0)
    monkeypatch.setattr("wallwidgets.panels.keeper.RETRY_S", 0.01)
    ready, outcomes, again = threading.Event(), [ServiceBusy("Not now.")], threading.Event()

    def answer(client):
        assert ready.wait(60)
        if outcomes:
            raise outcomes.pop()
        again.set()
        raise AuthenticationError("The login has ended and cannot be renewed.")

    monkeypatch.setattr(ww.Client, "features", answer)
    state, said = by_password(login, creds), []
    state.observe(lambda change: said.append(change["new"].text), "said")
    ready.set()
    assert again.wait(60)
    assert said[0] == "Not now (503)."


def test_a_login_that_ended_is_said(login, creds, monkeypatch):
    monkeypatch.setattr("wallwidgets.panels.keeper.renew_in_s", lambda account: 0.0)
    ended = threading.Event()

    def refuse(client):
        assert ready.wait(60)
        raise AuthenticationError("The login has ended and cannot be renewed.")

    ready = threading.Event()
    monkeypatch.setattr(ww.Client, "features", refuse)
    state = by_password(login, creds)
    state.observe(lambda change: ended.set(), "said")
    ready.set()
    assert ended.wait(60)
    assert (state.said.text, state.value) == ("The login has ended; log in again.", None)


def test_when_to_renew():
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    until = now + timedelta(minutes=5)
    assert renew_in_s(Account(until=until), now) == 275
    assert renew_in_s(Account(until=now), now) == 5
    assert renew_in_s(Account(), now) == 86_400


@pytest.mark.parametrize(
    ("url", "verify", "words"),
    [
        ("https://w.example", True, "TLS checked"),
        ("https://w.example", "/ca.pem", "TLS checked with /ca.pem"),
        ("https://w.example", False, "TLS not checked"),
        ("http://127.0.0.1:1", True, "no TLS, on this machine"),
        ("http://w.example", True, "no TLS"),
    ],
)
def test_tls_in_words(url, verify, words):
    assert tls(url, verify) == words


def test_recent_addresses_hold_no_secret_and_are_private(login, creds, instance, recent):
    by_password(login, creds)
    assert recent.read() == {instance.url: ""}
    assert stat.S_IMODE(recent.file.stat().st_mode) == 0o600
    assert json.loads(recent.file.read_text()) == [instance.url]
    assert [each.name for each in recent.file.parent.iterdir()] == ["recent.json"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[1, null, [[], 2]]",
        '[["https://w.example"]]',
        '["javascript:alert(1)", "https://u:p@x.example"]',
        "[[[[",
    ],
)
def test_a_damaged_list_of_addresses_is_none(recent, content):
    recent.file.parent.mkdir()
    recent.file.write_text(content)
    assert recent.read() == {}
    for index in range(20):
        recent.remember(f"https://w{index}.example")
    assert next(iter(recent.read())) == "https://w19.example"
    assert len(recent.read()) == 8


def test_a_home_that_cannot_be_written_does_not_matter(tmp_path):
    (tmp_path / "file").write_text("")
    RecentAddresses(tmp_path / "file" / "recent.json").remember("https://w.example")


def test_hostile_names_are_text(login):
    name = "<img src=x onerror=alert(1)>\u202e"
    state = login()
    state.value = SimpleNamespace(
        settings=Settings("https://w.example", "https://w.example", Identity()), close=lambda: None
    )
    state.account = Account(username=name)
    assert dict(state.facts())["User"] == name
    state.username = name
    compile(state.form.code(typed=True), "<code>", "exec")
    assert "\u202e" not in state.form.code(typed=True)
