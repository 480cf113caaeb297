"""A demo and a page for browser tests."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

import wallwidgets as ww
from tests.browser.hub import PASSWORD, USERS, Hub, email_of, running_hub
from tests.browser.lab import Demo, chromium, running_demo
from tests.conftest import get_token


@pytest.fixture
def demo(tmp_path) -> Iterator[Demo]:
    """A demo of the test's own, which it may end."""
    with running_demo(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def lab(tmp_path_factory) -> Iterator[Demo]:
    """One demo for all panels: each journey shows its own notebook and makes its own names."""
    with running_demo(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="session")
def demo_instance() -> Iterator[ww.LocalInstance]:
    """An instance with demo data, and accounts for the hub's users."""
    with ww.LocalInstance(demo=True) as running, running.connect() as admin:
        for name in USERS:
            admin.users.invite(email_of(name), PASSWORD)
        (shown,) = [each for each in admin.workspaces.list() if each.name == "housepricedrift"]
        admin.workspaces.add_user(shown, email_of("ada"))
        yield running


@pytest.fixture(scope="session")
def hub(tmp_path_factory, demo_instance) -> Iterator[Hub]:
    """One hub for all journeys of its users, where bob comes from the login service."""
    secret = json.loads(demo_instance.credentials_file.read_text())
    client = {"client_id": secret["confidentialClient"]}
    client |= {"client_secret": secret["confidentialPassword"]}
    account = {"username": email_of("bob"), "password": PASSWORD}
    answer = get_token(demo_instance.url, grant_type="password", **client, **account).json()
    tokens = {"bob": answer["access_token"]}
    with running_hub(tmp_path_factory.mktemp("hub"), demo_instance.url, tokens) as running:
        yield running


@pytest.fixture
def page() -> Iterator[Page]:
    with chromium() as browser:
        yield browser.new_page(viewport={"width": 1400, "height": 1000})
