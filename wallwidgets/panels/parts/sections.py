"""A segmented bar whose words change: a count in a label must not cost anybody the focus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ipywidgets import HBox, ToggleButton
from traitlets import Unicode


class Sections(HBox):
    """A bar of choices with counts ("Models 12").

    Unlike ``ToggleButtons``, whose buttons are made anew with each change of a label, the buttons
    stay.

    Args:
        names: The choices; the first one is chosen.

    Example:
        >>> bar = Sections(["Models", "Pipelines"])
        >>> bar.count("Models", 12)
        >>> bar.labels, bar.value
        (['Models 12', 'Pipelines'], 'Models')
    """

    value = Unicode()

    def __init__(self, names: Sequence[str]):
        self._buttons = {name: ToggleButton(description=name, tooltip="") for name in names}
        super().__init__(list(self._buttons.values()))
        self.add_class("ww-segments")
        for name, each in self._buttons.items():
            each.observe(lambda change, name=name: self._pressed(name, change), "value")
        self.observe(self._show, "value")
        self.value = names[0]

    @property
    def labels(self) -> list[str]:
        """What the buttons say."""
        return [each.description for each in self._buttons.values()]

    def count(self, name: str, number: int | None) -> None:
        """How many there are of a choice, as far as is known."""
        self._buttons[name].description = name if number is None else f"{name} {number:,}"

    def _pressed(self, name: str, change: Any) -> None:
        if change["new"]:
            self.value = name
        elif self.value == name:
            # Another press on the chosen one leaves it chosen.
            self._buttons[name].value = True

    def _show(self, change: Any) -> None:
        for name, each in self._buttons.items():
            each.value = name == self.value
