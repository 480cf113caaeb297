"""What LoginPanel knows and does, without a widget."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

from traitlets import Any as AnyTrait
from traitlets import Bool, Instance

from wallwidgets.api.account import Account
from wallwidgets.api.client import Client, connect
from wallwidgets.errors import AuthenticationError, Cancelled, WallwidgetsError
from wallwidgets.panels.keeper import Keeper
from wallwidgets.panels.local_start import (
    LOCAL_CODE,
    start_local_instance,
    why_no_local_instance,
)
from wallwidgets.panels.login_form_state import LoginFormState
from wallwidgets.panels.login_refusals import refusal
from wallwidgets.panels.login_ways import BROWSER, Form, auth_address, host, missing, tls
from wallwidgets.panels.parts.job import Job
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.panels.recent import RecentAddresses
from wallwidgets.schemas.auth import DeviceAnswer
from wallwidgets.settings import Secret


class LoginState(LoginFormState):
    """A form, and what became of it. Secrets pass through ``log_in`` and are kept nowhere.

    Args:
        client: Somebody who is logged in already; logging out closes it.
        environ: The environment variables.
        recent: Where addresses are remembered.
        start_local: Starts a local instance.
        why_no_local: What to install before that.

    Attributes:
        value: The client, or None. Whoever logs in again keeps the one that there was.
        paused: The client of a login that ended by itself, until somebody logs in.
        account: Who is logged in, or None.
        device: The link and the code of a login that is confirmed elsewhere.
        switching: Whether the form is shown although somebody is logged in.
        has_local: Whether a local instance runs.

    Example:
        >>> state = LoginState(environ={"WALLAROO_URL": "https://wallaroo.example"})
        >>> state.missing
        'Log in needs a user.'
    """

    paused = Instance(Client, allow_none=True)
    account = Instance(Account, allow_none=True)
    device = AnyTrait(None)
    switching = Bool(False)
    has_local = Bool(False)

    def __init__(
        self,
        client: Client | None = None,
        *,
        environ: Mapping[str, str] = os.environ,
        recent: RecentAddresses | None = None,
        start_local: Callable[[], Any] = start_local_instance,
        why_no_local: Callable[[], str] = why_no_local_instance,
    ):
        super().__init__(environ, recent)
        self._start_local, self.why_no_local = start_local, why_no_local()
        self._local: Any = None
        self._keeper: Keeper | None = None
        self._who: tuple[str, ...] | None = None
        if client is not None:
            self._adopt(client)
            self.said = self._welcome()

    @property
    def user(self) -> str:
        """Who is logged in, or ""."""
        return _name(self.account)

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
            self.remember(client.settings)
            self.did(code)
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
            self.did(LOCAL_CODE)
            return self._welcome()

        return self.run("Starting a local instance with demo data …", work, done)

    def stop_local(self) -> bool:
        """Stop the local instance; what it holds is gone."""
        local = self._local
        if local is None:
            return False

        def done(nothing: object) -> Said:
            self._local, self.has_local = None, False
            self.did("instance.stop()")
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
        self.did("client.close()")
        self.said = Said("off", "Logged out; the tokens are forgotten.")

    def switch_user(self) -> None:
        """Show the form again; the present login lasts until another one succeeds."""
        self.switching = True
        self.username, self.refused = "", {}
        self.said = Said("off", f"Still logged in as {self.user}.")

    def keep_user(self) -> None:
        """Do not switch."""
        self.switching = False
        self.said = self._welcome()

    def _adopt(self, client: Client) -> None:
        """Take over a login; the one before ends now, or goes on if it is the same account."""
        before, was, self._who = self.value or self.paused, self._who, who(client)
        self._forget()
        self.device, self.switching = None, False
        if before is not None and before is not client and was is not None and was == self._who:
            before.take_over(client)
            client = before
        settings = client.settings
        self.url = settings.url
        self.auth_url = self._known_auth = auth_address(settings)
        self.account, self.value, self.paused = client.account, client, None
        self._keeper = Keeper(
            client, renewed=self._renewed, ended=self._ended, failed=self._not_renewed
        )
        if before is not None and before is not client:
            before.close()

    def stop(self) -> None:
        """Renew no longer; who is logged in stays so until the token ends."""
        super().stop()
        self._forget()

    def _forget(self) -> None:
        if self._keeper is not None:
            self._keeper.stop()

    def _leave(self) -> None:
        client = self.value
        self._forget()
        self.value = self.account = None
        client.close()

    def _renewed(self) -> None:
        self.account = self.value.account if self.value is not None else None

    def _ended(self, error: AuthenticationError) -> None:
        self.paused = self.value
        self.value = self.account = None
        self.error = error
        self.said = Said("error", "The login has ended; log in again.")

    def _not_renewed(self, error: WallwidgetsError) -> None:
        if not self.busy:
            self.said = Said.of_error(error)

    def _show_device(self, answer: DeviceAnswer) -> threading.Event:
        self.device = (answer.verification_uri_complete, answer.user_code)
        self.said = Said.busy("Waiting until you confirm the code in a browser …")
        return self.job.cancelled

    def _refuse(self, form: Form, error: Exception) -> Said:
        said, self.refused = refusal(form, error)
        self.wants_ca = self.wants_ca or "ca" in self.refused
        self.wants_auth = self.wants_auth or "auth_url" in self.refused
        self.device = None
        return said

    def _welcome(self) -> Said:
        url = self.value.settings.url
        return Said("ok", f"Logged in at {host(url)} as {self.user}.")

    def facts(self) -> list[tuple[str, str]]:
        """Who is logged in, where and until when."""
        if self.value is None or self.account is None:
            return []
        settings = self.value.settings
        name, email = self.user, self.account.email
        return [
            ("User", name),
            *([("E-mail", email)] if email and email != name else []),
            ("Address", settings.url),
            *([("Login address", other)] if (other := auth_address(settings)) else []),
            ("Connection", tls(settings.url, settings.verify)),
            ("Login", _lasts(self.account)),
        ]


def _name(account: Account | None) -> str:
    if account is None:
        return ""
    return account.username or account.email or "an account that the token does not name"


def who(client: Client) -> tuple[str, ...] | None:
    """What tells an account of an instance from others, or None if the token does not say it."""
    account = client.account
    return (client.settings.url, account.kind, account.user_id) if account.user_id else None


def _lasts(account: Account) -> str:
    until = f"this token until {account.until:%H:%M} UTC" if account.until else ""
    begins = "renews itself" if account.renews else "ends with the token that was given"
    return f"{begins}; {until}" if until else begins
