"""A secret that is shown once and kept nowhere."""

from __future__ import annotations

from anywidget import AnyWidget

from wallwidgets.panels.parts.front import read
from wallwidgets.panels.parts.visible import short_text
from wallwidgets.settings import Secret


class ShownOnce(AnyWidget):
    """Shows a secret with a copy button until it is hidden or the page is left.

    The text is sent as a message: it is in no trait, so no notebook can save it.

    Example:
        >>> ShownOnce().reveal("Password of ada@example.com", Secret("canary"))
    """

    _esm = read("clipboard.js", "once.js")

    def reveal(self, title: str, secret: Secret) -> None:
        """Show it where this widget is displayed."""
        self.send({"do": "show", "title": short_text(title), "text": secret.reveal()})

    def forget(self) -> None:
        """Hide it for good."""
        self.send({"do": "forget"})
