"""The forms and the actions of WorkspaceBrowser as widgets; each is made when first needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ipywidgets import Box, Dropdown, Text, VBox

from wallwidgets.panels.parts.confirm import Confirm
from wallwidgets.panels.parts.fields import Actions, Field, button, show
from wallwidgets.panels.parts.tie import tie
from wallwidgets.panels.parts.visible import short_text
from wallwidgets.panels.parts.words import Words, section
from wallwidgets.panels.workspace_browser_state import BrowserState
from wallwidgets.panels.workspace_details import DetailsField
from wallwidgets.panels.workspace_form_state import (
    ATTACH,
    COLLABORATOR,
    NEW_CONNECTION,
    NEW_MEMBER,
    NEW_USER,
    NEW_WORKSPACE,
    OWNER,
)
from wallwidgets.panels.workspace_sections import ASSAYS, CONNECTIONS, MEMBERS, MODELS

TITLES = {
    NEW_WORKSPACE: ("New workspace", "Create workspace"),
    NEW_USER: ("Invite a user", "Invite"),
    NEW_MEMBER: ("Add a member", "Add member"),
    ATTACH: ("Attach a connection", "Attach"),
    NEW_CONNECTION: ("New connection", "Create connection"),
}
NAME_RULE = "Lower-case letters, digits and -, beginning with a letter; unique on the instance."
DETAILS_HELP = 'A JSON object such as {"host": "db"}; sent once, never shown.'


class Form(VBox):
    """Fields, the button that sends them, and the one that gives up."""

    def __init__(self, state: BrowserState, kind: str, cancel: Callable[[], object]):
        self._state, self.kind = state, kind
        title, verb = TITLES[kind]
        self.fields: dict[str, Field] = {}
        self._add_fields()
        self.submit = button(verb, self._submit, look="primary")
        self.cancel = button("Cancel", cancel)
        self.actions = Actions([self.submit, self.cancel])
        head, box = Words(content=section(title)), Box(list(self.fields.values()))
        box.add_class("ww-fields")
        super().__init__([head, box, self.actions])
        self.add_class("ww-form")
        self.add_class("ww-opens")

    def draw(self) -> None:
        """Show what is wrong, and whether it can be sent."""
        state, errors = self._state, self._state.errors
        for name, field in self.fields.items():
            field.error = errors.get(name, "")
            field.control.disabled = state.job.busy
        why = state.why_not_yet
        if self.kind == NEW_CONNECTION:
            details = self.fields["details"]
            details.help = details.control.understood or DETAILS_HELP
            details.error = errors.get("details", "") or details.control.problem
            why = why or ("Create connection needs valid details." if details.error else "")
        if self.kind == ATTACH:
            self._offer()
        self.actions.turn(self.submit, why, busy=state.job.busy)
        self.cancel.disabled = state.job.busy

    def _add_fields(self) -> None:
        if self.kind == NEW_WORKSPACE:
            self._add("name", Text(description="Name"), NAME_RULE)
        elif self.kind in (NEW_USER, NEW_MEMBER):
            self._add("email", Text(description="E-mail"), "")
        if self.kind == NEW_MEMBER:
            roles = Dropdown(description="Role", options=[COLLABORATOR, OWNER])
            self._add("role", roles, "Owners also change the members.")
        if self.kind == ATTACH:
            self.fields["connection_id"] = Field(Dropdown(description="Connection"))
            self.fields["connection_id"].control.observe(self._picked, "value")
        if self.kind == NEW_CONNECTION:
            self._add("name", Text(description="Name"), "Unique on the instance.")
            self._add("type", Text(description="Type"), "Such as BIGQUERY or HTTP.")
            self.fields["details"] = Field(DetailsField(label="Details"), help=DETAILS_HELP)
            self.fields["details"].control.observe(lambda change: self.draw(), "understood")
            self.fields["details"].control.observe(lambda change: self.draw(), "problem")

    def _add(self, name: str, control: Any, help: str) -> None:
        self.fields[name] = Field(control, help=help)
        tie((self._state, name), (control, "value"))

    def _offer(self) -> None:
        """What may be attached; the first one until somebody picks another."""
        control = self.fields["connection_id"].control
        offered = [(short_text(name), key) for name, key in self._state.attachable]
        if tuple(offered) != control.options:
            control.options = offered
        self._state.connection_id = control.value

    def _picked(self, change: Any) -> None:
        self._state.connection_id = change["new"]

    def _submit(self) -> None:
        state = self._state
        if self.kind == NEW_CONNECTION:
            control = self.fields["details"].control
            # Taken before anything is sent: the field is empty from here on.
            if not state.job.busy and not state.why_not_yet and not control.problem:
                state.create_connection(control.take())
            return
        {
            NEW_WORKSPACE: state.create_workspace,
            NEW_USER: state.invite,
            NEW_MEMBER: state.add_member,
            ATTACH: state.attach,
        }[self.kind]()


class MemberActions(Actions):
    """Add a member, change the role, remove."""

    def __init__(self, state: BrowserState):
        self._state = state
        self.add = button("Add a member", lambda: state.open_form(NEW_MEMBER))
        self.role = button("Make owner", self._other_role)
        self.remove = Confirm("Remove", keep="Keep the member", act=state.remove_member)
        super().__init__([self.add, self.role, self.remove])
        self.openers = {NEW_MEMBER: self.add}

    def draw(self) -> None:
        """Follow the selected member."""
        state, item, busy = self._state, self._state.item, self._state.job.busy
        why = state.why_no_member_change
        self.turn(self.add, why, busy=busy)
        why = why or ("" if item else "Select a member first.")
        if state.is_last_owner:
            why = why or "The last owner stays; make somebody else an owner first."
        self.turn(self.role, why, busy=busy)
        self.turn(self.remove.first, why, busy=busy)
        self.remove.sure.disabled = busy
        is_owner = item is not None and item.row["role"] == OWNER
        self.role.description = "Make collaborator" if is_owner else "Make owner"
        if item is not None:
            self.remove.describe(item.name, f"{state.workspace.name} is closed to them at once.")

    def _other_role(self) -> None:
        item = self._state.item
        if item is not None:
            self._state.set_role(COLLABORATOR if item.row["role"] == OWNER else OWNER)


class ConnectionActions(Actions):
    """Attach a connection, create one, detach."""

    def __init__(self, state: BrowserState):
        self._state = state
        self.attach = button("Attach", lambda: state.open_form(ATTACH))
        self.create = button("Create", lambda: state.open_form(NEW_CONNECTION))
        self.detach = Confirm("Detach", keep="Keep it attached", act=state.detach)
        super().__init__([self.attach, self.create, self.detach])
        self.openers = {ATTACH: self.attach, NEW_CONNECTION: self.create}

    def draw(self) -> None:
        """Follow the selected connection."""
        state, item, busy = self._state, self._state.item, self._state.job.busy
        self.turn(self.attach, busy=busy)
        self.turn(self.create, busy=busy)
        self.turn(self.detach.first, "" if item else "Select a connection first.", busy=busy)
        self.detach.sure.disabled = busy
        if item is not None:
            words = f"{state.workspace.name} cannot use it then; it stays on the instance."
            self.detach.describe(item.name, words)


class AssayActions(Actions):
    """Let the service run an assay, or not."""

    def __init__(self, state: BrowserState):
        self._state = state
        self.switch = button("Activate", self._switch)
        super().__init__([self.switch])

    def draw(self) -> None:
        """Follow the selected assay."""
        item = self._state.item
        is_active = item is not None and item.value.active
        self.switch.description = "Deactivate" if is_active else "Activate"
        why = "" if item else "Select an assay first."
        self.turn(self.switch, why, busy=self._state.job.busy)

    def _switch(self) -> None:
        item = self._state.item
        if item is not None:
            self._state.switch_assay(not item.value.active)


class UserActions(Actions):
    """Let a user log in, or not."""

    def __init__(self, state: BrowserState):
        self._state = state
        self.activate = button("Activate", lambda: state.switch_user(True))
        self.deactivate = Confirm(
            "Deactivate", keep="Keep the account", act=lambda: state.switch_user(False)
        )
        super().__init__([self.activate, self.deactivate])

    def draw(self) -> None:
        """Follow the selected user."""
        state, user, busy = self._state, self._state.user, self._state.job.busy
        is_active = user is not None and user.enabled
        me = state.client.account.user_id if state.client else None
        why = ""
        if user is not None and not user.email:
            why = "The service names accounts by e-mail, and this one has none."
        elif user is not None and user.id == me and is_active:
            why = "You cannot deactivate yourself."
        show(self.activate, not is_active)
        show(self.deactivate, is_active)
        self.turn(self.activate, "" if is_active else why, busy=busy)
        self.turn(self.deactivate.first, why if is_active else "", busy=busy)
        self.deactivate.sure.disabled = busy
        if user is not None:
            words = "They are logged out at once; what they made stays."
            self.deactivate.describe(user.email or user.username, words)


class WaysOn(Actions):
    """The buttons that take a selection to another panel."""

    def __init__(self, state: BrowserState, go: Callable[[str], object]):
        self._state, self._go = state, go
        self.deploy = button("Deploy this version", lambda: self._to("Deploy"), look="primary")
        self.upload = button("Upload a version", lambda: self._to("Upload"))
        super().__init__([self.deploy, self.upload])

    def draw(self) -> None:
        """Follow the selected model or pipeline."""
        state = self._state
        is_models = state.section == MODELS
        self.deploy.description = "Deploy this version" if is_models else "Open this pipeline"
        wanted = state.model if is_models else state.pipeline
        why = "" if wanted else f"Select a {'model' if is_models else 'pipeline'} first."
        self.turn(self.deploy, why)
        show(self.upload, is_models)

    def _to(self, panel: str) -> None:
        self._go(panel)


ACTIONS = {MEMBERS: MemberActions, CONNECTIONS: ConnectionActions, ASSAYS: AssayActions}
