"""Console in JupyterLab with a real instance: the first journey by mouse, and by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.console import (
    COUNTED,
    RECORD,
    named,
    press,
    reach,
    rows,
    says,
    see_drift,
    tab,
    walk,
)
from tests.browser.lab import (
    nothing_is_cut_off,
    set_theme,
    set_width,
    show_panel,
)
from tests.browser.test_assay_chart import FILLED

pytestmark = pytest.mark.browser

SHOW = """
import wallwidgets as ww
from wallwidgets.instance.demo_models import fraud_model

open("console-fraud.onnx", "wb").write(fraud_model(1))
ww.Console()
"""
TAKES_FOCUS = "each => each.focus() ?? each === document.activeElement"


def test_the_first_journey_by_mouse(lab, page):
    console = show_console(page, lab, "console-mouse.ipynb")
    expect(tab(console, "Login")).to_have_attribute("aria-selected", "true")
    expect(console.locator(".ww-account")).to_have_text("Not logged in")
    press(console, "Log in")
    expect(tab(console, "Browse")).to_have_attribute("aria-selected", "true")
    expect(tab(console, "Browse")).to_be_focused()
    expect(console.locator(".ww-account")).to_contain_text("token renews itself")
    says(console, COUNTED)

    walk(console, "mouse")
    press(console, "Undeploy…")
    press(console, "Undeploy mouse")
    says(console, "mouse is stopped; requests get an error.")

    look_at_every_tab(page, console)
    no_key_reaches_the_notebook(page, console)
    tab(console, "Login").click()
    press(console, "Log out")
    says(console, "Logged out; the tokens are forgotten.")
    expect(console.locator(".ww-account")).to_have_text("Not logged in")
    # The panels of whoever was logged in are gone.
    expect(console.locator(".ww-panel")).to_have_count(1)


def test_the_first_journey_by_keyboard_alone(lab, page):
    console = show_console(page, lab, "console-keys.ipynb")
    keys = page.keyboard
    reach(page, named(console, "Log in"), "Enter")
    expect(tab(console, "Browse")).to_be_focused()
    says(console, COUNTED)

    reach(page, named(console, "New"), "Enter")
    expect(console.get_by_label("Name", exact=True)).to_be_focused()
    keys.type("by-keys")
    reach(page, named(console, "Create workspace"), "Space")
    says(console, "Workspace by-keys created.")
    reach(page, named(console, "Upload a version"), "Enter")
    expect(tab(console, "Upload")).to_be_focused()
    reach(page, console.get_by_label("File on this server"))
    keys.type("console-fraud.onnx")
    reach(page, named(console, "Upload"), "Enter")
    says(console, "Version 1 of console-fraud is ready.")
    # What a button was replaced by has its focus.
    expect(named(console, "Start over")).to_be_focused()

    reach(page, tab(console, "Upload"), back=True)
    keys.press("ArrowLeft")
    expect(tab(console, "Browse")).to_be_focused()
    keys.press("Enter")
    row = rows(console).filter(has_text="console-fraud")
    reach(page, row)
    if row.get_attribute("aria-selected") != "true":
        keys.press("Space")
    expect(row).to_have_attribute("aria-selected", "true")
    reach(page, named(console, "Deploy this version"), "Enter")
    expect(tab(console, "Deploy")).to_be_focused()
    expect(console.locator("td:visible").get_by_text("console-fraud v1")).to_be_visible()
    reach(page, console.get_by_label("Name of the new pipeline"))
    keys.type("keypipe")
    reach(page, named(console, "Deploy"), "Enter")
    says(console, "keypipe is running: 1 engine, 1 model.")
    expect(named(console, "Deploy")).to_be_focused()

    reach(page, named(console, "Paste"), "Space")
    reach(page, console.get_by_label("JSON records"))
    keys.type(RECORD)
    reach(page, named(console, "Send"), "Enter")
    says(console, "keypipe answered 1 row.")
    expect(named(console, "Send")).to_be_focused()
    reach(page, named(console, "Undeploy…"), "Enter", back=True)
    expect(named(console, "Keep it running")).to_be_focused()
    reach(page, named(console, "Undeploy keypipe"), "Enter", back=True)
    says(console, "keypipe is stopped; requests get an error.")
    expect(named(console, "Deploy")).to_be_focused()


def test_sees_drift_and_sets_an_assay(lab, page):
    page.set_viewport_size({"width": 1700, "height": 1400})
    console = show_console(page, lab, "console-drift.ipynb")
    press(console, "Log in")
    says(console, COUNTED)
    see_drift(console)
    figures = console.locator(".js-plotly-plot:visible")
    expect(figures).to_have_count(3)
    # A chart that had been made in a hidden tab would be 700 px wide.
    page.wait_for_function(FILLED, arg=console.element_handle())
    tab(console, "Login").click()
    expect(figures).to_have_count(0)
    tab(console, "Drift").click()
    expect(figures).to_have_count(3)
    page.wait_for_function(FILLED, arg=console.element_handle())
    press(console, "Watch from now on")
    console.get_by_label("Name of the assay").fill("console drift")
    press(console, "Watch from now on")
    says(console, "“console drift” watches")
    expect(console.get_by_text("results stored")).to_be_visible()


def show_console(page: Page, lab, name: str) -> Locator:
    show_panel(page, lab, name, SHOW)
    return page.locator(".ww-console")


def look_at_every_tab(page: Page, console: Locator) -> None:
    """In both themes and at every width nothing is cut off, and each panel has one first button."""
    tabs = console.get_by_role("tab")
    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        for each in tabs.all():
            each.click()
            expect(each).to_have_attribute("aria-selected", "true")
            # What is being read or computed would come between.
            expect(console.get_by_role("status")).not_to_contain_text("…")
            for width in (240, 560, 1200):
                set_width(console, width)
                # Charts follow the width after a moment.
                page.wait_for_function(FILLED, arg=console.element_handle())
                nothing_is_cut_off(console)
            assert console.locator(".ww-primary:visible").count() <= 1


def no_key_reaches_the_notebook(page: Page, console: Locator) -> None:
    """With focus on any control of any tab, single keys change no cell."""
    cells = page.locator(".jp-Notebook .jp-Cell")
    before, seen = cells.count(), 0
    for each in console.get_by_role("tab").all():
        each.click()
        expect(each).to_have_attribute("aria-selected", "true")
        controls = console.locator(
            "button:visible, select:visible, summary:visible, [tabindex]:visible"
        )
        for control in controls.element_handles():
            # A letter chooses in a drop-down, which may take other controls away.
            if not control.evaluate(TAKES_FOCUS):
                continue
            seen += 1
            # Two more cells and one less, so that nothing could even out.
            for key in ("a", "b", "d", "d"):
                page.keyboard.press(key)
    assert seen > 40
    assert cells.count() == before
