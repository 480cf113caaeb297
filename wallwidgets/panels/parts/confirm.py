"""A button for what cannot be undone: it asks in place, and waits for the answer."""

from __future__ import annotations

from collections.abc import Callable

from ipywidgets import Button, HBox
from traitlets import Bool

from wallwidgets.panels.parts.visible import short_text
from wallwidgets.panels.parts.words import Words, piece, sentence


class Confirm(HBox):
    """A danger button that is replaced by a question, a solid button and a way out.

    Escape in the panel keeps everything as it is; so does nothing: it does not time out.

    Args:
        words: The button, without the "…" that says it asks.
        keep: The way out, such as "Keep it running".
        act: What to do once confirmed.

    Attributes:
        asking: Whether it waits for an answer.

    Example:
        >>> stopped = []
        >>> confirm = Confirm("Undeploy", keep="Keep it running", act=lambda: stopped.append(1))
        >>> confirm.describe("house-price", "2 engines stop.")
        >>> confirm.ask()
        >>> confirm.answer(True)
        >>> stopped
        [1]
    """

    asking = Bool(False)

    def __init__(self, words: str, *, keep: str, act: Callable[[], object]):
        self._words, self._act = words, act
        self.first = Button(description=f"{words}…")
        self.first.add_class("ww-danger")
        self._question = Words()
        self._question.add_class("ww-ask")
        self.sure = Button(description=words)
        self.sure.add_class("ww-do")
        self.keep = Button(description=keep)
        self.keep.add_class("ww-keep")
        super().__init__([self.first, self._question, self.sure, self.keep])
        self.add_class("ww-confirm")
        self.first.on_click(lambda _: self.ask())
        self.sure.on_click(lambda _: self.answer(True))
        self.keep.on_click(lambda _: self.answer(False))
        self.describe("", "")

    def describe(self, name: str, consequence: str) -> None:
        """What it is about, and what then happens."""
        words = f"{self._words} {name}".strip()
        self.sure.description = short_text(words)
        self._question.content = sentence(piece(f"{words}? ", tag="strong"), consequence)

    def ask(self) -> None:
        """Ask; the way out has the focus."""
        self.asking = True
        self.add_class("ww-asking")
        self.keep.focus()

    def answer(self, sure: bool) -> None:
        """Do it or not, once."""
        if not self.asking:
            return
        self.asking = False
        self.remove_class("ww-asking")
        self.first.focus()
        if sure:
            self._act()
