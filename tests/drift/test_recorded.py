"""The numbers that real instances recorded, to the last digit that was kept."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.recorded import column, load, needs_recordings
from wallwidgets.drift import aggregate, bins, run, score, statistics, status
from wallwidgets.drift.scoring import shares

pytestmark = needs_recordings

# The recorder's JSON parser misread some numbers of 17 digits by one unit in the last place.
ONE_UNIT = {"rel": 2.3e-16, "abs": 0}
STATISTICS = ("count", "min", "max", "mean", "median", "std")
FRAUD = "ccfraud_cc_data_1k_outputs.csv"
FULL, SHORTEST = "dense_1_f32", "dense_1_shortest"


def case_id(case: dict[str, Any]) -> str:
    return str(case.get("id"))


def is_single(text: str) -> bool:
    """Whether a recorded score was kept as a float32: at most nine digits."""
    return len(text.partition("e")[0].replace(".", "").lstrip("0")) <= 9 and "." in text


@pytest.mark.parametrize("case", load("assay_scores.json"), ids=case_id)
def test_scores(case: dict[str, Any]) -> None:
    def values(side: str) -> Any:
        counts = np.array(case[f"{side}_counts"])
        return shares(counts, case[f"{side}_n"], case["aggregation"])

    found = score(
        values("baseline"), values("window"), case["metric"], case["aggregation"],
        case["bin_weights"],
    )  # fmt: skip
    text, recorded = case["recorded"]["score"], float(case["recorded"]["score"])
    if found.score != pytest.approx(recorded, rel=1e-12, abs=1e-16):
        assert is_single(text)
        assert np.float32(found.score) == np.float32(recorded)
    assert found.scores == pytest.approx(case["recorded"]["scores"], rel=1e-12, abs=1e-15)
    assert found.bin_index == case["recorded"]["bin_index"]


def test_only_a_few_scores_were_kept_as_float32() -> None:
    cases = load("assay_scores.json")
    assert len(cases) == 80
    assert sum(is_single(case["recorded"]["score"]) for case in cases) < 15


@pytest.mark.parametrize("case", load("assay_baselines.json"), ids=case_id)
def test_baselines(case: dict[str, Any]) -> None:
    values, recorded = column(case["file"], case["column"]), case["recorded"]
    made = bins(values, case["bin_mode"], case["num_bins"])
    found = statistics(values)
    assert [getattr(found, name) for name in STATISTICS] == [recorded[name] for name in STATISTICS]
    assert made.names == recorded["edge_names"]
    if "window_edge_names" in recorded:
        assert made.window_names == recorded["window_edge_names"]
    assert aggregate(values, made) == pytest.approx(recorded["aggregated_values"], **ONE_UNIT)
    edges = np.array(recorded["edges"][:-1])
    assert np.array_equal(made.edges.astype(np.float32), edges.astype(np.float32))
    assert made.edges == pytest.approx(edges, **ONE_UNIT)
    assert (made.edges != edges).sum() == (case["id"] == "raw1")


def known(index: int) -> tuple[Any, Any, dict[str, Any]]:
    """The values of a recorded result, where they are known."""
    house = "houseprice_keras_jan01_0500.csv", "output_dense_2_0"
    sources = [
        ((FRAUD, SHORTEST), (FRAUD, FULL)),
        ((FRAUD, SHORTEST), (FRAUD, FULL)),
        (house, house),
        ((FRAUD, FULL), (FRAUD, FULL)),
    ]
    baseline, window = sources[index]
    return column(*baseline), column(*window), load("assay_results.json")[index]


@pytest.mark.parametrize("index", range(4))
def test_results(index: int) -> None:
    baseline, window, recorded = known(index)
    made = bins(baseline, "Quantile", 5)
    for values, side in ((baseline, "baseline"), (window, "window")):
        expected = recorded[f"{side}_summary"]
        found_here = statistics(values)
        for name in STATISTICS:
            assert getattr(found_here, name) == expected[name]
        assert (made.names if side == "baseline" else made.window_names) == expected["edge_names"]
        shares_here = aggregate(values, made)
        assert shares_here == pytest.approx(expected["aggregated_values"], **ONE_UNIT)
        assert made.edges == pytest.approx(expected["edges"][:-1], **ONE_UNIT)
    found = score(aggregate(baseline, made), aggregate(window, made))
    assert found.scores == pytest.approx(recorded["scores"], rel=1e-12, abs=1e-18)
    if recorded["id"] is None:
        assert found.score == pytest.approx(recorded["score"], rel=1e-12, abs=0)
    else:  # stored results keep a float32
        assert np.float32(found.score) == np.float32(recorded["score"])


def test_the_tutorials_result_from_its_own_shares() -> None:
    recorded = load("assay_results.json")[4]
    sides = recorded["baseline_summary"], recorded["window_summary"]
    found = score(*(side["aggregated_values"] for side in sides))
    assert found.score == pytest.approx(recorded["score"], rel=1e-12)
    limits = recorded["warning_threshold"], recorded["alert_threshold"]
    assert status(found.score, *limits).value == recorded["status"]
    edges = sides[0]["edges"][:-1]
    made = bins([edges[0]], "Provided", 5, edges)
    assert made.window_names == sides[1]["edge_names"]


@pytest.mark.parametrize(("mode", "num_bins"), [("Quantile", 5), ("Quantile", 10), ("Equal", 5)])
def test_bin_counts_of_the_recorded_day(mode: str, num_bins: int) -> None:
    values = column("house_price_day1.csv", "output_dense_2_0")
    counts = bins(values, mode, num_bins).count(values).tolist()
    day = math.fsum(values) / len(values)
    same_day = [
        case["baseline_counts"]
        for case in load("assay_scores.json")
        if (case["bin_mode"], case["num_bins"], case["baseline_n"]) == (mode, num_bins, 182)
        and case["baseline_mean"] == pytest.approx(day, rel=1e-12)
    ]
    assert same_day
    assert all(recorded == counts for recorded in same_day)


def test_run_gives_the_recorded_result() -> None:
    baseline, window, recorded = known(0)
    frame = {"time": np.arange(len(window)) * 10, "dense_1": window}
    found = run(frame, "dense_1", baseline=baseline, width="1 minute", until="1970-01-01T00:01:00")
    assert found.rows.tolist() == [recorded["window_summary"]["count"]]
    assert found.score[0] == pytest.approx(recorded["score"], rel=1e-12)
    assert found.status == [recorded["status"]]
