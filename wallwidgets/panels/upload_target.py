"""Where an upload goes: the workspace, the model's name, and the version that it becomes there."""

from __future__ import annotations

from typing import Any

from traitlets import Any as AnyTrait
from traitlets import Instance, Int, Unicode

from wallwidgets.api.client import Client
from wallwidgets.api.frames import Records
from wallwidgets.panels.panel import PanelState
from wallwidgets.panels.parts.latest import Latest, made_meanwhile
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.panels.upload_form import NAME_RULE, name_error
from wallwidgets.schemas.models import ModelRecord, ModelVersionRecord
from wallwidgets.schemas.workspaces import WorkspaceRecord

IDLE = Said("off", "Nothing sent yet.")
LOG_IN = Said("off", "Log in first.")

WorkspaceLike = WorkspaceRecord | int | str


class TargetState(PanelState):
    """A workspace and a model's name, and what the service has under it already.

    Args:
        client: Who is logged in; may be set later.
        workspace: A workspace by record, id or name; the only one if there is only one.

    Attributes:
        client: Who is logged in, or None.
        workspace: Where the model goes.
        workspaces: Those to choose from.
        name: The model's name.
        models: The models of the workspace by name; None until they are read.
        number: The version that an upload becomes; 0 as long as that is not known.
        existing: The versions that the name has.

    Example:
        >>> state = TargetState()
        >>> state.name = "house-"
        >>> state.name_error
        'No - at the beginning or end; “house-” has one.'
    """

    client = Instance(Client, allow_none=True)
    workspace = Instance(WorkspaceRecord, allow_none=True)
    workspaces: Any = AnyTrait(())
    name = Unicode()
    models: Any = AnyTrait(None)
    number = Int(0)
    existing: Any = AnyTrait(())

    def __init__(self, client: Client | None = None, workspace: WorkspaceLike | None = None):
        super().__init__(LOG_IN.text)
        self.reading, self.listing, self.counting = Latest(), Latest(), Latest()
        self._wanted = workspace
        if isinstance(workspace, WorkspaceRecord):
            self.workspaces, self.workspace = (workspace,), workspace
            self._wanted = workspace.id
        self.observe(self._connected, "client")
        self.observe(self._moved, "workspace")
        self.observe(self._count, ["name", "models"])
        self.client = client

    @property
    def name_error(self) -> str:
        """What is wrong with the name; one that exists already may break the rule."""
        return "" if self.name in (self.models or {}) else name_error(self.name)

    @property
    def name_help(self) -> str:
        """What the name means."""
        if not self.name or self.models is None:
            return NAME_RULE
        if self.name not in self.models:
            return "New: this becomes version 1."
        which = f"version {self.number}" if self.number else "its next version"
        return f"Exists: this becomes {which}."

    @property
    def title(self) -> str:
        """The model and its version, as sentences call them."""
        return f"{self.name}, version {self.number}" if self.number else self.name

    def read(self) -> None:
        """Read the workspaces, and the models of the one that is chosen."""
        client, before = self.client, self.workspace
        if client is None:
            return
        self.error = None
        self._say(Said.busy("Reading the workspaces …"))
        self.reading.start(
            lambda job: client.workspaces.list(),
            done=lambda found: self._take_workspaces(found, before),
            failed=self._unread,
        )
        self._read_models()

    def _connected(self, change: Any) -> None:
        if self.client is not None:
            self.read()
            return
        self.reading.cancel()
        self.workspace, self.workspaces = None, ()
        self._say(LOG_IN)

    def _take_workspaces(
        self, found: Records[WorkspaceRecord], before: WorkspaceRecord | None
    ) -> None:
        if made_meanwhile(self.workspace, before, found):
            self.read()
            return
        wanted, self._wanted = self._wanted, None
        if wanted is None and self.workspace is not None:
            wanted = self.workspace.id
        self.workspaces = tuple(sorted(found, key=lambda each: each.name.lower()))
        match = [each for each in found if wanted in (each.id, each.name)]
        if wanted is None and len(found) == 1:
            match = list(found)
        self.workspace = match[0] if match else None
        if wanted is not None and not match:
            self._say(Said("warning", f"There is no workspace {wanted!r} that you may see."))
        elif self.error is None:
            self._say(IDLE)

    def _moved(self, change: Any) -> None:
        workspace = self.workspace
        # One that was made elsewhere a moment ago.
        if workspace and workspace.id not in {each.id for each in self.workspaces}:
            self.workspaces = (*self.workspaces, workspace)
        self.models = None
        self._read_models()

    def _read_models(self) -> None:
        client, workspace = self.client, self.workspace
        if client is None or workspace is None:
            self.listing.cancel()
            return

        def take(found: Records[ModelRecord]) -> None:
            models = {model.name: model for model in found}
            if models == self.models:
                self._count(None)
            self.models = models

        self.listing.start(
            lambda job: client.models.list(workspace), done=take, failed=self._unread
        )

    def _count(self, change: Any) -> None:
        """Find out which version an upload becomes."""
        client, model = self.client, (self.models or {}).get(self.name)
        if client is None or model is None:
            self.counting.cancel()
            self.existing = ()
            self.number = 1 if self.models is not None and self.name else 0
            return
        self.number = 0

        def take(found: Records[ModelVersionRecord]) -> None:
            self.existing, self.number = found, len(found) + 1

        self.counting.start(
            lambda job: client.models.versions(model), done=take, failed=self._unread
        )

    def _unread(self, error: Exception) -> None:
        if not self.busy:
            self.error = error
        self._say(Said.of_error(error))

    def _say(self, said: Said) -> None:
        """Say it, unless the status line tells of an upload that runs."""
        if not self.busy:
            self.said = said
