"""Bins, against edges and counts worked out by hand."""

from __future__ import annotations

import math
import statistics as exact
from typing import Any

import numpy as np
import pytest

from wallwidgets.drift import aggregate, bins, statistics
from wallwidgets.drift.binning import edge_text, quantile_ranks
from wallwidgets.errors import InvalidRequest


def test_quantile_edges_are_values_at_half_up_ranks() -> None:
    # 7 values, 2 bins: 1 * 7 / 2 = 3.5, half up is the 4th value.
    made = bins([70, 10, 60, 20, 50, 30, 40], num_bins=2)
    assert made.edges.tolist() == [10, 40, 70]
    # ranks 7/3 = 2.33 -> 2, 14/3 = 4.67 -> 5
    assert bins(range(10, 80, 10), num_bins=3).edges.tolist() == [10, 20, 50, 70]


def test_half_up_where_the_floor_is_even() -> None:
    assert quantile_ranks(1813, 10)[4] == 907
    assert quantile_ranks(5, 2)[0] == 3


def test_which_bin_a_value_on_an_edge_is_in() -> None:
    made = bins([1, 2, 3], "Provided", 2, [1, 2, 3])
    just_below, just_above = np.nextafter(1, 0), np.nextafter(3, 4)
    values = [just_below, 1, 2, np.nextafter(2, 3), 3, just_above]
    assert made.place(np.array(values)).tolist() == [0, 1, 1, 2, 2, 3]
    assert made.count(values).tolist() == [1, 2, 2, 1]


def test_repeated_edges_leave_bins_empty_and_the_first_has_the_mass() -> None:
    values = [-4, 0, 0, 0, 0, 0, 7, 7, 7, 9]
    made = bins(values)
    assert made.edges.tolist() == [-4, 0, 0, 0, 7, 9]
    assert made.count(values).tolist() == [0, 6, 0, 0, 3, 1, 0]


@pytest.mark.parametrize("mode", ["Quantile", "Equal"])
@pytest.mark.parametrize("values", [[5.0], [5.0] * 8, [0.0, -0.0]])
def test_constant_data_fills_the_first_bin(mode: str, values: list[float]) -> None:
    made = bins(values, mode, 4)
    assert len(made.edges) == 5
    assert made.count(values).tolist() == [0, len(values), 0, 0, 0, 0]
    assert made.count([4.9, 5.1]).sum() == 2


def test_fewer_values_than_bins() -> None:
    made = bins([1.0, 2.0], num_bins=5)
    assert made.edges.tolist() == [1, 1, 1, 1, 2, 2]
    assert made.count([1.0, 2.0]).tolist() == [0, 1, 0, 0, 1, 0, 0]


def test_equal_edges() -> None:
    assert bins([0, 1, 10], "Equal", 4).edges.tolist() == [0, 2.5, 5, 7.5, 10]
    top = bins([0.1, 0.7], "Equal", 7)
    assert top.edges[-1] == 0.7
    assert top.count([0.7])[-1] == 0
    wide = bins([-1.7e308, 1.7e308], "Equal", 2)
    assert wide.edges.tolist() == [-1.7e308, 0, 1.7e308]


def test_provided_edges() -> None:
    assert bins([], "Provided", 2, [1, 2, 3]).edges.tolist() == [1, 2, 3]
    assert bins([0.5, 9], "Provided", 2, [1, 3]).edges.tolist() == [0.5, 1, 3]
    assert bins([2, 9], "Provided", 2, [1, 3]).edges.tolist() == [1, 1, 3]
    free = bins([], "Provided", None, [1, 2, 3, 4])
    assert (free.num_bins, len(free)) == (3, 5)


def test_no_bins() -> None:
    none = bins([1, 2], "None")
    assert (len(none), none.names, none.window_names) == (0, [], [])
    assert none.count([1, 2]).tolist() == []
    assert none.right_edges.tolist() == []


def test_names() -> None:
    assert bins([-0.0], "Equal", 1).names[1] == "p_0.00e0"
    assert bins([1, 2], num_bins=4).names[1:-1] == ["q_25", "q_50", "q_75", "q_100"]
    assert bins([0, 1000], "Equal", 2).names[1:-1] == ["p_5.00e2", "p_1.00e3"]
    provided = bins([], "Provided", 1, [-0.000123456, 12.3456])
    assert provided.names == ["left_outlier", "e_1.23e1", "right_outlier"]
    assert provided.names == provided.window_names
    assert provided.right_edges.tolist() == [-0.000123456, 12.3456, math.inf]


@pytest.mark.parametrize(
    ("edge", "text"),
    [(0.0, "0.00e0"), (-0.39764636440424433, "-3.98e-1"), (1e100, "1.00e100"),
     (9.999, "1.00e1"), (1.125, "1.12e0"), (5e-324, "4.94e-324")],
)  # fmt: skip
def test_edge_text_is_rusts(edge: float, text: str) -> None:
    assert edge_text(edge) == text


