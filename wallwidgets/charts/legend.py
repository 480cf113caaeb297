"""The line above a figure: title, context, and a legend whose shapes are those of the chart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wallwidgets.schemas.safe_html import safe_text

_SHAPES = {
    "disc": '<circle cx="6" cy="6" r="4"/>',
    "triangle": '<path d="M6 1.5 10.7 10H1.3z"/>',
    "diamond": '<path d="M6 1 11 6 6 11 1 6z"/>',
    "square": '<path d="M1 1h10v10H1z"/>',
    "line": '<path d="M0 6h12" fill="none" stroke="{colour}" stroke-width="2"/>',
    "dashes": '<path d="M0 6h12" fill="none" stroke="{colour}" stroke-width="2"'
    ' stroke-dasharray="5 2"/>',
    "band": '<path d="M0 2h12v9H0z" fill-opacity=".2"/>'
    '<path d="M0 2.5h12" fill="none" stroke="{colour}" stroke-dasharray="2 1"/>',
    "hatched": '<path d="M1 11 11 1M1 6 6 1M6 11 11 6M1 1h10v10H1z" fill="none"'
    ' stroke="{colour}"/>',
    "hollow": '<path d="M6 1.5 10.5 6 6 10.5 1.5 6z" fill="none" stroke="{colour}"'
    ' stroke-width="1.75"/>',
    "outline": '<path d="M1.5 1.5h9v9h-9z" fill="none" stroke="{colour}"/>',
    "none": "",
}
_LINE = (
    'class="wallwidgets-heading tex2jax_ignore mathjax_ignore" style="display: flex; '
    "flex-wrap: wrap; align-items: baseline; gap: 2px 14px; margin: 0; padding: 4px 0; "
    "font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: 12px; "
    "line-height: 18px; font-variant-numeric: tabular-nums; "
    'color: var(--jp-ui-font-color0, inherit)"'
)


@dataclass(frozen=True)
class Key:
    """An entry of a legend.

    Attributes:
        shape: ``disc``, ``triangle``, ``diamond``, ``square``, ``line``, ``dashes``, ``band``,
            ``hatched``, ``hollow``, ``outline``, or ``none``.
        colour: Of the shape.
        text: Plain text, which may hold a name.
    """

    shape: str
    colour: str
    text: str


def heading(title: str, context: str, keys: Iterable[Key]) -> str:
    """The line as HTML: it wraps where it is narrow.

    Example:
        >>> "&lt;b&gt;" in heading("Bins", "<b>", [Key("disc", "#14806a", "Ok 14")])
        True
    """
    parts = [f'<span style="font-size: 13px; font-weight: 600">{safe_text(title)}</span>']
    if context:
        parts.append(
            f'<span style="opacity: .75; overflow-wrap: anywhere">{safe_text(context)}</span>'
        )
    parts += [_entry(key) for key in keys]
    return f"<div {_LINE}>{''.join(parts)}</div>"


def _entry(key: Key) -> str:
    shape = _SHAPES[key.shape].format(colour=key.colour)
    drawn = (
        f'<svg width="12" height="12" viewBox="0 0 12 12" fill="{key.colour}" aria-hidden="true"'
        f' style="margin-right: 5px; vertical-align: -1px">{shape}</svg>'
    )
    return f"<span>{drawn if shape else ''}{safe_text(key.text)}</span>"
