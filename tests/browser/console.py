"""What a browser test does in a Console, by mouse or by keyboard."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import WAIT_MS

COUNTED = re.compile(r"\d workspaces?\.")
RECORD = '[{"tensor": [0,1,0,1,0,1,0,1,0,1,0,1,0,1,0,1,0,1,0,1,0,1,0,1,0,1,0,1,0]}]'
ICON = '.lm-TabBar-tab[data-id="wallwidgets-side"]'
MODEL = "console-fraud.onnx"
FARTHEST = 80
FOCUSED = "each => each === document.activeElement"


def open_side_bar(page: Page) -> Locator:
    """The Console of the side bar, by a click on its icon."""
    page.locator(ICON).click(timeout=WAIT_MS)
    console = page.locator(".wallwidgets-panel .ww-console")
    expect(console).to_be_visible()
    # It is shown a moment before the panel has nothing more to say.
    expect(page.locator(".wallwidgets-panel .wallwidgets-note")).to_be_hidden()
    return console


def walk_and_reload(page: Page, console: Locator, name: str) -> None:
    """From a workspace to drift in the side bar; the page is loaded again, its kernel stays."""
    walk(console, name)
    see_drift(console)
    charts = console.locator(".js-plotly-plot:visible")
    expect(charts).to_have_count(3)
    page.reload()
    says(console, "31 Jan: score 0.74, Alert.")
    expect(charts).to_have_count(3)


def walk(console: Locator, name: str) -> None:
    """A workspace, a model, a pipeline and an inference, by whoever is logged in."""
    press(console, "New")
    console.get_by_label("Name", exact=True).fill(name)
    press(console, "Create workspace")
    says(console, f"Workspace {name} created.")
    tab(console, "Upload").click()
    workspace = console.get_by_label("Workspace", exact=True)
    expect(workspace.locator("option:checked")).to_have_text(name)
    console.get_by_label("File on this server").fill(MODEL)
    press(console, "Upload")
    says(console, "Version 1 of console-fraud is ready.")

    tab(console, "Browse").click()
    rows(console).filter(has_text="console-fraud").click()
    press(console, "Deploy this version")
    expect(tab(console, "Deploy")).to_have_attribute("aria-selected", "true")
    expect(console.locator("td:visible").get_by_text("console-fraud v1")).to_be_visible()
    console.get_by_label("Name of the new pipeline").fill(name)
    press(console, "Deploy")
    says(console, f"{name} is running: 1 engine, 1 model.")
    press(console, "Paste")
    console.get_by_label("JSON records").fill(RECORD)
    press(console, "Send")
    says(console, f"{name} answered 1 row.")


def see_drift(console: Locator) -> None:
    """The drift of the demo's January, from Browse."""
    tab(console, "Browse").click()
    rows(console).filter(has_text="housepricedrift").click()
    says(console, "in housepricedrift.")
    named(console, "Pipelines 1").click()
    rows(console).filter(has_text="housepricepipe").click()
    tab(console, "Drift").click()
    says(console, "31 Jan: score 0.74, Alert.")


def tool(page: Page, words: str) -> Locator:
    return page.locator(".wallwidgets-panel").get_by_role("button", name=words, exact=True)


def rows(console: Locator) -> Locator:
    return console.locator("tr[data-id]:visible")


def tab(console: Locator, name: str) -> Locator:
    return console.get_by_role("tab", name=name, exact=True)


def named(console: Locator, words: str) -> Locator:
    return console.get_by_role("button", name=words, exact=True)


def press(console: Locator, words: str) -> None:
    named(console, words).click(timeout=WAIT_MS)


def says(console: Locator, words: str | re.Pattern[str]) -> None:
    expect(console.get_by_role("status")).to_contain_text(words)


def reach(page: Page, control: Locator, key: str = "", *, back: bool = False) -> None:
    """Go to a control by the Tab key alone, and press a key on it."""
    expect(control).to_be_visible()
    expect(control).to_be_enabled()
    for _ in range(FARTHEST):
        if control.evaluate(FOCUSED):
            break
        page.keyboard.press("Shift+Tab" if back else "Tab")
    expect(control).to_be_focused()
    if key:
        page.keyboard.press(key)
