"""Where the instance is and who you are: argument > WALLAROO_* environment > credentials file."""

from __future__ import annotations

import ipaddress
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from wallwidgets.errors import SettingsError

DEFAULT_URL = "http://localhost:8080"
READ_TIMEOUT_S = 60.0
TOKEN_ENV = "WALLWIDGETS_TOKEN_ENV"  # noqa: S105  the name of a variable that holds a name
_FILE_REMEDY = "It needs username and password, or confidentialClient and confidentialPassword."


class Secret:
    """A string that no repr, traceback, pickle or copy shows; ``reveal()`` gives it back.

    Example:
        >>> Secret("canary")
        Secret('***')
        >>> Secret("canary").reveal()
        'canary'
    """

    __slots__ = ("reveal",)

    reveal: Callable[[], str]

    def __init__(self, value: str):
        # A closure, so that neither vars() nor a verbose traceback finds the text in an attribute.
        self.reveal = lambda: value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __bool__(self) -> bool:
        return bool(self.reveal())

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled; connect again where you need it")


@dataclass(frozen=True)
class Identity:
    """Who connects: an account, a confidential client, or an account by way of that client."""

    username: str | None = None
    password: Secret | None = None
    client_id: str | None = None
    client_secret: Secret | None = None

    def __bool__(self) -> bool:
        return self.username is not None or self.client_id is not None


@dataclass(frozen=True)
class Settings:
    """Everything that a connection needs, checked.

    Attributes:
        url: Address of the API, without a trailing slash.
        auth_url: Address of the login service; the same as ``url`` on newer instances.
        identity: Who connects; empty when other headers are used.
        verify: True, or the path of the CA bundle that signed the instance's certificate.
        timeout_s: Seconds that a read may take.
    """

    url: str
    auth_url: str
    identity: Identity
    verify: bool | str = True
    timeout_s: float = READ_TIMEOUT_S


