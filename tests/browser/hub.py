"""A JupyterHub of processes on this machine, as an admin sets it up, and its users' JupyterLabs."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests
from playwright.sync_api import Page

from tests.browser.lab import WAIT_MS, environment_of, free_ports, node_command, write_notebook

USERS = ("ada", "bob")
PASSWORD = "for this test only"
BASE = "/hubs/team/"
WAIT_S = WAIT_MS // 1000
POLL_S = 0.1
TOKEN_ENV = "LOGIN_SERVICE_TOKEN"
# The dummy authenticator with a password, as one of a login service that gives tokens.
AUTH_STATE = f"""
from jupyterhub.authenticators.shared import SharedPasswordAuthenticator

tokens = {{tokens!r}}


class LoginService(SharedPasswordAuthenticator):
    async def authenticate(self, handler, data):
        user = await super().authenticate(handler, data)
        token = user and tokens.get(user["name"])
        return user and user | {{{{"auth_state": {{{{"access_token": token}}}}}}}}


def pass_on(spawner, auth_state):
    if auth_state and auth_state["access_token"]:
        spawner.environment["{TOKEN_ENV}"] = auth_state["access_token"]


c.JupyterHub.authenticator_class = LoginService
c.Spawner.auth_state_hook = pass_on
"""
NOTIFICATIONS = "@jupyterlab/apputils-extension/notification.jupyterlab-settings"


def email_of(name: str) -> str:
    """The account of a user of the hub on the instance."""
    return f"{name}@example.com"


@dataclass(frozen=True)
class HubUser:
    """A user of the hub: the name, the home folder, and where the JupyterLab is."""

    name: str
    home: Path
    hub_url: str

    @property
    def url(self) -> str:
        return f"{self.hub_url}user/{self.name}/"

    def write_notebook(self, name: str, *cells: str) -> Path:
        """A notebook of a test's own in the home folder."""
        return write_notebook(self.home / name, *cells)

    def address(self, name: str) -> str:
        """Where the user's JupyterLab shows a notebook, without what was open before."""
        return f"{self.url}lab/tree/{name}?reset"

    def log_in(self, page: Page) -> None:
        """By the hub's form, which starts the user's server and ends in JupyterLab."""
        page.goto(f"{self.hub_url}hub/login")
        page.get_by_label("Username:").fill(self.name)
        page.get_by_label("Password:").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile(re.escape(f"{self.url}lab")), timeout=WAIT_MS)


@dataclass(frozen=True)
class Hub:
    """A running hub: its address, which ends in a slash, and the folder of all that it keeps."""

    url: str
    folder: Path

    def user(self, name: str) -> HubUser:
        return HubUser(name, self.folder / "homes" / name, self.url)


@contextmanager
def running_hub(folder: Path, url: str, tokens: Mapping[str, str]) -> Iterator[Hub]:
    """A hub whose users' servers know an instance; at the end no process and no scrap is left.

    Args:
        folder: For all that it keeps.
        url: Address of the instance.
        tokens: What the login service gave to those users whom it has logged in.
    """
    for name in ("home", "temporary"):
        (folder / name).mkdir()
    for name in USERS:
        # Else JupyterLab would ask, over the notebook, whether to fetch news.
        file = folder / "homes" / name / ".jupyter" / "lab" / "user-settings" / NOTIFICATIONS
        file.parent.mkdir(parents=True)
        file.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    public, internal, api = (f"http://127.0.0.1:{port}" for port in free_ports(3))
    hub = Hub(public + BASE, folder)
    settings = {
        "JupyterHub.bind_url": hub.url,
        "JupyterHub.hub_bind_url": internal,
        "ConfigurableHTTPProxy.api_url": api,
        "ConfigurableHTTPProxy.command": [node_command("configurable-http-proxy")],
        "Authenticator.enable_auth_state": True,
        "SharedPasswordAuthenticator.user_password": PASSWORD,
        "Authenticator.allowed_users": set(USERS),
        # Local processes that need no accounts of the system.
        "JupyterHub.spawner_class": "simple",
        "SimpleLocalProcessSpawner.home_dir_template": str(folder / "homes" / "{username}"),
        "Spawner.cmd": [sys.executable, "-m", "jupyterhub.singleuser"],
        "Spawner.args": ["--allow-root"],
        "Spawner.environment": {
            "TMPDIR": str(folder / "temporary"),
            "JUPYTER_CONFIG_PATH": str(folder / "etc"),
        },
        "Spawner.start_timeout": WAIT_S,
        "Spawner.http_timeout": WAIT_S,
    }
    lines = [f"c.{name} = {value!r}\n" for name, value in settings.items()]
    (folder / "jupyterhub_config.py").write_text(AUTH_STATE.format(tokens=dict(tokens)))
    with (folder / "jupyterhub_config.py").open("a") as config:
        config.writelines(lines)
    (folder / "etc").mkdir()
    defaults = {"Wallwidgets": {"url": url, "token_env": TOKEN_ENV}}
    (folder / "etc" / "jupyter_server_config.json").write_text(json.dumps(defaults))
    with (folder / "hub.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub"],
            cwd=folder,
            env=environment_of(folder / "home", folder / "temporary")
            | {"JUPYTERHUB_CRYPT_KEY": secrets.token_hex(32)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until_it_answers(process, hub)
        yield hub
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(WAIT_S)
        left = end_what_is_left(folder)
        process.wait(WAIT_S)
    assert left == [], (folder / "hub.log").read_text()
    assert list((folder / "temporary").iterdir()) == []


def wait_until_it_answers(process: subprocess.Popen[bytes], hub: Hub) -> None:
    """Until the hub's API answers through the proxy, or its process ends too early."""
    while True:
        with suppress(requests.ConnectionError):
            if requests.get(f"{hub.url}hub/api/", timeout=WAIT_S).ok:
                return
        with suppress(subprocess.TimeoutExpired):
            process.wait(POLL_S)
            raise AssertionError((hub.folder / "hub.log").read_text())


def end_what_is_left(folder: Path) -> list[str]:
    """Kill all processes that go on living in this folder; gives their command lines."""
    here = [
        each
        for each in psutil.process_iter(["environ", "cmdline"])
        if (each.info["environ"] or {}).get("HOME", "").startswith(str(folder))
    ]
    # A kernel ends by itself, a moment after its server.
    _, left = psutil.wait_procs(here, timeout=WAIT_S)
    for each in left:
        each.kill()
    psutil.wait_procs(left, timeout=WAIT_S)
    return [" ".join(each.info["cmdline"]) for each in left]
