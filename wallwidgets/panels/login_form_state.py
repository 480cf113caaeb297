"""The form of LoginPanel, without a widget: what is typed and what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from traitlets import Bool, Dict, List, Unicode

from wallwidgets.panels.login_ways import (
    PASSWORD,
    Form,
    address_error,
    auth_address,
    from_environment,
    missing,
)
from wallwidgets.panels.panel import PanelState
from wallwidgets.panels.recent import RecentAddresses
from wallwidgets.settings import DEFAULT_URL, Settings

NOT_LOGGED_IN = "Not logged in."


class LoginFormState(PanelState):
    """What is typed in, but no secret; it begins with the environment or the address used last.

    Args:
        environ: The environment variables.
        recent: Where addresses are remembered.

    Attributes:
        way: How to log in: Password, Client, File or Browser.
        url: The address of the instance.
        auth_url: The address of its login service, or "" if that is the same.
        username: For a password.
        client_id: For a confidential client.
        path: The credentials file.
        ca: The file of a certificate authority.
        has_secret: Whether there is text in the field for secrets.
        addresses: Those that were used lately.
        wants_auth: Whether to ask for the address of the login service.
        wants_ca: Whether to ask for the file of a certificate authority.
        refused: Sentences for fields, by name, from the last attempt.

    Example:
        >>> state = LoginFormState({"WALLAROO_URL": "https://wallaroo.example"})
        >>> state.missing
        'Log in needs a user.'
    """

    way = Unicode(PASSWORD)
    url = Unicode()
    auth_url = Unicode()
    username = Unicode()
    client_id = Unicode()
    path = Unicode()
    ca = Unicode()
    has_secret = Bool(False)
    addresses: Any = List()
    wants_auth = Bool(False)
    wants_ca = Bool(False)
    refused: Any = Dict()

    def __init__(
        self, environ: Mapping[str, str] = os.environ, recent: RecentAddresses | None = None
    ):
        super().__init__(NOT_LOGGED_IN)
        self._recent = recent or RecentAddresses()
        # Only the name and whether there is a password: `connect` reads the password itself.
        self._env_user = environ.get("WALLAROO_USER", "")
        self._env_has_password = bool(environ.get("WALLAROO_PASSWORD"))
        self._env_url = _plain(environ.get("WALLAROO_URL") or DEFAULT_URL)
        self._env_auth = environ.get("WALLAROO_AUTH_URL", "")
        self._known_auth = ""
        self._take_addresses()
        first = from_environment(environ, self.addresses, DEFAULT_URL)
        self.way, self.url = first.way, first.url
        self.username, self.client_id, self.path = first.username, first.client_id, first.path
        self._follow_address()
        fields = ["way", "url", "auth_url", "username", "client_id", "path", "ca", "has_secret"]
        self.observe(self._edited, fields)
        self._edited({"name": "way"})

    @property
    def form(self) -> Form:
        """What is typed in."""
        url, auth_url = self.url.strip(), self.auth_url.strip()
        if not auth_url and self._env_auth and _plain(url) == self._env_url:
            # An empty field means the same address, and not that of the environment.
            auth_url = url
        return Form(
            self.way,
            url,
            auth_url=auth_url,
            username=self.username,
            client_id=self.client_id,
            path=self.path,
            ca=self.ca.strip(),
        )

    @property
    def uses_environment(self) -> bool:
        """Whether an empty password field means that of the environment."""
        return (
            self.way == PASSWORD
            and self._env_has_password
            and self._env_user in ("", self.username)
        )

    @property
    def missing(self) -> str:
        """Why "Log in" is off, or ""."""
        return missing(self.form, has_secret=self.has_secret or self.uses_environment)

    @property
    def address_error(self) -> str:
        """What is wrong with the address."""
        return self.refused.get("url") or address_error(self.url)

    @property
    def auth_error(self) -> str:
        """What is wrong with the address of the login service."""
        return self.refused.get("auth_url") or address_error(self.auth_url, "login address")

    def remember(self, settings: Settings) -> None:
        """Keep the addresses of a login that succeeded."""
        self._recent.remember(settings.url, auth_address(settings))
        self._take_addresses()

    def _take_addresses(self) -> None:
        recent = self._recent.read()
        self.addresses = list(recent)
        self._auth_of = {_plain(url): auth for url, auth in recent.items()}
        self._auth_of |= {self._env_url: self._env_auth} if self._env_auth else {}

    def _follow_address(self) -> None:
        """Each address has its own login service; one that was typed in stays."""
        if self.auth_url == self._known_auth:
            self._known_auth = self._auth_of.get(_plain(self.url), "")
            self.auth_url = self._known_auth

    def _edited(self, change: Any) -> None:
        if change["name"] == "url":
            self._follow_address()
        if self.refused:
            self.refused = {}
        if self.value is None and change["name"] != "has_secret":
            typed = not self.uses_environment
            self.code = self.form.code(typed=typed) if self.url.strip() else ""


def _plain(url: str) -> str:
    """An address as settings compare them."""
    return url.strip().rstrip("/")
