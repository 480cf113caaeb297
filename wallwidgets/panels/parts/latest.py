"""Work in the background of which only the newest counts, such as reading what was just chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from wallwidgets.panels.parts.job import Job

T = TypeVar("T")


class Record(Protocol):
    """What the service lists."""

    @property
    def id(self) -> int:
        """Its number."""


def made_meanwhile(selected: Record | None, before: Record | None, found: Iterable[Record]) -> bool:
    """Whether what is selected was made while a list was read, which is old then.

    Args:
        selected: What is selected now.
        before: What was selected when the reading began.
        found: The list.
    """
    if selected is None or (before is not None and selected.id == before.id):
        return False
    return all(each.id != selected.id for each in found)


class Latest:
    """Starts work at once; what ran before is asked to end and is heard no more.

    Example:
        >>> latest, read = Latest(), []
        >>> latest.start(lambda job: "fraud", done=read.append)
        >>> latest.wait(10)
        True
        >>> read
        ['fraud']
    """

    def __init__(self) -> None:
        self._job = Job()

    def start(
        self,
        work: Callable[[Job], T],
        *,
        done: Callable[[T], object],
        failed: Callable[[Exception], object] | None = None,
    ) -> None:
        """Begin, whether or not something runs; the callbacks are called in the thread."""
        self.cancel()
        job = self._job

        def give(result: T) -> None:
            if job is self._job:
                done(result)

        def fail(error: Exception) -> None:
            if job is self._job and failed is not None:
                failed(error)

        job.start(work, done=give, failed=fail)

    def cancel(self) -> None:
        """Let what runs end unheard."""
        self._job.cancel()
        self._job = Job()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the newest work has ended, each for so long; whether that is so."""
        job = self._job
        # What ended may have begun something newer.
        return job.wait(timeout_s) and (job is self._job or self.wait(timeout_s))
