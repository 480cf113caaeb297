"""A file for the browser to save."""

from __future__ import annotations

from anywidget import AnyWidget

from wallwidgets.panels.parts.front import read


class Download(AnyWidget):
    """Gives a browser files to save; nothing of it is seen.

    A file is sent as a message: it is in no trait, so no notebook keeps it.

    Example:
        >>> Download().give("scores.csv", "start,score\\n")
    """

    _esm = read("download.js")

    def give(self, name: str, text: str) -> None:
        """Let the browser save a text where it saves downloads."""
        self.send({"name": name}, [text.encode()])
