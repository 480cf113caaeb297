"""Login states that touch neither the environment nor the home of whoever runs the tests."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import wallwidgets as ww
from wallwidgets.panels.login_state import LoginState
from wallwidgets.panels.recent import RecentAddresses
from wallwidgets.schemas.workspaces import WorkspaceRecord

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


@pytest.fixture
def made_during_list(
    instance, client: ww.Client, unique, monkeypatch
) -> Callable[[Callable[[WorkspaceRecord], object]], WorkspaceRecord]:
    """Makes a workspace elsewhere, and selects it, between the reading of a list and its use."""
    asked, go_on, read = threading.Event(), threading.Event(), client.workspaces.list

    def slowly() -> Any:
        found = read()
        asked.set()
        assert go_on.wait(STATE_WAIT_S)
        return found

    def make(select: Callable[[WorkspaceRecord], object]) -> WorkspaceRecord:
        assert asked.wait(STATE_WAIT_S)
        with instance.connect() as other:
            made = other.workspaces.create(unique("meanwhile"))
        select(made)
        go_on.set()
        return made

    monkeypatch.setattr(client.workspaces, "list", slowly)
    return make
