"""The panel in JupyterLab's side bar, with a real instance."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import sysconfig
import venv
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import nbformat
import psutil
import pytest
import requests
from playwright.sync_api import Locator, Page, Response, Route, WebSocketRoute, expect

import wallwidgets as ww
from tests.browser.console import (
    COUNTED,
    ICON,
    MODEL,
    open_side_bar,
    press,
    rows,
    says,
    tool,
    walk_and_reload,
)
from tests.browser.lab import ROOT, WAIT_MS, nothing_is_cut_off, running_demo, set_theme
from wallwidgets.instance.demo_models import fraud_model

pytestmark = pytest.mark.browser

NOTE = ".wallwidgets-note"
LONGEST_PAUSE_MS = 64_000
LOGGED_IN = "token renews itself"


def test_from_log_in_to_drift_and_on_after_a_reload(lab, page):
    (lab.notebook.parent / MODEL).write_bytes(fraud_model(1))
    go(page, lab)
    console = open_side_bar(page)
    press(console, "Log in")
    says(console, COUNTED)
    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        nothing_is_cut_off(console)
    walk_and_reload(page, console, "side-bar")

    with page.expect_response(lambda answer: is_saved(answer, "wallwidgets:console")):
        tool(page, "Open the Wallaroo Console in a tab").click()
    expect(page.locator("#wallwidgets-tab .ww-console")).to_be_visible()
    expect(page.locator(f"#wallwidgets-side {NOTE}")).to_contain_text("open in a tab")
    page.reload()
    expect(page.locator("#wallwidgets-tab .ww-console")).to_be_visible()
    expect(console.locator(".ww-account")).to_contain_text(LOGGED_IN)

    tool(page, "Open as notebook").click()
    cells = page.locator(".jp-Notebook .jp-CodeCell .cm-content")
    expect(cells.first).to_contain_text("client = ww.connect(")
    # JupyterLab draws only the cells that are in view.
    made = nbformat.read(lab.notebook.with_name("Untitled.ipynb"), 4)
    code = [each.source for each in made.cells if each.cell_type == "code"]
    steps = (
        "ww.connect(",
        "workspaces.create('side-bar')",
        "models.upload(",
        ".deploy(",
        ".infer(",
    )
    for step, cell in zip((*steps, "ww.charts.scores(results"), code, strict=True):
        assert step in cell


def test_the_kernel_restarts_dies_and_ends(lab, page):
    go(page, lab)
    console = open_side_bar(page)
    note = page.locator(f".wallwidgets-panel {NOTE}")
    log_in(console)
    tool(page, "Shut down Wallaroo's kernel").click()
    tool(page, "Restart Wallaroo's kernel").click()
    expect(note).to_contain_text("Restart the kernel? You are logged out")
    expect(note.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(note).to_be_hidden()
    expect(console.locator(".ww-account")).to_contain_text(LOGGED_IN)
    tool(page, "Restart Wallaroo's kernel").click()
    note.get_by_role("button", name="Restart", exact=True).click()
    expect(console.locator(".ww-account")).to_have_text("Not logged in")
    expect(note).to_be_hidden()

    log_in(console)
    os.kill(kernel_process(lab), signal.SIGKILL)
    expect(note).to_contain_text("The kernel died and was started again.")
    expect(console.locator(".ww-account")).to_have_text("Not logged in")
    note.get_by_role("button", name="Close").click()
    expect(note).to_be_hidden()

    tool(page, "Shut down Wallaroo's kernel").click()
    with page.expect_response(ends):
        note.get_by_role("button", name="Shut down", exact=True).click()
    expect(note).to_contain_text("The kernel has ended.")
    expect(console).to_have_count(0)
    assert sessions(lab) == []
    note.get_by_role("button", name="Start it again").click()
    expect(console).to_be_visible()

    # A server that culls idle kernels does the same.
    (session,) = sessions(lab)
    rest(lab, "delete", f"sessions/{session['id']}").raise_for_status()
    expect(note).to_contain_text("The kernel has ended.")
    note.get_by_role("button", name="Start it again").click()
    expect(console).to_be_visible()

    page.locator(".jp-LauncherCard", has_text="Wallaroo").click()
    title = page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab", has_text="Wallaroo")
    with page.expect_response(ends):
        title.locator(".lm-TabBar-tabCloseIcon").click()
    assert sessions(lab) == []


def test_a_lost_connection_comes_back(lab, page):
    line = Line()
    page.clock.install()
    page.route_web_socket(re.compile("/api/kernels/"), line.take)
    go(page, lab)
    console = open_side_bar(page)
    note = page.locator(f".wallwidgets-panel {NOTE}")
    log_in(console)
    rows(console).filter(has_text="housepricelive").click()
    says(console, "in housepricelive.")
    # What is under way when the line breaks has no answer, ever: its control must not wait for it.
    line.is_dead = True
    rows(console).filter(has_text="ccfraud").click()
    line.cut()
    expect(note).to_contain_text("The connection to the kernel is lost; trying again …")
    line.mend()
    expect(note).to_be_hidden()
    says(console, "in housepricelive.")
    rows(console).filter(has_text="ccfraud").click()
    says(console, "in ccfraud.")

    # JupyterLab gives up after some minutes of ever rarer tries.
    line.cut()
    again = note.get_by_role("button", name="Try again")
    while not again.is_visible():
        page.clock.fast_forward(LONGEST_PAUSE_MS)
    expect(note).to_contain_text("The connection to the kernel is lost.")
    line.mend()
    again.click()
    says(console, "in ccfraud.")
    expect(note).to_be_hidden()


def test_says_what_is_wrong_with_a_kernel(tmp_path, page):
    without = tmp_path / "without"
    venv.create(without, with_pip=False)
    (place,) = without.glob("lib/*/site-packages")
    for each in Path(sysconfig.get_path("purelib")).iterdir():
        if "wallwidgets" not in each.name:
            (place / each.name).symlink_to(each)
    other = "import ipykernel.kernelapp as app, wallwidgets as ww; ww.__version__ = '9.9.9'"
    kernel(tmp_path, "without", [str(without / "bin/python"), "-m", "ipykernel_launcher"])
    kernel(tmp_path, "other", [sys.executable, "-c", f"{other}; app.launch_new_instance()"])
    with running_demo(tmp_path, JUPYTER_PATH=str(tmp_path / "jupyter")) as demo:
        go(page, demo)
        page.locator(ICON).click(timeout=WAIT_MS)
        note = page.locator(f".wallwidgets-panel {NOTE}")
        expect(note).to_contain_text("Choose the kernel that runs the Console")
        note.get_by_role("button", name="Kernel without").click()
        words = "wallwidgets is not installed in the kernel “Kernel without”. Run “pip install"
        expect(note).to_contain_text(words)

        note.get_by_role("button", name="Choose a kernel").click()
        note.get_by_role("button", name="Kernel other").click()
        versions = f"The kernel has wallwidgets 9.9.9, JupyterLab has {ww.__version__}."
        expect(note).to_contain_text(versions)
        expect(page.locator(".wallwidgets-panel .ww-console")).to_be_visible()

        # The choice outlives the kernel.
        tool(page, "Shut down Wallaroo's kernel").click()
        note.get_by_role("button", name="Shut down", exact=True).click()
        note.get_by_role("button", name="Start it again").click()
        expect(note).to_contain_text(versions)


def test_names_what_a_jupyterlab_lacks(lab, page):
    """The seam: what is taken from JupyterLab and ipywidgets by name, at run time."""
    go(page, lab)
    side = page.locator("#wallwidgets-side")
    page.locator(ICON).click(timeout=WAIT_MS)
    expect(side).not_to_contain_text("lacks")
    expect(side.locator(".ww-console")).to_be_visible()

    def rename(route: Route) -> None:
        answer = route.fetch()
        assert "registerWidgetManager" in answer.text()
        body = answer.text().replace("registerWidgetManager", "registerNothing")
        route.fulfill(response=answer, body=body)

    page.route(re.compile(r"/wallwidgets/static/shared\.js"), rename)
    page.reload()
    words = "which lacks registerNothing of @jupyter-widgets/jupyterlab-manager. Update both."
    expect(side).to_contain_text(words)


@dataclass
class Line:
    """The connections of a page to its kernels, which can die and be cut.

    Attributes:
        is_dead: Whether what the page sends gets lost.
        is_cut: Whether no connection can be made.
    """

    is_dead: bool = False
    is_cut: bool = False
    sockets: list[WebSocketRoute] = field(default_factory=list)

    def take(self, socket: WebSocketRoute) -> None:
        if self.is_cut:
            socket.close()
            return
        server = socket.connect_to_server()
        socket.on_message(lambda message: self.is_dead or server.send(message))
        self.sockets.append(socket)

    def cut(self) -> None:
        self.is_cut = True
        for each in self.sockets:
            each.close()
        self.sockets.clear()

    def mend(self) -> None:
        self.is_dead = self.is_cut = False


def kernel(folder: Path, name: str, begin: list[str]) -> None:
    """A kernel of another kind."""
    place = folder / "jupyter/kernels" / name
    place.mkdir(parents=True)
    argv = [*begin, "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": f"Kernel {name}", "language": "python"}
    # The demo makes the repository importable for its kernels, but not for these.
    path = "" if name == "without" else str(ROOT)
    (place / "kernel.json").write_text(json.dumps(spec | {"env": {"PYTHONPATH": path}}))


def go(page: Page, lab) -> None:
    """JupyterLab without what was open before, and without a panel's kernel."""
    for each in sessions(lab):
        rest(lab, "delete", f"sessions/{each['id']}").raise_for_status()
    page.goto(lab.empty)


