"""The background job: started once, cancelled, failing in both ways."""

from __future__ import annotations

import logging
import threading

import pytest

from wallwidgets.errors import Cancelled, NotFound
from wallwidgets.panels.panel import PanelState
from wallwidgets.panels.parts.job import Job
from wallwidgets.panels.parts.status_line import Said


def test_many_clicks_make_one_run():
    job, gate, runs = Job(), threading.Event(), []

    def work(job):
        runs.append(1)
        gate.wait(10)
        return len(runs)

    assert job.start(work)
    assert [job.start(work) for _ in range(20)] == [False] * 20
    assert job.busy
    gate.set()
    assert job.wait(10)
    assert (runs, job.result, job.error) == ([1], 1, None)
    assert job.start(work)
    assert job.wait(10)
    assert job.result == 2


def test_it_never_runs_in_the_caller():
    job, threads = Job(), []
    job.start(lambda job: threads.append(threading.current_thread()))
    assert job.wait(10)
    assert threads[0] is not threading.current_thread()


def test_busy_ends_after_everything_is_settled():
    job, seen, ended = Job(), [], threading.Event()

    def note(change):
        if not change["new"]:
            seen.append((job.result, list(taken)))
            ended.set()

    taken = []
    job.observe(note, "busy")
    job.start(lambda job: "x", done=taken.append)
    assert ended.wait(10)
    assert seen == [("x", ["x"])]


def test_a_refusal_is_an_error_without_a_log_line(caplog):
    job, failures = Job(), []

    def work(job):
        raise NotFound("There is no model 7.")

    job.start(work, failed=failures.append)
    assert job.wait(10)
    assert isinstance(job.error, NotFound)
    assert failures == [job.error]
    assert caplog.records == []


def test_a_fault_is_an_error_and_logged(caplog):
    job = Job()
    with caplog.at_level(logging.ERROR):
        job.start(lambda job: 1 / 0)
        assert job.wait(10)
    assert isinstance(job.error, ZeroDivisionError)
    assert "ZeroDivisionError" in caplog.text


def test_a_fault_in_what_follows_is_an_error_too(caplog):
    job = Job()
    job.start(lambda job: 1, done=lambda result: result / 0)
    assert job.wait(10)
    assert isinstance(job.error, ZeroDivisionError)


def test_cancel_reaches_the_run_it_was_meant_for():
    job = Job()

    def work(job):
        assert job.cancelled.wait(10)
        raise Cancelled("The upload was cancelled.")

    job.start(work)
    job.cancel()
    assert job.wait(10)
    assert isinstance(job.error, Cancelled)
    job.start(lambda job: job.cancelled.is_set())
    assert job.wait(10)
    assert job.result is False


@pytest.mark.parametrize(("given", "expected"), [((1, 2), (1, 2)), (("Running",), "Running")])
def test_progress_is_a_trait(given, expected):
    job, seen = Job(), []
    job.observe(lambda change: seen.append(change["new"]), "progress")
    job.start(lambda job: job.report(*given))
    assert job.wait(10)
    assert seen[-1] == expected


def test_a_state_says_what_happens():
    state, gate = PanelState("Nothing read yet."), threading.Event()
    assert (state.said.kind, state.busy) == ("off", False)
    assert state.run("Reading …", lambda job: gate.wait(10), lambda _: Said("ok", "Read."))
    assert (state.said, state.busy) == (Said.busy("Reading …"), True)
    assert not state.run("Again", lambda job: 1, lambda _: Said("ok", "Twice."))
    gate.set()
    assert state.job.wait(10)
    assert state.said == Said("ok", "Read.")


def test_a_state_counts_every_job_as_busy():
    state, first, second = PanelState(""), threading.Event(), threading.Event()
    other = state.new_job()
    state.run("Sending", lambda job: first.wait(10), lambda _: Said("ok", "Sent."))
    state.run("Reading", lambda job: second.wait(10), lambda _: Said("ok", "Read."), job=other)
    first.set()
    assert state.job.wait(10)
    assert state.busy
    second.set()
    assert other.wait(10)


def test_an_error_of_a_state_is_kept_until_the_next_action(caplog):
    state = PanelState("")

    def fail(job):
        raise NotFound("There is no model 7.", status=404)

    state.run("Reading", fail, lambda _: Said("ok", "Read."))
    assert state.job.wait(10)
    assert (state.said.kind, state.said.text) == ("error", "There is no model 7 (404).")
    assert "member of its workspace" in state.said.details
    state.run("Reading", lambda job: 1, lambda _: Said("ok", "Read."))
    assert state.error is None
    assert state.job.wait(10)
