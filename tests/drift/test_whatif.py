"""What if: other bins from the same counts are what a run with those bins gives."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.drift.test_run import BASELINE, month
from wallwidgets.drift import bins, run
from wallwidgets.drift.whatif import asked_for, every_edge, merge
from wallwidgets.errors import InvalidRequest

finite = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-5, 5).map(float)
some = st.none() | st.floats() | st.integers(-5, 5).map(float)


def equal(found: Any, fresh: Any) -> None:
    assert found.bins == fresh.bins
    assert found.counts.tolist() == fresh.counts.tolist()
    assert found.baseline_counts.tolist() == fresh.baseline_counts.tolist()
    np.testing.assert_array_equal(found.score, fresh.score)
    np.testing.assert_array_equal(found.scores, fresh.scores)
    assert (found.status, found.bin_index) == (fresh.status, fresh.bin_index)


def test_other_bins_are_those_of_a_fresh_run() -> None:
    frame = month()
    found = run(frame, "price", baseline=BASELINE, what_if=(3, 7, 10, 20))
    equal(found, run(frame, "price", baseline=BASELINE))
    changes: list[dict[str, Any]] = [
        {"num_bins": number, "bin_mode": mode, **more}
        for number in (3, 7, 10, 20)
        for mode in ("Quantile", "Equal")
        for more in ({}, {"metric": "MaxDiff"}, {"aggregation": "Edges"})
    ]
    changes += [{"num_bins": 10}, {"bin_mode": "None"}, {"num_bins": 3, "weights": [0, 1, 2, 1, 0]}]
    for change in changes:
        equal(found.rescore(**change), run(frame, "price", baseline=BASELINE, **change))
    back = found.rescore(num_bins=20).rescore(bin_mode="Equal").rescore(num_bins=3)
    equal(back, run(frame, "price", baseline=BASELINE, bin_mode="Equal", num_bins=3))


def test_bins_whose_edges_happen_to_be_counted() -> None:
    frame = month()
    found = run(frame, "price", baseline=BASELINE, num_bins=20)
    for number in (1, 2, 5, 10):
        fresh = run(frame, "price", baseline=BASELINE, num_bins=number)
        equal(found.rescore(num_bins=number), fresh)
    edges = found.bins.edges[[0, 3, 9]].tolist()
    provided = {"bin_mode": "Provided", "edges": edges, "num_bins": None}
    given_edges = found.rescore(**provided)
    equal(given_edges, run(frame, "price", baseline=BASELINE, **provided))
    equal(given_edges.rescore(bin_mode="Quantile", num_bins=20), found)


def test_statistics_are_read_once_for_all_what_ifs() -> None:
    found = run(month(), "price", baseline=BASELINE, what_if=[10])
    assert found.rescore(num_bins=10).statistics is found.statistics


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"num_bins": 7}, "num_bins: 7 Quantile bins were not counted, run with what_if=[7]"),
        ({"bin_mode": "Equal", "num_bins": 7}, "num_bins: 7 Equal bins were not counted, run"),
        ({"bin_mode": "Provided", "edges": [0.1, 0.2], "num_bins": None},
         "provided_edges: were not counted, run again with them"),
        ({"bin_mode": "Provided"}, "provided_edges: are required with bin_mode Provided"),
        ({"edges": [1, 2]}, "provided_edges: only go with bin_mode Provided, not Quantile"),
        ({"bin_mode": "quantile"}, "bin_mode: 'quantile' is none of"),
        ({"num_bins": 0}, "num_bins: 0 is not between 1 and"),
        ({"num_bins": 10, "weights": [1] * 7}, "bin_weights: has 7 weights, needs 12"),
        ({"value": "size"}, "value: cannot be changed without counting again"),
    ],
)  # fmt: skip
def test_what_was_not_counted(change: dict[str, Any], sentence: str) -> None:
    found = run(month(), "price", baseline=BASELINE, what_if=[10])
    with pytest.raises(InvalidRequest) as caught:
        found.rescore(**change)
    assert caught.value.message.startswith(f"Bad request: {sentence}")


@pytest.mark.parametrize("what_if", [5, "10", [0], [1.5], None])
def test_what_is_no_list_of_numbers(what_if: Any) -> None:
    with pytest.raises(InvalidRequest, match="what_if: "):
        run(month(), "price", baseline=BASELINE, what_if=what_if)


@settings(max_examples=200)
@given(
    st.lists(finite, min_size=1, max_size=60), st.lists(some, max_size=60),
    st.lists(st.integers(1, 20), min_size=1, max_size=3),
)  # fmt: skip
def test_merged_counts_are_counts(
    baseline: list[float], rows: list[Any], numbers: list[int]
) -> None:
    asked = asked_for(bins(baseline), baseline, numbers)
    finest = every_edge(asked)
    counts = finest.count(rows)
    for each in asked:
        merged = merge(counts, finest, each)
        assert merged is not None
        assert merged.tolist() == each.count(rows).tolist()


def test_it_takes_no_time() -> None:
    hours = np.arange(0, 745 * 3_600_000, 600_000)
    frame = {"time": hours, "price": np.random.default_rng(0).normal(size=len(hours))}
    found = run(frame, "price", baseline=BASELINE, interval="1 hour", what_if=[10])
    assert len(found) >= 697
    taken = []
    for _ in range(5):
        begun = time.perf_counter()
        changed = found.rescore(num_bins=10, metric="MaxDiff")
        assert len(changed.score) == len(changed.status)
        taken.append(time.perf_counter() - begun)
    assert min(taken) < 0.05
