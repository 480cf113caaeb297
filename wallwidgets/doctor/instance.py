"""The settings of the environment, the instance that they name, and a login to it."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from wallwidgets.doctor.finding import Finding, State
from wallwidgets.errors import (
    NotFound,
    SettingsError,
    UnexpectedAnswer,
    UntrustedCertificate,
    WallwidgetsError,
)
from wallwidgets.settings import TOKEN_ENV, Settings, read_credentials, resolve

if TYPE_CHECKING:
    from wallwidgets.api.faults import Reply
    from wallwidgets.api.wire import Wire

OUR_VARIABLES = ("WALLAROO_", "WALLWIDGETS_")
CREDENTIALS = "WALLAROO_SDK_CREDENTIALS"
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
TIMEOUT_S = 10.0


def settings() -> Iterator[Finding]:
    """Which variables are set, by name, and whether the files that they name can be used."""
    names = sorted(name for name in os.environ if name.startswith(OUR_VARIABLES))
    found = f"Set: {', '.join(names)}." if names else "No WALLAROO_ variable is set."
    yield Finding("settings", State.OK if names else State.ABSENT, found)
    for name in BUNDLES:
        if os.environ.get(name) and not os.path.exists(os.environ[name]):
            found = f"{name} names a file that is not there, so no https:// address can be reached."
            yield Finding("settings", State.ERROR, found, f"Correct {name}, or unset it.")
    if os.environ.get(CREDENTIALS):
        yield _credentials(Path(os.environ[CREDENTIALS]).expanduser())


def _credentials(path: Path) -> Finding:
    if not os.path.isfile(path):
        # The value is not shown: it may be what belongs into the file.
        found = f"{CREDENTIALS} does not name a file."
        return Finding("credentials", State.ERROR, found, "Set it to the path of a creds.json.")
    try:
        read_credentials(path)
    except SettingsError as error:
        return _failed("credentials", error)
    if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        found = f"Other users of this machine may read or change {path}."
        return Finding("credentials", State.WARNING, found, shlex.join(["chmod", "600", str(path)]))
    return Finding("credentials", State.OK, f"{path} can be read, by its owner only.")


def instance(url: str | None) -> Iterator[Finding]:
    """Whether the instance answers, and logs in who the environment names."""
    if not (url or os.environ.get("WALLAROO_URL")):
        found = "No address is set, so nothing was contacted."
        remedy = "Set WALLAROO_URL, or give --url https://wallaroo.example"
        yield Finding("instance", State.ABSENT, found, remedy)
        return
    try:
        reached = _reach(resolve(url, own_login=True))
    except WallwidgetsError as error:
        yield _failed("instance", error)
        return
    yield Finding("instance", State.OK, reached)
    yield _login(url)


def _reach(settings: Settings) -> str:
    """Says how the instance answers.

    Raises:
        WallwidgetsError: It does not, or not as an instance.
    """
    from wallwidgets.api.faults import from_reply
    from wallwidgets.api.wire import Wire
    from wallwidgets.panels.login_ways import host, tls

    wire = Wire(settings)
    try:
        reply = _ask(wire)
    finally:
        wire.close()
    protection = tls(settings.url, settings.verify)
    if reply.status == 401:
        return f"{settings.url} answers and asks for a login ({protection})."
    error, data = from_reply(reply, wire.redactor), reply.json()
    if error and not isinstance(error, NotFound):
        raise error
    if error or not isinstance(data, dict) or not data.keys() & {"default_arch", "features"}:
        words = f"{host(settings.url)} answers, but not as a Wallaroo instance does."
        raise UnexpectedAnswer(words)
    return f"{settings.url} answers as a Wallaroo instance ({protection})."


def _ask(wire: Wire) -> Reply:
    """The answer to a question that needs no login."""
    from wallwidgets.api.client import CONFIG, FEATURES
    from wallwidgets.api.wire import Body, Headers, Outgoing

    outcome = wire.exchange(Outgoing(CONFIG, timeout_s=TIMEOUT_S))
    if not isinstance(outcome, BaseException) and outcome.status in (401, 403, 404):
        # Instances of 2023 do not have the first; this one they answer, or ask for a login.
        headers = Headers({"Content-Type": "application/json"})
        question = Outgoing(
            FEATURES, make_body=lambda: Body(b"{}"), headers=headers, timeout_s=TIMEOUT_S
        )
        outcome = wire.exchange(question)
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def _login(url: str | None) -> Finding:
    """Whether a login works: of whom the environment names, else of the hub's user."""
    from wallwidgets.api.client import connect

    try:
        if resolve(url).identity:
            with connect(url) as client:
                account = client.account
            who = account.email or account.username or "The user of the environment"
            return Finding("login", State.OK, f"{who} is logged in.")
        # The hub's token is for the hub's instance only.
        if os.environ.get(TOKEN_ENV) and url in (None, os.environ.get("WALLAROO_URL")):
            return _login_of_hub()
    except WallwidgetsError as error:
        return _failed("login", error)
    found = "The environment does not say who you are, so nobody was logged in."
    remedy = f"Set WALLAROO_USER and WALLAROO_PASSWORD, or {CREDENTIALS}."
    return Finding("login", State.ABSENT, found, remedy)


def _login_of_hub() -> Finding:
    from wallwidgets.jupyter.session import hub_client

    client = hub_client()
    if client is None:
        # What it names is not shown: it may be the token itself.
        found = f"{TOKEN_ENV} names a variable that is not set, so nobody was logged in."
        remedy = "Let the hub set it from auth_state, then start your server again."
        return Finding("login", State.WARNING, found, remedy)
    with client:
        client.features()
    return Finding("login", State.OK, "The hub's token is accepted.")


def _failed(name: str, error: WallwidgetsError) -> Finding:
    remedy = error.advice
    if isinstance(error, UntrustedCertificate):
        remedy = f"{remedy} Or set {BUNDLES[0]} to that file, which counts for every address."
    return Finding(name, State.ERROR, error.message, remedy)
