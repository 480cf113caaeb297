"""LoginPanel: who you are, by hand and eye."""

from __future__ import annotations

import pandas as pd
from ipywidgets import Box, Combobox, Text, VBox

from wallwidgets.api.client import Client
from wallwidgets.panels.login_state import LoginState
from wallwidgets.panels.login_ways import CLIENT, FILE, PASSWORD, SECRET_NAMES, WAYS, host
from wallwidgets.panels.panel import Panel
from wallwidgets.panels.parts import words
from wallwidgets.panels.parts.confirm import Confirm
from wallwidgets.panels.parts.fields import Actions, Field, SecretField, button, segments, show
from wallwidgets.panels.parts.files import FilePicker

_LOCAL_GONE = "Its workspaces, models and logs are removed."


class LoginPanel(Panel):
    """Log in by password, client, credentials file or browser, or start a local instance.

    Args:
        client: Somebody who is logged in already; logging out closes it.
        state: A state to show instead of a new one.

    Attributes:
        value: The `Client`, once logged in.

    Example:
        >>> panel = LoginPanel()
        >>> panel.status, panel.value
        ('Not logged in.', None)
    """

    state: LoginState

    def __init__(self, client: Client | None = None, *, state: LoginState | None = None):
        state = state or LoginState(client)
        self._make_fields(state)
        self._make_actions(state)
        self._form = VBox([self.way, self._fields, self._form_actions])
        self._form.add_class("ww-form")
        self._facts = words.Words()
        self._inside = VBox([self._facts, self._inside_actions])
        self._device = words.Words()
        super().__init__(
            state,
            controls=[self._form, self._inside],
            result=[self._device],
            observe=[
                *("way", "url", "auth_url", "username", "client_id", "path", "ca", "has_secret"),
                *("account", "device", "switching", "has_local", "code"),
                *("wants_auth", "wants_ca", "refused"),
            ],
        )
        for name in ("way", "url", "auth_url", "username", "client_id", "ca"):
            self.bind(name, getattr(self, name))
        self.bind("path", self.file.text)
        self.bind("has_secret", self.secret, "filled")

    @property
    def df(self) -> pd.DataFrame:
        """Who is logged in, as one row."""
        facts = dict(self.state.facts())
        return pd.DataFrame([facts] if facts else [])

    def draw(self) -> None:
        """Show the form, or who is logged in."""
        state = self.state
        inside = state.value is not None and not state.switching
        show(self._form, not inside)
        show(self._inside, inside)
        self._draw_header(inside)
        self._draw_fields()
        self._draw_actions()
        self._facts.content = words.facts(state.facts())
        device = state.device
        self._device.content = _steps_elsewhere(*device) if device else []
        show(self.result, device is not None)

    def _make_fields(self, state: LoginState) -> None:
        self.way = segments("How to log in", list(WAYS))
        self.url = Combobox(description="Address", ensure_option=False, value=state.url)
        self.auth_url = Text(description="Login address")
        self.other_login = button("The login has another address", self._ask_auth, look="plain")
        self.username, self.client_id = Text(description="User"), Text(description="Client id")
        self.secret = SecretField(label="Password")
        self.ca = Text(description="Certificate authority (file)")
        self.file = FilePicker(
            "Credentials file", (".json",), start="~", help="On this server, like creds.json."
        )
        self._url = Field(self.url)
        self._auth_url = Field(self.auth_url, help="Of Keycloak; empty if it is the address above.")
        self._username, self._client_id = Field(self.username), Field(self.client_id)
        self._secret = Field(self.secret)
        self._ca = Field(self.ca, help="The PEM file that signed the instance's certificate.")
        self._fields = Box(
            [
                *(VBox([self._url, self.other_login, self._auth_url]), self._username),
                *(self._client_id, self.file, self._secret, self._ca),
            ]
        )
        self._fields.add_class("ww-fields")

    def _make_actions(self, state: LoginState) -> None:
        self.log_in = button("Log in", self._log_in, look="primary")
        self.give_up = button("Cancel", state.give_up)
        self.local = button("Start a local instance", state.start_local)
        self.keep = button("Stay logged in", state.keep_user)
        self._form_actions = Actions([self.log_in, self.give_up, self.keep, self.local])
        self.log_out = button("Log out", state.log_out)
        self.switch = button("Switch user", state.switch_user)
        self.stop = Confirm("Stop the local instance", keep="Keep it running", act=state.stop_local)
        self.stop.describe("", _LOCAL_GONE)
        self._inside_actions = Actions([self.log_out, self.switch, self.stop])

    def _ask_auth(self) -> None:
        self.state.wants_auth = True
        self.auth_url.focus()

    def _log_in(self) -> None:
        # Taken before anything is sent: the field is empty from here on.
        secret = self.secret.take()
        if not self.state.log_in(secret):
            self.frame.focus_first_bad()

    def _draw_header(self, inside: bool) -> None:
        state = self.state
        context = host(state.value.settings.url) if state.value is not None else ""
        chip = "Logged in" if state.value is not None else ""
        title = "Account" if inside else "Switch user" if state.switching else "Log in"
        self.header.content = words.header(title, context, state=chip)

    def _draw_fields(self) -> None:
        state, way = self.state, self.state.way
        show(self._username, way == PASSWORD)
        show(self._client_id, way == CLIENT)
        show(self.file, way == FILE)
        show(self._secret, way in SECRET_NAMES)
        has_auth = state.wants_auth or bool(state.auth_url)
        show(self._auth_url, has_auth)
        show(self.other_login, not has_auth)
        show(self._ca, state.wants_ca or bool(state.ca))
        self.url.options = tuple(state.addresses)
        self._url.help = _address_help(state)
        self._url.error, self._auth_url.error = state.address_error, state.auth_error
        self._ca.error = state.refused.get("ca", "")
        self.secret.label = SECRET_NAMES.get(way, "password").capitalize()
        self._secret.help = (
            "Empty: the password of WALLAROO_PASSWORD is used."
            if state.uses_environment
            else "Sent once, then forgotten."
        )
        self._secret.error = state.refused.get("secret", "")
        for each in (
            *(self.way, self.url, self.other_login, self.auth_url),
            *(self.username, self.client_id, self.ca, self.secret),
        ):
            each.disabled = state.busy
        self.file.text.disabled = self.file.toggle.disabled = state.busy

    def _draw_actions(self) -> None:
        state = self.state
        for each, why in ((self.log_in, state.missing), (self.local, state.why_no_local)):
            self._form_actions.turn(each, why, busy=state.busy)
        show(self.give_up, state.busy)
        show(self.local, not state.busy and not state.switching)
        show(self.keep, state.switching and not state.busy)
        self.local.description = (
            "Use the local instance" if state.has_local else "Start a local instance"
        )
        for each in (self.log_out, self.switch, self.stop.first, self.stop.sure):
            each.disabled = state.busy
        show(self.stop, state.has_local)


def _address_help(state: LoginState) -> str:
    tls = "TLS is checked. " if state.url.startswith("https://") else ""
    return f"{tls}Recent addresses are remembered, secrets never."


def _steps_elsewhere(link: str, code: str) -> list[words.Piece]:
    """What to do in a browser to confirm a login."""
    return words.sentence(
        "Open ",
        words.piece(link, href=link),
        " and confirm this code: ",
        words.piece(code, "ww-mono", tag="strong"),
        css="ww-device",
    )
