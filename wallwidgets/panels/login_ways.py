"""The ways to log in: what each needs, what it passes to ``connect``, and the same as Python."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from wallwidgets.errors import SettingsError
from wallwidgets.settings import Secret, Settings, check_url, is_loopback

PASSWORD, CLIENT, FILE, BROWSER = "Password", "Client", "File", "Browser"
WAYS = (PASSWORD, CLIENT, FILE, BROWSER)
SECRET_NAMES = {PASSWORD: "password", CLIENT: "client secret"}


@dataclass(frozen=True)
class Form:
    """What is typed in, the secret apart.

    Attributes:
        way: One of the ways to log in.
        url: Address of the instance.
        auth_url: Address of its login service, or "" if that is the same.
        username: For a password.
        client_id: For a confidential client.
        path: The credentials file.
        ca: The file of a certificate authority, or "".
    """

    way: str
    url: str
    auth_url: str = ""
    username: str = ""
    client_id: str = ""
    path: str = ""
    ca: str = ""

    def options(self, secret: Secret | None) -> dict[str, Any]:
        """What ``connect`` takes beside the address."""
        options: dict[str, Any] = {"verify": self.ca} if self.ca else {}
        options |= {"auth_url": self.auth_url} if self.auth_url else {}
        if self.way == PASSWORD:
            return options | {"username": self.username, "password": secret}
        if self.way == CLIENT:
            return options | {"client_id": self.client_id, "client_secret": secret}
        return options | ({"credentials": self.path} if self.way == FILE else {})

    def code(self, *, typed: bool) -> str:
        """The Python that logs in like this; a secret is asked for if it was typed."""
        lines, arguments = ["import wallwidgets as ww"], [repr(self.url)]
        if typed and self.way in SECRET_NAMES:
            lines.insert(0, "import getpass")
        asks = f"getpass.getpass({SECRET_NAMES.get(self.way, '').capitalize() + ': '!r})"
        if self.way == PASSWORD:
            arguments.append(f"username={self.username!r}")
            arguments += [f"password={asks}"] if typed else []
        elif self.way == CLIENT:
            arguments += [f"client_id={self.client_id!r}", f"client_secret={asks}"]
        elif self.way == FILE:
            arguments.append(f"credentials={self.path!r}")
        else:
            show = "lambda login: print(login.verification_uri_complete, login.user_code)"
            arguments.append(f"device={show}")
        arguments += [f"auth_url={self.auth_url!r}"] if self.auth_url else []
        arguments += [f"verify={self.ca!r}"] if self.ca else []
        body = "".join(f"    {each},\n" for each in arguments)
        return "\n".join(lines) + f"\n\nclient = ww.connect(\n{body})"


def address_error(url: str, name: str = "address") -> str:
    """Why an address cannot be used, or "" for a good or an empty one.

    Example:
        >>> address_error("http://wallaroo.example")
        'http:// would send passwords and tokens readably to wallaroo.example. Write https://.'
    """
    if not url.strip():
        return ""
    try:
        check_url(url, name=name)
    except SettingsError as error:
        if error.message.startswith("http://"):
            return f"{error.message} Write https://."
        return f"{error.message} {error.advice}".strip()
    return ""


def missing(form: Form, *, has_secret: bool) -> str:
    """What the form still lacks, in one sentence; "" if it is complete."""
    if not form.url.strip():
        return "Log in needs an address."
    if address_error(form.url):
        return "Log in needs an address that can be used."
    if address_error(form.auth_url):
        return "Log in needs a login address that can be used."
    if form.way == PASSWORD and not form.username:
        return "Log in needs a user."
    if form.way == CLIENT and not form.client_id:
        return "Log in needs a client id."
    if form.way in SECRET_NAMES and not has_secret:
        return f"Log in needs a {SECRET_NAMES[form.way]}."
    if form.way == FILE and not form.path:
        return "Log in needs a credentials file."
    return ""


def from_environment(environ: Mapping[str, str], recent: list[str], default_url: str) -> Form:
    """What to begin with: the ``WALLAROO_*`` variables, else the address used last."""
    user, path = environ.get("WALLAROO_USER", ""), environ.get("WALLAROO_SDK_CREDENTIALS", "")
    return Form(
        way=FILE if path and not user else PASSWORD,
        url=environ.get("WALLAROO_URL") or (recent[0] if recent else default_url),
        username=user,
        client_id=environ.get("WALLAROO_CLIENT_ID", ""),
        path=os.path.expanduser(path),
    )


def tls(url: str, verify: bool | str) -> str:
    """Which protection a connection has, in words."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return "no TLS, on this machine" if is_loopback(parts.hostname or "") else "no TLS"
    if verify is True:
        return "TLS checked"
    return f"TLS checked with {verify}" if verify else "TLS not checked"


def auth_address(settings: Settings) -> str:
    """The address of the login service, or "" if it is that of the API."""
    return settings.auth_url if settings.auth_url != settings.url else ""


def host(url: str) -> str:
    """The host and port of an address, as the panels show it."""
    return urlsplit(url).netloc or url
