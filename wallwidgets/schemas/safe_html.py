"""The one place that makes HTML of text from a service: nothing in it runs, links or hides."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

from pydantic import BaseModel

SHOWN_TEXT = 80
SHOWN_ITEMS = 4
_PLAIN_TABLE = '<table class="tex2jax_ignore mathjax_ignore">'
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def safe_text(text: str) -> str:
    """Text as HTML that shows it literally: no markup, no formula, no hidden direction changes."""
    # JupyterLab typesets $...$ and \(...\) of an HTML output unless an element comes between.
    escaped = html.escape(visible_text(text)).replace("\\", "<span>\\</span>")
    return escaped.replace("$", "<span>$</span>")


def figure_text(text: str) -> str:
    """Text as the HTML that Plotly draws literally: no bold, no link, no formula.

    Example:
        >>> figure_text('<a href="x">$a$</a>')
        '&lt;a href="x"&gt;&#36;a&#36;&lt;/a&gt;'
    """
    return html.escape(visible_text(text), quote=False).replace("$", "&#36;")


def visible_text(text: str) -> str:
    """Text without characters that hide or change its direction; they are spelled out."""
    if text.isprintable():
        return text
    return "".join(
        char
        if char in "\n\t" or unicodedata.category(char) not in _HIDDEN
        else f"\\u{ord(char):04x}"
        for char in text
    )


def table_html(names: Sequence[str], rows: Iterable[Sequence[object]], note: str) -> str:
    """A table with a header row, and a note below it; long texts are cut."""
    head = "".join(f"<th>{_cell(name)}</th>" for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{_cell(each)}</td>' for each in row)}</tr>" for row in rows)
    return (
        f"{_PLAIN_TABLE}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"<p>{safe_text(note)}</p>"
    )


def record_html(title: str, fields: Iterable[tuple[str, object]]) -> str:
    """The fields of one record that have a value, one below the other."""
    body = "".join(
        f'<tr><th style="text-align: left">{_cell(name)}</th>'
        f'<td style="text-align: left">{_cell(value)}</td></tr>'
        for name, value in fields
        if value is not None
    )
    return f"<p>{safe_text(title)}</p>{_PLAIN_TABLE}<tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    text = "" if value is None else _short(value)
    return safe_text(text if len(text) <= SHOWN_TEXT else text[: SHOWN_TEXT - 1] + "…")


def _short(value: object) -> str:
    """A value as a reader wants it: times without noise, the beginning of a tensor."""
    if isinstance(value, datetime):
        text = value.isoformat(" ", "milliseconds" if value.microsecond else "seconds")
        return text.replace("+00:00", " UTC")
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        if value and isinstance(value[0], BaseModel):
            return f"{len(value)} {type(value[0]).__name__}"
        more = f", … {len(value)} in all" if len(value) > SHOWN_ITEMS else ""
        return f"[{', '.join(map(_short, value[:SHOWN_ITEMS]))}{more}]"
    return str(value)
