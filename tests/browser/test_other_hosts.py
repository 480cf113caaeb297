"""The Console outside of JupyterLab: in Notebook 7 and in Voila, against a real instance."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import nbformat
import pytest
import requests
from playwright.sync_api import Locator, Page, expect
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from tests.browser.lab import ROOT, WAIT_MS, free_ports

pytestmark = pytest.mark.browser

TOKEN = "for-this-test-only"
READY = re.compile(r"(http://(?:127\.0\.0\.1|localhost):\d+)/")
# Notebook's settings, Voila's icons from the net, and Notebook's extension in Voila.
FOREIGN = ("notebook_core", "npm/@fortawesome", "@jupyter-notebook/lab-extension")
# Our extension of JupyterLab came too, and stays away.
LOADED = """() => "wallwidgets" in window._JUPYTERLAB
    && document.querySelector(".wallwidgets-side") === null"""
# What the page says of its kernel is "idle" also before it has one.
CONNECTED = """async () => (await (await fetch("/api/sessions")).json())
    .some(({ kernel }) => kernel.execution_state === "idle" && kernel.connections > 0)"""
PATIENT_MS = 5_000
COUNTED = re.compile(r"\d workspaces?\.")


@contextmanager
def serving(instance, folder, *command: str) -> Iterator[str]:
    """A notebook with a Console in another program; gives that program's address."""
    cell = nbformat.v4.new_code_cell("import wallwidgets as ww\n\nww.Console()")
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
    nbformat.write(notebook, folder / "console.ipynb")
    environment = os.environ | {
        "HOME": str(folder),
        "WALLAROO_URL": instance.url,
        "WALLAROO_SDK_CREDENTIALS": str(instance.credentials_file),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    reading = threading.Thread(target=process.stderr.read, daemon=True)
    try:
        said: list[str] = []
        address = None
        while address is None and (line := process.stderr.readline()):
            said.append(line)
            address = READY.search(line)
        assert address, "".join(said)
        # Read on, or a full pipe would stop it.
        reading.start()
        wait_until_it_answers(address[1])
        yield address[1]
    finally:
        process.terminate()
        process.wait(60)
        if reading.ident:
            reading.join(60)
        process.stderr.close()


def wait_until_it_answers(address: str) -> None:
    """Jupyter Server says its address before it listens there."""
    with requests.Session() as session:
        session.mount(address, HTTPAdapter(max_retries=Retry(10, backoff_factor=0.05)))
        session.get(address, timeout=WAIT_MS / 1000)


@pytest.fixture(autouse=True)
def _workspace(client, unique) -> None:
    client.workspaces.create(unique("hosted"))


def test_notebook_7(instance, tmp_path, page):
    errors = listen(page)
    command = ("notebook", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0")
    token = f"--IdentityProvider.token={TOKEN}"
    with serving(instance, tmp_path, *command, token) as address:
        page.goto(f"{address}/notebooks/console.ipynb?token={TOKEN}")
        expect(page.locator(".jp-Notebook .jp-CodeCell")).to_be_visible()
        page.wait_for_function(CONNECTED, timeout=WAIT_MS)
        run_its_cell(page)
        log_in_and_look(page.locator(".ww-console"))
        assert page.evaluate(LOADED)
    assert ours(errors) == []


def test_voila(instance, tmp_path, page):
    errors = listen(page)
    command = ("voila", "console.ipynb", "--no-browser", "--Voila.ip=127.0.0.1")
    [port] = free_ports(1)
    with serving(instance, tmp_path, *command, f"--port={port}") as address:
        page.goto(address)
        log_in_and_look(page.locator(".ww-console"))
        assert page.evaluate(LOADED)
    assert ours(errors) == []


def run_its_cell(page: Page) -> None:
    """Run the notebook; Notebook 7 makes its menus anew while it loads, and loses a click then."""
    prompt = page.locator(".jp-CodeCell .jp-InputPrompt")
    ran = False
    while not ran:
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        with suppress(AssertionError):
            expect(prompt).not_to_have_text("[ ]:", timeout=PATIENT_MS)
            ran = True


def listen(page: Page) -> list[str]:
    """What goes wrong in the page from here on."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(error.stack or str(error)))
    page.on(
        "console",
        lambda each: each.type == "error" and errors.append(f"{each.text} {each.location}"),
    )
    return errors


def ours(errors: list[str]) -> list[str]:
    """Those that are not the host's own; the scripts of widgets have addresses of blobs."""
    return [each for each in errors if "blob:" in each or not any(name in each for name in FOREIGN)]


def log_in_and_look(console: Locator) -> None:
    status = console.get_by_role("status")
    expect(status).to_contain_text("Not logged in.")
    console.get_by_role("button", name="Log in", exact=True).click()
    browse = console.get_by_role("tab", name="Browse", exact=True)
    expect(browse).to_have_attribute("aria-selected", "true")
    expect(status).to_contain_text(COUNTED)
    console.locator("tr[data-id]:visible").first.click()
    expect(status).to_contain_text(re.compile(r"models? in "))
    expect(console.locator(".ww-account")).to_contain_text("token renews itself")
