"""A table of what was read, which tells what somebody selects from what the state selects."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ipywidgets import VBox

from wallwidgets.panels.parts.table import NOTHING, Table
from wallwidgets.panels.workspace_listing import Item, Listing
from wallwidgets.panels.workspace_sections import Section


class ListingTable(VBox):
    """Shows a `Listing`; in a box, because the view of an anywidget does not follow classes.

    Args:
        section: What it lists.
        pick: Called with the row that somebody selected, or None; not for what `show_listing` does.
        order: The column that it is sorted by at first.

    Example:
        >>> from wallwidgets.panels.workspace_sections import MODELS, SECTIONS
        >>> ListingTable(SECTIONS[MODELS], print).table.noun
        'models'
    """

    def __init__(self, section: Section, pick: Callable[[Item | None], object], *, order: str = ""):
        self._section, self._pick = section, pick
        self._shown: Listing | None = None
        self._pointing: int | None = None
        self.table = Table(section.columns, noun=section.noun, key="id", order=order)
        self.table.observe(self._chosen, "chosen")
        super().__init__([self.table])

    def show_section(self, section: Section) -> None:
        """List another section from now on."""
        if section is self._section:
            return
        self._section, self._shown = section, None
        self._pointing = threading.get_ident()
        try:
            self.table.noun, self.table.search.value = section.noun, ""
            self.table.set_columns(section.columns)
        finally:
            self._pointing = None

    def show_listing(self, listing: Listing | None, selected: Any, *, waits: bool) -> None:
        """Show rows and select the one of a key; without any, say that they are on their way."""
        # A click may come meanwhile, in another thread.
        self._pointing = threading.get_ident()
        try:
            if listing is not self._shown:
                self.table.show([item.row for item in listing.items] if listing else [])
            if listing is None and waits:
                self.table.loading()
            self._shown = listing
            keys = [item.key for item in listing.items] if listing else []
            if selected not in keys:
                self.table.chosen = NOTHING
            elif self.table.chosen != keys.index(selected):
                self.table.choose(keys.index(selected))
        finally:
            self._pointing = None

    def _chosen(self, change: Any) -> None:
        if self._pointing == threading.get_ident() or self._shown is None:
            return
        items, row = self._shown.items, change["new"]
        self._pick(items[row] if 0 <= row < len(items) else None)
