"""Fixtures for the API layer: a scripted service, and clients of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import wallwidgets as ww
from tests.api.service import NO_WORKSPACES, TOKEN, WORKSPACES, Service, token


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in os.environ if each.startswith("WALLAROO_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def service() -> Iterator[Service]:
    """A service that logs in anybody and has no workspaces."""
    running = Service()
    running.answers = {TOKEN: token(), WORKSPACES: NO_WORKSPACES}
    yield running
    running.close()


@pytest.fixture
def connect(service: Service) -> Iterator[Callable[..., ww.Client]]:
    """`ww.connect` to the service, as a user unless told otherwise."""
    clients: list[ww.Client] = []

    def make(**options: Any) -> ww.Client:
        options = options or {"username": "ada", "password": "secret-of-ada"}
        clients.append(ww.connect(options.pop("url", service.url), **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def alone(service: Service) -> Iterator[ww.Client]:
    """A client with headers of its own, which never logs in."""
    with ww.connect(
        service.url, headers=lambda: {"Authorization": "Bearer of-the-caller"}
    ) as client:
        yield client
