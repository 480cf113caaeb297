"""What the panels of a Console share, without a widget: the login, the tab and the selection."""

from __future__ import annotations

from typing import Any

from traitlets import Any as AnyTrait
from traitlets import Enum, HasTraits, Instance

from wallwidgets.api.client import Client
from wallwidgets.panels.login_state import LoginState

LOGIN, BROWSE, UPLOAD, DEPLOY, DRIFT = "Login", "Browse", "Upload", "Deploy", "Drift"
TABS = (LOGIN, BROWSE, UPLOAD, DEPLOY, DRIFT)


class ConsoleState(HasTraits):
    """Who is logged in, which tab is open, and what is selected.

    Args:
        login: The login that the panels share.

    Attributes:
        login: What the Login tab shows.
        client: Who is logged in, or was until the login ended by itself; None for nobody.
            Whenever it changes, nothing is selected.
        tab: The open tab.
        workspace: The selected workspace, or None.
        pipeline: The selected pipeline, or None.
        model: The selected version of a model, or None.

    Example:
        >>> ConsoleState(LoginState()).tab
        'Login'
    """

    login = Instance(LoginState)
    client = Instance(Client, allow_none=True)
    tab = Enum(TABS, LOGIN)
    workspace = AnyTrait(None)
    pipeline = AnyTrait(None)
    model = AnyTrait(None)

    def __init__(self, login: LoginState):
        super().__init__(login=login)
        self._left = LOGIN
        self.follow_login()
        login.observe(lambda change: self.follow_login(), "value")

    @property
    def selection(self) -> tuple[int | None, ...]:
        """The ids of what is selected."""
        return tuple(
            None if each is None else each.id
            for each in (self.workspace, self.pipeline, self.model)
        )

    def select(self, name: str, record: Any) -> None:
        """Select a workspace, pipeline or model; what lies in another workspace no longer is."""
        here = None if self.workspace is None else self.workspace.id
        if name == "workspace" and here != (None if record is None else record.id):
            self.pipeline = self.model = None
        if name == "pipeline" and record is not None and here not in (None, record.workspace_id):
            self.workspace = self.model = None
        setattr(self, name, record)

    def follow_login(self) -> None:
        """Take over who is logged in: whoever logs in looks around first, or goes on."""
        client = self.login.value
        if client is None and self.client is not None and self.client is self.login.paused:
            # It ended by itself: what is half done stays until somebody logs in.
            self._left, self.tab = self.tab, LOGIN
            return
        if client is self.client:
            self.tab = self._left
            return
        self.tab = LOGIN
        self.workspace = self.pipeline = self.model = None
        self.client = client
        if client is not None:
            self.tab = BROWSE
