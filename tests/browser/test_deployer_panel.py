"""PipelineDeployer in JupyterLab with a real instance, by mouse: deploy, try, log, undeploy."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import (
    no_key_reaches_the_notebook,
    nothing_is_cut_off,
    set_theme,
    set_width,
    show_panel,
)

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror='window.ranHostile=1'>"
SHOW = f"""
import polars as pl
import wallwidgets as ww
from wallwidgets.instance.demo_models import fraud_model

client = ww.connect()
open("fraud.onnx", "wb").write(fraud_model(1))
client.models.upload(client.workspaces.get("ccfraud"), {HOSTILE!r}, "fraud.onnx")
transactions = pl.DataFrame({{"tensor": [[0.1] * 29] * 50_000}})
panel = ww.PipelineDeployer(client, "ccfraud")
panel
"""


def test_the_journey_by_mouse(lab, page):
    panel = show_panel(page, lab, "deployer.ipynb", SHOW)
    status = panel.get_by_role("status")
    expect(status).to_contain_text("ccfraud: 3 model versions")
    no_key_reaches_the_notebook(
        page, panel.locator("button:visible, select:visible, summary:visible"), 6
    )
    # A letter chooses in a drop-down, as everywhere.
    panel.get_by_label("Workspace").select_option("ccfraud")
    expect(status).to_contain_text("ccfraud: 3 model versions")

    panel.get_by_label("Name of the new pipeline").fill("My Journey")
    expect(panel.get_by_text("“My Journey” has a")).to_be_visible()
    panel.get_by_label("Name of the new pipeline").fill("journey")
    expect(panel.get_by_text("Deploy needs a model version.")).to_be_visible()
    panel.get_by_role("button", name="Split", exact=True).click()
    for label in (f"{HOSTILE} v1", "ccfraud v1"):
        # ipywidgets writes options with spaces that do not break.
        option = label.replace(" ", "\xa0")
        panel.get_by_label("Model version", exact=True).select_option(option)
        expect(panel.locator("td").get_by_text(label, exact=True)).to_be_visible()
    expect(panel.get_by_text("50 %")).to_have_count(2)
    panel.get_by_role("button", name="Deploy", exact=True).click()
    expect(status).to_contain_text("journey is running: 1 engine, 2 models.")

    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        for width in (240, 560, 1200):
            set_width(panel, width)
            nothing_is_cut_off(panel)
    try_it(panel)
    assert page.evaluate("window.ranHostile") is None
    assert panel.locator("img, a").count() == 0

    panel.get_by_role("button", name="Undeploy…").click()
    expect(panel.get_by_text("1 engine stops; requests get an error")).to_be_visible()
    expect(panel.get_by_role("button", name="Keep it running")).to_be_focused()
    page.keyboard.press("Escape")
    expect(status).to_contain_text("journey is running")
    panel.get_by_role("button", name="Undeploy…").click()
    panel.get_by_role("button", name="Undeploy journey").click()
    expect(status).to_contain_text("journey is stopped; requests get an error.")
    expect(panel.get_by_text("Deploy journey to send an inference.")).to_be_visible()


def try_it(panel: Locator) -> None:
    """A frame of the notebook, records with a fault in row 1, and the log."""
    status, send = panel.get_by_role("status"), panel.get_by_role("button", name="Send", exact=True)
    expect(panel.get_by_label("Frame of the notebook")).to_contain_text("transactions (50,000")
    send.click()
    expect(status).to_contain_text("journey answered 50,000 rows.")
    expect(panel.get_by_text("of 50,000 rows")).to_be_visible()
    panel.get_by_role("button", name="Paste", exact=True).click()
    pasted = panel.get_by_label("JSON records")
    pasted.fill('[{"tensor": [1, 2]}, {"tensor": [1]}]')
    send.click()
    beside = panel.locator(".ww-help").get_by_text("Row 1, column 'tensor': ragged")
    expect(beside).to_be_visible()
    expect(pasted).to_have_attribute("aria-invalid", "true")
    panel.get_by_role("button", name="Log", exact=True).click()
    expect(status).to_contain_text("journey logged the newest 10,000 records in the last hour.")
