"""The command line, as a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import trustme

import wallwidgets as ww
from wallwidgets.instance.config import InstanceConfig
from wallwidgets.instance.context import Context
from wallwidgets.instance.demo_data import fill

ROOT = Path(__file__).parents[1]
READY = re.compile(r"wallwidgets instance at (\S+), credentials in (\S+)\n")
TOKEN_PATH = "/auth/realms/master/protocol/openid-connect/token"


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "wallwidgets.cli", *map(str, arguments)]


@contextmanager
def running(*arguments: object, **options: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`wallwidgets instance` on a free port, and its address."""
    process = subprocess.Popen(
        command("instance", "--port", 0, *arguments),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    try:
        line = process.stdout.readline()
        found = READY.fullmatch(line)
        assert found, line + process.stderr.read()
        yield process, found[1]
    finally:
        process.kill()
        process.communicate()


def refused(*arguments: object) -> str:
    """What a command says that ends at once, with 1 and without a traceback."""
    done = subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.stderr


def test_one_ready_line_then_it_answers(tmp_path):
    with running("--data", tmp_path / "data") as (process, url):
        assert requests.get(f"{url}/health", timeout=60).status_code == 200
        with ww.connect(url, credentials=tmp_path / "data" / "creds.json") as client:
            assert client.account.email == "admin@example.com"
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        assert (out, err, process.returncode) == ("", "", 0)


def test_credentials_stay_over_restarts(tmp_path):
    creds = []
    for number in (signal.SIGINT, signal.SIGHUP):
        with running("--data", tmp_path) as (process, _url):
            creds.append((tmp_path / "creds.json").read_bytes())
            process.send_signal(number)
            assert process.wait(60) == 0
    assert creds[0] == creds[1]
    keys = ["username", "password", "email", "confidentialClient", "confidentialPassword"]
    assert list(json.loads(creds[0])) == keys


def test_secrets_are_private_under_any_umask(tmp_path):
    with running("--data", tmp_path / "data", umask=0):
        for name in ("creds.json", "signing-key.pem"):
            assert stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_secrets_are_private_from_their_first_byte(tmp_path, monkeypatch):
    opened = {}
    real_open = os.open

    def spy(path, flags, mode=0o777, **options):
        descriptor = real_open(path, flags, mode, **options)
        if flags & os.O_CREAT:
            status = os.fstat(descriptor)
            opened[Path(path).name.split(".")[1]] = (stat.S_IMODE(status.st_mode), status.st_size)
        return descriptor

    monkeypatch.setattr(os, "open", spy)
    old = os.umask(0)
    try:
        Context(InstanceConfig(data=tmp_path, issuer="http://127.0.0.1")).close()
    finally:
        os.umask(old)
    assert opened["creds"] == opened["signing-key"] == (0o600, 0)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_machines_only_with_tls_or_a_proxy(host):
    message = refused("instance", "--host", host)
    assert "--certfile and --keyfile" in message
    assert "--behind-proxy" in message


def test_a_taken_port_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = refused("instance", "--port", port, "--data", tmp_path / "data")
    assert f"port {port}" in message
    assert "--port" in message
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").touch()
    message = refused("instance", "--port", 0, "--data", tmp_path / "file" / "data")
    assert "Not a directory" in message


def test_a_missing_extra_says_what_to_install(tmp_path):
    script = (
        "import sys; sys.modules['uvicorn'] = None\n"
        "from wallwidgets.cli import main; main(['instance', '--port', '0'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "uvicorn" in done.stderr
    assert "pip install 'wallwidgets[instance]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_sigterm_lets_a_request_under_way_finish(tmp_path):
    with running("--data", tmp_path) as (process, url):
        creds = json.loads((tmp_path / "creds.json").read_bytes())
        body = (
            f"grant_type=client_credentials&client_id={creds['confidentialClient']}"
            f"&client_secret={creds['confidentialPassword']}"
        ).encode()
        address = (urlsplit(url).hostname, urlsplit(url).port)
        with socket.create_connection(address, timeout=60) as connection:
            connection.sendall(
                f"POST {TOKEN_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n"
                f"Content-Length: {len(body)}\r\n\r\n".encode()
            )
            # The instance asks for the body: the request is under way.
            assert connection.recv(4096).startswith(b"HTTP/1.1 100")
            process.send_signal(signal.SIGTERM)
            wait_until_refused(address)
            connection.sendall(body)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"access_token" in answer
        assert process.wait(60) == 0


def wait_until_refused(address: tuple[str, int]) -> None:
    """Wait until nobody listens any more, which is how a stop shows from outside."""
    ends_at = time.monotonic() + 60
    while time.monotonic() < ends_at:
        try:
            socket.create_connection(address, timeout=60).close()
        except OSError:
            return
    pytest.fail("still listening after 60 s")


@pytest.fixture
def certificate(tmp_path) -> dict[str, Path]:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    files = {name: tmp_path / f"{name}.pem" for name in ("ca", "cert", "key")}
    authority.cert_pem.write_to_path(files["ca"])
    issued.private_key_pem.write_to_path(files["key"])
    for part in issued.cert_chain_pems:
        part.write_to_path(files["cert"], append=True)
    return files


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_tls(tmp_path, certificate, host):
    tls = ("--certfile", certificate["cert"], "--keyfile", certificate["key"])
    with running("--data", tmp_path / "data", "--host", host, *tls) as (_process, url):
        assert url.startswith("https://")
        creds = tmp_path / "data" / "creds.json"
        with ww.connect(url, credentials=creds, verify=certificate["ca"]) as client:
            assert client.features().name
        with pytest.raises(ww.errors.UntrustedCertificate):
            ww.connect(url, credentials=creds)


def test_a_key_of_another_certificate(tmp_path, certificate):
    other = tmp_path / "other.pem"
    trustme.CA().issue_cert("localhost").private_key_pem.write_to_path(other)
    tls = ("--certfile", certificate["cert"], "--keyfile", other)
    message = refused("instance", "--port", 0, "--data", tmp_path / "data", *tls)
    assert str(other) in message
    assert "--keyfile" in refused("instance", "--certfile", certificate["cert"])


def test_behind_a_proxy_its_name_is_allowed(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ("--behind-proxy", "--allowed-host", "wallaroo.example", "--port", port)
    with running("--data", tmp_path, *options) as (_process, url):
        assert url == "https://wallaroo.example"
        for name, status in (("wallaroo.example", 200), ("evil.example", 421)):
            answer = requests.get(
                f"http://127.0.0.1:{port}/health", headers={"Host": name}, timeout=60
            )
            assert answer.status_code == status


def test_demo_data_is_not_mixed_with_content_of_your_own(tmp_path):
    context = Context(InstanceConfig(data=tmp_path, issuer="http://127.0.0.1"))
    assert fill(context)
    context.close()
    with running("--data", tmp_path, "--demo") as (process, url):
        client = ww.connect(url, credentials=tmp_path / "creds.json")
        assert len(client.workspaces.list()) == 4
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=60)[1] == ""
    other = tmp_path / "other"
    with running("--data", other) as (_process, url):
        ww.connect(url, credentials=other / "creds.json").workspaces.create("mine")
    with running("--data", other, "--demo") as (process, url):
        client = ww.connect(url, credentials=other / "creds.json")
        assert [each.name for each in client.workspaces.list()] == ["mine"]
        process.send_signal(signal.SIGTERM)
        assert "content of its own" in process.communicate(timeout=60)[1]
