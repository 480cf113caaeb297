"""Work in the background: started once, with progress, cancel and an error."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from traitlets import Any as AnyTrait
from traitlets import Bool, HasTraits, Instance

from wallwidgets.errors import Cancelled, WallwidgetsError

T = TypeVar("T")

LOOK_S = 0.05

logger = logging.getLogger(__name__)


class Job(HasTraits):
    """One thing at a time in a thread of its own, never in the handler of a click.

    The traits are set from that thread; ipywidgets sends what they change also while a cell runs.

    Attributes:
        busy: Whether it runs; set to false last, once everything else is settled.
        progress: What the work reported last.
        error: Why it ended without a result.
        result: What it gave.

    Example:
        >>> job = Job()
        >>> job.start(lambda job: 6 * 7)
        True
        >>> job.wait(10)
        True
        >>> job.result
        42
    """

    busy = Bool(False)
    progress = AnyTrait(None)
    error = Instance(Exception, allow_none=True)
    result = AnyTrait(None)

    def __init__(self) -> None:
        super().__init__()
        # Reentrant: who hears that it ended may start it again.
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._ended.set()
        self.cancelled = threading.Event()

    def start(
        self,
        work: Callable[[Job], T],
        *,
        done: Callable[[T], object] | None = None,
        failed: Callable[[Exception], object] | None = None,
    ) -> bool:
        """Begin, unless it runs already: many clicks make one request.

        Args:
            work: What to do; it may look at ``job.cancelled`` and call ``job.report``.
            done: Called in the thread with the result.
            failed: Called in the thread with the error.

        Returns:
            Whether it began.
        """
        with self._lock:
            if not self._ended.is_set():
                return False
            self._ended.clear()
            # An event per run: one that ended may still hold its own.
            self.cancelled = threading.Event()
            self.error = self.result = self.progress = None
            self.busy = True
        run = threading.Thread(
            target=self._run, args=(work, done, failed), name="wallwidgets-job", daemon=True
        )
        run.start()
        return True

    def report(self, *progress: Any) -> None:
        """Say how far it is; fits the ``progress=`` callbacks of the API layer."""
        self.progress = progress[0] if len(progress) == 1 else progress

    def cancel(self) -> None:
        """Ask the work to end; it ends when it looks."""
        self.cancelled.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it does not run; whether that is so."""
        if not self._ended.wait(timeout_s):
            return False
        with self._lock:
            return True

    def _run(
        self,
        work: Callable[[Job], T],
        done: Callable[[T], object] | None,
        failed: Callable[[Exception], object] | None,
    ) -> None:
        try:
            error = self._outcome(work, done)
            self.error = error
            if error is not None and failed is not None:
                failed(error)
        finally:
            with self._lock:
                self._ended.set()
                self.busy = False

    def _outcome(
        self, work: Callable[[Job], T], done: Callable[[T], object] | None
    ) -> Exception | None:
        try:
            self.result = result = work(self)
            if done is not None:
                done(result)
        except WallwidgetsError as error:
            return error
        except Exception as error:
            logger.exception("A background job of a panel failed.")
            return error
        return None


def unless_cancelled(job: Job, work: Callable[[], T]) -> T:
    """The result of a call that knows no cancel; after one it is left to end unheard.

    Raises:
        Cancelled: The job was cancelled before the call ended.
    """
    call = Job()
    call.start(lambda _: work())
    while not call.wait(LOOK_S):
        if job.cancelled.is_set():
            raise Cancelled("The wait has ended.")
    if call.error is not None:
        raise call.error
    result: T = call.result
    return result
