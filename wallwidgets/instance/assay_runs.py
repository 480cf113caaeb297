"""Runs an assay over the inference log, window by window.

Records have times in milliseconds: a window is complete once the millisecond of its end has passed,
so that no record can come into it any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np

from wallwidgets.drift import Drift, Statistics, baseline_result, results, run
from wallwidgets.drift.checks import Floats, refusal
from wallwidgets.drift.columns import instant, moment
from wallwidgets.instance.assay_plans import AnyBaseline, Plan, RecordsBaseline, StaticBaseline
from wallwidgets.instance.assay_values import Times, Values
from wallwidgets.instance.inference_log import InferenceLog
from wallwidgets.schemas.assays import AssayResult, BinMode, Summarizer, Summary

MAX_ANSWERED = 10_000
"""Windows of one interactive run: about 15 MB of JSON."""

_NO_TIMES: Times = np.zeros(0, dtype=np.int64)
_NO_VALUES: Values = np.zeros(0)


class AssayRun:
    """An assay with the values of its baseline at hand.

    Args:
        log: Holds the records.
        plan: Says what is compared with what.

    Raises:
        InvalidRequest: The plan cannot be run: the baseline has no rows, or a field does not fit.
    """

    def __init__(self, log: InferenceLog, plan: Plan, clock: Callable[[], datetime]):
        self._log = log
        self._plan = plan
        self._clock = clock
        self._baseline, self._range = _values(log, plan.baseline)
        if not isinstance(plan.baseline, RecordsBaseline):
            plan.source.check(log)
        # Without any rows, it says all the same whether the fields fit together.
        self._empty = self._compare(_NO_TIMES, _NO_VALUES, plan.start, plan.start)

    def interactive(self, **labels: Any) -> list[AssayResult]:
        """The results of all windows until now.

        Raises:
            InvalidRequest: There are too many to answer with.
        """
        begun = time.perf_counter()
        now = instant(settled(self._clock()), "clock")
        found = self._windows(self._plan.start, self._plan.until(now))
        if len(found) > MAX_ANSWERED:
            what = f"gives {len(found)} windows with rows, at most {MAX_ANSWERED} can be answered"
            raise refusal("interval", f"{what}; make it longer, or run_until earlier")
        return results(found, **self._labels(begun), **labels)

    def stored(self, start: int, until: int, **labels: Any) -> list[AssayResult]:
        """The results of the windows of one pass; scores in the precision in which they are kept.

        Args:
            start: Start of the first window, microseconds since 1970.
            until: End of the last one.
            **labels: Fields of each result.
        """
        begun = time.perf_counter()
        found = self._windows(start, until)
        return [_as_stored(each) for each in results(found, **self._labels(begun), **labels)]

    def baseline(self, **labels: Any) -> AssayResult:
        """The baseline compared with itself."""
        return baseline_result(self._empty, **self._labels(time.perf_counter()), **labels)

    def _windows(self, start: int, until: int) -> Drift:
        return self._compare(*self._plan.source.read(self._log, start, until), start, until)

    def _compare(self, times: Times, values: Values, start: int, until: int) -> Drift:
        config, given = self._plan.config, self._plan.baseline
        rule = _rule(config.summarizer)
        if isinstance(given, StaticBaseline):
            rule |= {"bin_mode": BinMode.PROVIDED, "num_bins": None, "edges": given.bins.edges}
        found = run(
            {"time": times, "value": values},
            "value",
            baseline=self._baseline,
            width=config.window.width,
            interval=config.window.interval,
            start=moment(start),
            until=moment(until),
            warning_threshold=config.warning_threshold,
            alert_threshold=config.alert_threshold,
            **rule,
        )
        found = replace(found, baseline_range=self._range)
        return AgainstSummary.of(found, given) if isinstance(given, StaticBaseline) else found

    def _labels(self, begun: float) -> dict[str, Any]:
        config = self._plan.config
        return {
            "iopath": config.iopath or config.window.path,
            "summarizer": config.summarizer,
            "analyzed_at": self._clock(),
            "elapsed_millis": int((time.perf_counter() - begun) * 1000),
        }


@dataclass(frozen=True, eq=False)
class AgainstSummary(Drift):
    """Windows compared with a summary that was made elsewhere, whose values are not known."""

    given: StaticBaseline = field(kw_only=True)

    @classmethod
    def of(cls, found: Drift, given: StaticBaseline) -> AgainstSummary:
        """The same counts, compared with the summary."""
        parts = {each.name: getattr(found, each.name) for each in fields(Drift)}
        return cls(**{**parts, "bins": given.bins}, given=given)

    @cached_property
    def baseline(self) -> Statistics:
        """The statistics of the summary."""
        return self.given.statistics

    @cached_property
    def baseline_values(self) -> Floats:
        """The aggregated values of the summary."""
        return self.given.aggregated_values


def settled(now: datetime) -> datetime:
    """Up to where the log is complete: the begin of the millisecond.

    Example:
        >>> settled(datetime(2022, 1, 1, 0, 0, 1, 2999)).microsecond
        2000
    """
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def summarize(
    log: InferenceLog, baseline: RecordsBaseline | Floats, summarizer: Summarizer
) -> Summary:
    """A baseline as an assay with this summarizer sees it.

    Raises:
        InvalidRequest: It has no rows, or a field does not fit.
    """
    values, span = _values(log, baseline)
    nothing = {"time": _NO_TIMES, "value": _NO_VALUES}
    found = run(nothing, "value", baseline=values, **_rule(summarizer))
    return baseline_result(replace(found, baseline_range=span)).baseline_summary


def _rule(summarizer: Summarizer) -> dict[str, Any]:
    return {
        "bin_mode": summarizer.bin_mode,
        "num_bins": summarizer.num_bins,
        "edges": summarizer.provided_edges,
        "aggregation": summarizer.aggregation,
        "metric": summarizer.metric,
        "weights": summarizer.bin_weights,
    }


def _values(log: InferenceLog, given: AnyBaseline) -> tuple[Values, tuple[int, int] | None]:
    """The values of the baseline, and its start and end if it has them."""
    if isinstance(given, StaticBaseline):
        return given.bins.edges, given.range
    if not isinstance(given, RecordsBaseline):
        return given, None
    _, values = given.source.read(log, given.start, given.end)
    if not len(values):
        made = "" if given.source.model is None else f" of model {given.source.model!r}"
        span = f"from {moment(given.start)} until {moment(given.end)}"
        raise refusal("baseline", f"has no rows{made} {span}")
    return values, (given.start, given.end)


def _as_stored(result: AssayResult) -> AssayResult:
    """The score as float32, written with as few digits as tell it from its neighbours."""
    if result.score is None:
        return result
    return result.model_copy(update={"score": float(str(np.float32(result.score)))})
