"""Axe over every panel in JupyterLab: all scenes, both themes, a side bar and a wide column."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.console import open_side_bar, tool
from tests.browser.lab import set_theme
from tests.browser.scenes_shown import set_widths, show_scenes

pytestmark = pytest.mark.browser

WIDTHS_PX = (240, 1200)
BAD = ("serious", "critical")
KNOWN_RULES = {"aria-allowed-attr", "button-name", "color-contrast", "label"}


def test_axe_finds_no_serious_fault(lab, page):
    show_scenes(page, lab)
    faults = {}
    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        for width in WIDTHS_PX:
            set_widths(page, width)
            faults |= look(page, ".ww-panel", f"in {theme} at {width} px")
    assert faults == {}


def test_axe_finds_none_in_the_side_bar(lab, page):
    page.goto(lab.empty)
    open_side_bar(page)
    tool(page, "Restart Wallaroo's kernel").click()
    note = page.locator(".wallwidgets-panel .wallwidgets-note")
    expect(note.get_by_role("button", name="Keep it")).to_be_focused()
    faults = {}
    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        faults |= look(page, ".wallwidgets-panel", f"in {theme}")
    assert faults == {}


def look(page: Page, what: str, where: str) -> dict[str, list[str]]:
    """The serious faults, by rule."""
    found = Axe().run(page, context=what).response
    # It has looked: at what there is, colours included.
    assert {each["id"] for each in found["passes"]} >= KNOWN_RULES
    return {
        f"{fault['id']} {where}": [
            f"{each['html'][:200]} {each['failureSummary']}" for each in fault["nodes"]
        ]
        for fault in found["violations"]
        if fault["impact"] in BAD
    }
