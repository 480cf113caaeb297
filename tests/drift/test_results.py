"""The records of an assay, as the service answers with them."""

from __future__ import annotations

from tests.drift.test_run import BASELINE, month
from wallwidgets.drift import baseline_result, results, run
from wallwidgets.schemas.assays import AssayResult


def test_a_record_says_what_the_run_says() -> None:
    found = run(month(), "price", baseline=BASELINE, warning_threshold=0.1, metric="MaxDiff")
    made = results(found, iopath="output price 0", assay_id=3)
    assert [each.score for each in made] == found.score.tolist()
    assert [each.bin_index for each in made] == found.bin_index
    assert [each.window_summary.count for each in made] == found.rows.tolist()
    one = made[-1]
    assert (one.iopath, one.assay_id, one.status) == ("output price 0", 3, found.status[-1])
    assert one.window_start == one.window_summary.start
    assert one.window_summary.aggregated_values == found.aggregated_values[-1].tolist()
    assert one.window_summary.edge_names == found.bins.window_names
    assert one.baseline_summary.edge_names == found.bins.names
    assert one.baseline_summary.edges == [*found.bins.edges.tolist(), None]
    assert one.baseline_summary.mean == found.baseline.mean
    assert (one.warning_threshold, one.alert_threshold) == (0.1, 0.25)
    assert one.summarizer is not None
    assert (one.summarizer.metric, one.summarizer.num_bins) == ("MaxDiff", 5)
    assert AssayResult.model_validate_json(one.model_dump_json()) == one


def test_what_json_has_no_number_for_is_null() -> None:
    frame = month()
    frame["price"][frame["time"] // 86_400_000 == 3] = float("nan")
    found = run(frame, "price", baseline=BASELINE, aggregation="Edges", metric="SumDiff")
    empty = next(each for each in results(found) if each.window_summary.mean is None)
    assert empty.window_summary.missing == empty.window_summary.count == 1440
    assert empty.score is None
    assert set(empty.window_summary.aggregated_values) == {None}
    assert AssayResult.model_validate_json(empty.model_dump_json()) == empty


def test_the_baseline_compared_with_itself() -> None:
    made = baseline_result(run(month(), "price", baseline=BASELINE), iopath="output price 0")
    assert (made.status, made.score, made.bin_index) == ("BaselineRun", 0.0, None)
    assert made.scores == [0.0] * 7
    first, second = made.baseline_summary, made.window_summary
    assert second.aggregated_values == first.aggregated_values
    assert (first.edge_names[1], second.edge_names[1][:2]) == ("q_20", "e_")
    assert made.window_start == second.start == first.start
