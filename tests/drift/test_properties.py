"""What holds for all data."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wallwidgets import drift
from wallwidgets.drift import Series, aggregate, bins, count, score, statistics, windows

finite = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-5, 5).map(float)
some = st.none() | st.floats() | st.integers(-5, 5).map(float)
samples = st.lists(finite, min_size=1, max_size=60)
rows = st.lists(some, min_size=1, max_size=60)
modes = st.sampled_from(["Quantile", "Equal"])
metrics = st.sampled_from(["PSI", "MaxDiff", "SumDiff"])
kinds = st.sampled_from(["Density", "Cumulative"])
numbers = st.integers(1, 40)


@given(samples, rows, modes, numbers)
def test_as_many_bins_as_asked_and_shares_sum_to_one(
    baseline: list[float], window: list[Any], mode: str, num_bins: int
) -> None:
    made = bins(baseline, mode, num_bins)
    assert len(made.edges) == num_bins + 1
    assert len(made) == len(made.names) == len(made.window_names) == num_bins + 2
    assert (made.edges[:-1] <= made.edges[1:]).all()
    counts = made.count(window)
    assert len(counts) == num_bins + 2
    assert counts.sum() == len(window)
    assert aggregate(window, made).sum() == pytest.approx(1, abs=1e-12)
    assert aggregate(window, made, "Cumulative")[-1] == 1


@given(samples, modes, numbers)
def test_a_baseline_has_no_outliers(baseline: list[float], mode: str, num_bins: int) -> None:
    counts = bins(baseline, mode, num_bins).count(baseline)
    assert counts[0] == counts[-1] == 0


@given(rows, modes, numbers, metrics, kinds)
def test_identical_data_scores_zero(
    data: list[Any], mode: str, num_bins: int, metric: str, kind: str
) -> None:
    made = bins([0.0, *data], mode, num_bins)
    values = aggregate(data, made, kind)
    assert score(values, values, metric, kind).score == 0


@given(samples, rows, st.randoms(use_true_random=False), numbers)
def test_order_does_not_matter(
    baseline: list[float], window: list[Any], random: Any, num_bins: int
) -> None:
    mixed, turned = list(baseline), list(window)
    random.shuffle(mixed)
    random.shuffle(turned)
    first, second = bins(baseline, num_bins=num_bins), bins(mixed, num_bins=num_bins)
    assert first == second
    assert first.names == second.names
    assert hash(first) == hash(second)
    assert first.count(window).tolist() == second.count(turned).tolist()
    np.testing.assert_equal(statistics(window), statistics(turned))


@given(samples, rows, rows, numbers)
def test_counts_of_parts_add_up(
    baseline: list[float], one: list[Any], other: list[Any], num_bins: int
) -> None:
    made = bins(baseline, num_bins=num_bins)
    assert (made.count(one) + made.count(other)).tolist() == made.count(one + other).tolist()


@given(samples, rows, numbers, metrics, kinds)
def test_scores_are_finite_and_never_negative(
    baseline: list[float], window: list[Any], num_bins: int, metric: str, kind: str
) -> None:
    made = bins(baseline, num_bins=num_bins)
    found = score(aggregate(baseline, made, kind), aggregate(window, made, kind), metric, kind)
    assert np.isfinite(found.score)
    assert (found.scores >= 0).all()
    assert (found.bin_index is not None) == (metric == "MaxDiff")


@given(samples)
def test_statistics_lie_within_the_data(data: list[float]) -> None:
    found = statistics(data)
    low, high = min(data), max(data)
    slack = 1e-12 * max(abs(low), abs(high))
    assert (found.min, found.max) == (low, high)
    assert low - slack <= found.mean <= high + slack
    assert low <= found.median <= high
    assert 0 <= found.std <= high / 2 - low / 2 + slack


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 10 * 86_400_000), some), max_size=80),
    st.integers(1, 60), st.integers(1, 60), st.integers(0, 80),
)  # fmt: skip
def test_windows_are_slices_however_the_rows_arrive(
    data: list[tuple[int, Any]], width: int, interval: int, cut: int
) -> None:
    span = windows("1970-01-02", "1970-01-09", f"{width} hours", f"{interval} hours")
    made = bins([-2.0, 0.0, 1.0, 3.0], num_bins=3)
    parts = [
        count(Series.of([t for t, _ in part], [v for _, v in part]), made, span.boundaries)
        for part in (data[:cut], data[cut:])
    ]
    found = (parts[0] + parts[1]).over(span)
    for index, (start, end) in enumerate(zip(span.starts, span.ends, strict=True)):
        held = [value for time, value in data if start <= time * 1000 < end]
        assert found.rows[index] == len(held)
        assert found.counts[index].tolist() == made.count(held).tolist()


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(drift.__path__)])
def test_examples(name: str) -> None:
    found = doctest.testmod(import_module(f"wallwidgets.drift.{name}"))
    assert found.failed == 0


def test_every_public_name_has_an_example() -> None:
    for name in drift.__all__:
        text = getattr(drift, name).__doc__
        assert ">>>" in text, name
