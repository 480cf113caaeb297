"""Waiting for a state: ask again and again, at first quickly, until it is reached or time is up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from wallwidgets.errors import Cancelled

T = TypeVar("T")

FIRST_WAIT_S = 0.05


def states(
    ask: Callable[[], T], timeout_s: float, poll_s: float, cancel: threading.Event | None
) -> Iterator[T]:
    """The states that ``ask`` gives, until ``timeout_s`` are over.

    Raises:
        Cancelled: ``cancel`` was set; it ends a wait at once.

    Example:
        >>> next(states(lambda: "Running", timeout_s=45, poll_s=1, cancel=None))
        'Running'
    """
    cancel = cancel or threading.Event()
    ends_at = time.monotonic() + timeout_s
    wait_s = min(FIRST_WAIT_S, poll_s)
    while not cancel.is_set():
        yield ask()
        left_s = ends_at - time.monotonic()
        if left_s <= 0:
            return
        cancel.wait(min(wait_s, left_s))
        wait_s = min(2 * wait_s, poll_s)
    raise Cancelled("The wait was cancelled.")