def resolve(
    url: str | None = None,
    *,
    auth_url: str | None = None,
    identity: Identity | None = None,
    credentials: str | os.PathLike[str] | None = None,
    verify: bool | str | os.PathLike[str] = True,
    timeout_s: float | None = None,
    allow_http: bool = False,
    own_login: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Settings from arguments, the environment and a credentials file, in this order.

    One source gives the whole identity: a user from an argument never meets a password from a file.
    The login address and the client of the environment belong to its address of the API: a secret
    for another instance never goes there.

    Args:
        url: Address of the API.
        auth_url: Address of the login service, if it is another.
        identity: Who connects.
        credentials: A creds.json file with who connects.
        verify: True, or the path of a CA bundle.
        timeout_s: Seconds that a read may take.
        allow_http: Whether http:// may lead to another machine.
        own_login: The caller logs in by other means, so the environment is not asked who connects.
        environ: The environment variables.

    Raises:
        SettingsError: An address, file or number cannot be used; the message names it.
    """
    environ = _Environment(environ)
    home = environ.get("WALLAROO_URL") or DEFAULT_URL
    base = check_url(url or home, allow_http=allow_http)
    is_home = base == home.strip().rstrip("/")
    if not auth_url and is_home:
        auth_url = environ.get("WALLAROO_AUTH_URL")
    auth = check_url(auth_url, allow_http=allow_http, name="login address") if auth_url else base
    who = _identity(
        identity if identity is not None else Identity(), credentials, environ, own_login=own_login
    )
    if (who.username or own_login) and not who.client_id and is_home:
        who = replace(who, client_id=environ.get("WALLAROO_CLIENT_ID") or None)
    return Settings(
        url=base,
        auth_url=auth,
        identity=who,
        verify=verify if isinstance(verify, bool) else os.fspath(verify),
        timeout_s=_timeout(timeout_s, environ),
    )


def check_url(url: str, *, allow_http: bool = False, name: str = "address") -> str:
    """The address without its trailing slash; ``name`` is what errors call it.

    Raises:
        SettingsError: It carries user info, a query, a fragment or control characters, has no host,
            or would send secrets in the clear to another machine.
    """
    if any(ord(char) <= 32 or ord(char) == 127 for char in url.strip()):
        raise SettingsError(f"The {name} holds blanks or control characters.")
    url = url.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        # Its own words hold a part of the address, which may be one of a password.
        raise SettingsError(f"The {name} cannot be read; its host or port is none.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(
            f"The {name} needs a scheme and a host.",
            remedy="Write it like https://wallaroo.example",
        )
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise SettingsError(
            f"The {name} holds a user, a query or a fragment.",
            remedy="Pass the user and password as arguments, and only scheme, host, port and path.",
        )
    if parts.scheme == "http" and not allow_http and not is_loopback(parts.hostname):
        raise SettingsError(
            f"http:// would send passwords and tokens readably to {parts.hostname}.",
            remedy="Use https://, or allow_http=True where the network itself is trusted.",
        )
    return url


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def read_credentials(path: str | os.PathLike[str]) -> Identity:
    """The identity in a creds.json file.

    Takes the tutorial's five keys (username, password, email, confidentialClient,
    confidentialPassword) and the official SDK's three (username, password, email).

    Raises:
        SettingsError: The file is absent or unreadable, or holds neither a user nor a client.
    """
    try:
        data = _secrets_in(Path(path).expanduser().read_bytes())
    except OSError as error:
        raise SettingsError(
            f"The credentials file {os.fspath(path)!r} cannot be read: {error.strerror}."
        ) from None
    if data is None:
        raise SettingsError(
            f"The credentials file {os.fspath(path)!r} is not a JSON object of texts.",
            remedy=_FILE_REMEDY,
        )
    found = _complete(
        f"the credentials file {os.fspath(path)!r}",
        _text(data.get("username") or data.get("email")),
        data.get("password"),
        _text(data.get("confidentialClient")),
        data.get("confidentialPassword"),
    )
    if not found:
        raise SettingsError(
            f"The credentials file {os.fspath(path)!r} holds neither a user nor a client.",
            remedy=_FILE_REMEDY,
        )
    return found


class _Environment(Mapping[str, str]):
    """The environment variables, with a repr that does not show their values in a traceback."""

    def __init__(self, environ: Mapping[str, str]):
        self._lookup: Callable[[], Mapping[str, str]] = lambda: environ

    def __getitem__(self, name: str) -> str:
        return self._lookup()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lookup())

    def __len__(self) -> int:
        return len(self._lookup())

    def __repr__(self) -> str:
        return "<environment>"


def _secrets_in(content: bytes) -> dict[str, Secret] | None:
    """The texts of a JSON object, none of which may show in a traceback; None if it is no such."""
    try:
        data: Any = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
        return None
    return {key: Secret(value) for key, value in data.items() if value}


def _text(value: Secret | None) -> str | None:
    return value.reveal() if value else None


def _complete(
    source: str,
    username: str | None,
    password: Secret | None,
    client_id: str | None,
    client_secret: Secret | None,
) -> Identity:
    if bool(username) != bool(password):
        raise SettingsError(
            f"A user name and a password belong together; one is missing in {source}."
        )
    if client_secret and not client_id:
        raise SettingsError(f"A client secret needs its client id; it is missing in {source}.")
    return Identity(username or None, password, client_id or None, client_secret)


def _identity(
    given: Identity,
    credentials: str | os.PathLike[str] | None,
    environ: Mapping[str, str],
    *,
    own_login: bool,
) -> Identity:
    env_user = environ.get("WALLAROO_USER")
    env_password = Secret(environ.get("WALLAROO_PASSWORD") or "") or None
    if given:
        if given.username and not given.password and env_user in (None, "", given.username):
            # The usual split: the name in the notebook, the password outside of it.
            given = replace(given, password=env_password)
        if given.username and not given.password:
            raise SettingsError(f"The password of {given.username!r} is missing.")
    if given or given.password or given.client_secret:
        return _complete(
            "the arguments", given.username, given.password, given.client_id, given.client_secret
        )
    if credentials is not None:
        return read_credentials(credentials)
    if own_login:
        return Identity()
    if env_user or env_password:
        return _complete("the environment", env_user, env_password, None, None)
    if path := environ.get("WALLAROO_SDK_CREDENTIALS"):
        return read_credentials(path)
    return Identity()


def _timeout(given: float | None, environ: Mapping[str, str]) -> float:
    text = environ.get("WALLAROO_REQUEST_TIMEOUT")
    name = "timeout_s" if given is not None else "WALLAROO_REQUEST_TIMEOUT"
    try:
        value = float(given if given is not None else text or READ_TIMEOUT_S)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise SettingsError(f"{name} must be a positive number of seconds, not {given or text!r}.")
    return value
