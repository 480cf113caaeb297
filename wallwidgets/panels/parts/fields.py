"""Fields of a form, a field for secrets, and buttons that say why they are off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from anywidget import AnyWidget
from ipywidgets import Button, HBox, ToggleButtons, VBox
from traitlets import Bool, Unicode

from wallwidgets.panels.parts.front import read
from wallwidgets.panels.parts.visible import short_text
from wallwidgets.panels.parts.words import Words, sentence
from wallwidgets.settings import Secret


class Help(AnyWidget):
    """The sentence below a field: help, or an error once typing rests or the field is left."""

    _esm = read("field.js")
    help = Unicode().tag(sync=True)
    error = Unicode().tag(sync=True)


class Field(VBox):
    """A control with its label above and a sentence below.

    Args:
        control: A widget of ipywidgets with a ``description``, or a `SecretField`.
        help: Only where it saves a mistake.

    Example:
        >>> from ipywidgets import Text
        >>> field = Field(Text(description="Model name"), help="Lower case, digits and - .")
        >>> field.error = "“House Price” has a space."
    """

    help = Unicode()
    error = Unicode()

    def __init__(self, control: Any, *, help: str = ""):
        self.control = control
        self._below = Help()
        super().__init__([control, self._below])
        self.add_class("ww-field")
        self.observe(self._show, ["help", "error"])
        self.help = help

    def _show(self, change: object) -> None:
        self._below.help = short_text(self.help)
        self._below.error = short_text(self.error)


class SecretField(AnyWidget):
    """A password field whose text is never in widget state, so no notebook can save it.

    Attributes:
        filled: Whether there is text in it.

    Example:
        >>> field = SecretField(label="Password")
        >>> field.filled, field.take()
        (False, None)
    """

    _esm = read("secret.js")
    label = Unicode().tag(sync=True)
    disabled = Bool(False).tag(sync=True)
    placeholder = Unicode().tag(sync=True)
    filled = Bool(False)

    def __init__(self, **traits: Any):
        super().__init__(**traits)
        self._secret: Secret | None = None
        self.on_msg(self._typed)

    def take(self) -> Secret | None:
        """The text, which the field and this object forget now."""
        secret, self._secret = self._secret, None
        self.filled = False
        self.send({"do": "empty"})
        return secret

    def focus(self) -> None:
        """Move the focus into it."""
        self.send({"do": "focus"})

    def _typed(self, widget: object, content: dict[str, Any], buffers: object) -> None:
        text = content.pop("text", None)
        if isinstance(text, str):
            self._secret = Secret(text) if text else None
            self.filled = bool(text)


def show(widget: Any, yes: bool) -> None:
    """Show a widget or take it away; its view stays, so that it comes back at once."""
    (widget.remove_class if yes else widget.add_class)("ww-gone")


def segments(name: str, options: Any) -> ToggleButtons:
    """A bar of choices; ``name`` is what a screen reader calls it."""
    bar = ToggleButtons(options=options, description=name)
    bar.add_class("ww-segments")
    return bar


def button(
    words: str, click: Callable[[], object], *, look: str = "", tooltip: str | None = None
) -> Button:
    """A button with one verb and its object; looks: primary, danger, or plain outlines."""
    made = Button(description=words, tooltip=tooltip)
    if look:
        made.add_class(f"ww-{look}")
    made.on_click(lambda _: click())
    return made


class Actions(HBox):
    """A row of buttons, and beside it the first reason why one of them is off.

    Example:
        >>> send = button("Upload", lambda: None, look="primary")
        >>> row = Actions([send])
        >>> row.turn(send, "Upload needs a valid model name.")
        >>> send.disabled, row.why
        (True, 'Upload needs a valid model name.')
    """

    why = Unicode()

    def __init__(self, buttons: list[Any]):
        self._words = Words()
        self._words.add_class("ww-why")
        self._reasons: dict[Any, str] = {}
        super().__init__([*buttons, self._words])
        self.add_class("ww-actions")

    def turn(self, button: Button, why_off: str = "", *, busy: bool = False) -> None:
        """Switch a button on, or off with a reason; while busy it needs none."""
        button.disabled = busy or bool(why_off)
        why_off = "" if busy else why_off
        self._reasons[button] = why_off
        self.why = next((reason for reason in self._reasons.values() if reason), "")
        self._words.content = sentence(self.why) if self.why else []
