"""Exported charts in a real browser: hostile names are words on a page and nothing more."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.lab import chromium, hovered
from tests.charts.made import HOSTILE, every_chart, january, window
from wallwidgets import charts

pytestmark = pytest.mark.browser

NAMES = HOSTILE[:9]
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy".*?>')
# A page with MathJax: Plotly must never find a formula to give to it.
MATHJAX = """
window.alert = () => { window.ran = 'alert' }
window.MathJax = new Proxy({version: '3.2.2'}, {get(target, name) {
  if (name !== 'version') window.ran = 'MathJax.' + String(name)
  return target[name]
}})
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium() as browser:
        opened = browser.new_page(viewport={"width": 1200, "height": 800})
        yield opened


def hostile_charts() -> list[charts.Chart]:
    name = " ".join(NAMES)
    rows = [window(day, 0.3 - at / 100, iopath=f"input {each} 0")
            for at, each in enumerate(NAMES) for day in range(5)]  # fmt: skip
    return [*every_chart(f"output {name} 0")[:3], charts.features(rows)]


def test_hostile_names_are_only_shown(page, tmp_path) -> None:
    faults: list[str] = []
    page.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda sent: sent.url.startswith("http") and faults.append(sent.url))
    page.add_init_script(MATHJAX)
    shown = [re.sub("[\u202e\x00]", lambda m: f"\\u{ord(m[0]):04x}", name) for name in NAMES]
    for at, chart in enumerate(hostile_charts()):
        path = tmp_path / f"{at}.html"
        # What keeps names inert must do so without the page's policy too.
        path.write_text(POLICY.sub("", chart.to_html()))
        page.goto(path.as_uri())
        page.wait_for_selector(".main-svg .subplot")
        texts = hovered(page.locator(".js-plotly-plot"))
        assert texts, chart.title
        for selector in (
            "img",
            "iframe",
            "object",
            "embed",
            "form",
            "a[href]",
            "[onload], [onerror]",
        ):
            assert page.locator(selector).count() == 0, selector
        assert page.evaluate("[...document.querySelectorAll('svg a')].length") == 0
        assert page.evaluate("window.ran") is None
        body = page.locator("body").text_content()
        if chart.title == "Score of each feature in each window":
            ticks = [text.strip() for text in page.locator(".ytick text").all_text_contents()]
            assert any(text.startswith("<img src=x") for text in ticks)
            assert any(text.endswith("b>bold</b>.0") for text in ticks)
            for name in shown:
                assert any(f"{name}.0" in text for text in texts), name
        elif chart.title != "Distribution":
            assert shown[0][:20] in body
    assert faults == []


def test_a_page_works_offline_under_its_policy(page, tmp_path) -> None:
    faults: list[str] = []
    page.on("console", lambda said: said.type == "error" and faults.append(said.text))
    page.context.set_offline(True)
    charts.scores(january(), dark=True).to_html(tmp_path / "scores.html")
    page.goto((tmp_path / "scores.html").as_uri())
    page.wait_for_selector(".scatterlayer .points path")
    page.locator(".nsewdrag").first.hover()
    labels = page.locator(".modebar-btn").evaluate_all("all => all.map(one => one.dataset.title)")
    assert labels == ["Download plot as a PNG", "Zoom", "Pan", "Reset axes"]
    with page.expect_download() as download:
        page.locator(".modebar-btn").first.click()
    assert download.value.suggested_filename == "score-per-window.png"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 17, 17)"
    assert faults == []
