"""Faults on a real socket, and which calls are sent again."""

from __future__ import annotations

import gc
import gzip
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import trustme

import wallwidgets as ww
from tests.api.endpoints import endpoints
from tests.api.service import (
    NO_WORKSPACES,
    TOKEN,
    WORKSPACES,
    Answer,
    Hang,
    RawBytes,
    Reset,
    ResetBeforeReading,
    Service,
)
from wallwidgets import errors
from wallwidgets.api.wire import Repeat, Wire
from wallwidgets.schemas.pipelines import DeploymentRecord, PipelineRecord
from wallwidgets.settings import Identity, Settings

CREATE = "/v1/api/workspaces/create"
BUSY = Answer({"msg": "Service Unavailable: later", "code": 503}, 503)
BUSY_0 = Answer({"msg": "Service Unavailable: later", "code": 503}, 503, {"Retry-After": "0"})
MANY = Answer({"msg": "Too Many Requests: slow", "code": 429}, 429, {"Retry-After": "0"})
GATEWAY = Answer(b"<html>", 502, {"Content-Type": "text/html"})
OLD_ERROR = [{"error_type": "SchemaError", "error": "no tensor"}]
TRUNCATED = RawBytes(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")


def workspace(name="w", created_at=None):
    created_at = created_at or datetime.now(UTC)
    return {"id": 7, "name": name, "created_at": created_at.isoformat(), "created_by": "u"}


def html(status=200, text=b"<html>Please log in"):
    return Answer(text, status, {"Content-Type": "text/html"})


def test_every_endpoint_is_classified():
    found = endpoints()
    assert len(found) >= 45
    assert all(isinstance(endpoint.repeat, Repeat) for endpoint in found.values())
    rooms = {name.partition(".")[0] for name in found}
    assert rooms == {
        "login", "client", "users", "workspaces", "models", "pipelines", "deployments",
        "inference", "assays", "stored_assays", "connections",
    }  # fmt: skip


def test_every_path_in_the_source_is_an_endpoint():
    import re
    from pathlib import Path

    declared = {endpoint.path for endpoint in endpoints().values()}
    folder = Path(ww.__file__).parent / "api"
    for module in folder.glob("*.py"):
        for path in re.findall(r'"(/(?:v1|v2|auth)/[^"]*)"', module.read_text()):
            assert path in declared or path == "/auth/realms/master/protocol/openid-connect"


@pytest.mark.parametrize(
    "fault", [Reset(), ResetBeforeReading(), BUSY, BUSY_0, MANY, GATEWAY, TRUNCATED]
)
def test_a_read_is_sent_again(service, alone, fault):
    service.answers[WORKSPACES] = [fault, fault, NO_WORKSPACES]
    assert alone.workspaces.list() == []


@pytest.mark.parametrize("fault", [Reset(), BUSY_0, GATEWAY])
def test_a_set_is_sent_again(service, alone, fault):
    service.answers["/v1/api/users/activate"] = [fault, {}]
    alone.users.activate("a@x")
    assert len(service.received) == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Reset(), errors.Unreachable),
        (BUSY, errors.ServiceBusy),
        (TRUNCATED, errors.UnexpectedAnswer),
    ],
)
def test_three_attempts_at_most(service, alone, fault, error):
    service.answers[WORKSPACES] = fault
    with pytest.raises(error):
        alone.workspaces.list()
    assert len(service.received) == 3


@pytest.mark.parametrize("fault", [Reset(), GATEWAY, TRUNCATED, Answer(b"", 504)])
def test_a_create_without_answer_is_not_sent_again(service, alone, fault):
    service.answers[CREATE] = fault
    with pytest.raises(errors.OutcomeUnknown, match="not known"):
        alone.workspaces.create("w")
    assert len(service.to(CREATE)) == 1


def test_a_create_without_answer_is_looked_up(service, alone):
    service.answers |= {CREATE: Reset(), WORKSPACES: {"workspaces": [workspace()]}}
    assert alone.workspaces.create("w").id == 7
    assert len(service.to(CREATE)) == 1


