"""How far a transfer is."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from anywidget import AnyWidget
from traitlets import Dict, Unicode

from wallwidgets.panels.parts.front import read
from wallwidgets.panels.parts.visible import size, unit_of

RATE_S = 3.0
LEFT_AFTER_S = 2.0
UPDATE_S = 0.2
ALOUD_PERCENT = 25


class Progress(AnyWidget):
    """A bar with percent, amounts, rate and time left; at most five updates a second.

    Attributes:
        aloud: What a screen reader should say: every 25 percent.

    Args:
        label: What travels.
        clock: Gives seconds.

    Example:
        >>> progress = Progress("Upload of ccfraud")
        >>> progress.report(512, 1024)
        >>> progress.shown["words"][:2]
        ['50 %', '0.5 KiB of 1 KiB']
    """

    _esm = read("progress.js")
    shown: Any = Dict({"percent": 0, "words": []}).tag(sync=True)
    label = Unicode().tag(sync=True)
    aloud = Unicode()

    def __init__(self, label: str = "", clock: Callable[[], float] = time.monotonic):
        super().__init__(label=label)
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Show nothing; the next report begins anew."""
        self._seen: deque[tuple[float, int]] = deque()
        self._began_at: float | None = None
        self._shown_at = -UPDATE_S
        self.shown = {"percent": 0, "words": []}
        self.aloud = ""

    def report(self, sent: int, total: int) -> None:
        """Bytes so far and in total; fits the ``progress=`` callbacks of the API layer."""
        now = self._clock()
        if self._began_at is None:
            self._began_at = now
        began_at = self._began_at
        self._seen.append((now, sent))
        while len(self._seen) > 2 and now - self._seen[0][0] > RATE_S:
            self._seen.popleft()
        if now - self._shown_at < UPDATE_S and sent < total:
            return
        self._shown_at = now
        percent = _percent(sent, total)
        self.shown = {"percent": percent, "words": self._words(now - began_at, sent, total)}
        if step := percent // ALOUD_PERCENT * ALOUD_PERCENT:
            self.aloud = f"{step} %"

    def _words(self, passed_s: float, sent: int, total: int) -> list[str]:
        unit = unit_of(total)
        amount = size(sent, "MiB" if unit == "GiB" and sent < 2**30 else unit)
        words = [f"{_percent(sent, total)} %", f"{amount} of {size(total, unit)}", "", ""]
        (first_at, first), (last_at, _) = self._seen[0], self._seen[-1]
        rate = (sent - first) / (last_at - first_at) if last_at > first_at else 0
        if rate > 0:
            words[2] = f"{size(rate)}/s"
            if passed_s >= LEFT_AFTER_S:
                words[3] = f"{time_left((total - sent) / rate)} left"
        return words


def _percent(sent: int, total: int) -> int:
    return int(100 * sent / total) if total else 100


def time_left(seconds: float) -> str:
    """A duration as one reads it: 10 s, 3 min, 2 h.

    Example:
        >>> time_left(9.6), time_left(200), time_left(7200)
        ('10 s', '3 min', '2.0 h')
    """
    if seconds < 99:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5940 else f"{seconds / 3600:.1f} h"
