"""A drop-down that Python fills: only what the user picks is heard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from ipywidgets import Dropdown

from wallwidgets.panels.parts.fields import Field
from wallwidgets.panels.parts.visible import short_text


class Choice(Field):
    """A field to choose one of several values, by their labels.

    Filling a plain drop-down chooses its first option and says so like a user would.

    Args:
        label: The label of the field.
        picked: Called with the value that the user picks.
        help: The sentence below.

    Example:
        >>> picked = []
        >>> choice = Choice("Workspace", picked.append)
        >>> choice.put([("Choose one", 0), ("fraud", 12)], 12)
        >>> choice.control.value, picked
        (12, [])
        >>> choice.control.value = 0
        >>> picked
        [0]
    """

    def __init__(self, label: str, picked: Callable[[Any], object], *, help: str = ""):
        super().__init__(Dropdown(description=label), help=help)
        self._picked = picked
        # Another thread may fill it while the user picks.
        self._filling: int | None = None
        self.control.observe(self._changed, "value")

    def put(self, options: Sequence[tuple[str, Any]], value: Any) -> None:
        """Offer labels and values (none is None), and show one; the first, if it is not there."""
        if all(each != value for _, each in options):
            value = options[0][1]
        shown = tuple((short_text(label), each) for label, each in options)
        self._filling = threading.get_ident()
        try:
            with self.control.hold_sync():
                if self.control.options != shown:
                    self.control.options = shown
                self.control.value = value
        finally:
            self._filling = None

    def _changed(self, change: Any) -> None:
        if self._filling != threading.get_ident():
            self._picked(change["new"])
