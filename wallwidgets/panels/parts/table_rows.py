"""The rows of a table: searched, sorted and paged in Python, so that only a page travels."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from wallwidgets.panels.parts.visible import (
    absolute_time,
    chip_kind,
    number,
    relative_time,
    short_text,
)

ROW = "\0row"
HASH_SHOWN = 8

Cell = dict[str, str]


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        key: Name of the frame's column.
        title: Its head.
        kind: ``name`` takes what is left; ``text``, ``number``, ``chip``, ``time``, ``hash`` and
            ``code`` are as wide as their content.
        rank: 1 is always shown, 2 from 400 px, 3 from 720 px.

    Example:
        >>> Column("sha", "SHA-256", "hash", rank=3).kind
        'hash'
    """

    key: str
    title: str
    kind: str = "text"
    rank: int = 1


def to_frame(data: Any) -> pl.DataFrame:
    """A polars frame of records, of a pandas, Arrow or polars frame, or of a list of dicts."""
    if isinstance(data, pl.DataFrame):
        return data
    if hasattr(data, "to_polars"):
        frame: pl.DataFrame = data.to_polars()
        return frame
    if isinstance(data, list):
        return pl.DataFrame(data, infer_schema_length=None)
    return pl.DataFrame(data)


class TableRows:
    """A frame, what was searched in it and how it is sorted.

    Example:
        >>> rows = TableRows([Column("name", "Name", "name")])
        >>> rows.show(pl.DataFrame({"name": ["b", "a"]}))
        >>> rows.sort("name")
        >>> [row["cells"][0]["text"] for row in rows.page(1, 25)]
        ['a', 'b']
    """

    def __init__(self, columns: Sequence[Column], now: Callable[[], datetime] | None = None):
        self.columns = list(columns)
        self._now = now or (lambda: datetime.now(UTC))
        self._by, self._descending, self._sought = "", False, ""
        self.show(pl.DataFrame())

    def show(self, frame: pl.DataFrame) -> None:
        """Take another frame; what is sought and the order stay."""
        self.frame = frame
        self._numbered = frame.with_row_index(ROW)
        self._arrange()

    def search(self, text: str) -> None:
        """Keep the rows that hold this text, in any shown column and any case."""
        self._sought = text.strip().lower()
        self._arrange()

    def sort(self, by: str, descending: bool = False) -> None:
        """Sort by a column; nulls come last."""
        self._by, self._descending = by, descending
        self._arrange()

    @property
    def matching(self) -> pl.DataFrame:
        """The rows that are found, in their order."""
        return self._found.drop(ROW)

    @property
    def found(self) -> int:
        """How many rows are found."""
        return self._found.height

    def pages(self, page_size: int) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.found // page_size))

    def page(self, page: int, page_size: int) -> list[dict[str, Any]]:
        """The cells of one page as the front end shows them."""
        part = self._found.slice((page - 1) * page_size, page_size)
        now = self._now()
        return [
            {
                "id": row[ROW],
                "cells": [_cell(row.get(column.key), column.kind, now) for column in self.columns],
            }
            for row in part.iter_rows(named=True)
        ]

    def position(self, row: int) -> int | None:
        """Where a row of the frame is among those that are found."""
        places = self._found[ROW].index_of(row) if self.found else None
        return None if places is None else int(places)

    def _arrange(self) -> None:
        frame = self._numbered
        keys = [column.key for column in self.columns if column.key in frame.columns]
        if self._sought and keys:
            texts = [_searchable(key, frame.schema[key]) for key in keys]
            frame = frame.filter(
                pl.any_horizontal(
                    text.str.to_lowercase().str.contains(self._sought, literal=True)
                    for text in texts
                )
            )
        if self._by in frame.columns and not frame.schema[self._by].is_nested():
            order = pl.col(self._by)
            if frame.schema[self._by] == pl.String:
                order = order.str.to_lowercase()
            frame = frame.sort(
                order, descending=self._descending, nulls_last=True, maintain_order=True
            )
        self._found = frame


def _searchable(key: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(key)
    if kind.is_nested() or kind == pl.Object:
        return pl.lit("")
    if kind == pl.Binary:
        return pl.lit("")
    return column.cast(pl.String).fill_null("")


def _cell(value: Any, kind: str, now: datetime) -> Cell:
    if value is None:
        return {"text": ""}
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return {"text": relative_time(moment, now), "title": absolute_time(moment)}
    if isinstance(value, list | dict):
        return {"text": short_text(json.dumps(value, default=str))}
    if kind == "number":
        return {"text": short_text(number(value))}
    text = short_text(value)
    if kind == "chip":
        return {"text": text, "kind": chip_kind(str(value))}
    if kind == "hash" and len(text) > HASH_SHOWN:
        return {"text": f"{text[:HASH_SHOWN]}…", "title": text}
    return {"text": text, "title": text} if kind in ("name", "text") else {"text": text}
