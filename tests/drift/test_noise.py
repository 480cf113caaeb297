"""The no-drift band, against simulations that know nothing of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wallwidgets.drift import aggregate, bins, no_drift_scores, noise_band, score
from wallwidgets.errors import InvalidRequest


def simulated(n_baseline: int, n_window: int, num_bins: int, runs: int, **how: Any) -> Any:
    """Scores of samples of one normal distribution, by the public functions."""
    random, scores = np.random.default_rng(11), []
    mode = how.pop("mode", "Quantile")
    aggregation = how.get("aggregation", "Density")
    for _ in range(runs):
        baseline, window = random.normal(size=n_baseline), random.normal(size=n_window)
        made = bins(baseline, mode, num_bins)
        sides = (aggregate(values, made, aggregation) for values in (baseline, window))
        scores.append(score(*sides, **how).score)
    return np.array(scores)


@pytest.mark.parametrize(
    ("n_baseline", "n_window", "num_bins", "how"),
    [(182, 30, 5, {}), (500, 200, 5, {}), (1000, 30, 10, {}), (300, 300, 5, {"metric": "MaxDiff"}),
     (300, 100, 8, {"metric": "SumDiff"}), (300, 100, 5, {"aggregation": "Cumulative"})],
)  # fmt: skip
def test_band_holds_what_chance_makes(
    n_baseline: int, n_window: int, num_bins: int, how: dict[str, Any]
) -> None:
    scores = simulated(n_baseline, n_window, num_bins, 1_500, **how)
    for confidence in (0.8, 0.95):
        band = noise_band(n_baseline, n_window, num_bins, confidence, **how)
        # Three standard errors of a share from 1,500 runs.
        error = 3 * np.sqrt(confidence * (1 - confidence) / 1_500) + 0.005
        assert (scores <= band).mean() == pytest.approx(confidence, abs=error)


def test_false_alarms_of_the_fixed_threshold() -> None:
    # The official tutorial's own setting, and others from the same study.
    known = {(182, 30, 5): 0.27, (1000, 30, 10): 0.71, (500, 50, 5): 0.036, (182, 182, 5): 0.001}
    for sizes, alarms in known.items():
        assert (no_drift_scores(*sizes) >= 0.25).mean() == pytest.approx(alarms, abs=0.015)


def test_mean_of_large_samples() -> None:
    # Seven bins with rows in all of them leave six degrees of freedom.
    mean = no_drift_scores(1_000_000, 500_000, [1, 2, 3, 3, 2, 2, 1]).mean()
    assert mean == pytest.approx(6 * (1e-6 + 2e-6), rel=0.03)


def test_other_bins_by_their_shares() -> None:
    values = np.random.default_rng(2).normal(size=2_000)
    equal = bins(values, "Equal", 5)
    band = noise_band(2_000, 500, equal.count(values), 0.95)
    scores = simulated(2_000, 500, 5, 800, mode="Equal")
    assert (scores <= band).mean() == pytest.approx(0.95, abs=0.05)
    assert noise_band(2_000, 500, aggregate(values, equal), 0.95) == pytest.approx(band)


def test_many_windows_at_once() -> None:
    sizes = np.random.default_rng(0).integers(50, 5_000, 700)
    bands = noise_band(1_000, sizes, confidence=0.95)
    assert bands.shape == (700,)
    for index in range(0, 700, 70):
        alone = noise_band(1_000, int(sizes[index]), confidence=0.95)
        assert bands[index] == pytest.approx(alone, rel=0.08)
    few = noise_band(1_000, [100, 100, 200])
    assert few.tolist() == [noise_band(1_000, 100)] * 2 + [noise_band(1_000, 200)]


def test_the_same_each_time_and_narrower_with_more_rows() -> None:
    assert noise_band(500, 100) == noise_band(500, 100)
    assert noise_band(500, 100) > noise_band(500, 400) > noise_band(5_000, 4_000)
    assert noise_band(500, 100, confidence=0.9) < noise_band(500, 100, confidence=0.99)


def test_sizes_at_the_limits() -> None:
    for sizes in ((1, 1, 1), (1, 1, 5), (3, 2, 10), (100, 1, 5), (50, 10**9, 5)):
        assert np.isfinite(noise_band(*sizes))
    assert no_drift_scores(100, 50, 2_000).shape == (10_000,)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((0, 5), "n_baseline: 0 is not between"),
        ((5, 0), "n_window: 0 is not between"),
        ((5, [1, 0]), "n_window: holds a number that is not between"),
        ((5, 5, 0), "num_bins: 0 is not between"),
        ((5, 5, [1, 1]), "bins: needs the baseline's share of each bin"),
        ((5, 5, [0, -1, 0]), "bins: needs the baseline's share of each bin"),
        ((5, 5, 5, 1.0), "confidence: 1.0 is not between 0 and 1"),
        ((5, 5, 5, None), "confidence: None is not between 0 and 1"),
        ((5, 5, 5, 0.9, "PSI", "Edges"), "aggregation: Edges depends on the values"),
        ((5, 5, 5, 0.9, "PSI", "Density", [1]), "bin_weights: has 1 weights, needs 7"),
    ],
)  # fmt: skip
def test_what_bad_input_gets(arguments: tuple[Any, ...], sentence: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        noise_band(*arguments)
    assert caught.value.message.startswith(f"Bad request: {sentence}")
