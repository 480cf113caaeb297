"""No secret surfaces: not in outputs, verbose tracebacks, logs, reprs, pickles or copies."""

from __future__ import annotations

import base64
import copy
import json
import logging
import pickle
import secrets
import ssl
import sys
from urllib.parse import quote_plus

import pytest
import requests
import trustme
from IPython.core.ultratb import VerboseTB

import wallwidgets as ww
from tests.api.service import (
    TOKEN,
    UNAUTHORIZED,
    WORKSPACES,
    Answer,
    RawBytes,
    Reset,
    ResetBeforeReading,
    Service,
    token,
)
from wallwidgets import errors
from wallwidgets.settings import Secret


@pytest.fixture
def canary():
    return f'canary {secrets.token_hex(8)} <&ü\\"'


def forms(secret):
    """How a text may look once it went through encodings."""
    return [
        secret,
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        base64.b64encode(secret.encode()).decode().rstrip("="),
        secret.split()[1],
    ]


def assert_hidden(text, secret):
    for form in forms(secret):
        assert form not in text


def verbose_traceback(call):
    """What a notebook shows under ``%xmode Verbose``, and the error."""
    try:
        call()
    except BaseException:  # noqa: BLE001
        kind, error, traceback = sys.exc_info()
        # The first frame is this test's own, where the secret is known.
        own = traceback.tb_next.tb_next or traceback.tb_next
        lines = VerboseTB(theme_name="nocolor", include_vars=True).text(kind, error, own)
        return lines, error
    raise AssertionError("it did not fail")


def frames_of(error):
    """All frames that travel with an error and with what it came from."""
    seen = []
    while error is not None:
        traceback = error.__traceback__
        while traceback is not None:
            seen.append(traceback.tb_frame)
            traceback = traceback.tb_next
        error = error.__cause__ or error.__context__
    return seen


def assert_clean_frames(error, secret):
    for frame in frames_of(error):
        if (
            "/wallwidgets/" in frame.f_code.co_filename
            or "site-packages" in frame.f_code.co_filename
        ):
            for value in frame.f_locals.values():
                assert_hidden(repr(value), secret)


def test_the_detectors_see_a_secret(canary):
    def call():
        requests.post("http://127.0.0.1:9/", data={"password": canary}, timeout=1)

    text, error = verbose_traceback(call)
    for check in (lambda: assert_hidden(text, canary), lambda: assert_clean_frames(error, canary)):
        with pytest.raises(AssertionError):
            check()


def echo(got):
    return Answer(b"<html>you sent " + got.body + b"</html>", 500, {"Content-Type": "text/html"})


def echo_json(got):
    words = f"wrong: {got.form} {got.headers['Authorization']}"
    return Answer({"error": "invalid_grant", "error_description": words}, 400)


def echo_as_success(got):
    return Answer(got.body + str(got.headers).encode(), headers={"Content-Type": "text/plain"})


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"error": "invalid_grant"}, 401),
        echo,
        echo_json,
        echo_as_success,
        Reset(),
        ResetBeforeReading(),
        RawBytes(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
        RawBytes(b"\x00\x01garbage\r\n\r\n"),
        Answer(b"", 307, {"Location": "https://evil.example/"}),
        lambda got: token(expires_in=got.form["password"]),
    ],
)
@pytest.mark.parametrize("confidential", [False, True])
def test_a_failed_login_shows_no_secret(service, canary, caplog, capfd, answer, confidential):
    caplog.set_level(logging.DEBUG)
    service.answers[TOKEN] = answer
    options = {"client_id": "api", "client_secret": canary} if confidential else {}

    def call():
        ww.connect(service.url, username="ada", password=canary, **options)

    text, error = verbose_traceback(call)
    assert isinstance(error, errors.WallwidgetsError)
    assert error.__context__ is None
    assert error.__cause__ is None
    assert_clean_frames(error, canary)
    for shown in (
        text,
        str(error),
        repr(error),
        caplog.text,
        repr(vars(error)),
        *capfd.readouterr(),
    ):
        assert_hidden(shown, canary)


def test_a_server_that_is_down_shows_no_secret(canary, caplog):
    caplog.set_level(logging.DEBUG)
    down = Service()
    down.close()
    text, error = verbose_traceback(lambda: ww.connect(down.url, username="a", password=canary))
    assert type(error) is errors.Unreachable
    assert_clean_frames(error, canary)
    assert_hidden(text + caplog.text, canary)


def test_a_tls_error_shows_no_secret(canary, caplog):
    caplog.set_level(logging.DEBUG)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    untrusted = Service(lambda listener: context.wrap_socket(listener, server_side=True))
    text, error = verbose_traceback(
        lambda: ww.connect(untrusted.url, username="a", password=canary)
    )
    untrusted.close()
    assert type(error) is errors.UntrustedCertificate
    assert_clean_frames(error, canary)
    assert_hidden(text + caplog.text, canary)


