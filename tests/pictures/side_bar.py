"""The picture of JupyterLab with the panel in its side bar."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import ViewportSize, expect

from tests.browser.console import COUNTED, named, open_side_bar, press, rows, says
from tests.browser.lab import Demo, chromium

HERE = Path(__file__).parent
VIEWPORT = ViewportSize(width=1180, height=820)
SIDE_BAR_PX = 330


def take(demo: Demo) -> None:
    """Write ``side_bar.png``: a pipeline in Browse, beside the notebook of the panels."""
    with chromium() as browser:
        page = browser.new_page(viewport=VIEWPORT, device_scale_factor=1.5)
        page.goto(demo.address("03_panels.ipynb"))
        expect(page.locator(".jp-Notebook .jp-CodeCell").first).to_be_visible()
        console = open_side_bar(page)
        box = console.bounding_box()
        assert box is not None
        edge = box["x"] + box["width"] + 10
        page.mouse.move(edge, 400)
        page.mouse.down()
        page.mouse.move(edge + SIDE_BAR_PX - box["width"], 400, steps=5)
        page.mouse.up()
        press(console, "Log in")
        says(console, COUNTED)
        rows(console).filter(has_text="housepricedrift").click()
        says(console, "in housepricedrift.")
        named(console, "Pipelines 1").click()
        rows(console).filter(has_text="housepricepipe").click()
        says(console, "1 pipeline in housepricedrift.")
        page.mouse.move(0, 0)
        page.screenshot(path=HERE / "side_bar.png", animations="disabled")
