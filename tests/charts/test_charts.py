"""What holds for every chart."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import wallwidgets as ww
from tests.charts.made import HOSTILE, every_chart, january, window
from wallwidgets import charts
from wallwidgets.api.frames import Records
from wallwidgets.charts.palette import DARK, LIGHT, rgb
from wallwidgets.charts.wording import text_width
from wallwidgets.schemas.assays import AssayResult

EMPTY = [charts.scores([]), charts.bins(window(0, None, "Ok", shares=[])),
         charts.distribution([]), charts.features([])]  # fmt: skip
SHAPE = [[(trace.type, trace.name) for trace in chart.figure.data] for chart in EMPTY]
BUTTONS = {"zoom2d", "pan2d", "resetScale2d", "toImage"}


def test_exported_from_the_package() -> None:
    assert ww.charts is charts
    assert {"scores", "bins", "distribution", "features", "Chart"} <= set(charts.__all__)


def test_records_and_frames_give_the_same_charts() -> None:
    results = Records(AssayResult, january())
    wanted = charts.scores(results)
    for frame in (results.to_pandas(), results.to_polars(), results.to_arrow(),
                  [result.model_dump() for result in results], iter(results)):  # fmt: skip
        found = charts.scores(frame)
        assert found.figure == wanted.figure
        assert found.table == wanted.table
    one = results[-1:].to_polars()
    assert charts.bins(one).figure == charts.bins(results[-1]).figure


def told(figure: go.Figure) -> dict:
    """A figure as it travels; no shapes and an empty list of them are the same."""
    found = json.loads(figure.to_json())
    found["layout"] = {name: value for name, value in found["layout"].items() if value != []}
    return found


def random_windows(draw: st.DrawFn) -> list[AssayResult]:
    rows = st.sampled_from([0, 1, 30, 10**6])
    score = st.none() | st.floats(0, 20)
    made = draw(st.lists(st.tuples(st.integers(0, 400), score, rows), max_size=12))
    return [
        window(day / 4, value, rows=rows, iopath=draw(st.sampled_from(["input a 0", "input b 0"])))
        for day, value, rows in made
    ]


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.composite(random_windows)(), st.booleans(), st.booleans())
def test_a_chart_has_the_same_traces_whatever_the_data(results, dark, narrow) -> None:
    options = {"dark": dark, "narrow": narrow}
    one = [each for each in results if each.iopath == "input a 0"]
    chosen = results[0] if results else None
    drawn = [
        charts.scores(one, selected=chosen, **options),
        charts.bins(chosen or window(0), **options),
        charts.distribution([each.score for each in one], [1.0], [0, 1], **options),
        charts.features(results, selected=chosen, **options),
    ]
    for chart, empty, shape in zip(drawn, EMPTY, SHAPE, strict=True):
        assert [(trace.type, trace.name) for trace in chart.figure.data] == shape
        chart.figure.to_json()
        # A figure on screen takes over any chart of its kind, and keeps nothing of the last one.
        for first, second in ((empty, chart), (chart, empty)):
            screen = go.Figure(first.figure)
            second.draw_on(screen)
            assert told(screen) == told(second.figure)


def test_a_figure_that_fills_its_place_goes_on_to_do_so() -> None:
    wide, narrow = charts.scores(january()), charts.scores(january(), narrow=True)
    fluid = go.Figure(wide.figure).update_layout(height=None, autosize=True)
    fixed = go.Figure(wide.figure)
    for figure in (fluid, fixed):
        narrow.draw_on(figure)
        assert figure.layout.margin.r == 8
    assert (fluid.layout.height, fluid.layout.autosize) == (None, True)
    assert fixed.layout.height == 180


@pytest.mark.parametrize("width", [400, 560, 720, 1200])
def test_labels_have_room_at_every_width(width) -> None:
    hours = [window(at / 24, 0.1, width=timedelta(hours=1)) for at in range(24)]
    for results, letters in ((january(), "03 Jan"), (hours, "03 Jan 12:00")):
        for make in (charts.scores, charts.features):
            layout = make(results, width_px=width).figure.layout
            room = width - layout.margin.l - layout.margin.r
            assert 2 <= layout.xaxis.nticks <= max(room / text_width(letters), 2)
    layout = charts.bins(january()[-1], width_px=width).figure.layout
    room = (width - 56) / 7
    assert layout.xaxis.ticktext[1] == ("1" if width < 700 else "11.50–12.71")
    assert max(text_width(text, 11) for text in layout.xaxis.ticktext) < room
    layout = charts.distribution([1e-5, 2e-5], name="n" * 99, width_px=width).figure.layout
    assert text_width(layout.xaxis.title.text) <= width - 58
    assert layout.xaxis.nticks <= width / 50


@pytest.mark.parametrize("narrow", [False, True])
def test_light_and_dark_differ_in_colours_only(narrow) -> None:
    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {key: plain(part) for key, part in value.items()}
        if isinstance(value, list):
            return [plain(part) for part in value]
        known = isinstance(value, str) and (value.startswith(("#", "rgba")))
        return "colour" if known else value

    for light, dark in zip(
        every_chart(narrow=narrow), every_chart(narrow=narrow, dark=True), strict=True
    ):
        first, second = (json.loads(chart.figure.to_json()) for chart in (light, dark))
        assert first != second
        assert plain(first) == plain(second)
        assert light.table == dark.table
        assert light.summary == dark.summary


def test_nothing_is_sent_to_a_cloud_and_five_buttons_stay() -> None:
    for chart in [*every_chart(), *EMPTY]:
        removed = set(chart.figure.layout.modebar.remove)
        assert {"sendChartToCloud", "sendDataToCloud", "lasso2d"} <= removed
        assert not removed & BUTTONS
        assert ("select2d" in removed) == (chart.title != "Distribution")
        assert not chart.figure.layout.showlegend
        assert chart.figure.layout.title.text is None
        assert chart.figure.layout.paper_bgcolor == "rgba(0,0,0,0)"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_inert_and_whole(name) -> None:
    for chart in every_chart(name):
        figure = chart.figure.to_json()
        for sign in ("<img", "<svg", "<iframe", "<a href", 'javascript:alert(1)"', "\u202e"):
            assert sign not in json.dumps(json.loads(figure), ensure_ascii=False)
            assert sign not in chart.heading.replace("<svg width", "")
        assert "$" not in json.dumps(json.loads(figure)["layout"])
        templates = [trace.hovertemplate or "" for trace in chart.figure.data]
        assert all(name not in template for template in templates)
        page = chart.to_html(plotlyjs="cdn")
        assert page.count("</script>") == page.count("<script")
        if "column" in chart.table.column_names:
            assert name in chart.table.column("column").to_pylist()
    cells = list(csv.reader(io.StringIO(every_chart(name)[0].to_csv())))
    assert cells[1][0] == (f"'{name}" if name.startswith("=") else name)


def test_a_csv_has_numbers_and_no_formulas() -> None:
    results = [
        window(0, -0.5, "Ok", iopath=name) for name in ("=1+1", "+a", "-a", "@a", "\ta", "a")
    ]
    lines = list(csv.DictReader(io.StringIO(charts.features(results).to_csv())))
    assert {line["column"] for line in lines} == {"'=1+1", "'+a", "'-a", "'@a", "'\ta", "a"}
    assert {float(line["score"]) for line in lines} == {-0.5}
    assert lines[0]["start"] == "2022-01-01T00:00:00Z"


def test_files_hold_what_is_returned(tmp_path) -> None:
    chart = every_chart(dark=True)[0]
    assert chart.to_csv(tmp_path / "a.csv") == (tmp_path / "a.csv").read_text()
    page = chart.to_html(tmp_path / "a.html")
    assert page == (tmp_path / "a.html").read_text()
    assert DARK.ground in page
    assert "http-equiv" in page
    assert len(page) > 4_000_000 > 400_000 > len(chart.to_html(plotlyjs="cdn"))


def test_a_notebook_gets_heading_and_figure(monkeypatch) -> None:
    shown: list[dict] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    chart = every_chart("input <b> 0")[0]
    chart._ipython_display_()
    assert "&lt;b&gt;.0" in shown[0]["text/html"]
    drawn = shown[1]["application/vnd.plotly.v1+json"]
    assert json.dumps(drawn)
    assert len(drawn["data"]) == 8
    assert drawn["config"]["displaylogo"] is False


def luminance(colour: str) -> float:
    linear = [
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in rgb(colour)
    ]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def contrast(first: str, second: str) -> float:
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("role", "on_white", "on_cell", "on_bar"),
    [
        ("baseline", 4.6, 7.4, 6.3), ("window", 5.5, 7.6, 6.5), ("ok", 4.9, 8.6, 7.3),
        ("warning", 4.3, 10.0, 8.6), ("alert", 5.6, 7.1, 6.0),
    ],
)  # fmt: skip
def test_contrast_is_as_designed(role, on_white, on_cell, on_bar) -> None:
    found = [contrast(getattr(LIGHT, role), "#ffffff")]
    found += [contrast(getattr(DARK, role), ground) for ground in ("#111111", "#212121")]
    assert found == pytest.approx([on_white, on_cell, on_bar], abs=0.06)


def test_words_are_readable_and_classes_read_in_grey() -> None:
    for look, rising in ((LIGHT, False), (DARK, True)):
        for word in (look.text, look.muted, look.warning_text, look.alert):
            assert contrast(word, look.ground) >= 4.5
        grey = [luminance(colour) for colour in look.classes]
        assert grey == sorted(grey, reverse=not rising)
    assert [round(luminance(colour), 2) for colour in LIGHT.classes] == [
        0.9,
        0.76,
        0.62,
        0.26,
        0.07,
    ]
