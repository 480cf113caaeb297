"""What chance alone could do, and since when it is more."""

from __future__ import annotations

import numpy as np
import pytest

from tests.drift.test_run import BASELINE, DAY, month
from wallwidgets.drift import chance_band, noise_band, onset, results, run


@pytest.mark.parametrize("aggregation", ["Density", "Cumulative"])
def test_the_band_of_records_is_that_of_the_run(aggregation: str) -> None:
    found = run(
        month(), "price", baseline=BASELINE, aggregation=aggregation, metric="SumDiff",
        weights=[1, 2, 3, 4, 3, 2, 1],
    )  # fmt: skip
    assert chance_band(results(found), 0.9) == pytest.approx(found.noise_band(0.9), rel=1e-9)


def test_records_of_several_assays_have_each_their_own() -> None:
    few, many = (run(month(), "price", baseline=BASELINE, num_bins=bins) for bins in (3, 20))
    both = chance_band([*results(few), *results(many)])
    assert both.tolist() == [*chance_band(results(few)), *chance_band(results(many))]
    assert both[0] == pytest.approx(noise_band(1440, 1440, 3, 0.95), rel=0.1)


@pytest.mark.parametrize("options", [{"bin_mode": "None"}, {"aggregation": "Edges"}])
def test_without_shares_there_is_none(options: dict[str, str]) -> None:
    found = results(run(month(), "price", baseline=BASELINE, **options))
    assert np.isnan(chance_band(found)).all()


def test_since_when() -> None:
    found = results(run(month(), "price", baseline=BASELINE, until="1970-02-01"))
    first = onset(found)
    assert first is not None
    assert first.window_start.day == 21
    assert onset([each for each in found if each.window_start.day < 21]) is None
    assert onset([]) is None


def test_a_threshold_that_chance_reaches_is_no_drift() -> None:
    frame = month()
    calm = frame["time"] < 20 * DAY
    frame = {name: column[calm] for name, column in frame.items()}
    found = results(run(frame, "price", baseline=BASELINE, warning_threshold=0.0))
    assert {each.status for each in found} == {"Warning"}
    assert onset(found, 0.9999) is None