def test_wrong_settings_show_no_secret(canary, monkeypatch, tmp_path):
    broken = tmp_path / "creds.json"
    broken.write_text(json.dumps({"username": "", "password": canary}))
    monkeypatch.setenv("WALLAROO_PASSWORD", canary)
    for options in (
        {"url": "ftp://x", "username": "a", "password": canary},
        {"url": "https://x", "username": "a", "password": canary, "timeout_s": -1},
        {"url": "https://x", "username": "a", "password": canary, "verify": "/no/such/file"},
        {"url": "https://x", "password": canary},
        {"url": "https://x", "username": "a", "client_secret": canary, "password": canary},
        {
            "url": "https://x",
            "username": "a",
            "password": canary,
            "refresh_token": canary,
            "headers": dict,
        },
        {"url": "https://x", "credentials": broken},
        {"url": "https://x"},
    ):
        text, error = verbose_traceback(lambda options=options: ww.connect(**options))
        assert isinstance(error, errors.SettingsError)
        assert_clean_frames(error, canary)
        assert_hidden(text, canary)


@pytest.mark.parametrize("answer", [UNAUTHORIZED, Answer({"msg": "x"}, 500), Reset(), Answer(b"x")])
def test_a_failed_call_shows_no_token(service, connect, caplog, answer):
    caplog.set_level(logging.DEBUG)
    bearer, refresh = secrets.token_hex(16), secrets.token_hex(16)
    service.answers[TOKEN] = token(bearer, refresh)
    client = connect()
    service.answers[WORKSPACES] = answer
    text, error = verbose_traceback(lambda: client.workspaces.create("w"))
    text2, error2 = verbose_traceback(client.workspaces.list)
    for secret in (bearer, refresh, "secret-of-ada"):
        assert secret not in text + text2 + caplog.text + str(error) + str(error2)
        for frame in frames_of(error) + frames_of(error2):
            if "site-packages" in frame.f_code.co_filename or "/api/" in frame.f_code.co_filename:
                assert secret not in repr(frame.f_locals)


def test_the_echo_of_a_token_is_redacted(service, connect):
    bearer = secrets.token_hex(16)
    service.answers[TOKEN] = token(bearer)
    service.answers[WORKSPACES] = lambda got: Answer(
        {"msg": f"Bad: {got.bearer}", "code": 400}, 400
    )
    with pytest.raises(errors.InvalidRequest) as caught:
        connect().workspaces.list()
    assert caught.value.message == "Bad: ***"


def test_the_echo_of_given_headers_is_redacted(service, alone):
    bearer = secrets.token_hex(16)
    service.answers[WORKSPACES] = lambda got: Answer(
        {"msg": f"Bad: {got.bearer}", "code": 400}, 400
    )
    own = {"Authorization": f"Bearer {bearer}"}
    with (
        ww.connect(service.url, headers=lambda: own) as client,
        pytest.raises(errors.InvalidRequest, match=r"Bad: \*\*\*"),
    ):
        client.workspaces.list()


def test_a_servers_text_is_short(service, alone):
    service.answers[WORKSPACES] = Answer({"msg": "word\n\x1b[31m\u202e" * 1000, "code": 400}, 400)
    with pytest.raises(errors.InvalidRequest) as caught:
        alone.workspaces.list()
    assert len(caught.value.message) == 200
    assert caught.value.message.isprintable()


def test_an_invited_users_password_is_hidden(service, alone, canary):
    service.answers["/v1/api/users/invite"] = Reset()
    service.answers["/v1/api/users/query"] = {"users": {}}
    text, error = verbose_traceback(lambda: alone.users.invite("b@x", canary))
    assert type(error) is errors.OutcomeUnknown
    assert_clean_frames(error, canary)
    assert_hidden(text, canary)
    assert json.loads(service.received[0].body) == {"email": "b@x", "password": canary}


def test_connection_details_are_hidden(service, alone, canary):
    service.answers["/v1/api/connections/create"] = Answer({"msg": "taken", "code": 409}, 409)
    text, error = verbose_traceback(
        lambda: alone.connections.create("c", "t", {"password": canary})
    )
    assert type(error) is errors.Conflict
    assert_hidden(text, canary)
    assert json.loads(service.received[0].body)["details"] == {"password": canary}


def test_a_client_shows_copies_and_pickles_no_secret(service, connect, canary):
    bearer, refresh = secrets.token_hex(16), secrets.token_hex(16)
    service.answers[TOKEN] = token(bearer, refresh)
    client = connect(
        username="ada", password=canary, client_id="api", client_secret=f"of-client-{canary}"
    )
    client.workspaces.list()
    waiting, seen = [client], set()
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or not type(thing).__module__.startswith("wallwidgets"):
            continue
        seen.add(id(thing))
        inside = getattr(thing, "__dict__", {})
        for secret in (canary, bearer, refresh):
            assert secret not in repr(thing) + str(thing) + repr(inside)
        waiting.extend(inside.values())
    assert len(seen) > 10
    for act in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="connect again"):
            act(client)
    with pytest.raises(TypeError):
        pickle.dumps(client.settings)
    assert_hidden(repr(copy.deepcopy(client.settings)), canary)
    assert_hidden(repr(copy.copy(Secret(canary))), canary)


def test_an_interrupt_shows_no_secret(service, canary, monkeypatch):
    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("requests.adapters.HTTPAdapter.send", interrupted)
    text, error = verbose_traceback(
        lambda: ww.connect(service.url, username="ada", password=canary)
    )
    assert type(error) is KeyboardInterrupt
    assert_clean_frames(error, canary)
    assert_hidden(text, canary)
