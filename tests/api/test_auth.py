"""Logging in, renewing, and what a wrong login service may answer."""

from __future__ import annotations

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

import wallwidgets as ww
from tests.api.service import (
    DEVICE,
    NO_WORKSPACES,
    TOKEN,
    UNAUTHORIZED,
    WORKSPACES,
    Answer,
    RawBytes,
    Reset,
    refused,
    token,
)
from wallwidgets import errors
from wallwidgets.schemas.auth import DeviceAnswer


@pytest.fixture
def clock(monkeypatch):
    """The monotonic clock of the token source, to be moved by hand."""
    now = SimpleNamespace(s=1000.0)
    monkeypatch.setattr("wallwidgets.api.auth.time", SimpleNamespace(monotonic=lambda: now.s))
    return now


def jwt(**claims):
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{part}.c2ln"


def only_for(bearer):
    """Answers with workspaces to one bearer, with 401 to others."""
    return lambda got: NO_WORKSPACES if got.bearer == bearer else UNAUTHORIZED


def grants(service):
    return [got.form["grant_type"].rpartition(":")[2] for got in service.to(TOKEN)]


def test_password_through_the_public_client(service, connect):
    connect()
    form = service.to(TOKEN)[0].form
    assert form == {
        "grant_type": "password",
        "username": "ada",
        "password": "secret-of-ada",
        "client_id": "sdk-client",
    }
    assert service.to(TOKEN)[0].headers["Authorization"] is None


def test_password_through_the_confidential_client(service, connect, tmp_path):
    file = tmp_path / "creds.json"
    file.write_text(
        json.dumps(
            {
                "username": "ada",
                "password": "p",
                "email": "ada@x",
                "confidentialClient": "api-client",
                "confidentialPassword": "s",
            }
        )
    )
    connect(credentials=file).workspaces.list()
    got = service.to(TOKEN)[0]
    assert got.headers["Authorization"] == "Basic " + base64.b64encode(b"api-client:s").decode()
    assert got.form == {"grant_type": "password", "username": "ada", "password": "p"}
    assert service.to(WORKSPACES)[0].bearer == "t1"


def test_client_credentials_log_in_again_without_a_refresh_token(service, connect):
    service.answers[TOKEN] = [token("t1", None), token("t2", None)]
    service.answers[WORKSPACES] = only_for("t2")
    connect(client_id="api-client", client_secret="s").workspaces.list()
    assert grants(service) == ["client_credentials"] * 2


def test_refresh_token_continues_a_login(service, connect):
    service.answers[TOKEN] = token("t2", "r2")
    connect(refresh_token="r1").workspaces.list()
    assert service.to(TOKEN)[0].form["refresh_token"] == "r1"
    assert service.to(WORKSPACES)[0].bearer == "t2"


def test_device_code_waits_as_told(service, connect):
    service.answers[DEVICE] = {
        "device_code": "d",
        "user_code": "ABCD",
        "verification_uri_complete": "https://login.example/?code=ABCD",
        "expires_in": 600,
        "interval": 2,
    }
    pending, slower = refused("authorization_pending"), refused("slow_down")
    service.answers[TOKEN] = [pending, slower, pending, token()]
    waits, shown = [], []

    class Cancel(threading.Event):
        def wait(self, timeout=None):
            waits.append(timeout)
            return False

    def device(answer: DeviceAnswer):
        shown.append((answer.user_code, answer.verification_uri_complete))
        return Cancel()

    connect(device=device).workspaces.list()
    assert shown == [("ABCD", "https://login.example/?code=ABCD")]
    assert waits == [2, 2, 7, 7]
    assert grants(service) == ["device_code"] * 4


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refused("authorization_pending"), errors.Cancelled),
        (refused("access_denied"), errors.AuthenticationError),
        (refused("expired_token"), errors.AuthenticationError),
    ],
)
def test_device_code_ends(service, connect, answer, error):
    service.answers[DEVICE] = {
        "device_code": "d",
        "verification_uri_complete": "u",
        "expires_in": 600,
        "interval": 0,
    }
    cancel = threading.Event()

    def answer_and_cancel(got):
        cancel.set()
        return answer

    service.answers[TOKEN] = answer_and_cancel
    with pytest.raises(error):
        connect(device=lambda shown: cancel)
    assert len(service.to(TOKEN)) == 1


def test_headers_are_asked_per_request(service, connect):
    numbers = iter(range(9))
    client = connect(headers=lambda: {"Authorization": f"Bearer t{next(numbers)}"})
    client.workspaces.list()
    client.workspaces.list()
    assert [got.bearer for got in service.to(WORKSPACES)] == ["t0", "t1"]
    assert not service.to(TOKEN)


