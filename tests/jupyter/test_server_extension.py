"""The server extension: in a real Jupyter server, and what it leaves alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from jupyter_server.serverapp import ServerApp
from requests.adapters import HTTPAdapter
from tornado.web import Application
from urllib3 import Retry
from websocket import WebSocket, create_connection

import wallwidgets.jupyter as extension
from tests.browser.lab import environment_of, free_ports
from wallwidgets.jupyter.server import Wallwidgets
from wallwidgets.panels.parts.drop import drop_limit_bytes

MIB = 2**20
TOKEN = "for-this-test-only"
SHOWN = ("WALLAROO_URL", "WALLAROO_AUTH_URL", "WALLAROO_CLIENT_ID", "WALLWIDGETS_DROP_LIMIT")


@pytest.fixture
def app(monkeypatch) -> ServerApp:
    """A Jupyter server that does not listen; the environment of this process gets nothing of it."""
    monkeypatch.setattr(os, "environ", {})
    app = ServerApp()
    app.web_app = Application()
    return app


def test_kernels_know_the_admins_defaults_and_large_messages_reach_them(tmp_path):
    defaults = {
        "url": "https://wallaroo.example",
        "auth_url": "https://login.example",
        "client_id": "of-the-admin",
        "upload_limit": 20 * MIB,
    }
    user = {"WALLAROO_CLIENT_ID": "of-the-user"}
    with serving(tmp_path, defaults, **user) as server, server.kernel() as kernel:
        told = kernel.run(f"import os; print([os.environ.get(name) for name in {SHOWN}])")
        url, auth_url, client_id, limit = json.loads(told.replace("'", '"'))
        assert (url, auth_url) == (defaults["url"], defaults["auth_url"])
        # What a user has set already is not overruled.
        assert client_id == "of-the-user"
        assert drop_limit_bytes({"WALLWIDGETS_DROP_LIMIT": limit}) == 20 * MIB
        # Jupyter itself would close the connection above 10 MiB.
        assert kernel.run(f"print(len('{'x' * (20 * MIB)}'))") == f"{20 * MIB}\n"


def test_it_has_no_handlers_and_no_pages(app):
    rules = list(app.web_app.wildcard_router.rules)
    extension._load_jupyter_server_extension(app)
    assert app.web_app.wildcard_router.rules == rules
    assert app.web_app.settings["websocket_max_message_size"] > 100 * MIB
    folder = Path(extension.__file__).parent / "labextension"
    kinds = {each.suffix for each in folder.rglob("*") if each.is_file()}
    assert kinds == {".js", ".json", ".css"}


def test_a_limit_that_an_admin_raised_further_stays(app):
    app.web_app.settings["websocket_max_message_size"] = 500 * MIB
    extension._load_jupyter_server_extension(app)
    assert app.web_app.settings["websocket_max_message_size"] == 500 * MIB


def test_what_belongs_to_one_instance_is_not_told_of_another():
    ours = {"auth_url": "https://login.example", "client_id": "c", "token_env": "TOKEN"}
    other = {"WALLAROO_URL": "https://other.example"}
    told = dict(other)
    Wallwidgets(url="https://wallaroo.example", **ours).tell(told)
    assert told == other | {"WALLWIDGETS_DROP_LIMIT": str(100 * MIB)}
    # Without an address of the admin's own they are for whichever the environment names.
    Wallwidgets(**ours).tell(told)
    assert told["WALLWIDGETS_TOKEN_ENV"] == "TOKEN"


@pytest.mark.parametrize("wrong", [0, -1, "much"])
def test_refuses_a_limit_that_is_none(wrong):
    with pytest.raises(Exception, match="upload_limit"):
        Wallwidgets(upload_limit=wrong)


@dataclass
class Kernel:
    """A kernel behind a websocket, as a browser has it."""

    socket: WebSocket

    def run(self, code: str) -> str:
        """Run code; gives what it prints."""
        header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "version": "5.3"}
        header |= {"username": "", "session": "s", "date": "2026-01-01T00:00:00Z"}
        content = {"code": code, "silent": False, "store_history": False}
        message = {"header": header, "content": content, "channel": "shell"}
        rest = {"parent_header": {}, "metadata": {}, "buffers": []}
        self.socket.send(json.dumps(message | rest))
        printed, waits_for = "", {"execute_reply", "idle"}
        # What is printed and the reply come on channels of their own, in any order.
        while waits_for:
            heard = json.loads(self.socket.recv())
            if heard["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            if heard["msg_type"] == "stream":
                printed += heard["content"]["text"]
            if heard["msg_type"] == "execute_reply":
                assert heard["content"]["status"] == "ok", heard["content"]
            waits_for -= {heard["msg_type"], heard["content"].get("execution_state")}
        return printed


@dataclass(frozen=True)
class Server:
    """A running Jupyter server."""

    url: str
    session: requests.Session

    @contextmanager
    def kernel(self) -> Iterator[Kernel]:
        started = self.session.post(f"{self.url}/api/kernels", timeout=60).json()
        address = f"{self.url.replace('http', 'ws')}/api/kernels/{started['id']}/channels"
        with closing(create_connection(f"{address}?token={TOKEN}", timeout=120)) as socket:
            yield Kernel(socket)


@contextmanager
def serving(folder: Path, defaults: dict[str, object], **variables: str) -> Iterator[Server]:
    """A Jupyter server that an admin has configured, with the extension as it is installed."""
    for name in ("home", "temporary", "etc"):
        (folder / name).mkdir()
    config = folder / "etc" / "jupyter_server_config.json"
    config.write_text(json.dumps({"Wallwidgets": defaults}))
    (port,) = free_ports(1)
    environment = environment_of(folder / "home", folder / "temporary") | variables
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_server", "--allow-root", f"--ServerApp.port={port}"],
        cwd=folder,
        env=environment | {"JUPYTER_CONFIG_PATH": str(folder / "etc"), "JUPYTER_TOKEN": TOKEN},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with requests.Session() as session:
            session.headers["Authorization"] = f"token {TOKEN}"
            session.mount("http://", HTTPAdapter(max_retries=Retry(10, backoff_factor=0.1)))
            url = f"http://127.0.0.1:{port}"
            session.get(f"{url}/api/status", timeout=60).raise_for_status()
            yield Server(url, session)
    finally:
        process.terminate()
        process.wait(60)
