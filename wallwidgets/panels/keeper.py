"""Keeps a login alive while a panel shows it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from wallwidgets.api.account import Account
from wallwidgets.api.client import Client
from wallwidgets.errors import AuthenticationError, WallwidgetsError
from wallwidgets.panels.parts.job import Job

AHEAD_S = 25.0
SHORTEST_S = 5.0
LONGEST_S = 86_400.0
RETRY_S = 30.0


class Keeper:
    """Renews the token of one client ahead of its end, so that nobody waits for it.

    Args:
        client: Whose token.
        renewed: Called after a renewal.
        ended: Called once, when the login cannot be renewed.
        failed: Called when a renewal failed that is tried again.

    Example:
        >>> def keep(client: Client) -> Keeper:
        ...     return Keeper(client, renewed=print, ended=print, failed=print)
    """

    def __init__(
        self,
        client: Client,
        *,
        renewed: Callable[[], object],
        ended: Callable[[AuthenticationError], object],
        failed: Callable[[WallwidgetsError], object],
    ):
        self._client = client
        self._renewed, self._ended, self._failed = renewed, ended, failed
        self._job = Job()
        self._job.start(lambda job: self._keep(job.cancelled))

    def stop(self) -> None:
        """End it; nothing is called from here on."""
        self._job.cancel()

    def _keep(self, cancelled: threading.Event) -> None:
        wait_s = renew_in_s(self._client.account)
        while not cancelled.wait(wait_s):
            try:
                # Any call renews a token that ends soon.
                self._client.features()
                self._renewed()
                wait_s = renew_in_s(self._client.account)
            except AuthenticationError as error:
                if not cancelled.is_set():
                    self._ended(error)
                return
            except WallwidgetsError as error:
                wait_s = RETRY_S
                if not cancelled.is_set():
                    self._failed(error)


def renew_in_s(account: Account, now: datetime | None = None) -> float:
    """Seconds until the token should be renewed; a day where nobody knows when it ends.

    Example:
        >>> renew_in_s(Account())
        86400.0
    """
    if account.until is None:
        return LONGEST_S
    left_s = (account.until - (now or datetime.now(UTC))).total_seconds()
    return min(LONGEST_S, max(SHORTEST_S, left_s - AHEAD_S))
