"""LoginPanel in JupyterLab with a real instance, by mouse: in, wrong, in again, out."""

from __future__ import annotations

import base64
import json

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import (
    no_key_reaches_the_notebook,
    nothing_is_cut_off,
    save_with_widgets,
    set_theme,
    set_width,
    show_panel,
)

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror='window.ranHostile=1'>$\\href{javascript:alert(1)}{x}$"
SHOW = """
import wallwidgets as ww

ww.connect().users.invite("canary@example.com", password=open("password.txt").read())
panel = ww.LoginPanel()
panel
"""
CANARY = "canary-4b7e91-correct"
OTHER = "wrong-password-7c2d"


def test_the_journey_by_mouse(lab, page):
    # Not in the cell itself: the notebook is searched for it.
    lab.notebook.with_name("password.txt").write_text(CANARY)
    panel = show_panel(page, lab, "login.ipynb", SHOW)
    expect(panel.get_by_role("heading", name="Log in")).to_be_visible()

    expect(page.locator(".ww-saved")).to_be_hidden()
    no_key_of_a_control_reaches_the_notebook(page, panel)
    refuse(panel)
    names_are_inert(page, panel)

    panel.get_by_label("User", exact=True).fill("canary@example.com")
    panel.get_by_label("Password", exact=True).fill(CANARY)
    panel.get_by_role("button", name="Log in", exact=True).click()
    expect(panel.get_by_role("status")).to_contain_text("as canary@example.com.")
    expect(panel.get_by_text("no TLS, on this machine")).to_be_visible()
    expect(panel.get_by_role("button", name="Log out")).to_be_focused()
    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        for width in (240, 560, 1200):
            set_width(panel, width)
            nothing_is_cut_off(panel)
    save_with_widgets(page)
    saved = lab.notebook.with_name("login.ipynb").read_text()
    assert "canary@example.com" in saved
    assert json.loads(saved)["metadata"]["widgets"]
    for secret in (CANARY, base64.b64encode(CANARY.encode()).decode(), OTHER):
        assert secret not in saved
    assert "eyJ" not in saved

    panel.get_by_role("button", name="Log out").click()
    expect(panel.get_by_role("status")).to_contain_text("Logged out; the tokens are forgotten.")
    expect(panel.get_by_label("Password", exact=True)).to_have_value("")


def no_key_of_a_control_reaches_the_notebook(page: Page, panel: Locator) -> None:
    cells = page.locator(".jp-Notebook .jp-Cell")
    before = cells.count()
    address = panel.get_by_label("Address", exact=True)
    was = address.input_value()
    panel.get_by_role("button", name="File", exact=True).click()
    controls = panel.locator("button:visible, summary:visible, [tabindex='0']:visible")
    no_key_reaches_the_notebook(page, controls, 7)
    address.press_sequentially("add")
    assert cells.count() == before
    address.fill(was)
    panel.get_by_role("button", name="Password", exact=True).click()


def refuse(panel: Locator) -> None:
    """A wrong password has its sentence at the field, which is empty and has the focus."""
    panel.get_by_label("User", exact=True).fill("canary@example.com")
    password = panel.get_by_label("Password", exact=True)
    expect(panel.get_by_role("button", name="Log in", exact=True)).to_be_disabled()
    password.fill(OTHER)
    panel.get_by_role("button", name="Log in", exact=True).click()
    expect(panel.get_by_role("status")).to_contain_text("Login refused (401).")
    expect(panel.get_by_text("The service refused this user and password.")).to_be_visible()
    expect(password).to_have_value("")
    expect(password).to_have_attribute("aria-invalid", "true")
    expect(password).to_be_focused()


def names_are_inert(page: Page, panel: Locator) -> None:
    """A hostile name in a field, in what the panel says and in the code is text."""
    field = panel.get_by_label("Address", exact=True)
    address = field.input_value()
    panel.get_by_label("User", exact=True).fill(HOSTILE)
    field.fill(f"https://x/#{HOSTILE}")
    expect(panel.get_by_text("The address holds")).to_be_visible()
    panel.locator("summary").get_by_text("Python for this step").click()
    expect(panel.locator(".ww-drawer pre")).to_contain_text("onerror")
    assert page.evaluate("window.ranHostile") is None
    assert panel.locator("img, a").count() == 0
    panel.locator("summary").get_by_text("Python for this step").click()
    field.fill(address)
