"""WorkspaceBrowser in JupyterLab with a real instance, by mouse: look around, make, share, undo."""

from __future__ import annotations

import base64
import json
import re

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
SHOW = f"""
import wallwidgets as ww

client = ww.connect()
client.connections.create({HOSTILE!r}, {HOSTILE!r}, {{{HOSTILE!r}: "x"}})
panel = ww.WorkspaceBrowser(client)
panel
"""
CANARY = "canary-77c0d2-details"
READ = re.compile(r"^[\w-]{10,}$")


def test_the_journey_by_mouse(lab, page):
    panel = show_panel(page, lab, "browse.ipynb", SHOW)
    said = panel.get_by_role("status")
    expect(said).to_contain_text("workspaces.")
    press(panel, "New")
    name = panel.get_by_label("Name", exact=True)
    expect(name).to_be_focused()
    name.fill("House Price")
    expect(panel.get_by_text("“House Price” has a space.")).to_be_visible()
    expect(panel.get_by_text("Create workspace needs a valid name.")).to_be_visible()
    name.fill("house-price")
    press(panel, "Create workspace")
    expect(said).to_contain_text("Workspace house-price created.")
    expect(panel.get_by_role("heading", name="house-price", exact=True)).to_be_visible()
    expect(row(panel, "house-price", exact=True)).to_have_attribute("aria-selected", "true")

    share(page, panel, said)
    connect(page, panel, said)
    controls = panel.locator("button:visible, summary:visible, [tabindex='0']:visible")
    no_key_reaches_the_notebook(page, controls, 15)
    password = invite(panel, said)
    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        for width in (240, 560, 1200):
            set_width(panel, width)
            nothing_is_cut_off(panel)
    save_with_widgets(page)
    saved = lab.notebook.with_name("browse.ipynb").read_text()
    assert "house-price" in saved
    assert json.loads(saved)["metadata"]["widgets"]
    for secret in (CANARY, base64.b64encode(CANARY.encode()).decode(), password):
        assert secret not in saved
    press(panel, "Hide for good")
    expect(panel.get_by_text(password)).to_have_count(0)


def press(panel: Locator, words: str) -> None:
    panel.get_by_role("button", name=words, exact=True).click()


def row(panel: Locator, text: str, *, exact: bool = False) -> Locator:
    words = panel.page.get_by_text(text, exact=exact)
    return panel.locator("tr[data-id]:visible").filter(has=words)


def share(page: Page, panel: Locator, said: Locator) -> None:
    """Add a member, change their mind about removing them, remove them."""
    press(panel, "Members 1")
    press(panel, "Add a member")
    panel.get_by_label("E-mail", exact=True).fill("ben@example.com")
    press(panel, "Add member")
    expect(said).to_contain_text("ben@example.com added in house-price.")
    row(panel, "ben@example.com").click()
    expect(panel.get_by_text("Ben Okafor")).to_be_visible()
    press(panel, "Remove…")
    expect(panel.get_by_role("button", name="Keep the member")).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel.get_by_role("button", name="Keep the member")).to_be_hidden()
    press(panel, "Remove…")
    press(panel, "Remove ben@example.com")
    expect(said).to_contain_text("ben@example.com removed from house-price.")
    expect(row(panel, "ben@example.com")).to_have_count(0)


def connect(page: Page, panel: Locator, said: Locator) -> None:
    """Attach a connection with a hostile name; create one whose details nobody sees."""
    press(panel, "Connections 0")
    press(panel, "Attach")
    picked = panel.get_by_label("Connection", exact=True)
    expect(picked.locator("option")).not_to_have_count(0)
    picked.select_option(label=HOSTILE)
    panel.locator(".ww-form").get_by_role("button", name="Attach", exact=True).click()
    expect(said).to_contain_text("attached to house-price.")
    row(panel, "onerror").click()
    expect(panel.locator(".ww-facts")).to_contain_text("onerror")
    assert page.evaluate("window.ranHostile") is None
    assert panel.locator("img, a").count() == 0

    press(panel, "Create")
    panel.get_by_label("Name", exact=True).fill("lake")
    panel.get_by_label("Type", exact=True).fill("HTTP")
    details = panel.get_by_label("Details", exact=True)
    details.fill(f'{{"password": "{CANARY}"')
    expect(panel.get_by_text("The details are no JSON object")).to_be_visible()
    details.fill(f'{{"password": "{CANARY}"}}')
    expect(panel.get_by_text("password ***")).to_be_visible()
    press(panel, "Create connection")
    expect(said).to_contain_text("lake created and attached to house-price.")
    row(panel, "lake").click()
    expect(panel.locator(".ww-facts")).to_contain_text("password ***")


def invite(panel: Locator, said: Locator) -> str:
    """Invite somebody; gives the password that is shown once."""
    press(panel, "Users")
    press(panel, "Invite")
    panel.get_by_label("E-mail", exact=True).fill("eve@example.com")
    panel.locator(".ww-form").get_by_role("button", name="Invite", exact=True).click()
    expect(said).to_contain_text("eve@example.com is invited")
    shown = panel.locator(".ww-once code")
    expect(shown).to_have_text(READ)
    return shown.text_content() or ""
