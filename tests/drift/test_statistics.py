"""Statistics, against numbers worked out by hand."""

from __future__ import annotations

import math
import statistics as exact

import numpy as np
import pytest

from wallwidgets.drift import statistics


def test_by_hand() -> None:
    found = statistics([2, 4, 4, 4, 5, 5, 7, 9])
    assert (found.count, found.missing, found.min, found.max) == (8, 0, 2, 9)
    assert (found.mean, found.median, found.std) == (5, 4.5, 2)  # divided by n, not n - 1


def test_without_a_value() -> None:
    for values, count in (([], 0), ([math.nan, None], 2)):
        found = statistics(values)
        assert (found.count, found.missing) == (count, count)
        assert all(math.isnan(x) for x in (found.min, found.max, found.mean, found.median))
        assert math.isnan(found.std)


def test_missing_and_infinite_values_are_rows_but_no_numbers() -> None:
    found = statistics([None, 1.0, math.inf, -math.inf, 3.0, math.nan])
    assert (found.count, found.missing, found.mean, found.std) == (6, 2, 2, 1)


def test_a_single_value() -> None:
    found = statistics([7.5])
    assert (found.min, found.max, found.mean, found.median, found.std) == (7.5,) * 4 + (0,)


@pytest.mark.parametrize("factor", [1e-320, 1e-200, 1.0, 1e200, 1.7e308])
def test_extreme_sizes(factor: float) -> None:
    found = statistics([-factor, factor])
    assert (found.mean, found.median, found.std) == (0, 0, factor)


@pytest.mark.parametrize("size", [1_000, 70_001, 200_000])
def test_against_exact_arithmetic(size: int) -> None:
    values = np.random.default_rng(size).normal(1e6, 1, size)
    found = statistics(values)
    assert found.median == exact.median(values.tolist())
    assert found.mean == pytest.approx(exact.fmean(values.tolist()), rel=1e-15)
    assert found.std == pytest.approx(float(np.std(values)), rel=1e-12)


def test_float32_is_summed_in_float64() -> None:
    values = np.full(1_001, 0.1, dtype=np.float32)
    found = statistics(values)
    assert found.mean == float(np.float32(0.1))
    assert found.std == 0
