"""A chart as a page of its own, and its data as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from wallwidgets.charts.palette import Palette, faint
from wallwidgets.schemas.safe_html import safe_text, table_html

if TYPE_CHECKING:
    import pyarrow as pa

    from wallwidgets.charts.chart import Chart

SHOWN_ROWS = 2_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# Whatever a name holds, the page loads nothing and sends nothing.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline';"
    " img-src data: blob:; form-action 'none'; base-uri 'none'"
)


def page(chart: Chart, plotlyjs: str) -> str:
    """The whole HTML page."""
    drawn = chart.figure.to_html(
        full_html=False,
        include_plotlyjs="cdn" if plotlyjs == "cdn" else True,
        config=chart.config,
        default_height=f"{chart.figure.layout.height}px",
    )
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
{policy if plotlyjs == "inline" else ""}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{safe_title(chart)}</title>
<style>{_style(chart.palette)}</style></head>
<body>{chart.heading}
<p class="tex2jax_ignore mathjax_ignore">{safe_text(chart.summary)}</p>
<div role="group" aria-label="{safe_title(chart)}">{drawn}</div>
<details><summary>Table</summary><div class="wide">{_table(chart.table)}</div></details>
</body></html>
"""


def safe_title(chart: Chart) -> str:
    """Title and context without elements, for where HTML takes none."""
    text = f"{chart.title}, {chart.context}" if chart.context else chart.title
    return safe_text(text).replace("<span>", "").replace("</span>", "")


def _style(look: Palette) -> str:
    line = faint(look.text, 0.13)
    return (
        f"body {{ background: {look.ground}; color: {look.text}; margin: 16px;"
        " font: 13px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif }"
        " p { margin: 0 0 8px } summary { cursor: pointer; padding: 8px 0 }"
        " .wide { overflow-x: auto }"
        " table { border-collapse: collapse; font-variant-numeric: tabular-nums }"
        f" th, td {{ text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid {line};"
        " white-space: nowrap }"
        f" th {{ font-weight: 500; color: {look.muted} }}"
    )


def _table(table: pa.Table) -> str:
    shown = table.slice(0, SHOWN_ROWS)
    note = f"{table.num_rows:,} rows"
    if shown.num_rows < table.num_rows:
        note = f"The first {shown.num_rows:,} of {note}; the CSV has them all."
    return table_html(table.column_names, _rows(shown), note)


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def csv_text(table: pa.Table) -> str:
    """CSV whose numbers are numbers and whose texts are never formulas.

    Example:
        >>> import pyarrow as pa
        >>> csv_text(pa.table({"name": ["=1+1", "price"], "score": [-0.5, None]})).splitlines()
        ['name,score', "'=1+1,-0.5", 'price,']
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows([_csv_cell(value) for value in row] for row in _rows(table))
    return text.getvalue()


def _csv_cell(value: object) -> object:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return f"{value:.17g}" if isinstance(value, float) else value
