"""How one panel of a Console gives and takes the selection, without a widget."""

from __future__ import annotations

from typing import Any

from wallwidgets.errors import AuthenticationError
from wallwidgets.panels.console_state import BROWSE, DEPLOY, DRIFT, UPLOAD, ConsoleState

_GIVES = {
    BROWSE: {"workspace": "workspace", "pipeline": "pipeline", "model": "model"},
    UPLOAD: {"workspace": "workspace", "value": "model"},
    DEPLOY: {"workspace": "workspace", "pipeline": "pipeline"},
    DRIFT: {"pipeline": "pipeline"},
}
"""Traits of each panel's state, and what they are to the others."""


class Share:
    """One panel's part in the selection.

    A panel tells what is selected in it only while its tab is open, and takes over what was
    selected elsewhere when its tab is opened: nothing is read for a panel that nobody looks at,
    and nothing moves in one that is busy.

    Args:
        console: What the panels share.
        tab: The panel's tab.
        state: The panel's state.

    Example:
        >>> def share(console: ConsoleState, state: object) -> Share:
        ...     return Share(console, BROWSE, state)
    """

    def __init__(self, console: ConsoleState, tab: str, state: Any):
        self._console, self._tab, self._state = console, tab, state
        self._knows = console.selection
        state.observe(self._give, list(_GIVES[tab]))

    def take(self) -> None:
        """Take over what was selected elsewhere since, and see again what others changed."""
        console, state = self._console, self._state
        if self._tab == BROWSE:
            state.read_again()
        if self._tab == DEPLOY and isinstance(state.error, AuthenticationError):
            # What could not be read when the login ended.
            state.look_again()
        if console.selection == self._knows:
            # What was made here meanwhile may be selected now.
            self._give_all()
            return
        if self._tab == UPLOAD and state.busy:
            return
        workspace, pipeline = console.workspace, console.pipeline
        if workspace is not None and self._tab != DRIFT:
            state.workspace = workspace
        if self._tab == DEPLOY:
            state.look_again()
        if pipeline is not None and self._tab == DEPLOY:
            state.pipeline = pipeline
        if self._tab == DRIFT and self._is_elsewhere():
            state.select(pipeline or workspace)
        self._give_all()

    def _give(self, change: Any) -> None:
        if self._console.tab == self._tab:
            self._tell(change["name"])

    def _give_all(self) -> None:
        for name in _GIVES[self._tab]:
            if getattr(self._state, name) is not None:
                self._tell(name)
        self._knows = self._console.selection

    def _tell(self, name: str) -> None:
        record = getattr(self._state, name)
        known = getattr(self._console, _GIVES[self._tab][name])
        # Of a pipeline that a panel chose by itself, the others need not know.
        if self._tab != DRIFT or (record is not None and known is not None):
            self._console.select(_GIVES[self._tab][name], record)
        self._knows = self._console.selection

    def _is_elsewhere(self) -> bool:
        """Whether drift is shown of something else than what is selected."""
        here, console = self._state.pipeline, self._console
        if console.pipeline is not None:
            return here is None or here.id != console.pipeline.id
        if console.workspace is None:
            return False
        return here is None or here.workspace_id != console.workspace.id
