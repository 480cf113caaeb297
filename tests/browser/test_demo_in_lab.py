"""``wallwidgets demo`` as a reader meets it: the walkthrough in JupyterLab, in a real browser."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect, sync_playwright

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"wallwidgets demo at (http://127\.0\.0\.1:\d+/lab/\S+\?token=\S+) .*\n")
QUIET = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WAIT_MS = 120_000


@dataclass
class Demo:
    """A running demo: its process, the address that it printed, and folders of its own."""

    process: subprocess.Popen[str]
    url: str
    current: Path
    home: Path
    temporary: Path

    @property
    def notebook(self) -> Path:
        return self.current / "wallwidgets-demo" / "01_walkthrough.ipynb"

    def end(self) -> str:
        """Ctrl-C; gives what it said at last."""
        parts = psutil.Process(self.process.pid).children(recursive=True)
        assert parts, "JupyterLab is not running"
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, err
        assert [part for part in parts if part.is_running()] == []
        assert list(self.temporary.iterdir()) == []
        assert list(self.home.iterdir()) == []
        return out


@pytest.fixture
def demo(tmp_path) -> Iterator[Demo]:
    folders = {name: tmp_path / name for name in ("current", "home", "temporary")}
    for folder in folders.values():
        folder.mkdir()
    environment = os.environ | {
        "HOME": str(folders["home"]),
        "TMPDIR": str(folders["temporary"]),
        # The repository is importable also where the package is not installed.
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "wallwidgets.cli", "demo", "--no-browser"],
        cwd=folders["current"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        found = LINE.fullmatch(line)
        assert found, line + process.stderr.read()
        yield Demo(process, found[1], **folders)
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=60)


@pytest.fixture
def page() -> Iterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.fail("This test needs Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


def test_the_walkthrough_runs_in_jupyterlab(demo, page):
    page.goto(demo.url)
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    expect(cells.first).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    # A cell that has run is numbered; after an error the ones below it are not.
    numbered = re.compile(r"^\[\d+\]:$")
    expect(cells.last.locator(".jp-InputPrompt")).to_have_text(numbered, timeout=WAIT_MS)
    assert page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0
    assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    for prompt in cells.locator(".jp-InputPrompt").all_text_contents():
        assert numbered.match(prompt)
    expect(page.locator(".jp-Dialog, .jp-Notification-Toast, .Toastify__toast")).to_have_count(0)
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    assert '"execution_count": 1,' in demo.notebook.read_text()
    demo.end()
    # Only outputs were added, so the copies of the notebooks go again.
    assert list(demo.current.iterdir()) == []


def test_a_changed_notebook_stays(demo):
    mine = demo.notebook.read_text().replace("client = ww.connect()", "client = my.connect()")
    demo.notebook.write_text(mine)
    assert demo.end() == "Changed notebooks stay in wallwidgets-demo: 01_walkthrough.ipynb\n"
    assert demo.notebook.read_text() == mine


def test_jupyterlab_ended_in_the_browser_ends_the_demo(demo, page):
    parts = psutil.Process(demo.process.pid).children(recursive=True)
    page.goto(demo.url)
    page.get_by_role("menuitem", name="File", exact=True).click()
    page.get_by_role("menuitem", name="Shut Down", exact=True).click()
    page.get_by_role("button", name="Shut Down").click()
    demo.process.communicate(timeout=60)
    assert demo.process.returncode == 0
    assert [part for part in parts if part.is_running()] == []
    assert list(demo.temporary.iterdir()) == []
