"""What WorkspaceBrowser does, without a widget: make, add, take away, switch on and off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from wallwidgets.api.client import Client
from wallwidgets.api.workspaces import Role
from wallwidgets.errors import OutcomeUnknown, WallwidgetsError
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.panels.workspace_details import read_details, without_details
from wallwidgets.panels.workspace_form_state import (
    ATTACH,
    NEW_CONNECTION,
    NEW_MEMBER,
    NEW_USER,
    NEW_WORKSPACE,
    OWNER,
    BrowserForms,
    says_taken,
    taken,
)
from wallwidgets.panels.workspace_reading import workspace_code
from wallwidgets.panels.workspace_sections import (
    ASSAYS,
    ATTACHABLE,
    CONNECTIONS,
    MEMBERS,
    USERS,
    WORKSPACES,
)
from wallwidgets.panels.workspace_selection import Key
from wallwidgets.settings import Secret

T = TypeVar("T")

FIELD_OF = {
    NEW_WORKSPACE: "name",
    NEW_USER: "email",
    NEW_MEMBER: "email",
    ATTACH: "connection_id",
    NEW_CONNECTION: "name",
}
"""The field of each form that a refusal concerns."""


class BrowserState(BrowserForms):
    """Acts on what is selected. Each action runs once at a time and reads again what it changed.

    Args:
        client: Who is logged in; may be given later, as the trait.

    Attributes:
        show_once: Shows a temporary password, which nothing keeps.

    Example:
        >>> state = BrowserState()
        >>> state.create_workspace()
        False
    """

    def __init__(self, client: Client | None = None):
        self.show_once: Callable[[str, Secret], object] = lambda title, secret: None
        super().__init__(client)

    def create_workspace(self) -> bool:
        """Make a workspace and select it."""
        name = self.name
        if self.form != NEW_WORKSPACE or self.why_not_yet:
            return False
        return self._act(
            f"Creating {name} …",
            lambda client: client.workspaces.create(name),
            f"Workspace {name} created.",
            due=[(None, WORKSPACES)],
            code=f"workspace = client.workspaces.create({name!r})",
            then=self.select_workspace,
        )

    def add_member(self) -> bool:
        """Make the user of the e-mail address a member."""
        email = self.email.strip()
        if self.form != NEW_MEMBER or self.why_not_yet:
            return False
        return self._set_role(email, email, self._role(self.role), f"{email} added")

    def set_role(self, role: str) -> bool:
        """Give the selected member another role."""
        item = self.item
        if item is None or self.section != MEMBERS:
            return False
        return self._set_role(item.value, item.name, self._role(role), f"{item.name} is now {role}")

    def remove_member(self) -> bool:
        """Take the selected member out of the workspace."""
        workspace, item = self.workspace, self.item
        if item is None or self.section != MEMBERS:
            return False
        return self._act(
            f"Removing {item.name} …",
            lambda client: client.workspaces.remove_user(workspace, item.value),
            f"{item.name} removed from {workspace.name}.",
            due=[(workspace.id, MEMBERS)],
            code=f"{workspace_code(workspace)}\n"
            f"client.workspaces.remove_user(workspace, {item.key!r})",
        )

    def attach(self) -> bool:
        """Give the workspace a connection that exists."""
        workspace, wanted = self.workspace, self.connection_id
        names = {key: name for name, key in self.attachable}
        if self.form != ATTACH or wanted not in names:
            return False
        return self._act(
            f"Attaching {names[wanted]} …",
            lambda client: client.connections.add_to_workspace(wanted, workspace),
            f"{names[wanted]} attached to {workspace.name}.",
            due=[(workspace.id, CONNECTIONS), (None, ATTACHABLE)],
            code=f"{workspace_code(workspace)}\n"
            f"client.connections.add_to_workspace({wanted!r}, workspace)",
        )

    def detach(self) -> bool:
        """Take the selected connection out of the workspace."""
        workspace, item = self.workspace, self.item
        if item is None or self.section != CONNECTIONS:
            return False
        return self._act(
            f"Detaching {item.name} …",
            lambda client: client.connections.remove_from_workspace(item.key, workspace),
            f"{item.name} detached from {workspace.name}.",
            due=[(workspace.id, CONNECTIONS), (None, ATTACHABLE)],
            code=f"{workspace_code(workspace)}\n"
            f"client.connections.remove_from_workspace({item.key!r}, workspace)",
        )

    def create_connection(self, secret: Secret | None = None) -> bool:
        """Make a connection and attach it; the details are sent once and kept nowhere."""
        workspace, name, kind = self.workspace, self.name.strip(), self.type.strip()
        if self.form != NEW_CONNECTION or self.why_not_yet or self.job.busy:
            return False
        try:
            details = read_details(secret)
        except WallwidgetsError as error:
            self.refused = {"details": error.message}
            return False

        def work(client: Client) -> None:
            try:
                made = client.connections.create(name, kind, details)
            except WallwidgetsError as error:
                raise without_details(error, details) from None
            try:
                client.connections.add_to_workspace(made, workspace)
            except WallwidgetsError as error:
                error.message = f"{name} is created but not attached: {error.message}"
                raise

        return self._act(
            f"Creating {name} …",
            work,
            f"{name} created and attached to {workspace.name}.",
            due=[(workspace.id, CONNECTIONS), (None, ATTACHABLE)],
            code=connection_code(workspace, name, kind, asks=details is not None),
        )

    def switch_assay(self, active: bool) -> bool:
        """Let the service run the selected assay, or not."""
        workspace, item = self.workspace, self.item
        if item is None or self.section != ASSAYS:
            return False
        verb = "activate" if active else "deactivate"
        return self._act(
            f"{verb.capitalize().removesuffix('e')}ing {item.name} …",
            lambda client: getattr(client.assays, verb)(item.value),
            f"{item.name} is {'active' if active else 'inactive'}.",
            due=[(workspace.id, ASSAYS)],
            code=f"client.assays.{verb}({item.key!r})",
        )

    def invite(self) -> bool:
        """Make an account; its temporary password is shown once."""
        email = self.email.strip()
        if self.form != NEW_USER or self.why_not_yet:
            return False

        def work(client: Client) -> None:
            # The answer holds the password, so it is given on here and not kept as a result.
            made = client.users.invite(email)
            self.show_once(f"Temporary password of {email}", Secret(made.password))

        return self._act(
            f"Inviting {email} …",
            work,
            f"{email} is invited; the temporary password is shown only now.",
            due=[(None, USERS)],
            code=f"invited = client.users.invite({email!r})  # invited.password is given once",
        )

    def switch_user(self, active: bool) -> bool:
        """Let the selected user log in, or not."""
        user = self.user
        if user is None or not user.email:
            return False
        verb = "activate" if active else "deactivate"
        return self._act(
            f"{verb.capitalize().removesuffix('e')}ing {user.email} …",
            lambda client: getattr(client.users, verb)(user),
            f"{user.email} {'can log in again' if active else 'cannot log in any more'}.",
            due=[(None, USERS), *(key for key in self.listings if key[1] == MEMBERS)],
            code=f"client.users.{verb}({user.email!r})",
        )

    def _set_role(self, member: Any, name: str, role: Role, said: str) -> bool:
        workspace = self.workspace
        wanted = member if isinstance(member, str) else member.user_id
        return self._act(
            f"Making {name} {role} …",
            lambda client: client.workspaces.add_user(workspace, member, role),
            f"{said} in {workspace.name}.",
            due=[(workspace.id, MEMBERS)],
            code=f"{workspace_code(workspace)}\n"
            f"client.workspaces.add_user(workspace, {wanted!r}, {role!r})",
        )

    def _act(
        self,
        words: str,
        work: Callable[[Client], T],
        said: str,
        *,
        due: list[Key],
        code: str,
        then: Callable[[T], object] = lambda result: None,
    ) -> bool:
        client, form = self.client, self.form
        if client is None:
            return False

        def done(result: T) -> Said:
            if self.form == form:
                self.open_form("")
            self._due.update(due)
            then(result)
            self._wants(aloud=False)
            self.did(code)
            return Said("ok", said)

        def failed(error: Exception) -> Said:
            if form and self.form == form and isinstance(error, WallwidgetsError):
                self.refused = {FIELD_OF[form]: error.message}
                if form == NEW_WORKSPACE and says_taken(error):
                    self.refused = {"name": taken(self.name)}
                    text = f"“{self.name}” is taken; nothing was created."
                    return Said("error", text, details=error.message)
            if isinstance(error, OutcomeUnknown):
                self._due.update(due)
                self._wants(aloud=False)
            return Said.of_error(error)

        self.refused = {}
        return self.run(words, lambda job: work(client), done, failed=failed)

    @staticmethod
    def _role(role: str) -> Role:
        return "owner" if role == OWNER else "collaborator"


def connection_code(workspace: Any, name: str, kind: str, *, asks: bool) -> str:
    """The Python that makes a connection; it asks for the details."""
    imports = "import getpass\nimport json\n\n" if asks else ""
    details = ', json.loads(getpass.getpass("Details as JSON: "))' if asks else ""
    return (
        f"{imports}{workspace_code(workspace)}\n"
        f"connection = client.connections.create({name!r}, {kind!r}{details})\n"
        "client.connections.add_to_workspace(connection, workspace)"
    )
