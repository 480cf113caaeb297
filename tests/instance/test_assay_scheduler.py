"""Active assays run by themselves: each complete window once, whatever happens."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import select

import wallwidgets as ww
from tests.instance.assays import (
    BEGIN,
    DAY,
    DAYS,
    NOW,
    PER_DAY,
    Clock,
    Watched,
    context_of,
    expected,
    millis,
    rows,
)
from wallwidgets.errors import StorageFull
from wallwidgets.instance import assay_scheduler
from wallwidgets.instance.assay_scheduler import AssayScheduler
from wallwidgets.instance.tables import AssayResultRow, AssayRow


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def watched(tmp_path, clock):
    with ww.LocalInstance(tmp_path / "data", clock=clock) as instance:
        made = Watched(instance, tmp_path)
        made.instance = instance
        yield made


@pytest.fixture
def context(tmp_path, clock):
    """An instance at rest, with a pipeline that has records: nothing runs but what a test runs."""
    with ww.LocalInstance(tmp_path / "data", clock=clock) as instance:
        watched = Watched(instance, tmp_path)
        assay_id = watched.create(active=False)
    made = context_of(tmp_path / "data", clock)
    with made.store.write() as session:
        session.get_one(AssayRow, assay_id).active = True
    yield made
    made.close()


def stored(context):
    """Start and score of all stored results."""
    with context.store.read() as session:
        query = select(AssayResultRow).order_by(AssayResultRow.assay_id, AssayResultRow.id)
        return [
            (row.assay_id, (row.window_start - BEGIN) / DAY, row.result["score"])
            for row in session.scalars(query)
        ]


def days(context):
    return [day for _, day, _ in stored(context)]


def set_assay(context, **values):
    with context.store.write() as session:
        row = session.scalars(select(AssayRow)).first()
        for name, value in values.items():
            setattr(row, name, value)


def add_day(context, clock, model="first"):
    """A day passes, in which records come in."""
    times = millis(clock.now) + np.arange(PER_DAY)
    constants = {"metadata.last_model": f'{{"model_name": "{model}"}}'}
    context.log.append(1, rows(PER_DAY), constants, [1], times)
    clock.now += DAY


def test_a_new_assay_catches_up(watched):
    assay_id = watched.create()
    watched.context.assays.run_due()
    found = watched.results(assay_id)
    wanted = expected(watched.frame())
    assert [each["window_start"] for each in found] == [each["window_start"] for each in wanted]
    assert [each["score"] for each in found] == [
        float(str(np.float32(each["score"]))) for each in wanted
    ]
    assert [each["scores"] for each in found] == [each["scores"] for each in wanted]
    first = found[0]
    assert (first["assay_id"], first["pipeline_id"]) == (assay_id, watched.pipeline_id)
    assert first["id"] == 1
    assert first["created_at"] == "2022-01-05T00:00:00Z"
    assert watched.raw.ok("assays/get_assay_results", {"assay_id": assay_id}) == found
    record = watched.record(assay_id)
    assert record["last_run"] == "2022-01-05T00:00:00+00:00"
    assert record["next_run"] == "2022-01-06T00:00:00+00:00"
    assert record["last_window_start"] == "2022-01-04T00:00:00+00:00"


def test_results_of_a_time_range(watched):
    assay_id = watched.create()
    watched.context.assays.run_due()
    whole = watched.results(assay_id)
    assert watched.results(assay_id, limit=2) == whole[:2]
    assert watched.results(assay_id, start="2022-01-03T00:00:00Z") == whole[1:]
    assert watched.results(assay_id, end="2022-01-03T00:00:00Z") == whole[:2]
    assert watched.results(assay_id, start="2022-01-03T00:00:01Z", end="2022-01-03T23:59:59Z") == []
    assert watched.results(assay_id, pipeline_id=watched.pipeline_id) == whole
    for body in ({"assay_id": 987}, {"assay_id": assay_id, "pipeline_id": 987}):
        assert watched.raw.post("assays/get_results", body).status_code == 404


def test_the_thread_runs_a_window_when_it_is_complete(tmp_path):
    """With the machine's clock: the window ends a moment from now, and nobody calls anything."""
    ran = threading.Event()
    with ww.LocalInstance(tmp_path / "data") as instance:
        watched = Watched(instance, tmp_path, records=False)
        now = instance.context.config.clock()
        times = millis(now - timedelta(minutes=1)) + np.arange(PER_DAY)
        watched.log(rows(PER_DAY), times, "first")
        fixed = {
            "start_at": (now - timedelta(minutes=2)).isoformat(),
            "end_at": (now - timedelta(seconds=30)).isoformat(),
        }
        scheduler = instance.context.assays
        original = scheduler._store_pass

        def store_pass(*arguments):
            found = original(*arguments)
            if arguments[3]:
                ran.set()
            return found

        scheduler._store_pass = store_pass
        window = {"start": (now - timedelta(seconds=60)).isoformat(), "width": "61500 ms"}
        assay_id = watched.create(fixed=fixed, window=window)
        assert ran.wait(30)
        [found] = watched.results(assay_id)
        end = datetime.fromisoformat(found["window_summary"]["end"])
        assert datetime.fromisoformat(found["created_at"]) >= end


