"""The HTTP session: what requests and urllib3 must do otherwise than by default."""

from __future__ import annotations

import os
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from wallwidgets import __version__
from wallwidgets.errors import SettingsError

SEND_IDLE_S = 60.0


class _PatientHTTP(HTTPConnection):
    """urllib3 sends bodies under the connect time-out; sending has an idle limit of its own."""

    def endheaders(self, *args: Any, **options: Any) -> None:
        if self.sock is None:
            self.connect()
        self.sock.settimeout(SEND_IDLE_S)
        super().endheaders(*args, **options)


class _PatientHTTPS(_PatientHTTP, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _PatientHTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _PatientHTTPS


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests would read the body of a redirect and prepare to follow it."""


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
        return manager


def new_session() -> requests.Session:
    """A session without netrc, cookies and redirects, and with time for large bodies."""
    session = _Session()
    # Otherwise ~/.netrc replaces the bearer and REQUESTS_CA_BUNDLE a given verify=.
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["User-Agent"] = f"wallwidgets/{__version__}"
    session.headers["Accept"] = "application/json"
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_maxsize=32))
    return session


def trusted(verify: bool | str) -> bool | str:
    """What requests takes as ``verify``; the environment counts only where nothing was given.

    Raises:
        SettingsError: There is no such file.
    """
    if verify is True:
        return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    if isinstance(verify, str) and not os.path.exists(verify):
        raise SettingsError(f"verify: there is no file {verify!r}.")
    return verify
