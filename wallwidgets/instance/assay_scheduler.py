"""Runs active assays by themselves, each time that a window of theirs is complete.

``next_run`` of an assay is the end of its first window that was not looked at yet, so it alone says
where to go on: after a restart, or when an assay is active again, the windows since then follow.
Results and the new ``next_run`` are one transaction, which only counts if nobody else has moved
``next_run`` in between: each window is stored once, whatever happens.

A window without records is looked at once, as the log only grows at its end. An assay that fails is
left alone for ten minutes, or until it is activated.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from wallwidgets.drift.columns import instant, moment
from wallwidgets.errors import WallwidgetsError
from wallwidgets.instance.assay_plans import LATEST, Plan, plan_of
from wallwidgets.instance.assay_runs import AssayRun, settled
from wallwidgets.instance.assay_values import rounded_up
from wallwidgets.instance.assays import add_results
from wallwidgets.instance.inference_log import InferenceLog
from wallwidgets.instance.log_batches import TIME
from wallwidgets.instance.store import Store
from wallwidgets.instance.tables import AssayRow
from wallwidgets.schemas.assays import AssayConfig, AssayResult

_log = logging.getLogger(__name__)
RETRY = timedelta(minutes=10)
PASS_WINDOWS = 10_000
"""Windows that are looked at and stored together."""

SHORTEST_WAIT_S = 0.05
LONGEST_WAIT_S = 60.0
"""A clock may be set, and a laptop may sleep; a look at the next times costs nothing."""


class _State(NamedTuple):
    """How far an assay has come; the other one of two that run it at a time sees that it moved."""

    next_run: datetime
    last_run: datetime | None


class _Pass(NamedTuple):
    """Windows to look at; times are microseconds since 1970.

    Attributes:
        looked: Whether there were complete windows, if only ones without records.
        number: How many to look at.
        start: Start of the first one.
        until: End of the last one.
        next_end: End of the window that follows.
    """

    looked: bool
    number: int
    start: int
    until: int
    next_end: int


class AssayScheduler:
    """One thread beside the requests.

    Args:
        store: Has the assays.
        log: Has the records.
        clock: Gives the time.
    """

    def __init__(self, store: Store, log: InferenceLog, clock: Callable[[], datetime]):
        self._store = store
        self._log = log
        self._clock = clock
        self._running = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._retry_at: dict[int, datetime] = {}
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Run what is due, and go on so in the background."""
        self._thread = threading.Thread(target=self._work, name="assays", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish the assay under way and stop."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def wake(self, assay_id: int) -> None:
        """An assay is new or active again: look now."""
        self._retry_at.pop(assay_id, None)
        self._wake.set()

    def _work(self) -> None:
        while True:
            self._wake.clear()
            if self._stopping:
                return
            wait_s = LONGEST_WAIT_S
            try:
                self.run_due()
                wait_s = self._seconds_to_next()
            except SQLAlchemyError:
                _log.exception("the assays could not be looked up; there will be another attempt")
            self._wake.wait(wait_s)

    def run_due(self) -> None:
        """Run every active assay that has a complete window, and return when all have run."""
        with self._running:
            now = self._clock()
            behind = [assay_id for assay_id, due in self._due() if due <= now]
            # In turns: one with much to catch up does not hold up the others.
            while behind and not self._stopping:
                behind = [assay_id for assay_id in behind if self._attempt(assay_id)]

    def _attempt(self, assay_id: int) -> bool:
        """Run one pass of an assay; whether it has more to do now."""
        try:
            return self._run(assay_id)
        except WallwidgetsError as error:
            _log.warning("assay %d could not be run: %s", assay_id, error)
        except Exception:  # noqa: BLE001  one assay must not keep the others from running
            _log.exception("assay %d could not be run", assay_id)
        self._retry_at[assay_id] = self._clock() + RETRY
        return False

    def _due(self) -> list[tuple[int, datetime]]:
        """The active assays and when each is due, the earliest first."""
        query = select(AssayRow.id, AssayRow.next_run).where(AssayRow.active)
        with self._store.read() as session:
            rows = session.execute(query).all()
        due = [(number, max(at, self._retry_at.get(number, at))) for number, at in rows]
        return sorted(due, key=lambda each: each[1])

    def _seconds_to_next(self) -> float:
        due = self._due()
        if not due:
            return LONGEST_WAIT_S
        seconds = (due[0][1] - self._clock()).total_seconds()
        return min(max(seconds, SHORTEST_WAIT_S), LONGEST_WAIT_S)

    def _run(self, assay_id: int) -> bool:
        with self._store.read() as session:
            row = session.get_one(AssayRow, assay_id)
            state = _State(row.next_run, row.last_run)
            plan = plan_of(session, AssayConfig.model_validate(row.config), row.pipeline)
            labels = {"assay_id": assay_id, "pipeline_id": row.pipeline_id}
        running = AssayRun(self._log, plan, self._clock)
        now = instant(settled(self._clock()), "clock")
        step = self._next_pass(plan, state, now)
        found = running.stored(step.start, step.until, **labels) if step.number else []
        return self._store_pass(assay_id, state, step, found) and step.next_end <= now

    def _next_pass(self, plan: Plan, state: _State, now: int) -> _Pass:
        """The next windows with records, of those that are complete and were not looked at yet."""
        begin = plan.start
        if state.last_run is not None:
            begin = instant(state.next_run, "next_run") - plan.width
        complete = plan.complete(begin, now)
        wanted = plan.complete(begin, plan.until(now))
        record = self._first_record(plan.source.pipeline_id, begin)
        first = wanted
        if record is not None:
            first = min(plan.complete(begin, record), wanted)
        stop = min(first + PASS_WINDOWS, wanted)
        # Those after run_until are never looked at.
        following = stop if stop < wanted else complete
        return _Pass(
            looked=wanted > 0,
            number=stop - first,
            start=begin + first * plan.interval,
            until=begin + (stop - 1) * plan.interval + plan.width,
            next_end=begin + following * plan.interval + plan.width,
        )

    def _first_record(self, pipeline_id: int, start: int) -> int | None:
        """The time of the first record from then on, both in microseconds since 1970."""
        # Waits for an append that has begun, so that no record can come in before now any more.
        self._log.extent(pipeline_id)
        page = self._log.read(
            pipeline_id, start=rounded_up(start), limit=1, wanted=lambda name: name == TIME
        )
        times = page.table.column(TIME).to_pylist()
        return times[0] * 1000 if times else None

    def _store_pass(
        self, assay_id: int, seen: _State, step: _Pass, found: list[AssayResult]
    ) -> bool:
        """Store what was found; False if the assay was stopped, or run by another, meanwhile."""
        with self._store.write() as session:
            row = session.get_one(AssayRow, assay_id)
            if not row.active or _State(row.next_run, row.last_run) != seen:
                return False
            now = self._clock()
            if step.looked:
                row.last_run = now
            row.next_run = moment(min(step.next_end, LATEST))
            add_results(session, row, found, now)
            return True