def test_each_day_brings_one_result(context, clock):
    context.assays.run_due()
    assert days(context) == [1, 2, 3]
    add_day(context, clock)
    clock.now -= timedelta(milliseconds=1)
    context.assays.run_due()
    assert days(context) == [1, 2, 3]
    clock.now += timedelta(milliseconds=1)
    context.assays.run_due()
    context.assays.run_due()
    assert days(context) == [1, 2, 3, 4]


def test_windows_without_records_are_passed_over(context, clock):
    context.assays.run_due()
    clock.now += 5 * DAY
    context.assays.run_due()
    add_day(context, clock)
    context.assays.run_due()
    assert days(context) == [1, 2, 3, 9]


def test_after_a_restart_the_missed_windows_follow(context, clock, tmp_path):
    context.assays.run_due()
    add_day(context, clock)
    add_day(context, clock)
    context.close()
    again = context_of(tmp_path / "data", clock)
    again.start()
    again.assays.run_due()
    assert days(again) == [1, 2, 3, 4, 5]
    again.close()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_around_storing_changes_nothing(context, monkeypatch, when):
    """Before the commit nothing is stored; after it, all is."""
    original = assay_scheduler.add_results

    def crash(*arguments):
        if when == "after":
            original(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(assay_scheduler, "add_results", crash)
    with pytest.raises(KeyboardInterrupt):
        context.assays.run_due()
    assert stored(context) == []
    monkeypatch.undo()
    context.assays.run_due()
    assert days(context) == [1, 2, 3]


def test_two_that_run_at_a_time_store_each_window_once(context):
    """Two schedulers, as of two processes, that have both computed before either stores."""
    both = threading.Barrier(2, timeout=30)
    schedulers = [
        AssayScheduler(context.store, context.log, context.config.clock) for _ in range(2)
    ]
    for each in schedulers:

        def meet_first(*arguments, store=each._store_pass):
            both.wait()
            return store(*arguments)

        each._store_pass = meet_first
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(AssayScheduler.run_due, schedulers))
    assert days(context) == [1, 2, 3]


def test_many_threads_that_call_one_scheduler(context):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: context.assays.run_due(), range(16)))
    assert days(context) == [1, 2, 3]


def test_a_window_keeps_its_result(context):
    context.assays.run_due()
    before = stored(context)
    # As if an earlier version had lost count.
    set_assay(context, last_run=None, next_run=BEGIN)
    context.assays.run_due()
    assert stored(context) == before


def test_an_inactive_assay_waits_and_goes_on(context, clock):
    set_assay(context, active=False)
    context.assays.run_due()
    assert stored(context) == []
    set_assay(context, active=True)
    context.assays.run_due()
    set_assay(context, active=False)
    add_day(context, clock)
    context.assays.run_due()
    assert days(context) == [1, 2, 3]
    set_assay(context, active=True)
    add_day(context, clock)
    context.assays.run_due()
    assert days(context) == [1, 2, 3, 4, 5]


def test_what_was_computed_for_an_assay_that_is_stopped_meanwhile_is_dropped(context):
    store_pass = context.assays._store_pass

    def stop_first(*arguments):
        set_assay(context, active=False)
        return store_pass(*arguments)

    context.assays._store_pass = stop_first
    context.assays.run_due()
    assert stored(context) == []
    context.assays._store_pass = store_pass
    set_assay(context, active=True)
    context.assays.run_due()
    assert days(context) == [1, 2, 3]


def test_activation_by_the_api(watched, clock):
    assay_id = watched.create(active=False)
    watched.context.assays.run_due()
    assert watched.results(assay_id) == []
    watched.raw.ok("assays/set_active", {"id": assay_id, "active": True})
    watched.context.assays.run_due()
    assert len(watched.results(assay_id)) == 3


def test_run_until_is_the_end(context, clock):
    with context.store.write() as session:
        row = session.scalars(select(AssayRow)).one()
        row.config = {**row.config, "run_until": (BEGIN + 3.5 * DAY).isoformat()}
    context.assays.run_due()
    assert days(context) == [1, 2]
    with context.store.read() as session:
        last_run = session.scalars(select(AssayRow)).one().last_run
    add_day(context, clock)
    add_day(context, clock)
    context.assays.run_due()
    assert days(context) == [1, 2]
    with context.store.read() as session:
        row = session.scalars(select(AssayRow)).one()
        assert (row.last_run, row.next_run) == (last_run, clock.now + DAY)


