"""The newest wish wins: many changes make few requests, and no old answer overtakes a new one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from wallwidgets.panels.parts.job import Job

T = TypeVar("T")

REST_S = 0.4


class Wishes:
    """Does a work in a job once wishes rest; what was wished meanwhile supersedes the answer.

    Args:
        job: Where it runs.
        start: Begins an attempt in that job; whether it did.

    Example:
        >>> job, done = Job(), []
        >>> newest = Wishes(job, lambda: job.start(lambda job: newest.answer(job, lambda: 3),
        ...     done=done.append))
        >>> newest.want(rest_s=0)
        >>> newest.wait(10), done
        (True, [3])
    """

    def __init__(self, job: Job, start: Callable[[], bool]):
        self._job, self._start = job, start
        self._lock = threading.RLock()
        self._wish = self._answered = 0
        self._began, self._due_s = 0, 0.0
        job.observe(self._again, "busy")

    def want(self, rest_s: float = REST_S) -> None:
        """Wish it, now or once no other wish came for a while."""
        with self._lock:
            self._wish += 1
            self._due_s = time.monotonic() + rest_s
        self._start()

    @property
    def superseded(self) -> bool:
        """Whether another wish came since the attempt began."""
        return self._wish != self._began

    def answer(self, job: Job, work: Callable[[], T]) -> T:
        """The answer to the last wish, in the job's thread; earlier ones are thrown away."""
        while True:
            self._rest(job)
            self._began = self._wish
            try:
                found = work()
            except Exception:
                if self.superseded and not job.cancelled.is_set():
                    continue
                self._answered = self._began
                raise
            if not self.superseded or job.cancelled.is_set():
                self._answered = self._began
                return found

    def wait(self, timeout_s: float) -> bool:
        """Wait until every wish has its answer; whether that is so."""
        end_s = time.monotonic() + timeout_s
        while time.monotonic() < end_s:
            if self._job.wait(0.05) and self._wish == self._answered:
                return True
        return False

    def _rest(self, job: Job) -> None:
        while (left_s := self._due_s - time.monotonic()) > 0:
            if job.cancelled.wait(left_s):
                return

    def _again(self, change: Any) -> None:
        # A wish that came after the last look and before the job's end.
        if not change["new"] and self._wish != self._answered:
            self._start()


class Mute:
    """What one's own thread changes while muted is no wish of the user.

    Example:
        >>> mute = Mute()
        >>> with mute:
        ...     mute.here
        True
    """

    def __init__(self) -> None:
        self._lock, self._thread, self._depth = threading.RLock(), 0, 0

    def __enter__(self) -> Mute:
        self._lock.acquire()
        self._thread, self._depth = threading.get_ident(), self._depth + 1
        return self

    def __exit__(self, *error: object) -> None:
        self._depth -= 1
        self._thread = self._thread if self._depth else 0
        self._lock.release()

    @property
    def here(self) -> bool:
        """Whether this thread is muted."""
        return self._thread == threading.get_ident()
