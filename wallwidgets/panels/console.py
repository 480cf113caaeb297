"""Console: all panels in one place."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ipywidgets import Tab, VBox
from traitlets import Any as AnyTrait
from traitlets import Bool, Instance, Unicode, dlink

from wallwidgets.api.client import Client
from wallwidgets.panels.console_share import Share
from wallwidgets.panels.console_state import (
    BROWSE,
    DEPLOY,
    DRIFT,
    LOGIN,
    TABS,
    UPLOAD,
    ConsoleState,
)
from wallwidgets.panels.login import LoginPanel
from wallwidgets.panels.login_state import LoginState
from wallwidgets.panels.login_ways import host, tls
from wallwidgets.panels.panel import Panel, PanelBox
from wallwidgets.panels.parts.account_line import AccountLine

_SHOWN = ("status", "error", "busy", "code")


class Console(PanelBox):
    """Log in, browse, upload, deploy and watch drift, in tabs that share login and selection.

    Begins with what the environment says, as `wallwidgets.connect` does, and contacts nobody
    before a click. A tab's panel is made when the tab is first opened. Logging out, or in as
    somebody else, begins all panels anew; after a login that ended by itself they go on.

    Args:
        client: Somebody who is logged in already; logging out closes it.
        state: A state to show instead of a new one.

    Attributes:
        value: The `Client`, once logged in.
        panel: The panel of the open tab; its result is ``panel.value``.
        tab: The open tab: Login, Browse, Upload, Deploy or Drift; may be set.
        workspace: The selected workspace, or None.
        pipeline: The selected pipeline, or None.
        model: The selected version of a model, or None.
        status: The sentence of the open panel's status line.
        error: Why its last action failed, or None.
        busy: Whether an action of it is under way.
        code: The Python that does the same as its last action.

    Example:
        >>> console = Console()
        >>> console.tab, console.status
        ('Login', 'Not logged in.')
    """

    value = Instance(Client, allow_none=True)
    panel = Instance(Panel, allow_none=True)
    tab = Unicode(LOGIN)
    workspace = AnyTrait(None)
    pipeline = AnyTrait(None)
    model = AnyTrait(None)
    status = Unicode()
    error = Instance(Exception, allow_none=True)
    busy = Bool(False)
    code = Unicode()

    def __init__(self, client: Client | None = None, *, state: ConsoleState | None = None):
        self.state = state = state or ConsoleState(LoginState(client))
        self.panels: dict[str, Any] = {}
        self._shares: dict[str, Share] = {}
        # A login that succeeds and a click may both open a tab.
        self._opening = threading.RLock()
        self._past: list[tuple[float, str]] = []
        self.account = AccountLine()
        self._rooms = {name: VBox() for name in TABS}
        self.tabs = Tab(list(self._rooms.values()), titles=TABS)
        super().__init__([self.account, self.tabs])
        self.add_class("ww-console")
        for name in ("workspace", "pipeline", "model", "tab"):
            dlink((state, name), (self, name))
        self.observe(lambda change: state.set_trait("tab", change["new"]), "tab")
        self.tabs.observe(self._clicked, "selected_index")
        state.login.observe(self._draw_account, ["account", "value"])
        state.observe(self._began_anew, "client")
        state.observe(self._open, "tab")
        dlink((state.login, "value"), (self, "value"))
        self._draw_account(None)
        self._open(None)

    @property
    def df(self) -> Any:
        """What the open panel shows, as a pandas frame."""
        return None if self.panel is None else self.panel.df

    @property
    def steps(self) -> list[str]:
        """The Python of all that was done in the panels, in order, and of what is shown now."""
        states = [panel.state for panel in self.panels.values()]
        moments = sorted([*self._past, *(step for state in states for step in state.steps)])
        steps = [code for _, code in moments]
        # The forms of the others say what a click would do.
        shown = self.code if self.tab in (BROWSE, DRIFT) else ""
        return steps if not shown or shown in steps[-1:] else [*steps, shown]

    def go(self, tab: str) -> None:
        """Open a tab to go on with what is selected: deploy a version, or upload its next one."""
        model = self.panels[BROWSE].state.model
        self.state.tab = tab
        if model is not None and tab == DEPLOY:
            self.panels[tab].state.propose(model)
        elif model is not None and tab == UPLOAD and not self.panels[tab].busy:
            self.panels[tab].state.name = model.name

    def close(self) -> None:
        """End what the panels do in the background; whoever is logged in stays so."""
        for name in list(self.panels):
            self._drop(name)
        super().close()

    def __repr__(self) -> str:
        return f"Console({self.tab!r}, {self.status!r})"

    def _clicked(self, change: Any) -> None:
        if change["new"] is not None:
            self.state.tab = TABS[change["new"]]

    def _open(self, change: Any) -> None:
        """Show the panel of the open tab, made now if it was never looked at."""
        with self._opening:
            name = self.state.tab
            if name in self.panels:
                if name in self._shares:
                    self._shares[name].take()
            else:
                self._make(name)
            if self.tabs.selected_index != TABS.index(name):
                self.tabs.selected_index = TABS.index(name)
                self.frame.focus_tab()
            self.panel = self.panels.get(name)
            self._follow(None)

    def _make(self, name: str) -> None:
        panel = self.panels[name] = _MAKERS[name](self)
        if name != LOGIN:
            self._shares[name] = Share(self.state, name, panel.state)
        panel.observe(self._follow, _SHOWN)
        self._rooms[name].children = [panel]

    def _follow(self, change: Any) -> None:
        panel = self.panel
        if panel is not None and (change is None or change["owner"] is panel):
            for name in _SHOWN:
                setattr(self, name, getattr(panel, name))

    def _began_anew(self, change: Any) -> None:
        """Forget the panels of whoever was logged in before."""
        with self._opening:
            for name in [each for each in self.panels if each != LOGIN]:
                self._drop(name)

    def _drop(self, name: str) -> None:
        panel = self.panels.pop(name)
        self._shares.pop(name, None)
        panel.unobserve(self._follow, _SHOWN)
        self._rooms[name].children = []
        panel.close()
        self._past += panel.state.steps
        if name != LOGIN:
            panel.state.client = None

    def _draw_account(self, change: Any) -> None:
        login = self.state.login
        client, account = login.value, login.account
        if client is None or account is None:
            self.account.forget()
            return
        settings = client.settings
        url = settings.url
        self.account.tell(host(url), account, login.user, tls(url, settings.verify))


def _login(console: Console) -> Panel:
    return LoginPanel(state=console.state.login)


def _browse(console: Console) -> Panel:
    from wallwidgets.panels.workspace_browser import WorkspaceBrowser

    return WorkspaceBrowser(console.state.client, go=console.go)


def _upload(console: Console) -> Panel:
    from wallwidgets.panels.model_uploader import ModelUploader

    return ModelUploader(console.state.client, console.workspace)


def _deploy(console: Console) -> Panel:
    from wallwidgets.panels.pipeline_deployer import PipelineDeployer

    return PipelineDeployer(console.state.client, console.workspace, console.pipeline)


def _drift(console: Console) -> Panel:
    from wallwidgets.panels.assay_chart import AssayChart

    return AssayChart(console.state.client, console.pipeline or console.workspace)


_MAKERS: dict[str, Callable[[Console], Panel]] = {
    LOGIN: _login,
    BROWSE: _browse,
    UPLOAD: _upload,
    DEPLOY: _deploy,
    DRIFT: _drift,
}
