"""Texts of a panel: header, facts, steps, an empty box. Never HTML, so names cannot harm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from anywidget import AnyWidget
from traitlets import List

from wallwidgets.panels.parts.front import read
from wallwidgets.panels.parts.visible import chip_kind, short_text

Piece = dict[str, Any]


class Words(AnyWidget):
    """Shows pieces of text, which the functions of this module make.

    Example:
        >>> words = Words()
        >>> words.content = header("house-price", "pipeline · version 12", state="Running")
    """

    _esm = read("words.js")
    content: Any = List().tag(sync=True)


def piece(
    text: object = "",
    css: str = "",
    *,
    tag: str = "span",
    title: str = "",
    href: str = "",
    kind: str = "",
    colour: str = "",
    parts: Sequence[Piece] = (),
) -> Piece:
    """One element; ``href`` is a link only if it leads to http or https."""
    made: Piece = {"text": short_text(text)}
    rest = {
        "css": css,
        "tag": tag,
        "title": short_text(title),
        "href": href,
        "kind": kind,
        "colour": colour,
    }
    return (
        made
        | {key: value for key, value in rest.items() if value}
        | ({"parts": list(parts)} if parts else {})
    )


def shape() -> Piece:
    """The mark of the kind around it; its word says the same."""
    return {"css": "ww-shape", "hidden": True}


def chip(word: str, kind: str = "") -> Piece:
    """A state as ground, shape and word; its kind is that of the word, if not given."""
    kind = kind or chip_kind(word)
    return piece(css="ww-chip ww-push", kind=kind, parts=[shape(), piece(word)])


def header(title: str, context: str = "", *, state: str = "", kind: str = "") -> list[Piece]:
    """The first part of every panel."""
    parts = [piece(title, "ww-title", tag="h2", title=title)]
    if context:
        parts.append(piece(context, "ww-context"))
    if state:
        parts.append(chip(state, kind))
    return [piece(css="ww-header", tag="div", parts=parts)]


def section(title: str, context: str = "") -> list[Piece]:
    """The title of a part of a panel."""
    parts = [piece(title, "ww-section", tag="h3")]
    if context:
        parts.append(piece(context, "ww-context"))
    return [piece(css="ww-header", tag="div", parts=parts)]


def facts(pairs: Iterable[tuple[str, object]], mono: Iterable[str] = ()) -> list[Piece]:
    """Names and values, one below the other; those in ``mono`` in the code font."""
    codes = set(mono)
    parts = [
        part
        for name, value in pairs
        for part in (piece(name), piece(value, "ww-mono" if name in codes else ""))
    ]
    return [piece(css="ww-facts", tag="div", parts=parts)] if parts else []


def empty(fact: str, advice: str) -> list[Piece]:
    """A dashed box: what is not there, and what to do about it."""
    parts = [piece(fact, tag="strong"), piece(advice, "ww-muted")]
    return [piece(css="ww-empty", tag="div", parts=parts)]


def steps(names: Sequence[str], now: int) -> list[Piece]:
    """Where something that moves is: the steps before ``now`` are done."""
    parts = [
        piece(
            css="ww-step",
            kind="ok" if index < now else "busy" if index == now else "off",
            parts=[shape(), piece(name)],
        )
        for index, name in enumerate(names)
    ]
    return [piece(css="ww-steps", tag="div", parts=parts)]


def sentence(*parts: str | Piece, css: str = "") -> list[Piece]:
    """Texts and pieces in a row."""
    made = [part if isinstance(part, dict) else piece(part) for part in parts]
    return [piece(css=css, tag="div", parts=made)]
