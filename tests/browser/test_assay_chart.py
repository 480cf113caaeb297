"""AssayChart in JupyterLab with a real instance: see drift, choose, brush, compare, watch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import (
    no_key_reaches_the_notebook,
    set_theme,
    set_width,
    show_panel,
)
from wallwidgets.panels.assay_fields import OTHER

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror='window.ranHostile=1'>"
SHOW = f"""
import wallwidgets as ww

client = ww.connect()
panel = ww.AssayChart(client, client.pipelines.get(4, "housepricepipe"))
panel.state.settle(60)
# This instance has no such names; another one may.
panel.state.pipelines = [*panel.state.pipelines, ({HOSTILE!r}, panel.state.pipeline)]
panel.state.columns = [*panel.state.columns, {HOSTILE!r}]
panel
"""
SETTINGS = {
    "Baseline": "1 Jan – 2 Jan 2022",
    "Windows": "24 h every 24 h",
    "Bins": "5 quantile bins",
    "Warn / alert at": "0.10 / 0.25",
}
TINTED = ".layer-below .shapelayer path[style*='fill: rgb(23, 105, 191)']"
LARGEST = 1_000_000
# Drawn once, a figure is as high as its box from the start.
NOT_CUT = """root => [...root.querySelectorAll(".js-plotly-plot")].every(
    each => each.querySelector(".main-svg")?.clientHeight === each.clientHeight)"""
# Widths of the panel at which nothing may overflow, with what its charts then fill.
FILLED = """root => [...root.querySelectorAll(".js-plotly-plot")].filter(each => each.offsetParent)
    .every(each => Math.abs(each.clientWidth - each.querySelector("svg").clientWidth) < 2)"""
# Labels of x axes beside each other, as ticks and as notes above a plot.
APART = """root => [".xtick text", ".annotation-text"].every(kind =>
    [...root.querySelectorAll(".js-plotly-plot")].filter(each => each.offsetParent).every(each => {
        const boxes = [...each.querySelectorAll(kind)].map(text => text.getBoundingClientRect());
        return boxes.every((one, at) => boxes.slice(at + 1).every(other =>
            one.right < other.left || other.right < one.left ||
            one.bottom <= other.top || other.bottom <= one.top));
    }))"""


def test_the_journey_by_mouse(lab, page, tmp_path):
    sizes: list[int] = []
    page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda it: sizes.append(len(it)))
    )
    page.set_viewport_size({"width": 1700, "height": 1400})
    panel = show_panel(page, lab, "assay.ipynb", SHOW)
    says(panel, "31 Jan: score 0.74, Alert.")
    figures = panel.locator(".js-plotly-plot")
    expect(figures).to_have_count(3)
    page.wait_for_function(NOT_CUT, arg=panel.element_handle())
    expect(panel.get_by_text("Alert since 16 Jan")).to_be_visible()

    choose_a_window(page, panel)
    by_keyboard(page, panel)
    brush(page, panel)
    no_key_of_a_control_reaches_the_notebook(page, panel)
    compare_features(page, panel)
    watch(panel)
    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        for width in (240, 560, 760, 1200):
            set_width(panel, width)
            page.wait_for_function(FILLED, arg=panel.element_handle())
            page.wait_for_function(APART, arg=panel.element_handle())
            assert panel.evaluate("root => root.scrollWidth <= root.clientWidth")
    names_are_inert(page, panel)
    assert len([size for size in sizes if size > LARGEST]) <= 1, sizes
    download(page, panel, tmp_path)


def says(panel: Locator, words: str) -> None:
    expect(panel.get_by_role("status")).to_contain_text(words)


def plot_area(figure: Locator) -> dict[str, Any]:
    figure.scroll_into_view_if_needed()
    area = figure.locator(".nsewdrag").first
    expect(area).to_be_visible()
    box = area.bounding_box()
    assert box is not None
    return box


def choose_a_window(page: Page, panel: Locator) -> None:
    """A click above a marker, in its span, selects its window everywhere."""
    set_width(panel, 1200)
    page.wait_for_function(FILLED, arg=panel.element_handle())
    area = plot_area(panel.locator(".js-plotly-plot").first)
    page.mouse.click(area["x"] + area["width"] * 0.27, area["y"] + 20)
    says(panel, "9 Jan: score 0.02, Ok.")
    expect(panel.get_by_text("Window 9 Jan, 2,000 rows", exact=True)).to_be_visible()
    expect(panel.get_by_text("the same, window 9 Jan, 2,000 rows")).to_be_visible()


def by_keyboard(page: Page, panel: Locator) -> None:
    """The table is the chart's twin."""
    panel.get_by_role("button", name="Table", exact=True).click()
    row = panel.get_by_role("row", name=re.compile("2022-01-09"))
    expect(row).to_have_attribute("aria-selected", "true")
    row.focus()
    page.keyboard.press("ArrowDown")
    says(panel, "10 Jan: score")
    expect(panel.get_by_text("Window 10 Jan, 2,000 rows", exact=True)).to_be_visible()
    panel.get_by_role("button", name="Windows", exact=True).click()
    expect(panel.locator(".js-plotly-plot").first).to_be_visible()


