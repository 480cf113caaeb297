"""What LoginPanel knows and does, without a widget."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any

from traitlets import Any as AnyTrait
from traitlets import Bool, Dict, Instance, Unicode

import wallwidgets
from wallwidgets.api.account import Account
from wallwidgets.api.client import Client, connect
from wallwidgets.errors import (
    AuthenticationError,
    Cancelled,
    TimedOut,
    UnexpectedAnswer,
    Unreachable,
    UntrustedCertificate,
    WallwidgetsError,
)
from wallwidgets.panels.login_ways import (
    BROWSER,
    PASSWORD,
    SECRET_NAMES,
    Form,
    address_error,
    from_environment,
    host,
    missing,
    tls,
)
from wallwidgets.panels.panel import PanelState
from wallwidgets.panels.parts.job import Job
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.panels.recent import RecentAddresses
from wallwidgets.schemas.auth import DeviceAnswer
from wallwidgets.settings import DEFAULT_URL, Secret

AHEAD_S = 25.0
SHORTEST_S = 5.0
RETRY_S = 30.0
NOT_LOGGED_IN = "Not logged in."
LOCAL_CODE = """import wallwidgets as ww

instance = ww.LocalInstance(demo=True).start()
client = instance.connect()"""
_SERVER_PARTS = ("fastapi", "onnxruntime", "sqlalchemy", "argon2", "joserfc", "uvicorn")


def start_local_instance() -> Any:
    """An instance with demo data on this machine.

    By its public name, which loads lazily: the panels must work where the server is not installed,
    and their room sees neither the instance nor what starts it.
    """
    return wallwidgets.LocalInstance(demo=True).start()


def why_no_local_instance() -> str:
    """What to install first, or "" if a local instance can be started."""
    if all(find_spec(part) for part in _SERVER_PARTS):
        return ""
    return "A local instance needs pip install 'wallwidgets[instance]'."


class LoginState(PanelState):
    """A form, and what became of it. Secrets pass through ``log_in`` and are kept nowhere.

    Args:
        client: Somebody who is logged in already.
        environ: The environment variables.
        recent: Where addresses are remembered.
        start_local: Starts a local instance.
        why_no_local: What to install before that.

    Attributes:
        value: The client, or None.
        way: How to log in: Password, Client, File or Browser.
        has_secret: Whether there is text in the field for secrets.
        refused: Sentences for fields, by name, from the last attempt.
        account: Who is logged in, or None.
        device: The link and the code of a login that is confirmed elsewhere.
        switching: Whether the form is shown although somebody is logged in.
        has_local: Whether a local instance runs.

    Example:
        >>> state = LoginState(environ={"WALLAROO_URL": "https://wallaroo.example"})
        >>> state.missing
        'Log in needs a user.'
    """

    way = Unicode(PASSWORD)
    url = Unicode()
    username = Unicode()
    client_id = Unicode()
    path = Unicode()
    ca = Unicode()
    has_secret = Bool(False)
    refused: Any = Dict()
    account = Instance(Account, allow_none=True)
    device = AnyTrait(None)
    switching = Bool(False)
    has_local = Bool(False)
    wants_ca = Bool(False)

    def __init__(
        self,
        client: Client | None = None,
        *,
        environ: Mapping[str, str] = os.environ,
        recent: RecentAddresses | None = None,
        start_local: Callable[[], Any] = start_local_instance,
        why_no_local: Callable[[], str] = why_no_local_instance,
    ):
        super().__init__(NOT_LOGGED_IN)
        self._recent = recent or RecentAddresses()
        self._start_local, self.why_no_local = start_local, why_no_local()
        self._local: Any = None
        self._keeper = Job()
        # Only the name and whether there is a password: `connect` reads the password itself.
        self._env_user = environ.get("WALLAROO_USER", "")
        self._env_has_password = bool(environ.get("WALLAROO_PASSWORD"))
        first = from_environment(environ, self._recent.list(), DEFAULT_URL)
        self.way, self.url = first.way, first.url
        self.username, self.path = first.username, first.path
        fields = ["way", "url", "username", "client_id", "path", "ca", "has_secret"]
        self.observe(self._edited, fields)
        self._edited({"name": "way"})
        if client is not None:
            self._adopt(client)
            self.said = self._welcome()

    @property
    def form(self) -> Form:
        """What is typed in."""
        return Form(
            self.way, self.url.strip(), self.username, self.client_id, self.path, self.ca.strip()
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
    def recent(self) -> list[str]:
        """Addresses that were used lately."""
        return self._recent.list()

    def log_in(self, secret: Secret | None = None) -> bool:
        """Log in as the form says; the secret is used for this attempt only."""
        if self.busy or missing(self.form, has_secret=bool(secret) or self.uses_environment):
            return False
        form = self.form
        code = form.code(typed=bool(secret))
        self.refused = {}
        device = self._show_device if form.way == BROWSER else None

        def work(job: Job) -> Client:
            client = connect(form.url, device=device, **form.options(secret))
            if job.cancelled.is_set():
                client.close()
                raise Cancelled("The login was given up.")
            return client

        def done(client: Client) -> Said:
            self._adopt(client)
            self._recent.remember(form.url)
            self.code = code
            return self._welcome()

        return self.run(
            f"Logging in at {host(form.url)} …",
            work,
            done,
            failed=lambda error: self._refuse(form, error),
        )

    def start_local(self) -> bool:
        """Start an instance on this machine, unless one runs, and log in to it."""
        if self.busy or self.why_no_local:
            return False

        def work(job: Job) -> Client:
            local = self._local or self._start_local()
            self._local, self.has_local = local, True
            client: Client = local.connect()
            return client

        def done(client: Client) -> Said:
            self._adopt(client)
            self.code = LOCAL_CODE
            return self._welcome()

        return self.run("Starting a local instance with demo data …", work, done)

    def stop_local(self) -> bool:
        """Stop the local instance; what it holds is gone."""
        local = self._local
        if local is None:
            return False

        def done(nothing: object) -> Said:
            self._local, self.has_local = None, False
            self.code = "instance.stop()"
            return Said("off", "The local instance is stopped.")

        if not self.run("Stopping the local instance …", lambda job: local.stop(), done):
            return False
        if self.value is not None and self.value.settings.url == local.url:
            self._leave()
        return True

    def give_up(self) -> None:
        """Stop waiting for a login."""
        if self.busy:
            self.job.cancel()
            self.said = Said.busy("Giving up …")

    def log_out(self) -> None:
        """Forget the tokens; the address stays in the form."""
        if self.value is None or self.busy:
            return
        self._leave()
        self.error = None
        self.code = "client.close()"
        self.said = Said("off", "Logged out; the tokens are forgotten.")

    def switch_user(self) -> None:
        """Show the form again; the present login lasts until another one succeeds."""
        self.switching = True
        self.username, self.refused = "", {}
        self.said = Said("off", f"Still logged in as {_name(self.account)}.")

    def keep_user(self) -> None:
        """Do not switch."""
        self.switching = False
        self.said = self._welcome()

    def _adopt(self, client: Client) -> None:
        if self.value is not None and self.value is not client:
            self._leave()
        self.device, self.switching = None, False
        self.url = client.settings.url
        self.account = client.account
        self.value = client
        self._keeper.start(lambda job: self._keep(client, job.cancelled))

    def _leave(self) -> None:
        client = self.value
        self._keeper.cancel()
        # The next login starts a keeper of its own, also while this one still ends.
        self._keeper = Job()
        self.value = self.account = None
        client.close()

    def _show_device(self, answer: DeviceAnswer) -> threading.Event:
        self.device = (answer.verification_uri_complete, answer.user_code)
        self.said = Said.busy("Waiting until you confirm the code in a browser …")
        return self.job.cancelled

    def _refuse(self, form: Form, error: Exception) -> Said:
        """The sentence for what went wrong, and for the field that it concerns."""
        self.device = None
        where = host(form.url)
        if isinstance(error, AuthenticationError) and form.way in SECRET_NAMES:
            what = "user and password" if form.way == PASSWORD else "client and secret"
            self.refused = {"secret": f"The service refused this {what}."}
            again = f"Nothing was stored; type the {SECRET_NAMES[form.way]} again."
            number = f" ({error.status})" if error.status else ""
            return Said("error", f"Login refused{number}. {again}", details=error.message)
        if isinstance(error, UntrustedCertificate):
            self.wants_ca = True
            self.refused = {"ca": "Give the file of the authority that signed it."}
            words = f"The certificate of {where} is not trusted; no secret was sent."
            return Said("error", words, details=error.message)
        if isinstance(error, TimedOut):
            self.refused = {"url": "No answer in time from here."}
            return Said("error", f"{where} did not answer in time.", details=str(error))
        if isinstance(error, Unreachable):
            self.refused = {"url": "Nobody answers at this address."}
            return Said("error", f"{where} cannot be reached.", details=str(error))
        if isinstance(error, UnexpectedAnswer):
            self.refused = {"url": "This is not the address of a Wallaroo instance."}
            words = f"{where} answers, but not as a Wallaroo instance does."
            return Said("error", words, details=str(error))
        return Said.of_error(error)

    def _welcome(self) -> Said:
        url = self.value.settings.url
        return Said("ok", f"Logged in at {host(url)} as {_name(self.account)}.")

    def facts(self, now: datetime | None = None) -> list[tuple[str, str]]:
        """Who is logged in, where and until when."""
        if self.value is None or self.account is None:
            return []
        settings = self.value.settings
        name, email = _name(self.account), self.account.email
        return [
            ("User", name),
            *([("E-mail", email)] if email and email != name else []),
            ("Address", settings.url),
            ("Connection", tls(settings.url, settings.verify)),
            ("Login", _lasts(self.account, now or datetime.now(UTC))),
        ]

    def _edited(self, change: Any) -> None:
        if self.refused:
            self.refused = {}
        if self.value is None and change["name"] != "has_secret":
            typed = not self.uses_environment
            self.code = self.form.code(typed=typed) if self.url.strip() else ""

    def _keep(self, client: Client, cancelled: threading.Event) -> None:
        """Renew the token ahead of its end, so that nobody waits for it or loses the login."""
        failed = False
        while not cancelled.wait(RETRY_S if failed else renew_in_s(client.account)):
            try:
                client.features()
                failed, self.account = False, client.account
            except AuthenticationError as error:
                if self.value is client and not cancelled.is_set():
                    self.value = self.account = None
                    self.error = error
                    self.said = Said("error", "The login has ended; log in again.")
                return
            except WallwidgetsError as error:
                failed = True
                if not self.busy:
                    self.said = Said.of_error(error)


def renew_in_s(account: Account, now: datetime | None = None) -> float:
    """Seconds until the token should be renewed; a day where nobody knows when it ends.

    Example:
        >>> renew_in_s(Account())
        86400.0
    """
    if account.until is None:
        return 86_400.0
    left_s = (account.until - (now or datetime.now(UTC))).total_seconds()
    return min(86_400.0, max(SHORTEST_S, left_s - AHEAD_S))


def _name(account: Account | None) -> str:
    if account is None:
        return ""
    return account.username or account.email or "an account that the token does not name"


def _lasts(account: Account, now: datetime) -> str:
    if account.until is None:
        return "renews itself"
    minutes = max(0, int((account.until - now).total_seconds() // 60))
    return f"renews itself; this token until {account.until:%H:%M} UTC, {minutes} min left"
