"""A button that copies a text."""

from __future__ import annotations

from anywidget import AnyWidget
from traitlets import Unicode

from wallwidgets.panels.parts.front import read


class CopyButton(AnyWidget):
    """Copies its text when it is clicked, and says so for a moment; without a text it is not there.

    Example:
        >>> CopyButton(words="Copy URL", text="https://wallaroo.example/infer").words
        'Copy URL'
    """

    _esm = read("clipboard.js", "copy.js")
    words = Unicode("Copy").tag(sync=True)
    text = Unicode().tag(sync=True)