def test_overlapping_windows(context, clock):
    with context.store.write() as session:
        row = session.scalars(select(AssayRow)).one()
        row.config = {**row.config, "window": {**row.config["window"], "interval": "12 hours"}}
    context.assays.run_due()
    assert days(context) == [1, 1.5, 2, 2.5, 3]
    add_day(context, clock)
    context.assays.run_due()
    assert days(context) == [1, 1.5, 2, 2.5, 3, 3.5, 4]


def test_a_window_that_begins_later(context, clock):
    with context.store.write() as session:
        row = session.scalars(select(AssayRow)).one()
        start = (NOW + DAY).isoformat()
        row.config = {**row.config, "window": {**row.config["window"], "start": start}}
    context.assays.run_due()
    with context.store.read() as session:
        row = session.scalars(select(AssayRow)).one()
        assert (row.last_run, row.next_run) == (None, NOW + 2 * DAY)
    add_day(context, clock)
    add_day(context, clock)
    context.assays.run_due()
    assert days(context) == [5]


def test_many_windows_come_in_passes(context, clock, monkeypatch):
    """Each pass is stored on its own: after one that fails, the earlier ones stay."""
    monkeypatch.setattr(assay_scheduler, "PASS_WINDOWS", 2)
    add_results = assay_scheduler.add_results

    def fail_at_the_second(session, assay, found, now):
        if found[0].window_start > BEGIN + 2 * DAY:
            raise StorageFull("No space left")
        add_results(session, assay, found, now)

    with monkeypatch.context() as patch:
        patch.setattr(assay_scheduler, "add_results", fail_at_the_second)
        context.assays.run_due()
    assert days(context) == [1, 2]
    clock.now += assay_scheduler.RETRY
    context.assays.run_due()
    assert days(context) == [1, 2, 3]


def test_an_endless_past_without_records_costs_nothing(context, clock):
    with context.store.write() as session:
        row = session.scalars(select(AssayRow)).one()
        window = {"start": "0001-01-01T00:00:00Z", "width": "1 second"}
        row.config = {**row.config, "window": {**row.config["window"], **window}}
    context.assays.run_due()
    assert len(days(context)) == DAYS * PER_DAY
    with context.store.read() as session:
        row = session.scalars(select(AssayRow)).one()
        assert (row.last_run, row.next_run) == (NOW, NOW + timedelta(seconds=1))


def test_an_assay_that_fails_does_not_block_the_others(context, clock, monkeypatch, caplog):
    with context.store.write() as session:
        row = session.scalars(select(AssayRow)).one()
        for number, path in ((2, "input nothing 0"), (3, "output variable 0")):
            config = {**row.config, "iopath": path}
            session.add(
                AssayRow(
                    id=number, pipeline_id=row.pipeline_id, workspace_id=row.workspace_id,
                    name=path, active=True, config=config, created_at=BEGIN, updated_at=BEGIN,
                    next_run=BEGIN,
                )
            )  # fmt: skip
    context.assays.run_due()
    assert {number for number, *_ in stored(context)} == {1, 3}
    assert "assay 2 could not be run: [400] Bad request: iopath: no input is named" in caplog.text
    caplog.clear()
    context.assays.run_due()  # it is left alone for a while
    assert caplog.text == ""
    clock.now += assay_scheduler.RETRY
    context.assays.run_due()
    assert "assay 2 could not be run" in caplog.text
    caplog.clear()
    context.assays.wake(2)
    context.assays.run_due()
    assert "assay 2 could not be run" in caplog.text


@pytest.mark.parametrize("error", [StorageFull("No space left"), RuntimeError("a bug")])
def test_what_fails_is_tried_again(context, clock, monkeypatch, caplog, error):
    def fail(*arguments):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(assay_scheduler, "add_results", fail)
        context.assays.run_due()
    assert "assay 1 could not be run" in caplog.text
    assert stored(context) == []
    clock.now += assay_scheduler.RETRY
    context.assays.run_due()
    assert days(context) == [1, 2, 3]


def test_the_thread_survives_a_database_that_fails(context, monkeypatch, caplog):
    from sqlalchemy.exc import OperationalError

    asked = threading.Event()
    due = context.assays._due

    def fail_once():
        monkeypatch.setattr(context.assays, "_due", due)
        asked.set()
        raise OperationalError("SELECT", {}, Exception("disk I/O error"))

    monkeypatch.setattr(context.assays, "_due", fail_once)
    context.assays.start()
    assert asked.wait(30)
    context.assays.wake(1)
    while len(days(context)) < 3:
        pass  # The test's time limit ends this.
    assert "the assays could not be looked up" in caplog.text


def test_closing_waits_for_the_assay_under_way(context):
    begun, go_on = threading.Event(), threading.Event()
    store_pass = context.assays._store_pass

    def slow(*arguments):
        begun.set()
        assert go_on.wait(30)
        return store_pass(*arguments)

    context.assays._store_pass = slow
    context.assays.start()
    assert begun.wait(30)
    closing = threading.Thread(target=context.assays.close)
    closing.start()
    go_on.set()
    closing.join(30)
    assert not closing.is_alive()
    assert days(context) == [1, 2, 3]
