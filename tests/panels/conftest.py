"""Login states that touch neither the environment nor the home of whoever runs the tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from wallwidgets.panels.login_state import LoginState
from wallwidgets.panels.recent import RecentAddresses

STATE_WAIT_S = 60


def settle(state: Any) -> None:
    """Wait until the action of a state has ended."""
    assert state.job.wait(STATE_WAIT_S)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in os.environ if each.startswith("WALLAROO_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def recent(tmp_path) -> RecentAddresses:
    return RecentAddresses(tmp_path / "state" / "recent.json")


@pytest.fixture
def login(instance, recent) -> Iterator[Callable[..., LoginState]]:
    """Makes a login state at the address of the instance; logs out at the end."""
    made: list[LoginState] = []

    def make(**options: Any) -> LoginState:
        environ = {"WALLAROO_URL": instance.url} | options.pop("environ", {})
        made.append(LoginState(environ=environ, recent=recent, **options))
        return made[-1]

    yield make
    for state in made:
        state.give_up()
        settle(state)
        state.log_out()
