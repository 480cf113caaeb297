"""A real instance on a free port, and ways to talk to it without our own client."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

import wallwidgets as ww

TOKEN_PATH = "/auth/realms/master/protocol/openid-connect/token"
_numbers = itertools.count(1)


@dataclass
class Raw:
    """The API by plain requests, as one account: what the instance says, before our client."""

    url: str
    email: str
    headers: dict[str, str]
    session: requests.Session = field(default_factory=requests.Session)

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        """POST to an endpoint below /v1/api/."""
        options.setdefault("headers", self.headers)
        return self.session.post(f"{self.url}/v1/api/{path}", json=body, timeout=60, **options)

    def ok(self, path: str, body: Any = None, **options: Any) -> Any:
        """The JSON of an answer that must be 200."""
        answer = self.post(path, body, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()


def get_token(url: str, **form: str) -> requests.Response:
    """A request to the token endpoint, as the public client."""
    form.setdefault("client_id", "sdk-client")
    return requests.post(url + TOKEN_PATH, data=form, timeout=60)


def log_in(url: str, email: str, password: str) -> Raw:
    """Plain requests with the token of an account."""
    answer = get_token(url, grant_type="password", username=email, password=password)
    assert answer.status_code == 200, answer.text
    return Raw(url, email, {"Authorization": f"Bearer {answer.json()['access_token']}"})


@pytest.fixture(scope="session")
def instance() -> Iterator[ww.LocalInstance]:
    """One instance for all tests that bring names of their own."""
    with ww.LocalInstance() as running:
        yield running


@pytest.fixture(scope="session")
def client(instance: ww.LocalInstance) -> Iterator[ww.Client]:
    """Our client, as the tutorial's user (an administrator)."""
    with instance.connect() as connected:
        yield connected


@pytest.fixture
def creds(instance: ww.LocalInstance) -> dict[str, str]:
    """The content of creds.json."""
    loaded: dict[str, str] = json.loads(instance.credentials_file.read_text())
    return loaded


@pytest.fixture
def admin(instance: ww.LocalInstance, creds: dict[str, str]) -> Raw:
    """Plain requests as the administrator."""
    return log_in(instance.url, creds["username"], creds["password"])


@pytest.fixture
def new_user(instance: ww.LocalInstance, admin: Raw) -> Callable[[], Raw]:
    """Makes a new account and gives plain requests as it."""

    def make() -> Raw:
        email = f"user{next(_numbers)}@example.com"
        admin.ok("users/invite", {"email": email, "password": "correct horse"})
        return log_in(instance.url, email, "correct horse")

    return make


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Makes a name that no other test uses."""
    return lambda prefix: f"{prefix}-{next(_numbers)}"
