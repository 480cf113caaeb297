"""A real JupyterHub below a path, with its security headers and XSRF checks as they come."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.console import (
    COUNTED,
    MODEL,
    open_side_bar,
    press,
    says,
    tab,
    tool,
    walk_and_reload,
)
from tests.browser.hub import PASSWORD, Hub, HubUser, email_of
from wallwidgets.instance.demo_models import fraud_model

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_a_user_walks_and_another_sees_nothing_of_it(hub, demo_instance, page):
    ada, bob = hub.user("ada"), hub.user("bob")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(error.stack or str(error)))
    ada.log_in(page)
    (ada.home / MODEL).write_bytes(fraud_model(1))
    console = open_side_bar(page)
    # The hub's defaults: she has only her password to give.
    expect(console.get_by_label("Address", exact=True)).to_have_value(demo_instance.url)
    console.get_by_label("User", exact=True).fill(email_of("ada"))
    console.get_by_label("Password", exact=True).fill(PASSWORD)
    press(console, "Log in")
    says(console, COUNTED)
    walk_and_reload(page, console, "of-ada")
    # The extension's limit for files from the browser, and not Jupyter's own.
    tab(console, "Upload").click()
    expect(console.get_by_text("drop a file of up to 100 MiB")).to_be_visible()
    tool(page, "Restart Wallaroo's kernel").click()
    page.get_by_role("button", name="Restart", exact=True).click()
    expect(console.locator(".ww-account")).to_have_text("Not logged in")

    other = page.context.browser.new_page(viewport={"width": 1400, "height": 1000})
    bob.log_in(other)
    look_at_nothing_of_ada(other, hub, ada)
    assert errors == []


def look_at_nothing_of_ada(page: Page, hub: Hub, ada: HubUser) -> None:
    """Bob, whom the hub's login service has logged in at the instance already."""
    console = open_side_bar(page)
    says(console, "No workspaces.")
    account = console.locator(".ww-account")
    expect(account).to_contain_text(email_of("bob"))
    # Nothing renews a token that the hub passed on, so nothing says so.
    expect(account).to_contain_text(re.compile(r"token: \d+ min left"))
    tab(console, "Login").click()
    expect(console.get_by_text(email_of("ada"))).to_have_count(0)
    # What his page may do, his cookie alone may not.
    answer = page.request.post(f"{hub.user('bob').url}api/contents")
    assert (answer.status, "_xsrf" in answer.text()) == (403, True)
    home = page.request.get(f"{hub.url}hub/home")
    assert "frame-ancestors 'none'" in home.headers["content-security-policy"]
    for path in ("lab", "api/sessions", "api/kernels", "api/contents", f"files/{MODEL}"):
        assert page.request.get(ada.url + path, max_redirects=5).status == 403