def brush(page: Page, panel: Locator) -> None:
    """Dragging over the distribution makes bins of that range."""
    area = plot_area(panel.locator(".js-plotly-plot").nth(2))
    page.mouse.move(area["x"] + area["width"] * 0.4, area["y"] + 60)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] * 0.7, area["y"] + 80, steps=8)
    page.mouse.up()
    bins = panel.get_by_role("combobox", name="Bins").locator("visible=true")
    expect(bins).to_have_value(re.compile(r"5 quantile bins, 12\.\d+ to 13\.\d+"))
    expect(panel.get_by_text(re.compile("rows lie below the baseline"))).to_be_visible()
    figure = panel.locator(".js-plotly-plot").nth(2)
    tinted = figure.locator(f"{TINTED}, .selectionlayer path:visible")
    expect(tinted).to_have_count(1)
    bins.select_option("5 quantile bins")
    expect(tinted).to_have_count(0)
    says(panel, "10 Jan: score 0.00")


def no_key_of_a_control_reaches_the_notebook(page: Page, panel: Locator) -> None:
    """Lists and texts of the settings too; what the keys typed there is taken back."""
    controls = panel.locator(":is(button, select, summary, input, [tabindex]):visible")
    lists = panel.locator(".ww-drift select:visible")
    no_key_reaches_the_notebook(page, controls, 6 + len(SETTINGS))
    expect(lists).to_have_count(5)
    for name in ("Windows", "Bins"):
        panel.get_by_role("combobox", name=name).locator("visible=true").select_option(OTHER)
    expect(lists).to_have_count(3)
    texts = panel.locator(".ww-drift input:visible")
    no_key_reaches_the_notebook(page, texts, len(SETTINGS))
    for name, value in SETTINGS.items():
        panel.get_by_role("textbox", name=name).locator("visible=true").fill(value)
    says(panel, "10 Jan: score 0.00")


def compare_features(page: Page, panel: Locator) -> None:
    """A scan ranks the features; a cell of it selects a feature's window."""
    panel.get_by_role("button", name="All features").click()
    says(panel, "In the last window 4 of 18 columns show drift")
    figure = panel.locator(".js-plotly-plot").locator("visible=true")
    page.wait_for_function(FILLED, arg=panel.element_handle())
    area = plot_area(figure)
    page.mouse.click(area["x"] + area["width"] * 0.6, area["y"] + 12)
    says(panel, "20 Jan: score 0.88, Alert.")
    expect(panel.get_by_role("combobox", name="Column")).to_have_value("input tensor 0")
    panel.get_by_role("button", name="Windows", exact=True).click()


def watch(panel: Locator) -> None:
    panel.get_by_role("button", name="Watch from now on").click()
    panel.get_by_label("Name of the assay").fill(HOSTILE)
    panel.get_by_role("button", name="Watch from now on").click()
    says(panel, "watches tensor.0 from now on.")
    expect(panel.get_by_text(re.compile("30 results stored"))).to_be_visible()


def download(page: Page, panel: Locator, folder: Path) -> None:
    """The page works without the net, the numbers come by keyboard too."""
    panel.get_by_role("button", name="Export").click()
    with page.expect_download() as saved:
        panel.get_by_role("button", name="Download", exact=True).click()
    assert saved.value.suggested_filename == "drift-housepricepipe.html"
    says(panel, "drift-housepricepipe.html goes to the downloads of the browser.")
    browser = page.context.browser
    assert browser is not None
    other = browser.new_page(offline=True)
    # Saved under a name of its own: a browser opens what ends in .html only.
    path = folder / "saved.html"
    saved.value.save_as(path)
    other.goto(path.as_uri())
    expect(other.locator(".scatterlayer .points path").first).to_be_visible()
    other.close()
    panel.get_by_role("button", name="Export").click()
    panel.get_by_label("File (.html or .csv)").fill("numbers.csv")
    with page.expect_download() as saved:
        panel.get_by_role("button", name="Download", exact=True).press("Enter")
    assert saved.value.suggested_filename == "numbers.csv"


def names_are_inert(page: Page, panel: Locator) -> None:
    """A hostile name in a list, in what the panel says and in the code is text."""
    for name in ("Pipeline", "Column"):
        expect(panel.get_by_role("combobox", name=name)).to_contain_text(HOSTILE)
    panel.locator("summary").get_by_text("Python for this step").click()
    expect(panel.locator(".ww-drawer pre")).to_contain_text("client.assays.create")
    assert page.evaluate("window.ranHostile") is None
    assert panel.locator("img, a:not(.modebar-btn)").count() == 0