@pytest.mark.parametrize("given", [None, "Bearer t", {"Authorization": 1}, {"a": "b\nc"}])
def test_headers_of_another_kind_are_refused(connect, given):
    client = connect(headers=lambda: given)
    with pytest.raises(errors.SettingsError, match="headers="):
        client.workspaces.list()


def test_without_an_identity_the_ways_are_listed(service):
    with pytest.raises(errors.SettingsError) as caught:
        ww.connect(service.url)
    for way in ("password=", "credentials=", "client_secret=", "device=", "headers=", "WALLAROO_"):
        assert way in str(caught.value)


def test_two_ways_at_once_are_refused(service):
    with pytest.raises(errors.SettingsError, match="Choose one"):
        ww.connect(service.url, headers=dict, refresh_token="r")


def test_a_wrong_password_is_one_sentence(service, connect):
    service.answers[TOKEN] = refused(status=401, words="Invalid user credentials")
    with pytest.raises(errors.AuthenticationError) as caught:
        connect()
    assert caught.value.message == "The login is refused: Invalid user credentials (invalid_grant)."
    assert len(service.to(TOKEN)) == 1


def test_the_account_is_read_from_the_token(service, connect):
    access = jwt(sub="u1", preferred_username="ada", email="ada@x", exp=2_000_000_000)
    service.answers[TOKEN] = token(access, expires_in=None)
    account = connect().account
    assert (account.kind, account.username, account.email, account.user_id) == (
        "user",
        "ada",
        "ada@x",
        "u1",
    )
    assert account.until.year == 2033


@pytest.mark.parametrize(
    ("claims", "is_admin"),
    [
        ({"realm_access": {"roles": ["admin"]}}, True),
        ({"https://hasura.io/jwt/claims": {"x-hasura-allowed-roles": ["admin_user"]}}, True),
        ({"realm_access": {"roles": ["user"]}}, False),
        (
            {"realm_access": {"roles": "admin"}, "https://hasura.io/jwt/claims": ["admin_user"]},
            False,
        ),
    ],
)
def test_the_token_says_who_is_an_administrator(service, connect, claims, is_admin):
    service.answers[TOKEN] = token(jwt(sub="u1", **claims))
    assert connect().account.is_admin is is_admin


@pytest.mark.parametrize("access", ["opaque", "a.b.c", "a.!!!!.c", jwt(), "a.W10.c", "x" * 9000])
def test_a_token_that_cannot_be_read_works(service, connect, access):
    service.answers[TOKEN] = token(access)
    client = connect()
    client.workspaces.list()
    assert client.account.username is None


def test_32_threads_renew_an_ending_token_once(service, connect, clock):
    service.answers[TOKEN] = [token("t1", expires_in=100), token("t2")]
    client = connect()
    clock.s += 81  # 20 % of the lifetime before its end
    service.answers[WORKSPACES] = only_for("t2")
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda _: client.workspaces.list(), range(64)))
    assert grants(service) == ["password", "refresh_token"]
    assert {got.bearer for got in service.to(WORKSPACES)} == {"t2"}


def test_a_token_is_not_renewed_before_its_time(service, connect, clock):
    service.answers[TOKEN] = token("t1", expires_in=3600)
    client = connect()
    clock.s += 3569
    client.workspaces.list()
    assert grants(service) == ["password"]
    clock.s += 2  # 29 s before its end
    client.workspaces.list()
    assert grants(service) == ["password", "refresh_token"]


def test_32_threads_renew_a_refused_token_once(service, connect):
    service.answers[TOKEN] = [token("t1"), token("t2", "r2")]
    barrier = threading.Barrier(32)

    def answer(got):
        if got.bearer == "t1":
            barrier.wait(20)
            return UNAUTHORIZED
        return NO_WORKSPACES

    service.answers[WORKSPACES] = answer
    client = connect()
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda _: client.workspaces.list(), range(32)))
    assert grants(service) == ["password", "refresh_token"]


def test_a_refused_call_is_repeated_once(service, connect):
    service.answers[WORKSPACES] = UNAUTHORIZED
    client = connect()
    with pytest.raises(errors.AuthenticationError, match="token is expired"):
        client.workspaces.list()
    assert len(service.to(WORKSPACES)) == 2
    assert grants(service) == ["password", "refresh_token"]


def test_a_create_is_repeated_after_a_401(service, connect):
    row = {"id": 7, "name": "w", "created_at": "2026-01-01T00:00:00+00:00", "created_by": "u"}
    service.answers[WORKSPACES] = {"workspaces": [row]}
    service.answers["/v1/api/workspaces/create"] = [UNAUTHORIZED, {"workspace_id": 7}]
    assert connect().workspaces.create("w").id == 7


