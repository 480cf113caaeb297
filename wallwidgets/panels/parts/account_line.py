"""The account line of the Console: who is logged in, where, and for how long."""

from __future__ import annotations

from typing import Any

from anywidget import AnyWidget
from traitlets import Dict

from wallwidgets.api.account import Account
from wallwidgets.panels.parts.front import read
from wallwidgets.panels.parts.visible import short_text


class AccountLine(AnyWidget):
    """A disc, the host, the user and the TLS; at the right the minutes until the token ends.

    Example:
        >>> line = AccountLine()
        >>> line.account["word"]
        'Not logged in'
        >>> line.tell("wallaroo.example", Account(username="ada"), "ada", "TLS checked")
        >>> line.account["user"], line.account["until_ms"]
        ('ada', 0)
    """

    _esm = read("account.js")
    account: Any = Dict({"word": "Not logged in"}).tag(sync=True)

    def tell(self, host: str, account: Account, user: str, tls: str) -> None:
        """Say who is logged in."""
        until = account.until
        self.account = {
            "word": "Logged in",
            "host": short_text(host),
            "user": short_text(user),
            "tls": short_text(tls),
            "renews": account.renews,
            "until_ms": 0 if until is None else int(until.timestamp() * 1000),
        }

    def forget(self) -> None:
        """Say that nobody is."""
        self.account = {"word": "Not logged in"}
