"""Scores and status, against numbers worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from wallwidgets.drift import score, status
from wallwidgets.errors import InvalidRequest

B, W = [0.0, 0.5, 0.5, 0.0], [0.0, 0.25, 0.5, 0.25]


def test_psi_replaces_a_share_of_zero_and_only_that() -> None:
    found = score(B, W)
    first = (0.5 - 0.25) * math.log(0.5 / 0.25)
    outlier = (0.005 - 0.25) * math.log(0.005 / 0.25)
    assert found.scores.tolist() == pytest.approx([0, first, 0, outlier], rel=1e-15)
    assert found.score == pytest.approx(first + outlier, rel=1e-15)
    assert found.bin_index is None
    # A share of 0.001 stays what it is: it counts as less than an empty bin.
    small = score([0.001, 0.999], [0.0, 1.0])
    assert small.scores[0] == pytest.approx((0.001 - 0.005) * math.log(0.001 / 0.005), rel=1e-15)


def test_a_shifted_window_scores_a_constant_of_the_bins() -> None:
    shifted = score([0, 0.2, 0.2, 0.2, 0.2, 0.2, 0], [0, 0, 0, 0, 0, 0, 1])
    assert shifted.score == pytest.approx(8.87, abs=0.01)


def test_differences() -> None:
    largest = score(B, W, "MaxDiff")
    assert (largest.score, largest.bin_index) == (0.25, 1)  # the first of two
    assert score(B, W, "SumDiff").score == 0.25
    assert score([0.5, 0.5], [0.4, 0.6], "MaxDiff").bin_index == 0


def test_cumulative_psi_is_the_sum_of_differences() -> None:
    found = score([0, 0.5, 1, 1], [0, 0.25, 0.75, 1], "PSI", "Cumulative")
    assert found.scores.tolist() == [0, 0.25, 0.25, 0]
    assert found.score == 0.5
    assert score([0, 0.5, 1, 1], [0, 0.25, 0.75, 1], "SumDiff", "Cumulative").score == 0.25


def test_edges_compare_positions_but_for_the_outlier() -> None:
    found = score([1, 2, 4, 4], [1, 3, 9, 9], "PSI", "Edges")
    assert found.scores.tolist() == [0, 1, 5, 0]
    assert found.score == 6
    assert score([-1, 2, 4, 4], [1, 3, 9, 9], "MaxDiff", "Edges").bin_index == 2


def test_weights_are_shares_of_their_sum_before_sum_or_maximum() -> None:
    equal = score(B, W, "SumDiff", weights=[1, 1, 1, 1])
    assert equal.score == score(B, W, "SumDiff").score / 4
    one = score(B, W, "MaxDiff", weights=[0, 1, 0, 3])
    assert one.scores.tolist() == [0, 0.0625, 0, 0.1875]
    assert (one.score, one.bin_index) == (0.1875, 3)
    psi = score(B, W, weights=[0, 2, 1, 1])
    assert psi.scores == pytest.approx(score(B, W).scores * [0, 0.5, 0.25, 0.25], rel=1e-15)


def test_without_bins_there_is_nothing_to_score() -> None:
    nothing = score([], [], "MaxDiff")
    assert math.isnan(nothing.score)
    assert (nothing.scores.tolist(), nothing.bin_index) == ([], None)
    assert status(nothing.score, 0.0, 0.0) == "Ok"


@pytest.mark.parametrize(
    ("value", "warning", "alert", "expected"),
    [(0.3, 0.1, 0.25, "Alert"), (0.25, 0.1, 0.25, "Alert"), (0.2, 0.1, 0.25, "Warning"),
     (0.1, 0.1, 0.25, "Warning"), (0.05, 0.1, 0.25, "Ok"), (9.0, None, None, "Ok"),
     (0.2, None, 0.25, "Ok"), (0.2, 0.1, None, "Warning"), (0.0, 0.0, 0.1, "Warning"),
     (0.2, 0.2, 0.2, "Alert"), (math.nan, 0.0, 0.0, "Ok")],
)  # fmt: skip
def test_status(value: float, warning: float | None, alert: float | None, expected: str) -> None:
    assert status(value, warning, alert) == expected


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: score(B, W, "KS"), "metric: 'KS' is none of MaxDiff, SumDiff, PSI"),
        (lambda: score(B, W, "PSI", "Sum"), "aggregation: 'Sum' is none of Edges, Density, Cum"),
        (lambda: score(B, W[1:]), "window: has 3 aggregated values, baseline has 4"),
        (lambda: score([-0.1, 1.1], [0, 1]), "baseline: holds a negative share"),
        (lambda: score([0, 1], [0, math.nan]), "window: holds a value that is no finite number"),
        (lambda: score([[0, 1]], [0, 1]), "baseline: [[0, 1]] is no list of numbers"),
        (lambda: score(B, W, weights=[1]), "bin_weights: has 1 weights, needs 4, one per bin"),
        (lambda: score(B, W, weights=[0] * 4), "bin_weights: are all zero"),
        (lambda: score(B, W, weights=[1, 1, 1, -1]), "bin_weights: holds a negative weight"),
        (lambda: score(B, W, weights=[1, 1, 1, np.inf]), "bin_weights: holds a value that is no"),
        (lambda: status(1, 0.5, 0.1), "warning_threshold: 0.5 is above the alert_threshold of"),
        (lambda: status(1, math.nan), "warning_threshold: nan is no finite number"),
        (lambda: status(1, None, "x"), "alert_threshold: 'x' is no finite number"),
    ],
)  # fmt: skip
def test_what_bad_input_gets(call: Any, sentence: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        call()
    assert caught.value.message.startswith(f"Bad request: {sentence}")
    assert caught.value.status == 400