def test_refused_headers_are_asked_again(service, connect):
    tokens = iter(["old", "new", "new", "new"])
    service.answers[WORKSPACES] = only_for("new")
    client = connect(headers=lambda: {"Authorization": f"Bearer {next(tokens)}"})
    client.workspaces.list()
    assert [got.bearer for got in service.to(WORKSPACES)] == ["old", "new"]


def test_an_ended_login_is_one_error_and_no_loop(service, connect):
    service.answers[TOKEN] = [token("t1"), refused(words="Session not active")]
    client = connect(refresh_token="r0")
    service.answers[WORKSPACES] = UNAUTHORIZED
    for _ in range(3):
        with pytest.raises(errors.AuthenticationError, match="Session not active"):
            client.workspaces.list()
    assert grants(service) == ["refresh_token"] * 2
    assert len(service.to(WORKSPACES)) == 1


def test_an_ended_refresh_token_is_replaced_by_the_password(service, connect):
    service.answers[TOKEN] = [token("t1"), refused(), token("t2")]
    service.answers[WORKSPACES] = only_for("t2")
    connect().workspaces.list()
    assert grants(service) == ["password", "refresh_token", "password"]


def test_a_dead_refresh_token_is_not_sent(service, connect, clock):
    service.answers[TOKEN] = [token("t1", refresh_expires_in=1800), token("t2")]
    client = connect()
    clock.s += 3590
    client.workspaces.list()
    assert grants(service) == ["password", "password"]


def test_a_lost_refresh_is_not_sent_twice(service, connect, clock):
    service.answers[TOKEN] = [token("t1"), Reset(), token("t2")]
    client = connect()
    clock.s += 3590
    client.workspaces.list()
    assert grants(service) == ["password", "refresh_token", "password"]
    assert service.to(WORKSPACES)[0].bearer == "t2"


def test_a_failed_early_renewal_keeps_the_token_that_still_lives(service, connect, clock):
    service.answers[TOKEN] = [token("t1"), Answer({"msg": "x"}, 500)]
    client = connect(refresh_token="r0")
    clock.s += 3575
    client.workspaces.list()
    client.workspaces.list()
    assert [got.bearer for got in service.to(WORKSPACES)] == ["t1", "t1"]
    assert len(service.to(TOKEN)) == 2


@pytest.mark.parametrize("lifetime", [None, 0, -5, "3600", 1e300, 10**400, 0.001])
def test_odd_lifetimes_work(service, connect, lifetime):
    service.answers[TOKEN] = token(expires_in=lifetime)
    client = connect()
    client.workspaces.list()
    assert client.account.until is None or client.account.until.year < 2100


def test_missing_lifetime_works(service, connect):
    service.answers[TOKEN] = Answer({"access_token": "t"})
    connect().workspaces.list()


@pytest.mark.parametrize(
    "answer",
    [
        token(expires_in="soon"),
        token("two words"),
        token("line\nbreak"),
        token(""),
        Answer({}),
        Answer([]),
        Answer(None),
        Answer(b""),
        Answer(b"<html>Log in</html>", headers={"Content-Type": "text/html"}),
        Answer(b"[" * 100_000),
        RawBytes(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"),
    ],
)
def test_an_answer_without_a_usable_token_is_a_typed_error(service, connect, answer):
    service.answers[TOKEN] = answer
    with pytest.raises(errors.UnexpectedAnswer):
        connect()


def test_html_with_200_is_quoted(service, connect):
    service.answers[TOKEN] = Answer(b"<html>Log in</html>", headers={"Content-Type": "text/html"})
    with pytest.raises(errors.UnexpectedAnswer, match="text/html: <html>Log in</html>"):
        connect()


def test_a_closed_client_sends_nothing(service, connect):
    client = connect()
    client.close()
    with pytest.raises(errors.AuthenticationError, match="closed"):
        client.workspaces.list()
    assert not service.to(WORKSPACES)


@pytest.mark.parametrize("by_environment", [False, True])
def test_login_at_another_address(service, connect, monkeypatch, by_environment):
    from tests.api.service import Service

    other = Service()
    other.answers[TOKEN] = token("from-there")
    if by_environment:
        monkeypatch.setenv("WALLAROO_URL", service.url)
        monkeypatch.setenv("WALLAROO_AUTH_URL", other.url)
        monkeypatch.setenv("WALLAROO_CLIENT_ID", "hub")
        connect(refresh_token="r").workspaces.list()
        assert other.to(TOKEN)[0].form["client_id"] == "hub"
    else:
        connect(username="ada", password="p", auth_url=other.url).workspaces.list()
    other.close()
    assert service.to(WORKSPACES)[0].bearer == "from-there"
    assert not service.to(TOKEN)
    assert all(not got.bearer for got in other.received)
