"""The pictures of charts: one per chart and theme."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.lab import Demo, chromium, run_all_cells, set_theme

HERE = Path(__file__).parent
THEMES = ("light", "dark")

SETUP = """
import wallwidgets as ww

client = ww.connect()
pipeline = client.pipelines.get(client.workspaces.get("housepricedrift"), "housepricepipe")
until, model = "2022-02-01T05:00:00Z", "housepricemodel"
settings = {{
    "baseline": ("2022-01-01T05:00:00Z", "2022-01-02T05:00:00Z"), "model": model, "until": until,
    "warning_threshold": 0.05, "alert_threshold": 0.25,
}}
results = client.assays.run(pipeline, "output dense_2 0", **settings)
scan = client.assays.scan(pipeline, **settings)
chosen = results[16]

def values(summary):
    found = client.assays.values(
        pipeline, "output dense_2 0", start=summary.start, end=summary.end, model=model)
    return found.to_arrow()["value"]

baseline, window = values(chosen.baseline_summary), values(chosen.window_summary)
look = {{"dark": {dark}}}
"""
CHARTS = {
    "scores": "ww.charts.scores(results, selected=chosen.window_start, **look)",
    "bins": "ww.charts.bins(chosen, **look)",
    "distribution": (
        "ww.charts.distribution(baseline, window, edges=ww.drift.bins(baseline).edges, "
        "name='dense_2.0', **look)"
    ),
    "features": "ww.charts.features(scan.results, **look)",
}


def take(demo: Demo) -> None:
    """Write one picture per chart and theme beside this file."""
    for theme in THEMES:
        name = f"pictures-{theme}.ipynb"
        written = demo.write_notebook(
            name, SETUP.format(dark=theme == "dark").strip(), *CHARTS.values()
        )
        with chromium() as browser:
            page = browser.new_page(
                viewport={"width": 1280, "height": 1800}, device_scale_factor=1.5
            )
            page.goto(demo.address(name))
            idle = page.get_by_text("Python 3 (ipykernel) | Idle")
            expect(idle).to_be_visible()
            set_theme(page, theme.title())
            run_all_cells(page)
            shoot(page, theme)
        written.unlink()


def shoot(page: Page, theme: str) -> None:
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    page.mouse.move(0, 0)
    for number, name in enumerate(CHARTS, start=1):
        output = cells.nth(number).locator(".jp-Cell-outputArea")
        expect(output.locator(".js-plotly-plot .main-svg").first).to_be_visible(timeout=60_000)
        output.scroll_into_view_if_needed()
        output.screenshot(path=HERE / f"{name}-{theme}.png")
