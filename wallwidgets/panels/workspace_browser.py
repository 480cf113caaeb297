"""WorkspaceBrowser: what there is on an instance, and who may use it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pandas as pd
from ipywidgets import Box, Dropdown, HBox, VBox
from traitlets import Any as AnyTrait
from traitlets import Instance, dlink

from wallwidgets.api.client import Client
from wallwidgets.panels.panel import Panel
from wallwidgets.panels.parts import words
from wallwidgets.panels.parts.fields import Field, button, show
from wallwidgets.panels.parts.once import ShownOnce
from wallwidgets.panels.parts.sections import Sections
from wallwidgets.panels.parts.table import PAGE_SIZE
from wallwidgets.panels.parts.tie import tie
from wallwidgets.panels.parts.visible import short_text
from wallwidgets.panels.workspace_browser_state import BrowserState
from wallwidgets.panels.workspace_form_state import NEW_USER, NEW_WORKSPACE
from wallwidgets.panels.workspace_forms import ACTIONS, Form, UserActions, WaysOn
from wallwidgets.panels.workspace_nothing import nothing
from wallwidgets.panels.workspace_sections import (
    MODELS,
    MONO,
    PIPELINES,
    SECTIONS,
    USERS,
    WITHIN,
    WORKSPACES,
)
from wallwidgets.panels.workspace_table import ListingTable


class WorkspaceBrowser(Panel):
    """Workspaces, and the models, pipelines, members, connections and assays of the selected one.

    Administrators also see users. Selecting anything sets ``value`` to its record.

    Args:
        client: Who is logged in; may be given later, as the trait.
        go: Called with ``"Upload"`` or ``"Deploy"`` where another panel takes the selection over.

    Attributes:
        client: Who is logged in, or None; may be set.
        workspace: The selected workspace, or None; may be set.
        model: The selected version of a model, or None.
        pipeline: The selected pipeline, or None.

    Example:
        >>> panel = WorkspaceBrowser()
        >>> panel.status
        'Log in first.'
    """

    state: BrowserState
    client = Instance(Client, allow_none=True)
    workspace = AnyTrait(None)
    model = AnyTrait(None)
    pipeline = AnyTrait(None)

    def __init__(
        self,
        client: Client | None = None,
        *,
        state: BrowserState | None = None,
        go: Callable[[str], object] | None = None,
    ):
        state = state or BrowserState(client)
        self._go = go
        self._forms: dict[str, Form] = {}
        self._made_rows: dict[str, Any] = {}
        self._pointer: int | None = None
        self._open = ""
        self._make_left(state)
        self._make_right(state)
        columns = Box([self._left, self._right])
        columns.add_class("ww-columns")
        super().__init__(
            state,
            controls=[columns],
            observe=[
                *("client", "place", "section", "workspace", "user", "chosen", "model"),
                *("configuration", "form", "listings", "refused", "name", "email", "type"),
                "connection_id",
            ],
        )
        state.show_once = self.once.reveal
        state.observe(lambda change: self.once.forget(), "client")
        for name in ("client", "workspace"):
            tie((state, name), (self, name))
        for name in ("model", "pipeline"):
            dlink((state, name), (self, name))

    @property
    def df(self) -> pd.DataFrame:
        """What the table shows: the section, or the left side if nothing is selected there."""
        state = self.state
        within = state.place == WORKSPACES and state.workspace is not None
        listed = self.rows if within else self.lists[state.place]
        return listed.table.matching.to_pandas()

    def draw(self) -> None:
        """Show what is selected."""
        self._draw_left()
        self._draw_head()
        self._draw_table()
        self._draw_below()

    def _make_left(self, state: BrowserState) -> None:
        self.places = Sections([WORKSPACES, USERS])
        self.places.value = state.place
        self.places.observe(self._went, "value")
        self._places_title = words.Words()
        self.again = button("Reload", state.read_again, look="plain")
        head = HBox([self._places_title, self.places, self.again])
        head.add_class("ww-browse-head")
        self.lists: dict[str, ListingTable] = {}
        self.new = button("New", self._new)
        self._find = HBox([self.new])
        self._find.add_class("ww-find")
        self._left = VBox([head, self._find])
        self._list(state, WORKSPACES)

    def _list(self, state: BrowserState, place: str) -> ListingTable:
        """The table of the left side, made when it is first shown."""
        if place not in self.lists:
            select = state.select_user if place == USERS else state.select_workspace
            self.lists[place] = ListingTable(
                SECTIONS[place], lambda item: select(item and item.value), order="name"
            )
            listed = self.lists.values()
            self._find.children = [*(each.table.search for each in listed), self.new]
            self._left.children = [*self._left.children[:2], *listed]
        return self.lists[place]

    def _make_right(self, state: BrowserState) -> None:
        self._head = words.Words()
        self.sections = Sections(WITHIN)
        self.sections.value = state.section
        self.sections.observe(self._turned, "value")
        self.rows = ListingTable(SECTIONS[MODELS], lambda item: state.choose(item and item.key))
        self._empty, self._facts = words.Words(), words.Words()
        self.version = Dropdown(description="Version")
        self.version.observe(self._took_version, "value")
        self._version = Field(self.version)
        self.once = ShownOnce()
        self._below = VBox([])
        self._right = VBox(
            [
                *(self._head, self.sections, self.rows.table.search, self.rows, self._empty),
                *(self._version, self._facts, self.once, self._below),
            ]
        )

    def _draw_left(self) -> None:
        state = self.state
        listed = self._list(state, state.place)
        for place, each in self.lists.items():
            show(each, place == state.place)
            show(each.table.search, place == state.place)
        self._places_title.content = [] if state.is_admin else words.section(WORKSPACES)
        show(self.places, state.is_admin)
        self.places.value = state.place
        for place in (WORKSPACES, USERS):
            listing = state.listings.get((None, place))
            self.places.count(place, len(listing.items) if listing else None)
        self.new.description = "Invite" if state.place == USERS else "New"
        self.new.disabled = state.client is None or state.job.busy
        show(self.again, state.client is not None)
        selected = state.user if state.place == USERS else state.workspace
        key = None if selected is None else selected.id
        listed.show_listing(state.left, key, waits=state.client is not None)

    def _draw_head(self) -> None:
        state = self.state
        user, workspace = state.user, state.workspace
        head: list[words.Piece] = []
        if state.form not in (NEW_WORKSPACE, NEW_USER):
            if state.place == USERS and user is not None:
                chip = "active" if user.enabled else "inactive"
                head = words.header(user.email or user.username, state=chip)
            elif state.place == WORKSPACES and workspace is not None:
                role = f" · you are {state.my_role}" if state.my_role else ""
                head = words.header(workspace.name, f"id {workspace.id}{role}")
        self._head.content = head
        self.sections.value = state.section
        for name in WITHIN:
            self.sections.count(name, state.count(name))

    def _draw_table(self) -> None:
        state, section = self.state, SECTIONS[self.state.section]
        inside = state.place == WORKSPACES and state.workspace is not None
        inside = inside and state.form not in (NEW_WORKSPACE, NEW_USER)
        listing = state.listing
        is_empty = listing is not None and not listing.items
        show(self.sections, inside)
        show(self.rows, inside and not is_empty)
        is_long = listing is not None and len(listing.items) > PAGE_SIZE
        show(self.rows.table.search, inside and is_long)
        self.rows.show_section(section)
        self.rows.show_listing(listing, state.chosen, waits=inside)
        self._empty.content = [] if state.form else nothing(state, inside=inside)

    def _draw_below(self) -> None:
        """The facts of what is selected, and what can be done with it."""
        state = self.state
        user = state.place == USERS
        left = state.left
        facts = state.facts() if not user else []
        if user and state.user is not None and left is not None:
            facts = next((i.facts for i in left.items if i.key == state.user.id), [])
        self._facts.content = words.facts(facts if not state.form else [], MONO)
        self._draw_versions()
        row = self._actions()
        if row is not None:
            row.draw()
            show(row, not state.form)
        form = self._opened_form()
        children = tuple(each for each in (row, form) if each is not None)
        if self._below.children != children:
            self._below.children = children

    def _draw_versions(self) -> None:
        state, item = self.state, self.state.item
        versions = item.versions if item is not None and not state.form else ()
        show(self._version, len(versions) > 1 and state.place == WORKSPACES)
        options = [
            (short_text(f"{at} · {each.status or 'unknown'} · {each.sha[:8]}"), each.id)
            for at, each in reversed(list(enumerate(versions, 1)))
        ]
        wanted = state.model.id if versions and state.model else None
        self._pointer = threading.get_ident()
        try:
            if self.version.options != tuple(options):
                self.version.options = options
            if self.version.value != wanted:
                self.version.value = wanted
        finally:
            self._pointer = None

    def _actions(self) -> Any:
        """The row of buttons for what is looked at, made when first needed; None for none."""
        state = self.state
        if state.place == USERS:
            return None if state.user is None else self._made(USERS, UserActions)
        if state.workspace is None or state.is_absent(SECTIONS[state.section]):
            return None
        if state.section in ACTIONS:
            return self._made(state.section, ACTIONS[state.section])
        go = self._go
        if state.section in (MODELS, PIPELINES) and go is not None:
            return self._made(state.section, lambda state: WaysOn(state, go))
        return None

    def _made(self, name: str, make: Callable[[BrowserState], Any]) -> Any:
        if name not in self._made_rows:
            self._made_rows[name] = make(self.state)
        return self._made_rows[name]

    def _opened_form(self) -> Form | None:
        """The form that is open, made when first needed."""
        state, before = self.state, self._open
        self._open = state.form
        if not state.form:
            # An action that is done takes its form away, and the focus with it.
            if before and state.job.busy:
                self._focus_opener(before)
            return None
        if state.form not in self._forms:
            self._forms[state.form] = Form(state, state.form, self._cancel)
        form = self._forms[state.form]
        form.draw()
        return form

    def _cancel(self) -> None:
        form = self.state.form
        self.state.open_form("")
        self._focus_opener(form)

    def _focus_opener(self, form: str) -> None:
        openers = getattr(self._actions(), "openers", {})
        openers.get(form, self.new).focus()

    def _new(self) -> None:
        self.state.open_form(NEW_USER if self.state.place == USERS else NEW_WORKSPACE)

    def _went(self, change: Any) -> None:
        self.state.place = change["new"]

    def _turned(self, change: Any) -> None:
        self.state.section = change["new"]

    def _took_version(self, change: Any) -> None:
        if self._pointer != threading.get_ident() and change["new"] is not None:
            self.state.choose_version(change["new"])
