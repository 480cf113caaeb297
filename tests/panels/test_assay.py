"""AssayChart's state without a kernel, on the demo: settings, windows, scan, watch, export."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import responses

import wallwidgets as ww
from tests.panels.conftest import STATE_WAIT_S
from wallwidgets.errors import InvalidRequest
from wallwidgets.panels.assay_form import Form, read_bins, read_thresholds
from wallwidgets.panels.assay_state import AssayState
from wallwidgets.panels.assay_times import read_range, read_windows
from wallwidgets.panels.parts.job import Job
from wallwidgets.panels.parts.wishes import Wishes
from wallwidgets.schemas.assays import AssayConfig, BinMode

COLUMN = "output dense_2 0"
DRIFTED = datetime(2022, 1, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo() -> Iterator[ww.Client]:
    with ww.LocalInstance(demo=True) as running, running.connect() as client:
        yield client


@pytest.fixture
def pipeline(demo: ww.Client) -> Any:
    return demo.pipelines.get(4, "housepricepipe")


@pytest.fixture
def assay(demo: ww.Client, pipeline: Any) -> Iterator[Callable[..., AssayState]]:
    """Makes a settled state on the drifting pipeline; ends what it began."""
    made: list[AssayState] = []

    def make(**options: Any) -> AssayState:
        options = {"assay": pipeline, "rest_s": 0.02, "poll_s": 0.05} | options
        made.append(AssayState(demo, **options))
        settled(made[-1])
        return made[-1]

    yield make
    for state in made:
        state.shown = False
        settled(state)


def settled(state: AssayState) -> None:
    assert state.settle(STATE_WAIT_S)


def counted(monkeypatch: pytest.MonkeyPatch, client: Any, name: str) -> list[dict[str, Any]]:
    """Every call of a method of ``client.assays``, which does as before."""
    calls: list[dict[str, Any]] = []
    real = getattr(client.assays, name)

    def call(*args: Any, **options: Any) -> Any:
        calls.append(options)
        return real(*args, **options)

    monkeypatch.setattr(client.assays, name, call)
    return calls


def runs(code: str, client: Any) -> dict[str, Any]:
    names: dict[str, Any] = {"client": client}
    exec(compile(code, "<code>", "exec"), names)
    return names


def test_without_a_client_it_says_so(demo, pipeline):
    state = AssayState(assay=pipeline)
    assert (state.said.text, state.busy, state.value) == ("Log in first.", False, None)
    state.client = demo
    settled(state)
    assert state.value is not None
    state.client = None
    assert (state.said.text, state.value, state.pipelines) == ("Log in first.", None, [])


def test_it_previews_at_once_and_the_code_does_the_same(assay, demo):
    state = assay()
    assert (state.column, state.baseline) == (COLUMN, "1 Jan – 2 Jan 2022")
    assert (len(state.results), state.said.kind, state.error) == (30, "alert", None)
    assert state.said.text.startswith("31 Jan: score 0.74, Alert. The bins ")
    names = runs(state.code, demo)
    assert [each.score for each in names["results"]] == [each.score for each in state.results]
    assert {name for name, pipeline in state.pipelines} >= {"ccfraudpipe", "housepricepipe"}


def test_one_selected_window_links_everything(assay):
    state = assay()
    state.choose(DRIFTED)
    assert state.value.window_start == DRIFTED
    assert state.said.text.startswith("22 Jan: score 0.69")
    assert "selected='2022-01-22" in state.code
    settled(state)
    charts = {kind: state.pictures.get(kind) for kind in ("scores", "bins", "distribution")}
    ring = charts["scores"].figure.data[-1]
    assert str(ring.x[0]) == "2022-01-22T12:00:00.000000"
    assert charts["bins"].legend[1].text == "Window 22 Jan, 2,000 rows"
    assert "window 22 Jan" in charts["distribution"].legend[2].text
    assert charts["scores"] is state.pictures.get("scores")
    state.dark = True
    assert state.pictures.get("scores").dark


def test_many_changes_are_few_requests_and_the_latest_wins(assay, demo, monkeypatch):
    state = assay(rest_s=0.3)
    calls = counted(monkeypatch, demo, "run")
    for width in ("2 h", "23 h", "12", "12 h", "12 h every 6", "12 h every 6 h"):
        state.windows = width
    assert state.refused == {}
    settled(state)
    assert [call["interval"] for call in calls] == ["6 hours"]
    assert state.settings["width"] == "12 hours"


def test_an_old_answer_never_overtakes_a_new_one(assay, demo, monkeypatch):
    state = assay(rest_s=0)
    real, first, go_on = demo.assays.run, threading.Event(), threading.Event()

    def slow(*args: Any, **options: Any) -> Any:
        if options["metric"] == "SumDiff":
            first.set()
            assert go_on.wait(STATE_WAIT_S)
        return real(*args, **options)

    monkeypatch.setattr(demo.assays, "run", slow)
    shown = []
    state.observe(lambda change: shown.append(change["new"]), "results")
    state.metric = "SumDiff"
    assert first.wait(STATE_WAIT_S)
    state.metric = "MaxDiff"
    go_on.set()
    settled(state)
    assert [results[0].summarizer.metric for results in shown] == ["MaxDiff"]


def test_a_field_that_cannot_be_used_has_its_sentence_and_asks_nobody(assay, demo, monkeypatch):
    state = assay()
    calls = counted(monkeypatch, demo, "run")
    for name, text, sentence in (
        ("windows", "1 banana", "such as 24 h every 6 h"),
        ("baseline", "2 Jan – 1 Jan 2022", "not after its start"),
        ("baseline", "soon", "such as 1 Jan – 2 Jan 2022"),
        ("bins", "lots", "such as 5 quantile bins"),
        ("thresholds", "0.3 / 0.2", "not above the alert"),
    ):
        good, before = getattr(state, name), state.results
        setattr(state, name, text)
        assert sentence in state.refused[name]
        settled(state)
        assert state.results is before
        assert state.said.text == "The charts show the settings before these."
        assert state.why_no_watch == "Watch needs settings that can be used."
        setattr(state, name, good)
        assert state.refused == {}
        settled(state)
    assert len(calls) == 5


def test_a_refusal_of_the_service_stands_at_its_field(assay):
    state = assay()
    with faulty("assays/run_interactive", 400, "width: '9 h' is not a width here"):
        state.windows = "9 h"
        settled(state)
    assert state.refused == {"windows": "“9 h” is not a width here."}
    assert isinstance(state.error, InvalidRequest)
    state.windows = "8 h"
    settled(state)
    assert (state.refused, state.error, state.said.kind) == ({}, None, "alert")


def test_a_failure_keeps_the_charts_and_can_be_tried_again(assay):
    state = assay()
    before = state.results
    with faulty("assays/run_interactive", 500, "the log is away"):
        state.metric = "SumDiff"
        settled(state)
    assert (state.said.kind, state.results) == ("error", before)
    state.again()
    settled(state)
    assert (state.error, state.results[0].summarizer.metric) == (None, "SumDiff")


def faulty(path: str, status: int, words: str) -> responses.RequestsMock:
    """While it is entered, one endpoint fails and all others work."""
    mock = responses.RequestsMock(assert_all_requests_are_fired=True)
    mock.add_passthru("http://")
    mock.add(
        responses.POST,
        url=re.compile(rf"http://[^/]+/v1/api/{path}$"),
        status=status,
        json={"msg": f"Bad request: {words}" if status == 400 else words, "code": status},
    )
    return mock


def test_brushing_makes_bins_of_a_range_of_values(assay, demo):
    state = assay()
    state.brush(12.5, 13.5)
    assert (state.bins, state.brushed) == ("5 quantile bins, 12.5 to 13.5", (12.5, 13.5))
    settled(state)
    edges = state.value.window_summary.edges
    assert edges[0] >= 12.5
    assert edges[-2] <= 13.5
    assert runs(state.code, demo)["results"][-1].score == state.value.score
    state.brush(50, 60)
    settled(state)
    assert state.refused == {"bins": "The baseline has no values from 50 to 60."}


def test_a_scan_ranks_every_feature_and_a_cell_drills_down(assay, demo, monkeypatch):
    state = assay()
    calls = counted(monkeypatch, demo, "run")
    seen = []
    state.observe(lambda change: seen.append(change["new"]), "scanned")
    state.view = "All features"
    settled(state)
    assert seen[-2:] == [(18, 18), None]
    assert state.said.text.startswith("In the last window 4 of 18 columns show drift")
    assert len(runs(state.code, demo)["scan"].features) == 18
    state.brush(12.5, 13.5)
    settled(state)
    calls.clear()
    state.choose_cell(DRIFTED, "input tensor 0")
    settled(state)
    assert (state.bins, "edges" in state.settings) == ("5 quantile bins", False)
    assert (state.column, state.value.iopath) == ("input tensor 0", "input tensor 0")
    assert state.said.text.startswith("22 Jan: score ")
    assert calls == []
    assert not state.scan_is_old
    state.thresholds = "0.2 / 0.4"
    assert state.scan_is_old
    state.choose_cell(DRIFTED, COLUMN)
    settled(state)
    assert (state.column, state.value.alert_threshold) == (COLUMN, 0.4)
    assert (state.value.iopath, state.value.window_start) == (COLUMN, DRIFTED)


def test_a_scan_can_be_cancelled_and_made_again(assay):
    state = assay()
    began = threading.Event()
    state.observe(lambda change: (began.set(), state.cancel_scan()), "scanned")
    state.view = "All features"
    assert began.wait(STATE_WAIT_S)
    settled(state)
    assert (state.said.kind, state.scan, state.scanned) == ("warning", None, None)
    state.unobserve_all("scanned")
    assert state.start_scan()
    assert not state.start_scan()
    settled(state)
    assert state.scan is not None


def test_watching_creates_one_assay_whose_results_arrive(assay, demo, unique, monkeypatch):
    state = assay()
    calls = counted(monkeypatch, demo, "create")
    state.ask("watch")
    assert (state.asking, state.name) == ("watch", f"housepricepipe {COLUMN}")
    state.name = name = unique("prices")
    state.shown = True
    arrived = threading.Event()
    state.observe(lambda change: arrived.set() if "30 results" in change["new"] else None, "stored")
    for _ in range(20):
        state.watch()
    settled(state)
    assert len(calls) == 1
    assert (state.said.text, state.asking) == (f"“{name}” watches dense_2.0 from now on.", "")
    assert state.is_watched
    assert arrived.wait(STATE_WAIT_S)
    assert state.stored == "30 results stored, the last of 31 Jan: Alert"
    assert name in state.code
    state.ask("watch")
    state.watch()
    settled(state)
    assert state.name_error == "An assay of this workspace has this name; choose another one."
    state.turn(False)
    settled(state)
    [record] = [each for each in demo.assays.list() if each.name == name]
    assert (record.active, state.watched.active) == (False, False)


def test_an_existing_assay_fills_the_fields(assay, demo):
    [record] = [each for each in demo.assays.list() if each.name == "example assay"]
    for given in (record, record.id, demo.assays.config_of(record)):
        state = assay(assay=given)
        assert state.form == Form(
            "1 Jan 05:00 – 2 Jan 2022 05:00", "24 h every 24 h", "5 quantile bins", "PSI",
            "0.00 / 0.10",
        )  # fmt: skip
        assert state.column == "input 0 0"
        assert "model='houseprice-model-yns'" in state.code
        assert state.is_watched == (not isinstance(given, AssayConfig))
    state.pipeline = next(p for name, p in state.pipelines if name == "ccfraudpipe")
    settled(state)
    assert (state.watched, "houseprice-model-yns" in state.code) == (None, False)


def test_another_panel_selects_what_is_shown(assay, demo):
    state = assay()
    pipeline = state.pipelines[0][1]
    state.pipeline = pipeline
    settled(state)
    assert (state.pipeline, state.value.iopath) == (pipeline, "output dense_1 0")
    [record] = [each for each in demo.assays.list() if each.name == "example assay"]
    state.pipeline, other = state.pipelines[-1][1], pipeline
    state.pipeline = other
    settled(state)
    assert state.value.iopath == "output dense_1 0"
    state.select(record)
    settled(state)
    assert (state.column, state.is_watched, state.pipeline.id) == ("input 0 0", True, 4)


def test_a_pipeline_without_records_says_so(demo, unique):
    workspace = demo.workspaces.create(unique("empty"))
    pipeline = demo.pipelines.create(workspace, unique("pipe"))
    state = AssayState(demo, assay=pipeline)
    settled(state)
    assert state.said.text == f"{pipeline.name} has no inference records yet."
    assert state.why_no_watch == "Watch needs windows with records."


def test_export_writes_a_page_or_numbers_and_nothing_over(assay, tmp_path):
    state = assay()
    state.ask("export")
    for name, refusal in (("a.txt", "ends in"), ("no/a.csv", "cannot be written")):
        state.path = str(tmp_path / name)
        assert not state.export()
        assert refusal in state.path_error
    state.path = "a.txt"
    assert (state.download(), "ends in" in state.path_error) == (None, True)
    state.path = str(tmp_path / "a.csv")
    assert state.export()
    assert (tmp_path / "a.csv").read_text().count("\n") == 31
    state.ask("export")
    assert state.download() == ("a.csv", (tmp_path / "a.csv").read_text())
    assert (state.asking, state.said.text) == ("", "a.csv goes to the downloads of the browser.")
    assert not state.export()
    assert state.path_error == "a.csv exists already; choose another name."
    state.path = str(tmp_path / "a.html")
    assert state.export()
    assert "Score per window" in (tmp_path / "a.html").read_text()
    (tmp_path / "a.html").unlink()
    runs(state.code, state.client)
    assert (tmp_path / "a.html").exists()


@pytest.mark.parametrize("picture", ["scores", "bins", "distribution", "features"])
def test_the_code_of_an_export_writes_the_same_file(assay, tmp_path, picture):
    state = assay()
    if picture == "features":
        state.start_scan()
        settled(state)
    state.choose(DRIFTED)
    settled(state)
    state.narrow, state.width_px = True, 240
    state.ask("export")
    state.picture, state.path = picture, str(tmp_path / "a.csv")
    assert state.export()
    written = (tmp_path / "a.csv").read_text()
    (tmp_path / "a.csv").unlink()
    runs(state.code, state.client)
    assert (tmp_path / "a.csv").read_text() == written


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (read_range, "2022-01-01 – 2022-01-02T05:00Z", "2022-01-02 05:00:00+00:00"),
        (read_range, "1 Jan 2022 to 2 jan 2022", "2022-01-02 00:00:00+00:00"),
        (read_range, "2022-01-01 - 2022-01-02", "2022-01-02 00:00:00+00:00"),
        (read_windows, "1 week every 1 day", "1 days"),
        (read_windows, "90min", "None"),
        (read_bins, "7 Equal bins, −1.5 to 2e3", "(-1.5, 2000.0)"),
        (read_bins, "no bins", "None"),
        (read_thresholds, "0.1/0.25", "0.25"),
    ],
)
def test_texts_are_read(read, text, expected):
    found = read(text)
    assert str(found.within if hasattr(found, "within") else found[1]) == expected


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_range, "32 Jan – 2 Feb 2022"), (read_range, "1 Jan – 2 Jan"),
        (read_range, "1 Foo – 2 Foo 2022"), (read_windows, "0 h"), (read_windows, "5 fortnights"),
        (read_bins, "0 quantile bins"), (read_bins, "5 quantile bins, 2 to 1"),
        (read_bins, "edges 2, 1"), (read_bins, "edges a, b"), (read_thresholds, ""),
        (read_thresholds, "nan"), (read_thresholds, "1/2/3"),
    ],
)  # fmt: skip
def test_texts_are_refused(read, text):
    with pytest.raises(InvalidRequest):
        read(text)


def test_bins_are_read_as_they_are_written():
    for text in ("5 quantile bins", "12 equal bins, 1.5 to 9", "no bins", "edges 1, 2.5, 3"):
        assert str(read_bins(text)) == text
    assert read_bins("edges 1, 2").mode is BinMode.PROVIDED


def test_a_wish_at_the_last_moment_is_not_lost():
    job, answers = Job(), []

    def start() -> bool:
        return job.start(lambda job: newest.answer(job, lambda: len(answers)), done=wish_once)

    def wish_once(answer: int) -> None:
        answers.append(answer)
        if len(answers) == 1:
            newest.want(0)

    newest = Wishes(job, start)
    newest.want(0)
    assert newest.wait(STATE_WAIT_S)
    assert answers == [0, 1]
