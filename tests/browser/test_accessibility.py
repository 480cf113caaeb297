"""Axe over every panel in JupyterLab: all scenes, both themes, a side bar and a wide column."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.lab import set_theme
from tests.browser.scenes_shown import set_widths, show_scenes

pytestmark = pytest.mark.browser

WIDTHS_PX = (240, 1200)
BAD = ("serious", "critical")
KNOWN_RULES = {"aria-allowed-attr", "button-name", "color-contrast", "label", "link-name"}


def test_axe_finds_no_serious_fault(lab, page):
    show_scenes(page, lab)
    faults = {}
    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        for width in WIDTHS_PX:
            set_widths(page, width)
            found = Axe().run(page, context=".ww-panel").response
            # It has looked: at what there is, colours included.
            assert {each["id"] for each in found["passes"]} >= KNOWN_RULES
            for fault in found["violations"]:
                if fault["impact"] in BAD:
                    faults[f"{fault['id']} in {theme} at {width} px"] = [
                        f"{each['html'][:200]} {each['failureSummary']}" for each in fault["nodes"]
                    ]
    assert faults == {}