@pytest.mark.parametrize("num_bins", [1, 5, 40, 300])
def test_every_way_of_counting_agrees(num_bins: int) -> None:
    values = np.random.default_rng(1).normal(size=3_000)
    values[::50] = np.nan
    values[7], values[8] = np.inf, -np.inf
    made = bins(values, num_bins=num_bins)
    slow = [0] * len(made)
    for value in values.tolist():
        if math.isnan(value) or value < made.edges[0]:
            slow[0] += 1
        elif value > made.edges[-1]:
            slow[-1] += 1
        else:
            inner = [i for i in range(1, num_bins + 1) if value <= made.edges[i]]
            slow[inner[0]] += 1
    assert made.count(values).tolist() == slow
    assert np.bincount(made.place(values), minlength=len(made)).tolist() == slow


def test_float32_values_are_compared_with_the_exact_edges() -> None:
    values = np.array([0.1, 0.2, 0.3, 3.4e38, -3.4e38], dtype=np.float32)
    for edges in ([0.1, 0.2, 0.3], [-1e300, 0.25, 1e300], [-3.4e38, 0.0, 3.4e38]):
        made = bins([], "Provided", 2, edges)
        assert made.count(values).tolist() == made.count(values.astype(np.float64)).tolist()


def test_missing_and_infinite_values() -> None:
    values = [None, math.nan, -math.inf, 1.0, 2.0, math.inf]
    made = bins(values, num_bins=2)
    assert made.edges.tolist() == [1, 1, 2]
    assert made.count(values).tolist() == [3, 1, 1, 1]


@pytest.mark.parametrize("size", [60_000, 250_001])
@pytest.mark.parametrize("kind", ["random", "sorted", "sawtooth", "ties"])
def test_ranks_of_large_arrays(size: int, kind: str) -> None:
    random = np.random.default_rng(size)
    values = {
        "random": lambda: random.normal(size=size),
        "sorted": lambda: np.arange(size, dtype=np.float64),
        "sawtooth": lambda: np.arange(size, dtype=np.float64) % (size // 8_192),
        "ties": lambda: random.integers(0, 4, size).astype(np.float64),
    }[kind]()
    ordered = sorted(values.tolist())
    ranks = [1, *quantile_ranks(size, 7).tolist()]
    assert bins(values, num_bins=7).edges.tolist() == [ordered[rank - 1] for rank in ranks]
    assert statistics(values).median == exact.median(ordered)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([], "Quantile"), "baseline: has no rows"),
        (([None, math.nan],), "baseline: none of its 2 rows has a finite value"),
        (([1], "Quantil"), "bin_mode: 'Quantil' is none of None, Equal, Quantile, Provided"),
        (([1], "Quantile", 0), "num_bins: 0 is not between 1 and 10000"),
        (([1], "Quantile", True), "num_bins: True is no whole number"),
        (([1], "Equal", None), "num_bins: is required with bin_mode Equal"),
        (([1], "Equal", 2, [1, 2]), "provided_edges: only go with bin_mode Provided, not Equal"),
        (([1], "Provided", 2), "provided_edges: are required with bin_mode Provided"),
        (([1], "Provided", 2, [2, 1, 3]), "provided_edges: are not in rising order"),
        (([1], "Provided", 5, [1]), "provided_edges: has 1 edges, needs 5 or 6 for num_bins 5"),
        (([1], "Provided", None, [1]), "provided_edges: has 1 edges, needs at least 2"),
        (([1], "Provided", 1, [1, math.nan]), "provided_edges: holds a value that is no finite"),
        (([1], "Provided", 1, ["a", 2]), "provided_edges: ['a', 2] is no list of numbers"),
        (([1], "Provided", 1, 7), "provided_edges: 7 is no list of numbers"),
    ],
)  # fmt: skip
def test_what_bad_input_gets(arguments: tuple[Any, ...], sentence: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        bins(*arguments)
    assert caught.value.message.startswith(f"Bad request: {sentence}")


def test_aggregated_values() -> None:
    made = bins([1, 2, 3, 4], num_bins=2)
    window = [0, 1, 2, 2, 3, 4, 4, 9]
    assert aggregate(window, made).tolist() == [1 / 8, 3 / 8, 3 / 8, 1 / 8]
    assert aggregate(window, made, "Cumulative").tolist() == [1 / 8, 4 / 8, 7 / 8, 1]
    assert aggregate(window, made, "Edges").tolist() == [0, 2, 9, 9]
    assert aggregate([1, None], bins([1, 2], "None"), "Edges").tolist() == []
    provided = bins([], "Provided", 1, [1, 2])
    assert aggregate([0.5, 7], provided, "Edges").tolist() == [1, 2, 7]
    for rows, problem in (([], "has no rows"), ([None], "none of its 1 rows has a finite value")):
        with pytest.raises(InvalidRequest, match=problem):
            aggregate(rows, provided, "Edges")
