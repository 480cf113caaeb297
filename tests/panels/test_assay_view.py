"""AssayChart as widgets, still without a browser: what is shown, linked, off and why."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from ipywidgets.embed import dependency_state

import wallwidgets as ww
from tests.panels.conftest import STATE_WAIT_S
from wallwidgets.panels.assay_fields import OTHER
from wallwidgets.panels.assay_figures import heading
from wallwidgets.panels.assay_state import AssayState
from wallwidgets.schemas.pipelines import PipelineRecord

HOSTILE = "<img src=x onerror='window.ranHostile=1'>"


@pytest.fixture(scope="module")
def demo() -> Iterator[ww.Client]:
    with ww.LocalInstance(demo=True) as running, running.connect() as client:
        yield client


@pytest.fixture
def panel(demo: ww.Client) -> Iterator[ww.AssayChart]:
    """A settled panel that a browser is said to show."""
    pipeline = demo.pipelines.get(4, "housepricepipe")
    made = ww.AssayChart(state=AssayState(demo, assay=pipeline, rest_s=0.02))
    made.frame.shown = True
    settled(made)
    yield made
    made.frame.shown = False
    settled(made)


def settled(panel: ww.AssayChart) -> None:
    assert panel.state.settle(STATE_WAIT_S)


def shown(widget: object) -> bool:
    return "ww-gone" not in widget._dom_classes


def text_of(words: object) -> str:
    def read(pieces: list[dict]) -> str:
        return " ".join(each.get("text", "") + read(each.get("parts", [])) for each in pieces)

    return read(words.content)


def test_the_settings_and_charts_are_those_of_the_state(panel):
    fields = panel.settings
    assert (fields.pipeline.label, fields.column.value) == ("housepricepipe", "output dense_2 0")
    assert fields.baseline.value == "1 Jan – 2 Jan 2022"
    assert "Alert since 16 Jan" in text_of(panel.header)
    assert "Alert 15" in text_of(panel.charts["scores"].heading)
    assert [kind for kind, box in panel.charts.items() if shown(box)] == [
        "scores", "bins", "distribution",
    ]  # fmt: skip
    assert panel.value.status.value == "Alert"
    assert panel.df["score"].tolist() == [each.score for each in panel.state.results]


def test_figures_are_made_once_and_only_where_they_are_seen(demo):
    hidden = ww.AssayChart(state=AssayState(demo, assay=demo.pipelines.get(4, "housepricepipe")))
    settled(hidden)
    assert [box.figure for box in hidden.charts.values()] == [None] * 4
    hidden.frame.shown = True
    figures = [box.figure for box in hidden.charts.values()]
    assert [figure is not None for figure in figures] == [True, True, True, False]
    for figure in figures[:3]:
        figure.ready = True
    hidden.frame.dark, hidden.frame.width_class = True, "narrow"
    hidden.state.metric = "SumDiff"
    settled(hidden)
    assert [box.figure for box in hidden.charts.values()] == figures
    assert figures[0].height_px == 180
    assert figures[0].data[3].marker.color == "#43c3a3"
    assert {"layout.height": figures[0].layout.height} == {"layout.height": None}


def test_clicks_the_table_and_the_charts_have_one_selection(panel):
    start = datetime(2022, 1, 22, tzinfo=UTC)
    words = ["0.69", "Alert", "", "", "", start.isoformat()]
    figure = panel.charts["scores"].figure
    figure._handle_custom_msg({"do": "pick", "words": words}, [])
    settled(panel)
    assert panel.value.window_start == start
    assert panel.status.startswith("22 Jan: score 0.69")
    assert "Window 22 Jan" in text_of(panel.charts["bins"].heading)
    panel.view.value = "Table"
    assert panel.table.table.row["start"] == "2022-01-22 00:00"
    assert shown(panel.table)
    assert not shown(panel.charts["scores"])
    panel.table.table.chosen = 0
    settled(panel)
    assert panel.value.window_start == datetime(2022, 1, 2, tzinfo=UTC)
    assert panel.status.startswith("2 Jan: score")


def test_other_values_are_typed_in_place(panel):
    bins = panel.settings.bins
    bins.list.value = OTHER
    assert (shown(bins._fields[0]), shown(bins._fields[1])) == (False, True)
    bins.text.value = "7 equal"
    settled(panel)
    assert panel.state.settings["num_bins"] == 7
    bins.text.value = "seven"
    settled(panel)
    assert "such as 5 quantile bins" in bins._fields[1].error
    assert panel._actions.why == "Watch needs settings that can be used."
    panel.state.brush(12.5, 13.5)
    settled(panel)
    assert (shown(bins._fields[0]), bins.list.value) == (True, "5 quantile bins, 12.5 to 13.5")


def test_a_scan_shows_its_progress_and_a_cell_its_feature(panel):
    panel.view.value = "All features"
    assert shown(panel.cancel)
    settled(panel)
    assert panel._progress.shown["words"][1] == "18 of 18 features"
    assert not shown(panel.cancel)
    assert shown(panel.charts["features"])
    panel._pick_cell(0, datetime(2022, 1, 22, tzinfo=UTC))
    settled(panel)
    assert panel.settings.column.value == "input tensor 0"
    assert "tensor.0" in text_of(panel.header)
    panel.settings.thresholds.value = "0.2 / 0.4"
    settled(panel)
    assert shown(panel.scan)
    assert text_of(panel._old_scan).strip() == "The settings have changed since this scan."


def test_pipelines_of_every_workspace_can_be_chosen(demo, monkeypatch):
    monkeypatch.setattr("wallwidgets.panels.assay_reads.MOST_WORKSPACES", 1)
    panel = ww.AssayChart(demo)
    settled(panel)
    before = panel.state.pipeline
    labels = panel.settings.pipeline._options_labels
    assert labels == ("ccfraudpipe", "ccfraudshadow", "housepricelive · 1 to read …",
                      "housepricedrift · 1 to read …")  # fmt: skip
    panel.settings.pipeline.label = "housepricedrift · 1 to read …"
    settled(panel)
    assert (panel.state.pipeline.name, panel.state.pipeline.workspace_id) == ("housepricepipe", 4)
    assert panel.status.startswith("31 Jan: score 0.74")
    assert panel.settings.pipeline.label == "housepricepipe · housepricedrift"
    assert len(panel.settings.pipeline.options) == len(labels)
    panel.settings.pipeline.label = before.name
    settled(panel)
    assert panel.state.pipeline.id == before.id


def test_header_and_status_line_have_one_sign_also_for_a_scan(panel):
    def signs() -> tuple[str, str, str]:
        chip = panel.header.content[0]["parts"][-1]
        return chip["kind"], text_of(panel.header), panel.status_line.said["kind"]

    panel.settings.column.value = "input tensor 11"
    settled(panel)
    kind, header, said = signs()
    assert (kind, said) == ("ok", "ok")
    assert "tensor.11" in header
    panel.view.value = "All features"
    settled(panel)
    kind, header, said = signs()
    assert (kind, said) == ("alert", "alert")
    assert "18 columns · 2 Jan – 31 Jan 2022" in header
    assert "Alert since 16 Jan" in header
    panel.view.value = "Windows"
    assert (signs()[0], signs()[2]) == ("ok", "ok")
    panel.view.value = "All features"
    assert (signs()[0], signs()[2]) == ("alert", "alert")
    assert panel.status.startswith("In the last window 4 of 18 columns show drift")


def test_watching_asks_for_a_name_in_place(panel, unique):
    panel.watch.click()
    assert (shown(panel._toolbar), shown(panel._watch_row)) == (False, True)
    panel.name.value = " "
    panel.create.click()
    assert panel._name.error == "An assay needs a name."
    panel.name.value = name = unique("view")
    for _ in range(20):
        panel.create.click()
    settled(panel)
    assert (shown(panel._toolbar), shown(panel.watch), shown(panel.unwatch)) == (True, False, True)
    assert name in text_of(panel._watched)
    panel.unwatch.click()
    settled(panel)
    assert (shown(panel.watch), panel.state.watched.active) == (True, False)


def test_a_download_is_a_message_and_in_no_saved_state(panel, monkeypatch):
    sent = []
    monkeypatch.setattr(
        panel.file, "send", lambda content, buffers: sent.append((content, *buffers))
    )
    panel.export.click()
    assert shown(panel._export_row)
    panel.path.value = "../scores.txt"
    panel.download.click()
    assert "ends in .html" in panel._path.error
    panel.path.value = "../scores.csv"
    panel.download.click()
    assert [each[0] for each in sent] == [{"name": "scores.csv"}]
    assert sent[0][1].startswith(b"column,start,end,rows,missing,score,status")
    assert (shown(panel._toolbar), shown(panel._export_row)) == (True, False)
    assert "chance_could" not in str(dependency_state([panel]))


def test_without_a_client_it_says_what_is_missing():
    panel = ww.AssayChart()
    assert (panel.status, panel.value, len(panel.df)) == ("Log in first.", None, 0)
    assert "Nobody is logged in." in text_of(panel._empty)
    assert panel._actions.why == "Watch needs a login."


def test_hostile_names_are_text(monkeypatch):
    panel = ww.AssayChart()
    evil = PipelineRecord(id=1, name=HOSTILE, workspace_id=1)
    panel.state.pipelines, panel.state.columns = [(HOSTILE, evil)], [f"input {HOSTILE} 0"]
    assert panel.settings.pipeline._options_labels == (HOSTILE,)
    chart = ww.charts.distribution([1.0, 2.0], [1.0], name=HOSTILE, window_name=HOSTILE)
    assert HOSTILE in text_of(SimpleNamespace(content=heading(chart)))
    state = str(dependency_state([panel]))
    assert "HTMLModel" not in state


def test_a_thousand_windows_are_drawn_in_time(panel):
    results = list(panel.state.results)
    first = results[0].window_start
    many = [
        results[at % 30].model_copy(update={"window_start": first + timedelta(hours=at)})
        for at in range(1000)
    ]
    panel.view.value = "Table"
    began = time.perf_counter()
    panel.state._take(type(panel.state.results)(many))
    panel.state.said = panel.state._finding()
    passed_s = time.perf_counter() - began
    settled(panel)
    assert len(panel.table.table.shown["rows"]) == 25
    # It takes about half a second; what is asserted is that it is no matter of many.
    assert passed_s < 5


def test_the_kernel_has_no_time_of_a_chart_to_write(panel):
    panel.view.value = "All features"
    settled(panel)
    figures = [box.figure for box in panel.charts.values()]
    assert None not in figures
    # Plain JSON knows no times; the kernel's own takes longer to write them than all the rest.
    json.dumps(dependency_state(figures))


def test_importing_the_package_or_the_panel_loads_no_plotly():
    code = "import sys, wallwidgets as ww; ww.AssayChart(); sys.exit('plotly' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
