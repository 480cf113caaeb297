"""The status line: always one, always last but one."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from anywidget import AnyWidget
from traitlets import Dict, Unicode

from wallwidgets.errors import Cancelled, WallwidgetsError
from wallwidgets.panels.parts.front import read
from wallwidgets.panels.parts.visible import short_text


@dataclass(frozen=True)
class Said:
    """What a status line says.

    Attributes:
        kind: Its colour and shape: off, busy, ok, running, warning, alert or error.
        text: One sentence.
        note: Muted numbers at the right.
        details: What unfolds below.
        step: 1 counts the seconds up at the right, -1 down as "again in 4 s", 0 not at all.
        seconds: Where the count begins.

    Example:
        >>> Said("ok", "Workspace fraud created.", note="84 ms").text
        'Workspace fraud created.'
    """

    kind: str
    text: str
    note: str = ""
    details: str = ""
    step: int = 0
    seconds: float = 0

    @classmethod
    def busy(cls, text: str) -> Said:
        """Something is under way; the seconds count up."""
        return cls("busy", text, step=1)

    @classmethod
    def of_error(cls, error: Exception) -> Said:
        """What went wrong, and below it what to do."""
        if isinstance(error, Cancelled):
            return cls("warning", str(error))
        if isinstance(error, WallwidgetsError):
            number = f" ({error.status})" if error.status else ""
            return cls("error", f"{error.message.rstrip('.')}{number}.", details=error.advice)
        kind = type(error).__name__
        # Its text may hold anything, so it is left to the log.
        return cls("error", f"This is a fault of wallwidgets ({kind}); the log says more.")


class StatusLine(AnyWidget):
    """Shows a `Said` in a live region.

    Example:
        >>> line = StatusLine()
        >>> line.say(Said("ok", "12 models in fraud."))
        >>> line.said["text"]
        '12 models in fraud.'
    """

    _esm = read("status.js")
    said = Dict(asdict(Said("off", ""))).tag(sync=True)
    aloud = Unicode().tag(sync=True)

    def say(self, said: Said) -> None:
        """Show it."""
        shown = asdict(said)
        for key in ("text", "note", "details"):
            shown[key] = short_text(shown[key])
        self.said = shown
