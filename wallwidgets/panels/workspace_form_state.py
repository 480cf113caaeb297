"""The forms of WorkspaceBrowser, without a widget: what is typed and what is wrong with it."""

from __future__ import annotations

import re
from typing import Any

from traitlets import Any as AnyTrait
from traitlets import Dict, Unicode

from wallwidgets.api.client import Client
from wallwidgets.errors import Conflict, InvalidRequest
from wallwidgets.panels.workspace_reading import BrowserReading
from wallwidgets.panels.workspace_sections import ATTACHABLE, CONNECTIONS, MEMBERS, WORKSPACES
from wallwidgets.schemas.names import name_problem

OWNER, COLLABORATOR = "owner", "collaborator"
NEW_WORKSPACE, NEW_USER, NEW_MEMBER = "workspace", "user", "member"
ATTACH, NEW_CONNECTION = "attach", "connection"


class BrowserForms(BrowserReading):
    """What somebody is about to make, and whether it can be made.

    Attributes:
        name: Of the workspace or connection.
        email: Of the user or member.
        role: Of the member: owner or collaborator.
        type: Of the connection.
        connection_id: The connection to attach.
        refused: Sentences for fields, by name, from the last attempt.

    Example:
        >>> state = BrowserForms()
        >>> state.open_form("workspace")
        >>> state.name = "House Price"
        >>> state.why_not_yet
        'Create workspace needs a valid name.'
    """

    name = Unicode()
    email = Unicode()
    role = Unicode(COLLABORATOR)
    type = Unicode()
    connection_id = AnyTrait(None)
    refused: Any = Dict()

    def __init__(self, client: Client | None = None):
        super().__init__(client)
        self.observe(self._edited, ["name", "email", "role", "type", "connection_id"])

    @property
    def my_role(self) -> str:
        """What the account is in the workspace: owner, collaborator, administrator, or ""."""
        if self.client is None or self.workspace is None:
            return ""
        members = self.listings.get((self.workspace.id, MEMBERS))
        me = self.client.account.user_id
        roles = [item.row["role"] for item in (members.items if members else ()) if item.key == me]
        return roles[0] if roles else "administrator" if self.is_admin else ""

    @property
    def why_no_member_change(self) -> str:
        """Why members cannot be changed, or ""."""
        if self.is_admin or self.my_role in (OWNER, ""):
            return ""
        return "Only an owner of the workspace or an administrator changes its members."

    @property
    def is_last_owner(self) -> bool:
        """Whether the selected member is the only owner."""
        listing, item = self.listing, self.item
        owners = (
            [each.key for each in listing.items if each.row.get("role") == OWNER] if listing else []
        )
        return item is not None and owners == [item.key]

    @property
    def attachable(self) -> list[tuple[str, str]]:
        """The names and ids of connections that are not in the workspace yet."""
        everywhere = self.listings.get((None, ATTACHABLE))
        here = self.listings.get((self.workspace.id, CONNECTIONS)) if self.workspace else None
        known = {item.key for item in here.items} if here else set()
        found = everywhere.items if everywhere else ()
        return [(item.name, item.key) for item in found if item.key not in known]

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong with the fields of the form, by name."""
        wrong: dict[str, str] = {}
        if self.form == NEW_WORKSPACE and self.name:
            wrong["name"] = name_problem(self.name) or self._taken()
        if self.form in (NEW_USER, NEW_MEMBER) and self.email:
            wrong["email"] = email_problem(self.email.strip())
        return {key: text for key, text in (wrong | self.refused).items() if text}

    @property
    def why_not_yet(self) -> str:
        """Why the form cannot be sent, or ""."""
        if self.form == NEW_WORKSPACE and not (self.name and "name" not in self.errors):
            return f"Create workspace needs a {'valid ' if self.name else ''}name."
        if self.form in (NEW_USER, NEW_MEMBER) and not (self.email and "email" not in self.errors):
            act = "Invite" if self.form == NEW_USER else "Add member"
            return f"{act} needs an e-mail address."
        if self.form == ATTACH and self.connection_id is None:
            return "There is no other connection that you may attach."
        if self.form == NEW_CONNECTION and not self.name.strip():
            return "Create connection needs a name."
        if self.form == NEW_CONNECTION and not self.type.strip():
            return "Create connection needs a type."
        return ""

    def open_form(self, form: str) -> None:
        """Begin to make something; "" gives it up."""
        self.name = self.email = self.type = ""
        self.role, self.connection_id, self.refused = COLLABORATOR, None, {}
        self.form = form

    def _edited(self, change: Any) -> None:
        self.refused = {}

    def _taken(self) -> str:
        left = self.listings.get((None, WORKSPACES))
        is_taken = any(item.name == self.name for item in left.items) if left else False
        return taken(self.name) if is_taken else ""


def taken(name: str) -> str:
    """The sentence at the field of a name that somebody has."""
    return f"“{name}” is taken; names are unique on the instance."


def says_taken(error: Exception) -> bool:
    """Whether the service refuses a name because somebody has it, in the words of any version."""
    is_refusal = isinstance(error, Conflict | InvalidRequest)
    return is_refusal and re.search("taken|exist|duplicate|unique", str(error), re.I) is not None


def email_problem(email: str) -> str:
    """What an e-mail address lacks, in one sentence, or ""."""
    name, at, host = email.partition("@")
    if not (name and at and host) or any(char.isspace() for char in email):
        return f"An e-mail address is like ada@example.com; “{email}” is not."
    return ""
