"""A demo and a page for browser tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.hub import Hub, running_hub
from tests.browser.lab import Demo, chromium, running_demo


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
def hub(tmp_path_factory, instance) -> Iterator[Hub]:
    """One hub for all journeys of its users, each with notebooks and names of its own."""
    with running_hub(tmp_path_factory.mktemp("hub"), instance) as running:
        yield running


@pytest.fixture
def page() -> Iterator[Page]:
    with chromium() as browser:
        yield browser.new_page(viewport={"width": 1400, "height": 1000})
