"""What is selected in WorkspaceBrowser, without a widget; what is read is in `listings`."""

from __future__ import annotations

from typing import Any

from traitlets import Any as AnyTrait
from traitlets import Dict, Instance, Unicode

from wallwidgets.api.client import Client
from wallwidgets.errors import NotFound
from wallwidgets.panels.panel import PanelState
from wallwidgets.panels.workspace_items import version_facts
from wallwidgets.panels.workspace_listing import Facts, Item, Listing
from wallwidgets.panels.workspace_sections import MODELS, PIPELINES, USERS, WORKSPACES, Section

LOG_IN_FIRST = "Log in first."

Key = tuple[int | None, str]
"""Of a listing: the workspace's id, or None for what is the instance's; and the section."""


class BrowserSelection(PanelState):
    """Where one is: a workspace, a section of it, a row.

    Attributes:
        value: The record that was selected last: a workspace, a model's version, a pipeline, …
        client: Who is logged in, or None.
        place: What the left side lists: Workspaces or Users.
        section: What of the workspace is listed.
        workspace: The selected workspace, or None; setting it selects another.
        user: The selected user, in Users.
        chosen: The key of the selected row of the section.
        model: The selected version of a model, or None.
        pipeline: The selected pipeline, or None.
        configuration: That of the selected version, once it was read.
        form: What is being made: workspace, user, member, attach, connection; or "".
        listings: What was read, by workspace and section.

    Example:
        >>> state = BrowserSelection(LOG_IN_FIRST)
        >>> state.key
        (None, 'Workspaces')
    """

    client = Instance(Client, allow_none=True)
    place = Unicode(WORKSPACES)
    section = Unicode(MODELS)
    workspace = AnyTrait(None)
    user = AnyTrait(None)
    chosen = AnyTrait(None)
    model = AnyTrait(None)
    pipeline = AnyTrait(None)
    configuration = AnyTrait(None)
    form = Unicode()
    listings: Any = Dict()

    def __init__(self, idle: str, **traits: Any):
        super().__init__(idle, **traits)
        # The version whose configuration was read.
        self._configured: int | None = None
        self.observe(self._turned, ["place", "section"])
        self.observe(self._moved, "workspace")

    @property
    def is_admin(self) -> bool:
        """Whether the account may look after users."""
        return self.client is not None and self.client.account.is_admin

    @property
    def listing(self) -> Listing | None:
        """What was read of the section of the workspace, or None while it is not there."""
        found: Listing | None = None
        if self.workspace is not None:
            found = self.listings.get((self.workspace.id, self.section))
        return found

    @property
    def left(self) -> Listing | None:
        """What was read of the left side."""
        found: Listing | None = self.listings.get((None, self.place))
        return found

    @property
    def key(self) -> Key:
        """The listing that is looked at."""
        if self.place == USERS or self.workspace is None:
            return (None, self.place)
        return (self.workspace.id, self.section)

    @property
    def item(self) -> Item | None:
        """The selected row of the section."""
        found = self.listing.items if self.listing else ()
        return next((item for item in found if item.key == self.chosen), None)

    def count(self, section: str) -> int | None:
        """How many there are of a section, as far as is known."""
        if self.workspace is None:
            return None
        listing = self.listings.get((self.workspace.id, section))
        if listing is None or (listing.error and not listing.items):
            return len(self.workspace.pipelines) if section == PIPELINES else None
        return len(listing.items)

    def is_absent(self, section: Section) -> bool:
        """Whether the instance does not know the calls of the section that is looked at."""
        listing = self.listing
        return bool(section.absent and listing and isinstance(listing.error, NotFound))

    def facts(self) -> Facts:
        """What is known about the selected row."""
        item = self.item
        if item is None:
            return []
        if self.section != MODELS or not item.versions:
            return item.facts
        ids = [version.id for version in item.versions]
        at = ids.index(self.model.id) if self.model and self.model.id in ids else len(ids) - 1
        config = self.configuration if self._configured == ids[at] else None
        return version_facts(item.versions[at], at + 1, len(ids), config)

    def select_workspace(self, workspace: Any) -> None:
        """Look at a workspace (a record), or at none; the same as to set the trait."""
        self.workspace = workspace

    def select_user(self, user: Any) -> None:
        """Look at a user (a record), or at none."""
        self.user = self.value = user
        self.form = ""

    def choose(self, key: Any) -> None:
        """Select a row of the section, or none."""
        if key == self.chosen:
            return
        self._choose(key)
        self.value = self.workspace if key is None else self._chosen_record()
        self._wants()

    def choose_version(self, version_id: int) -> None:
        """Select another version of the selected model."""
        versions = self.item.versions if self.item else ()
        for version in versions:
            if version.id == version_id and version != self.model:
                self.model = self.value = version
                self._wants()

    def _choose(self, key: Any) -> None:
        """Select a row; `model` and `pipeline` follow, and a version stays the selected one."""
        self.chosen = key
        item, known = self.item, self.model.id if self.model is not None else None
        versions = item.versions if item is not None and self.section == MODELS else ()
        same = [version for version in versions if version.id == known]
        self.model = next(iter(same or versions[-1:]), None)
        self.pipeline = item.value if item is not None and self.section == PIPELINES else None

    def _chosen_record(self) -> Any:
        item = self.item
        if item is None:
            return self.workspace
        return self.model if self.section == MODELS and self.model else item.value

    def _moved(self, change: Any) -> None:
        old, new = change["old"], change["new"]
        if old is not None and new is not None and old.id == new.id:
            # Only read again; what is selected in it stays.
            return
        self.form = ""
        self._choose(None)
        self.value = new
        self._wants()

    def _turned(self, change: Any) -> None:
        self.form = ""
        if change["name"] == "section":
            self._choose(None)
        self.value = self.user if self.place == USERS else self.workspace
        self._wants()

    def _wants(self, *, aloud: bool = True) -> None:
        """Hear that something else is looked at now."""
