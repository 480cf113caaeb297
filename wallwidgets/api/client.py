"""`connect` and `Client`: the way into an instance."""

from __future__ import annotations

import os
from contextlib import ExitStack
from types import TracebackType
from typing import NoReturn, Self

from wallwidgets.api.account import Account, HeaderCall, HeaderSource
from wallwidgets.api.assays import Assays
from wallwidgets.api.auth import TokenSource
from wallwidgets.api.connections import Connections
from wallwidgets.api.login import DeviceCall
from wallwidgets.api.models import Models
from wallwidgets.api.pipelines import Pipelines
from wallwidgets.api.transport import Transport
from wallwidgets.api.users import Users
from wallwidgets.api.wire import Endpoint, Outgoing, Repeat, Wire
from wallwidgets.api.workspaces import Workspaces
from wallwidgets.errors import SettingsError
from wallwidgets.schemas.platform import ConfigAnswer, FeaturesAnswer
from wallwidgets.settings import Identity, Secret, Settings, resolve

FEATURES = Endpoint("/v1/api/features/list", Repeat.READ, FeaturesAnswer)
CONFIG = Endpoint("/v1/api/config", Repeat.READ, ConfigAnswer, method="GET")


_WAYS = (
    "Pass username= and password=, credentials='creds.json', client_id= and client_secret=,"
    " refresh_token=, device= or headers=; or set WALLAROO_USER and WALLAROO_PASSWORD,"
    " or WALLAROO_SDK_CREDENTIALS."
)


def connect(
    url: str | None = None,
    *,
    credentials: str | os.PathLike[str] | None = None,
    username: str | None = None,
    password: str | Secret | None = None,
    client_id: str | None = None,
    client_secret: str | Secret | None = None,
    refresh_token: str | Secret | None = None,
    device: DeviceCall | None = None,
    auth_url: str | None = None,
    headers: HeaderCall | None = None,
    verify: bool | str | os.PathLike[str] = True,
    timeout_s: float | None = None,
    allow_http: bool = False,
) -> Client:
    """Log in to an instance.

    What is not passed comes from the ``WALLAROO_*`` environment variables. A user name and password
    log in through the confidential client, if its id and secret are known too, else through the
    public one.

    Args:
        url: Address of the API, such as ``https://wallaroo.example``.
        credentials: A creds.json file in the tutorial's form.
        username: User name or e-mail of an account.
        password: Its password.
        client_id: A client of the login service; with its secret and no user, an inference token.
            A user who logs in without one is a user of ``WALLAROO_CLIENT_ID``, else of the public
            client of the official SDK.
        client_secret: The secret of a confidential client.
        refresh_token: Continues a login instead of a password.
        device: Called with a link and a code to log in elsewhere; it may return an event that,
            once set, gives the login up.
        auth_url: Address of the login service, where it is not that of the API.
        headers: A function that gives the headers of a login made elsewhere, asked per request,
            such as ``wl.auth.auth_header`` of the official SDK.
        verify: The path of a CA bundle, where the certificate is not of a public authority.
        timeout_s: Seconds that a read may take; 60 if not given.
        allow_http: Whether http:// may lead to another machine.

    Raises:
        SettingsError: An argument, file or variable cannot be used, or nothing says who you are.
        AuthenticationError: The instance refuses the login.

    Example:
        >>> connect("https://wallaroo.example", headers=lambda: {"Authorization": "Bearer t"})
        Client('https://wallaroo.example')
    """
    # At once, so that no traceback from here on shows them.
    password = _secret(password)
    client_secret = _secret(client_secret)
    refresh_token = _secret(refresh_token)
    others = {"headers": headers, "device": device, "refresh_token": refresh_token}
    chosen = [name for name, value in others.items() if value is not None]
    if len(chosen) > 1:
        raise SettingsError(f"Choose one way to log in: {' or '.join(f'{x}=' for x in chosen)}.")
    settings = resolve(
        url,
        auth_url=auth_url,
        identity=Identity(username, password, client_id, client_secret),
        credentials=credentials,
        verify=verify,
        timeout_s=timeout_s,
        allow_http=allow_http,
        own_login=bool(chosen),
    )
    identity = settings.identity
    if not (chosen or identity.password or identity.client_secret):
        raise SettingsError("Nothing says who you are.", remedy=_WAYS)
    wire = Wire(settings)
    with ExitStack() as undo:
        undo.callback(wire.close)
        if headers is not None:
            login: HeaderSource | TokenSource = HeaderSource(wire, headers)
        else:
            login = TokenSource(wire, identity, refresh_token=refresh_token, device=device)
            login.start()
        undo.pop_all()
    return Client(wire, login)


class Client:
    """An instance and an account on it; `connect` makes one. Threads may share it.

    Attributes:
        users: Accounts.
        workspaces: Workspaces and their members.
        models: Models and their versions.
        pipelines: Pipelines, deployments, inference and logs.
        connections: Data connections.
        assays: Assays, which watch for drift.

    Example:
        >>> client = connect("https://wallaroo.example", headers=lambda: {"Authorization": "t"})
        >>> with client:
        ...     client.account.kind
        'opaque'
    """

    def __init__(self, wire: Wire, login: HeaderSource | TokenSource):
        self._wire = wire
        self._login = login
        self._transport = Transport(wire, login)
        self.users = Users(self._transport)
        self.workspaces = Workspaces(self._transport)
        self.models = Models(self._transport)
        self.pipelines = Pipelines(self._transport, self.workspaces, self.models)
        self.connections = Connections(self._transport)
        self.assays = Assays(self._transport, self.workspaces)

    @property
    def settings(self) -> Settings:
        """Where the instance is, and how it is spoken to."""
        return self._wire.settings

    @property
    def account(self) -> Account:
        """Who is logged in, as the token says, and until when."""
        return self._login.account()

    def features(self) -> FeaturesAnswer:
        """The name of the instance and what it can do."""
        return self._transport.post(FEATURES, {})

    def config(self) -> ConfigAnswer:
        """Settings that instances of 2024 and later publish, such as the default architecture."""
        return self._transport.read(self._transport.send(Outgoing(CONFIG)), CONFIG)

    def take_over(self, other: Client) -> None:
        """Go on with the login of another client, which is used up then.

        It is for a login that has ended: whoever holds this client goes on with it.
        """
        wire, login = self._wire, self._login
        self._wire, self._login = other._wire, other._login
        self._transport.take_over(other._transport)
        login.close()
        wire.close()

    def close(self) -> None:
        """Forget the tokens and close the connections."""
        self._login.close()
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.settings.url!r})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a client cannot be copied or pickled; connect again where you need one")


def _secret(value: str | Secret | None) -> Secret | None:
    return value if value is None or isinstance(value, Secret) else Secret(value)
