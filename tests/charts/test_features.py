"""Chart D: classes, order, and since when."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from tests.charts.made import traces, window
from wallwidgets import charts

HUGE = 10**9  # rows of a window whose band is narrow


def track(name: str, scores: dict[float, float | None], **options) -> list:
    return [
        window(day, score, iopath=f"input {name} 0", **{"rows": HUGE, **options})
        for day, score in scores.items()
    ]


def rows(chart: charts.Chart) -> dict[str, list]:
    """Classes by the label of the row."""
    labels = [text.strip() for text in chart.figure.layout.yaxis.ticktext]
    return dict(zip(labels, traces(chart)["cells"].z.tolist(), strict=True))


def test_five_classes() -> None:
    scores = {0: 0.001, 1: 0.09, 2: 0.1, 3: 0.25, 4: 0.5}
    assert rows(charts.features(track("a", scores))) == {"a.0": [0, 1, 2, 3, 4]}


def test_an_alarm_inside_the_band_keeps_its_class_and_has_a_hole() -> None:
    chart = charts.features([*track("a", {0: 0.3, 1: 0.01}, rows=20), *track("a", {2: 0.3})])
    assert rows(chart) == {"a.0": [3, 0, 3]}
    holes = traces(chart)["chance alone could do it"]
    assert ([str(x)[:10] for x in holes.x], holes.y.tolist()) == (["2022-01-01"], [0])
    assert chart.table.column("chance_could").to_pylist() == [True, False, False]


def test_sorted_by_the_last_score_with_since() -> None:
    chart = charts.features(
        [
            *track("calm", {day: 0.01 for day in range(5)}),
            *track("back", {0: 0.3, 1: 0.3, 2: 0.01, 3: 0.02, 4: 0.05}),
            *track("none", {0: 0.3, 4: None}),
            *track("late", {0: 0.3, 1: 0.02, 2: 0.12, 3: 0.4, 4: 0.3}),
            *track("always", {day: 0.73 for day in range(5)}),
        ]
    )
    assert [text.strip() for text in chart.figure.layout.yaxis.ticktext] == [
        "always.0", "late.0", "back.0", "calm.0", "none.0",
    ]  # fmt: skip
    assert [note.text for note in chart.figure.layout.annotations if note.xref == "paper"] == [
        "0.73  since 1 Jan", "0.30  since 3 Jan", "0.05", "0.01", "none",
    ]  # fmt: skip
    assert chart.summary == ("In the last window 2 of 5 columns show drift: always.0 and late.0.")


def test_windows_without_rows_have_no_cell() -> None:
    chart = charts.features(
        [*track("a", {0: 0.001, 1: 0.05, 5: 0.3}), *track("b", {0: 0.001, 5: 0.001})]
    )
    cells = traces(chart)["cells"]
    assert rows(chart) == {"a.0": [0, 1, None, 3], "b.0": [0, None, None, 0]}
    assert [str(x)[:10] for x in cells.x] == [
        "2022-01-01", "2022-01-02", "2022-01-03", "2022-01-06", "2022-01-07",
    ]  # fmt: skip


def test_the_selected_cell_is_framed() -> None:
    results = [*track("a", {0: 0.01, 1: 0.3}), *track("b", {0: 0.01, 1: 0.02})]
    frame = traces(charts.features(results, selected=results[3]))["selected"]
    assert {str(x)[:10] for x in frame.x} == {"2022-01-02", "2022-01-03"}
    assert set(frame.y) == {0.5, 1.5}
    whole = traces(charts.features(results, selected="2022-01-02"))["selected"]
    assert set(whole.y) == {-0.5, 1.5}
    gone = traces(charts.features(results, selected="2023-01-02"))["selected"]
    assert len(gone.x) == 0


@pytest.mark.parametrize("gap", [False, True])
def test_of_many_windows_the_worst_of_neighbours_is_drawn(gap) -> None:
    hour = timedelta(hours=1)
    scores = {at / 24: 0.6 if at == 1_777 else 0.001 for at in range(3_000)}
    if gap:
        scores = {day: score for day, score in scores.items() if not 30 < day < 60}
    chart = charts.features(track("a", scores, width=hour))
    classes = np.array(rows(chart)["a.0"], dtype=float)
    assert len(classes) < 600
    assert (classes == 4).sum() == 1
    assert np.isnan(classes).sum() == gap
    assert len(chart.table) == len(scores)


def test_nothing_to_draw() -> None:
    assert charts.features([]).summary == "There are no windows."
    none = charts.features(track("a", {0: None, 1: None}))
    assert none.summary.startswith("There are no scores")
    assert none.figure.layout.annotations[-1].text == none.summary
