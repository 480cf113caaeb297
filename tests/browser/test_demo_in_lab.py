"""``wallwidgets demo`` as a reader meets it: the walkthrough in JupyterLab, in a real browser."""

from __future__ import annotations

import psutil
import pytest
from playwright.sync_api import expect

from tests.browser.lab import NUMBERED, run_all_cells

pytestmark = pytest.mark.browser


def test_the_walkthrough_runs_in_jupyterlab(demo, page):
    page.goto(demo.url)
    run_all_cells(page)
    assert page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0
    assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    for prompt in page.locator(".jp-CodeCell .jp-InputPrompt").all_text_contents():
        assert NUMBERED.match(prompt)
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
    # JupyterLab itself may hang if it is shut down while a kernel starts.
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    page.get_by_role("menuitem", name="File", exact=True).click()
    page.get_by_role("menuitem", name="Shut Down", exact=True).click()
    page.get_by_role("button", name="Shut Down").click()
    demo.process.communicate(timeout=60)
    assert demo.process.returncode == 0
    assert [part for part in parts if part.is_running()] == []
    assert list(demo.temporary.iterdir()) == []