def is_saved(answer: Response, what: str) -> bool:
    """Whether this is the answer to JupyterLab's saving of a layout with something in it."""
    request = answer.request
    saves = request.method == "PUT" and "/api/workspaces/" in request.url
    return saves and what in (request.post_data or "")


def log_in(console: Locator) -> None:
    press(console, "Log in")
    says(console, COUNTED)


def rest(lab, method: str, path: str) -> requests.Response:
    """Ask the Jupyter server."""
    parts = urlsplit(lab.url)
    headers = {"Authorization": f"token {dict(parse_qsl(parts.query))['token']}"}
    url = f"http://{parts.netloc}/api/{path}"
    return requests.request(method, url, headers=headers, timeout=60)


def sessions(lab) -> list[dict]:
    """The panel's sessions, as the Jupyter server has them."""
    found = rest(lab, "get", "sessions").json()
    return [each for each in found if each["path"].startswith("wallwidgets-")]


def kernel_process(lab) -> int:
    """The process of the panel's kernel."""
    (session,) = sessions(lab)
    processes = psutil.Process(lab.process.pid).children(recursive=True)
    (kernel,) = [each for each in processes if session["kernel"]["id"] in " ".join(each.cmdline())]
    return kernel.pid


def ends(answer: Response) -> bool:
    """Whether this is the answer to a session's end."""
    return answer.request.method == "DELETE" and "/api/sessions/" in answer.url