def test_what_was_there_before_is_not_taken_for_the_created(service, alone):
    old = workspace(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    service.answers |= {CREATE: Reset(), WORKSPACES: {"workspaces": [old]}}
    with pytest.raises(errors.OutcomeUnknown):
        alone.workspaces.create("w")


@pytest.mark.parametrize("fault", [MANY, BUSY_0])
def test_a_create_that_was_turned_away_is_sent_again(service, alone, fault):
    service.answers |= {
        CREATE: [fault, {"workspace_id": 7}],
        WORKSPACES: {"workspaces": [workspace()]},
    }
    assert alone.workspaces.create("w").id == 7
    assert len(service.to(CREATE)) == 2


def test_an_answered_create_is_final(service, alone):
    service.answers[CREATE] = Answer({"msg": "Internal Server Error: x", "code": 500}, 500)
    with pytest.raises(errors.ServiceError, match=r"^\[500\] Internal Server Error: x"):
        alone.workspaces.create("w")
    assert len(service.to(CREATE)) == 1


@pytest.mark.parametrize("fault", [Reset(), BUSY_0, MANY, GATEWAY, TRUNCATED])
def test_an_inference_is_never_sent_again(service, alone, fault):
    record = DeploymentRecord(id=1, deploy_id="p", pipeline_id=1, workspace_id=1)
    service.answers["/v1/api/pipelines/infer/p-1/p"] = fault
    with pytest.raises(errors.WallwidgetsError):
        alone.pipelines.infer(record, [{"tensor": [1.0]}])
    assert len(service.received) == 1


def test_a_long_retry_after_is_not_waited_for(service, alone):
    service.answers[WORKSPACES] = Answer({"msg": "x"}, 429, {"Retry-After": "31"})
    with pytest.raises(errors.ServiceBusy):
        alone.workspaces.list()
    assert len(service.received) == 1


def test_a_cancel_ends_the_wait(service, alone):
    class Cancel(threading.Event):
        waits = 0

        def wait(self, timeout=None):
            assert timeout == 20
            self.waits += 1
            self.set()
            return True

    cancel = Cancel()
    service.answers["/v1/api/pipelines/get_logs"] = Answer({"msg": "x"}, 503, {"Retry-After": "20"})
    record = PipelineRecord(id=1, name="p", workspace_id=1)
    with pytest.raises(errors.Cancelled):
        alone.pipelines.logs(record, cancel=cancel)
    assert (cancel.waits, len(service.received)) == (1, 1)


def test_a_real_cancel_takes_less_than_half_a_second(service, alone):
    cancel = threading.Event()

    def answer(got):
        threading.Timer(0.05, cancel.set).start()
        return Answer({"msg": "x"}, 503, {"Retry-After": "20"})

    service.answers["/v1/api/pipelines/get_logs"] = answer
    record = PipelineRecord(id=1, name="p", workspace_id=1)
    started = time.monotonic()
    with pytest.raises(errors.Cancelled):
        alone.pipelines.logs(record, cancel=cancel)
    assert time.monotonic() - started < 0.5


def test_a_time_out(service):
    released = threading.Event()
    service.answers[WORKSPACES] = Hang(released)
    with ww.connect(service.url, headers=dict, timeout_s=0.1) as client:
        with pytest.raises(errors.TimedOut, match=r"within 0\.1 s"):
            client.workspaces.list()
        service.answers |= {CREATE: Hang(released), WORKSPACES: NO_WORKSPACES}
        with pytest.raises(errors.OutcomeUnknown):
            client.workspaces.create("w")
    released.set()
    assert len(service.received) == 3


def test_nobody_there():
    gone = Service()
    gone.close()
    with (
        ww.connect(gone.url, headers=dict) as client,
        pytest.raises(errors.Unreachable, match="refuses connections"),
    ):
        client.workspaces.create("w")


def test_an_unknown_host():
    with (
        ww.connect("https://nowhere.invalid", headers=dict) as client,
        pytest.raises(errors.Unreachable, match=r"nowhere\.invalid is unknown"),
    ):
        client.workspaces.list()


@pytest.fixture
def _no_finalizers() -> Iterator[None]:
    """Nobody's garbage is collected at the bottom of a deep recursion, where finalizers fail."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (html(), "text/html: <html>Please log in"),
        (Answer(b""), "an empty body"),
        (Answer(b"", 204), "unexpected shape"),
        (Answer(b"\xff\xfe"), "not JSON"),
        (Answer(b"[" * 200_000), "not JSON"),
        (Answer([]), "unexpected shape"),
        (Answer({"workspaces": [{"id": "x"}]}), r"workspaces\.0\.id"),
        (Answer({"workspaces": None}), "unexpected shape: workspaces"),
        (Answer(b"junk", headers={"Content-Encoding": "gzip"}), "decompressed"),
    ],
)
@pytest.mark.usefixtures("_no_finalizers")
def test_answers_of_another_kind(service, alone, answer, words):
    service.answers[WORKSPACES] = answer
    with pytest.raises(errors.UnexpectedAnswer, match=words) as caught:
        alone.workspaces.list()
    assert caught.value.status == answer.status


def test_an_excerpt_has_200_characters(service, alone):
    service.answers[WORKSPACES] = html(text=b"x" * 10_000)
    with pytest.raises(errors.UnexpectedAnswer) as caught:
        alone.workspaces.list()
    assert caught.value.message.count("x") < 205


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_over_the_cap(service, packed):
    content = b'{"workspaces": [' + b" " * 3_000_000 + b"]}"
    headers = {"Content-Encoding": "gzip"} if packed else {}
    service.answers[WORKSPACES] = Answer(
        gzip.compress(content) if packed else content, headers=headers
    )
    wire = Wire(Settings(service.url, service.url, Identity()), max_answer_bytes=2_000_000)
    client = ww.api.client.Client(wire, ww.api.account.HeaderSource(wire, dict))
    with pytest.raises(errors.UnexpectedAnswer, match="larger than 2000000 bytes"):
        client.workspaces.list()
    wire.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(service, connect, status):
    other = Service()
    other.answers = {TOKEN: NO_WORKSPACES, WORKSPACES: NO_WORKSPACES}
    away = Answer(b"", status, {"Location": f"http://u:p@localhost:{other.port}/x"})
    client = connect()
    service.answers |= {TOKEN: away, WORKSPACES: away}
    with pytest.raises(errors.UnexpectedAnswer, match=f"redirects to localhost:{other.port};"):
        client.workspaces.list()
    with pytest.raises(errors.UnexpectedAnswer, match="redirects to"):
        connect()
    other.close()
    assert not other.received


def test_netrc_and_cookies_do_not_matter(service, alone, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    service.answers[WORKSPACES] = Answer(NO_WORKSPACES, headers={"Set-Cookie": "id=1"})
    alone.workspaces.list()
    alone.workspaces.list()
    for got in service.received:
        assert got.bearer == "of-the-caller"
        assert got.headers["Cookie"] is None
        assert got.headers["User-Agent"] == f"wallwidgets/{ww.__version__}"


def test_a_base_address_with_a_path(service):
    service.answers["/proxy/1" + WORKSPACES] = NO_WORKSPACES
    with ww.connect(service.url + "/proxy/1/", headers=dict) as client:
        assert client.workspaces.list() == []


def test_a_proxy_of_the_environment_is_used(service, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", service.url)
    monkeypatch.setenv("http_proxy", service.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with ww.connect("http://wallaroo.example", headers=dict, allow_http=True) as client:
        client.workspaces.list()
    assert service.to(WORKSPACES)[0].headers["Host"] == "wallaroo.example"


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (
            Answer({"msg": "Bad request: name: x", "code": 400}, 400),
            errors.InvalidRequest,
            "Bad request: name: x",
        ),
        (
            Answer({"code": 404, "error": "Deployment not found", "source": "platform"}, 404),
            errors.NotFound,
            "Deployment not found",
        ),
        (Answer(OLD_ERROR, 400), errors.InvalidRequest, "SchemaError: no tensor"),
        (Answer(OLD_ERROR), errors.InvalidRequest, "SchemaError: no tensor"),
        (Answer({"msg": "Forbidden: no", "code": 403}), errors.PermissionDenied, "Forbidden: no"),
        (
            Answer({"error": "invalid_token", "error_description": "Gone"}, 403),
            errors.PermissionDenied,
            "Gone (invalid_token)",
        ),
        (Answer(b"plain words", 409), errors.Conflict, "plain words"),
        (html(500), errors.ServiceError, "Internal Server Error"),
        (Answer(b"", 507), errors.StorageFull, "Insufficient Storage"),
        (Answer(b"", 599), errors.ServiceError, "The request failed"),
        (Answer({"msg": 5}, 418), errors.UnexpectedAnswer, '{"msg": 5}'),
    ],
)  # fmt: skip
def test_bodies_of_errors(service, alone, answer, kind, message):
    service.answers[WORKSPACES] = answer
    with pytest.raises(errors.WallwidgetsError) as caught:
        alone.workspaces.list()
    assert type(caught.value) is kind
    assert caught.value.message == message


@pytest.fixture
def authority(tmp_path):
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    running = Service(lambda listener: context.wrap_socket(listener, server_side=True))
    running.answers[WORKSPACES] = NO_WORKSPACES
    yield running, tmp_path / "ca.pem"
    running.close()


def test_tls_with_a_given_authority(authority, monkeypatch, tmp_path):
    running, ca = authority
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    with ww.connect(running.url, headers=dict, verify=ca) as client:
        assert client.workspaces.list() == []


def test_tls_with_the_authority_of_the_environment(authority, monkeypatch):
    running, ca = authority
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca))
    with ww.connect(running.url, headers=dict) as client:
        assert client.workspaces.list() == []


def test_tls_that_is_not_trusted_says_how_to_trust_it(authority):
    running, _ = authority
    with (
        ww.connect(running.url, headers=dict) as client,
        pytest.raises(errors.UntrustedCertificate) as caught,
    ):
        client.workspaces.create("w")
    assert "verify='/path/to/ca.pem'" in str(caught.value)
    assert "False" not in str(caught.value)


def test_tls_to_a_plain_port(service):
    with (
        ww.connect(service.url.replace("http:", "https:"), headers=dict) as client,
        pytest.raises(errors.Unreachable, match="No TLS connection"),
    ):
        client.workspaces.create("w")


def test_wrong_fields_are_refused_before_anything_is_sent(service, alone):
    for call in (
        lambda: alone.workspaces.create(""),
        lambda: alone.workspaces.create("x" * 20_000),
        lambda: alone.workspaces.create(5),
        lambda: alone.workspaces.users("w"),
        lambda: alone.workspaces.users(True),
        lambda: alone.workspaces.users(-1),
        lambda: alone.models.list(2**64),
        lambda: alone.users.activate(None),
    ):
        with pytest.raises(errors.InvalidRequest):
            call()
    assert not service.received
