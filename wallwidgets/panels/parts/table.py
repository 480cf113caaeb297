"""A table with one tab stop: sorted, searched and paged in Python, rows selected in the browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import polars as pl
from anywidget import AnyWidget
from ipywidgets import Text
from traitlets import Bool, Dict, Int, List, Unicode, dlink

from wallwidgets.panels.parts.front import read
from wallwidgets.panels.parts.table_rows import Column, TableRows, to_frame

PAGE_SIZE = 25
NOTHING = -1
SKELETONS = 6


class Table(AnyWidget):
    """Rows of a frame.

    Args:
        columns: What is shown.
        noun: What the rows are, in the plural: "models".
        key: The column that tells rows apart; with it a selection survives a re-read.
        order: The column that it is sorted by at first.
        selectable: Whether a row can be selected.
        on_open: Called with the row's number for Enter or a double click.

    Attributes:
        chosen: Number of the selected row in ``frame``, or -1.
        search: A text field that searches; put it where it belongs.

    Example:
        >>> table = Table([Column("name", "Model", "name")], noun="models")
        >>> table.show([{"name": "ccfraud"}])
        >>> table.chosen = 0
        >>> table.row
        {'name': 'ccfraud'}
    """

    _esm = read("table.js")
    columns: Any = List().tag(sync=True)
    shown: Any = Dict().tag(sync=True)
    order: Any = Dict({"by": "", "descending": False}).tag(sync=True)
    page = Int(1).tag(sync=True)
    page_size = Int(PAGE_SIZE).tag(sync=True)
    chosen = Int(NOTHING).tag(sync=True)
    selectable = Bool(True).tag(sync=True)
    noun = Unicode("rows").tag(sync=True)

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        noun: str = "rows",
        key: str | None = None,
        order: str = "",
        selectable: bool = True,
        on_open: Callable[[int], object] | None = None,
    ):
        self._rows = TableRows(columns)
        self._key, self._loading, self._on_open = key, False, on_open
        super().__init__(
            columns=[asdict(column) for column in columns], noun=noun, selectable=selectable
        )
        # The label is only heard: the placeholder says the same to the eye.
        self.search = Text(placeholder=f"Search {noun}")
        dlink((self, "noun"), (self.search, "description"), lambda noun: f"Search {noun}")
        self.search.add_class("ww-search")
        self.search.observe(self._searched, "value")
        self.observe(self._turned, ["page", "page_size"])
        self.observe(self._sorted, "order")
        self.on_msg(self._asked)
        if order:
            self.order = {"by": order, "descending": False}
        self._refresh()

    def show(self, data: Any) -> None:
        """Show records, a frame or a list of dicts; the selection stays on its key."""
        kept = (self.row or {}).get(self._key) if self._key else None
        frame = to_frame(data)
        self._loading = False
        self._rows.show(frame)
        chosen = NOTHING
        if kept is not None and self._key in frame.columns:
            place = frame[self._key].index_of(kept)
            chosen = NOTHING if place is None else int(place)
        self.search.placeholder = f"Search {frame.height:,} {self.noun}"
        with self.hold_sync():
            self.page = min(self.page, self._rows.pages(self.page_size))
            self.chosen = chosen
            self._refresh()

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns; follow it with `show`."""
        self._rows.columns = list(columns)
        self._rows.show(pl.DataFrame())
        with self.hold_sync():
            self.columns = [asdict(column) for column in columns]
            self.chosen, self.page = NOTHING, 1
            self._refresh()

    def loading(self) -> None:
        """Say that rows are on their way; rows that are there stay."""
        self._loading = True
        self._refresh()

    def choose(self, row: int) -> None:
        """Select a row of the frame and turn to its page."""
        place = self._rows.position(row)
        if place is not None:
            self.page = place // self.page_size + 1
            self.chosen = row

    def focus(self) -> None:
        """Move the focus to the selected row, or else to the first."""
        self.send({"do": "focus"})

    @property
    def frame(self) -> pl.DataFrame:
        """All rows."""
        return self._rows.frame

    @property
    def matching(self) -> pl.DataFrame:
        """The rows that the search found, in the order of the table."""
        return self._rows.matching

    @property
    def row(self) -> dict[str, Any] | None:
        """The selected row."""
        if not 0 <= self.chosen < self.frame.height:
            return None
        return self.frame.row(self.chosen, named=True)

    def _searched(self, change: Any) -> None:
        self._rows.search(change["new"])
        self.page = 1
        self._refresh()

    def _sorted(self, change: Any) -> None:
        self._rows.sort(str(self.order.get("by", "")), bool(self.order.get("descending")))
        self.page = 1
        self._refresh()

    def _turned(self, change: Any) -> None:
        if change["name"] == "page_size" and change["old"]:
            first = (self.page - 1) * change["old"]
            self.page = first // self.page_size + 1
        self._refresh()

    def _asked(self, widget: object, content: Any, buffers: object) -> None:
        row = content.get("id")
        is_row = isinstance(row, int) and 0 <= row < self.frame.height
        if content.get("do") == "open" and self._on_open and is_row:
            self._on_open(row)

    def _refresh(self) -> None:
        found, total = self._rows.found, self.frame.height
        pages = self._rows.pages(self.page_size)
        number = max(1, min(self.page, pages))
        first = (number - 1) * self.page_size
        rows = self._rows.page(number, self.page_size)
        if total == 0:
            count = f"No {self.noun}."
        elif found < total:
            count = f"{found:,} of {total:,} {self.noun}"
        elif pages > 1:
            count = f"{first + 1:,}\u2013{first + len(rows):,} of {total:,} {self.noun}"
        else:
            count = f"{total:,} {self.noun if total != 1 else self.noun.removesuffix('s')}"
        self.shown = {
            "rows": rows,
            "number": number,
            "of": pages,
            "count": "" if self._loading and total == 0 else count,
            "loading": self._loading,
            "skeletons": SKELETONS if self._loading and total == 0 else 0,
            "empty": "",
        }
