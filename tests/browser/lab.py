"""``wallwidgets demo`` in a process of its own, and a browser to look at it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

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
CUT = """root => [...root.querySelectorAll("*")].filter(each =>
    each.offsetParent && each.children.length === 0 &&
    each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 1 &&
    getComputedStyle(each).display !== "inline" &&
    !each.closest("input, select, pre, .ww-aloud, .ww-cell, .ww-segments")
).map(each => each.outerHTML)"""
TOO_FAR = """root => [...root.querySelectorAll("*")].filter(each =>
    each.getBoundingClientRect().right > root.getBoundingClientRect().right + 1
).map(each => each.outerHTML.slice(0, 200))"""
NUMBERED = re.compile(r"^\[\d+\]:$")


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

    def write_notebook(self, name: str, *cells: str) -> Path:
        """A notebook of a test's own beside the others."""
        return write_notebook(self.notebook.with_name(name), *cells)

    def address(self, name: str) -> str:
        """Where JupyterLab shows a notebook, without what was open before."""
        return self.url.replace("01_walkthrough.ipynb", name) + "&reset"

    @property
    def empty(self) -> str:
        """Where JupyterLab shows its launcher only: a notebook takes the focus while it opens."""
        return self.url.replace("/tree/01_walkthrough.ipynb", "") + "&reset"

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


class Lab(Protocol):
    """A JupyterLab that shows notebooks of a test's own."""

    def write_notebook(self, name: str, *cells: str) -> Path: ...

    def address(self, name: str) -> str: ...


@contextmanager
def running_demo(folder: Path, **variables: str) -> Iterator[Demo]:
    """The demo, with a home, a temporary and a working folder inside of this one."""
    folders = {name: folder / name for name in ("current", "home", "temporary")}
    for each in folders.values():
        each.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "wallwidgets.cli", "demo", "--no-browser"],
        cwd=folders["current"],
        env=environment_of(folders["home"], folders["temporary"]) | variables,
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


def environment_of(home: Path, temporary: Path) -> dict[str, str]:
    """This process's environment, with these folders instead of the user's."""
    return os.environ | {
        "HOME": str(home),
        "TMPDIR": str(temporary),
        # The repository is importable also where the package is not installed.
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }


def node_command(name: str) -> str:
    """A program that `make node` has put beside this Python."""
    path = Path(sys.prefix, "node", "node_modules", ".bin", name)
    assert path.exists(), "The tests need programs of Node.js: make node"
    return str(path)


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses now, all different."""
    with ExitStack() as stack:
        listeners = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [each.getsockname()[1] for each in listeners]


def write_notebook(path: Path, *cells: str) -> Path:
    """A notebook of Python cells that have not run."""
    code = [
        {
            "cell_type": "code",
            "id": f"c{index}",
            "source": source,
            "outputs": [],
            "execution_count": None,
            "metadata": {},
        }
        for index, source in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    notebook = {"cells": code, "metadata": {"kernelspec": kernel}}
    path.write_text(json.dumps(notebook | {"nbformat": 4, "nbformat_minor": 5}))
    return path


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window, which asks nobody for news; what is expected may take long."""
    expect.set_options(timeout=WAIT_MS)
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path is not None, "This needs Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


def run_all_cells(page: Page) -> None:
    """Run the notebook that is open, and wait until its last cell has run."""
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    expect(cells.first).to_be_visible()
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    # A cell that has run is numbered; after an error the ones below it are not.
    expect(cells.last.locator(".jp-InputPrompt")).to_have_text(NUMBERED)


def show_panel(page: Page, lab: Lab, name: str, *cells: str) -> Locator:
    """Run cells in a notebook of their own; gives the panel that the last one shows."""
    lab.write_notebook(name, *cells)
    page.goto(lab.address(name))
    run_all_cells(page)
    panel = page.locator(".ww-panel").last
    expect(panel.locator(".ww-status")).to_be_visible()
    return panel


def choose(page: Page, *path: str) -> None:
    """Choose from the menus of JupyterLab: its menu, submenus, the item."""
    menu, *labels = path
    page.get_by_role("menuitem", name=menu, exact=True).click()
    for label in labels:
        item = page.locator(".lm-Menu-itemLabel").get_by_text(label, exact=True)
        item.hover()
        item.click()


def set_theme(page: Page, theme: str) -> None:
    """Choose ``Light`` or ``Dark`` by JupyterLab's Settings menu."""
    choose(page, "Settings", "Theme", f"JupyterLab {theme}")
    is_light = str(theme == "Light").lower()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", is_light)


def set_width(panel: Locator, width_px: int) -> None:
    """Give a panel the width of a side bar or of a column."""
    panel.evaluate("(element, width) => (element.style.width = `${width}px`)", width_px)


def hovered(figure: Locator) -> set[str]:
    """All texts of hover boxes, the mouse having been all over the plot."""
    area = figure.locator(".nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    texts: set[str] = set()
    for across in range(4, 40, 9):
        for down in range(1, 20):
            figure.page.mouse.move(
                box["x"] + box["width"] * across / 40, box["y"] + box["height"] * down / 20
            )
            figure.page.wait_for_timeout(60)  # Plotly answers to a resting mouse
            texts.update(figure.locator(".hoverlayer .hovertext").all_text_contents())
    return texts


def no_key_reaches_the_notebook(page: Page, controls: Locator, at_least: int) -> None:
    """With focus on any of these controls, single keys change no cell."""
    cells = page.locator(".jp-Notebook .jp-Cell")
    before = cells.count()
    assert controls.count() >= at_least
    for control in controls.all():
        if control.is_enabled():
            control.focus()
            # Two more cells and one less, so that nothing could even out.
            for key in ("a", "b", "d", "d"):
                page.keyboard.press(key)
    assert cells.count() == before


def nothing_is_cut_off(panel: Locator) -> None:
    """No text is wider than its box, apart from what scrolls or is cut on purpose."""
    whole = f"root => ({CUT})(root).length === 0 && root.scrollWidth <= root.clientWidth + 1"
    try:
        # What a new width changes may need an answer of the kernel.
        panel.page.wait_for_function(whole, arg=panel.element_handle(), timeout=20_000)
    except PlaywrightTimeout:
        found = f"cut off: {panel.evaluate(CUT)}, too far right: {panel.evaluate(TOO_FAR)}"
        raise AssertionError(found) from None


def save_with_widgets(page: Page) -> None:
    """Save the notebook that is open, its widget state included."""
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    setting = page.locator(".lm-Menu-item").filter(has_text="Save Widget State Automatically")
    expect(setting).to_be_visible()
    # The setting outlives a journey, and a click would switch it off for the next one.
    if "lm-mod-toggled" in (setting.get_attribute("class") or ""):
        page.keyboard.press("Escape")
    else:
        setting.click()
    choose(page, "File", "Save Notebook")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
