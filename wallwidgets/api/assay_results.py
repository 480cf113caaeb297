"""The results of an assay, and the frames that one looks at them in."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, SupportsIndex, overload

import pyarrow as pa

from wallwidgets.api.frames import Frame, Records
from wallwidgets.schemas.assays import AssayResult, Summary

_TIME = pa.timestamp("us", tz="UTC")
_STATISTICS = ("count", "min", "max", "mean", "median", "std")
_WINDOWS = pa.schema(
    [
        ("assay_id", pa.int64()), ("name", pa.string()), ("iopath", pa.string()),
        ("score", pa.float64()), ("start", _TIME), ("end", _TIME),
        ("count", pa.int64()), ("missing", pa.int64()),
        *((each, pa.float64()) for each in _STATISTICS[1:]),
        ("bin_index", pa.int64()), ("warning_threshold", pa.float64()),
        ("alert_threshold", pa.float64()), ("status", pa.string()),
    ]
)  # fmt: skip
_BINS = pa.schema(
    [
        ("iopath", pa.string()), ("start", _TIME), ("bin", pa.int64()),
        ("b_edges", pa.float64()), ("b_edge_names", pa.string()),
        ("b_aggregated_values", pa.float64()), ("w_edge_names", pa.string()),
        ("w_aggregated_values", pa.float64()), ("diff_in_pcts", pa.float64()),
        ("score", pa.float64()),
    ]
)  # fmt: skip
_COMPARISON = pa.schema(
    [
        ("iopath", pa.string()), ("start", _TIME), ("statistic", pa.string()),
        ("baseline", pa.float64()), ("window", pa.float64()),
        ("diff", pa.float64()), ("pct_diff", pa.float64()),
    ]
)  # fmt: skip


class AssayResults(Records[AssayResult]):
    """Results, one per window. ``to_arrow`` and the like give every field of them.

    Example:
        >>> def worst(client: "Client", pipeline: "PipelineRecord"):
        ...     results = client.assays.run(
        ...         pipeline, "output dense_2 0", baseline=("2022-01-01", "2022-01-02"))
        ...     return results.windows().to_polars().sort("score", descending=True).head()
    """

    def __init__(self, results: Iterable[AssayResult] = (), name: str | None = None):
        super().__init__(AssayResult, results)
        self.name = name

    @overload
    def __getitem__(self, index: SupportsIndex) -> AssayResult: ...
    @overload
    def __getitem__(self, index: slice) -> AssayResults: ...
    def __getitem__(self, index: SupportsIndex | slice) -> AssayResult | AssayResults:
        found = super().__getitem__(index)
        return AssayResults(found, self.name) if isinstance(found, list) else found

    def windows(self) -> Frame:
        """One row per window, with the columns of the official SDK's ``to_dataframe``, and more.

        The window's ``end`` is not in it; ``count`` are all of its rows, ``missing`` those without
        a value.
        """
        return _frame(_WINDOWS, (self._window(each) for each in self))

    def _window(self, result: AssayResult) -> tuple[Any, ...]:
        window = result.window_summary
        return (
            result.assay_id, self.name, result.iopath, result.score, result.window_start,
            window.end, window.count, window.missing,
            *(getattr(window, name) for name in _STATISTICS[1:]), result.bin_index,
            result.warning_threshold, result.alert_threshold, result.status.value,
        )  # fmt: skip

    def bins(self) -> Frame:
        """One row per window and bin, with the columns of the official SDK's ``compare_bins``.

        ``b_edges`` is the right edge of a bin, infinite for the last; ``diff_in_pcts`` is a
        difference of shares, whatever its name says; ``score`` is the bin's part of the score.
        """
        return _frame(_BINS, (row for each in self for row in _bin_rows(each)))

    def statistics(self) -> Frame:
        """One row per window and statistic: baseline, window, ``diff`` and ``pct_diff``.

        ``diff`` is the window's less the baseline's, ``pct_diff`` that in percent of the baseline.
        Source: the official SDK's ``compare_basic_stats``.
        """
        return _frame(_COMPARISON, (row for each in self for row in _comparison_rows(each)))

    def _repr_html_(self) -> str:
        return self.windows()._repr_html_()


def _frame(schema: pa.Schema, rows: Iterable[tuple[Any, ...]]) -> Frame:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return Frame(pa.Table.from_arrays(arrays, schema=schema))


def _bin_rows(result: AssayResult) -> Iterable[tuple[Any, ...]]:
    baseline, window = result.baseline_summary, result.window_summary
    parts = zip(
        baseline.edges, baseline.edge_names, baseline.aggregated_values,
        window.edge_names, window.aggregated_values, result.scores, strict=True,
    )  # fmt: skip
    for number, (edge, name, first, window_name, second, score) in enumerate(parts):
        right = math.inf if edge is None else edge
        yield (
            result.iopath, result.window_start, number, right, name, first, window_name, second,
            _difference(first, second), score,
        )  # fmt: skip


def _comparison_rows(result: AssayResult) -> Iterable[tuple[Any, ...]]:
    for name in _STATISTICS:
        first, second = (_value(each, name) for each in _sides(result))
        diff = _difference(first, second)
        percent = diff / first * 100 if first and diff is not None else None
        yield result.iopath, result.window_start, name, first, second, diff, percent


def _sides(result: AssayResult) -> tuple[Summary, Summary]:
    return result.baseline_summary, result.window_summary


def _value(summary: Summary, name: str) -> float | None:
    value = getattr(summary, name)
    return None if value is None else float(value)


def _difference(baseline: float | None, window: float | None) -> float | None:
    return None if baseline is None or window is None else window - baseline
