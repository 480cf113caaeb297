"""A real JupyterHub below a path, with its security headers and XSRF checks as they come."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.lab import show_panel

pytestmark = pytest.mark.browser

SHOW = "import wallwidgets as ww\nww.Console()"


def test_a_user_sees_the_console_and_another_cannot_come_near(hub, instance, page):
    ada, bob = hub.user("ada"), hub.user("bob")
    ada.log_in(page)
    show_panel(page, ada, "console.ipynb", SHOW)
    console = page.locator(".ww-console")
    expect(console.get_by_role("tab", name="Login", exact=True)).to_be_visible()
    expect(console.get_by_label("Address", exact=True)).to_have_value(instance.url)

    # What her page may do, her cookie alone may not.
    answer = page.request.post(f"{ada.url}api/contents")
    assert (answer.status, "_xsrf" in answer.text()) == (403, True)
    login = page.request.get(f"{hub.url}hub/home")
    assert "frame-ancestors 'none'" in login.headers["content-security-policy"]

    other = page.context.browser.new_page()
    bob.log_in(other)
    for address in (f"{ada.url}lab", f"{ada.url}api/contents", f"{ada.url}files/console.ipynb"):
        assert other.goto(address).status == 403
