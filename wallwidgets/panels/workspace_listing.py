"""What WorkspaceBrowser lists: rows, what is known about each, and a section of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from wallwidgets.errors import WallwidgetsError
from wallwidgets.schemas.models import ModelVersionRecord

Facts = list[tuple[str, object]]


@dataclass(frozen=True)
class Item:
    """A row: the record behind it, and what is known about it beside.

    Attributes:
        key: Tells it apart from the others, also after a re-read.
        value: The record.
        row: What the table shows, by column.
        facts: Names and values for the list below the table.
        versions: Of a model, the oldest first.
    """

    key: Any
    value: Any
    row: dict[str, Any]
    facts: Facts = field(default_factory=list)
    versions: Sequence[ModelVersionRecord] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.row["name"])


@dataclass(frozen=True)
class Listing:
    """What was read of a section; ``whole`` once its rows are complete."""

    items: tuple[Item, ...] = ()
    error: WallwidgetsError | None = None
    whole: bool = False


def given(facts: Iterable[tuple[str, object]]) -> Facts:
    """Those that have a value."""
    return [(name, value) for name, value in facts if value not in (None, "")]


def with_items(listing: Listing, items: Sequence[Item], *, whole: bool) -> Listing:
    """A listing in which these items replace those of the same keys."""
    newer = {item.key: item for item in items}
    merged = tuple(newer.get(item.key, item) for item in listing.items)
    return replace(listing, items=merged, whole=whole)
