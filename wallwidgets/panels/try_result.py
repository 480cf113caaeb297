"""What an inference gave, or the log: one Arrow table, and how it is shown."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa

from wallwidgets.api.frames import read_json_records
from wallwidgets.panels.parts.table_rows import Column

ELAPSED = "metadata.elapsed"
MAX_COLUMNS = 40
SPLIT = "out._model_split"
"""Which version of a split answered a row: JSON, in a list of one."""
SPREAD = 4
"""Tensors of at most so many values get a column for each."""
FIGURES = 4


def to_table(result: Any) -> pa.Table:
    """The answer of ``infer``, whatever was given."""
    if isinstance(result, pd.DataFrame):
        # Its note on pandas names types that pandas cannot read back.
        table = pa.Table.from_pandas(result, preserve_index=False)
        return table.replace_schema_metadata(None)
    if isinstance(result, pl.DataFrame):
        return result.to_arrow(compat_level=pl.CompatLevel.oldest())
    if isinstance(result, list):
        return read_json_records(json.dumps(result).encode())
    return result


def without_metadata(table: pa.Table) -> tuple[pa.Table, float | None]:
    """An answer without its metadata, and the milliseconds that the engine says it took."""
    took_ms = None
    if ELAPSED in table.column_names and table.num_rows:
        spent = table.column(ELAPSED)[0].as_py()
        nanoseconds = spent if isinstance(spent, list) else [spent]
        took_ms = sum(each for each in nanoseconds if isinstance(each, int)) / 1e6
    names = [name for name in table.column_names if name.partition(".")[0] != "metadata"]
    return table.select(names), took_ms


def shown(table: pa.Table) -> tuple[pl.DataFrame, list[Column], int]:
    """A table as rows to look at: short tensors spread out, outputs before what may be left out.

    Returns:
        The rows, their columns, and how many columns were left out.

    Example:
        >>> frame, columns, left = shown(pa.table({"in.tensor": [[1.0] * 9], "out.y": [[0.5]]}))
        >>> [column.title for column in columns], left
        (['Row', 'tensor', 'y.0'], 0)
    """
    frame = pl.DataFrame(pl.from_arrow(table))
    order = [name for name in frame.columns if name.partition(".")[0] != "metadata"]
    made: list[pl.Series] = []
    columns = [Column("row", "Row", "number")]
    for name in order:
        if name in ("check_failures", "anomaly.count"):
            made.append(_checks(frame[name]).alias(name))
            columns.append(Column(name, "Check", "chip"))
            continue
        if name == SPLIT and frame[name].dtype == pl.List(pl.String):
            made.append(_answered_by(frame[name]))
            columns.append(Column(name, "Answered by", "text"))
            continue
        for series in _spread(frame[name]):
            made.append(series)
            columns.append(_column(series))
    left = max(0, len(columns) - MAX_COLUMNS)
    rows = pl.DataFrame(made[: MAX_COLUMNS - 1]).with_row_index("row")
    return rows, columns[:MAX_COLUMNS], left


def _spread(series: pl.Series) -> list[pl.Series]:
    """The columns of a series: a short tensor has one for each value."""
    kind = series.dtype
    if isinstance(kind, pl.Array):
        series, kind = series.arr.to_list(), pl.List(kind.inner)
    if not isinstance(kind, pl.List):
        return [series]
    lengths = series.list.len()
    width = lengths.max()
    is_flat = kind.inner is not None and not kind.inner.is_nested()
    if is_flat and isinstance(width, int) and 0 < width <= SPREAD and lengths.min() == width:
        return [series.list.get(at).alias(f"{series.name}.{at}") for at in range(width)]
    if is_flat and kind.inner.is_float():
        series = series.list.eval(pl.element().cast(pl.Float64).round_sig_figs(FIGURES))
    return [series]


def _column(series: pl.Series) -> Column:
    part, _, rest = series.name.partition(".")
    if series.name == "time":
        return Column("time", "Time", "time", rank=3)
    title = rest if part in ("in", "out") and rest else series.name
    kind = "number" if series.dtype.is_numeric() else "text"
    return Column(series.name, title, kind, rank=2 if part == "in" else 1)


def _answered_by(series: pl.Series) -> pl.Series:
    """The model and the beginning of its version: a split may hold two versions of one model."""
    named = series.list.first().str
    version = named.json_path_match("$.version").str.slice(0, 8)
    words = pl.concat_str([named.json_path_match("$.name"), version], separator=" ")
    return pl.select(words.alias(series.name)).to_series()


def _checks(series: pl.Series) -> pl.Series:
    """Passed, or failed, for the number or the list of checks that failed."""
    failed = series.list.len() if isinstance(series.dtype, pl.List) else series
    number = failed.cast(pl.Int64, strict=False).fill_null(0)
    words = pl.when(number > 0).then(pl.lit("failed")).otherwise(pl.lit("passed"))
    return pl.select(words).to_series()
