"""The frame: invisible, one per panel."""

from __future__ import annotations

from anywidget import AnyWidget
from traitlets import Bool, Int, Unicode

from wallwidgets.panels.parts.front import read


class Frame(AnyWidget):
    """Carries the CSS of all parts, and tells Python the theme and the width.

    Attributes:
        dark: Whether JupyterLab's theme is dark; false until the browser says so.
        width_class: ``narrow`` below 400 px, ``medium``, or ``wide`` from 720 px.
        width_px: How wide it is at least, in steps of 40 px so that few changes are told.
        shown: Whether the panel is on a page and not in a hidden tab.

    Example:
        >>> Frame().dark
        False
    """

    _esm = read("frame.js")
    _css = read("panel.css")
    dark = Bool(False).tag(sync=True)
    width_class = Unicode("medium").tag(sync=True)
    width_px = Int(0).tag(sync=True)
    shown = Bool(False).tag(sync=True)

    def focus_first_bad(self) -> None:
        """Move the focus to the first field with an error."""
        self.send({"do": "focus-bad"})

    def focus_tab(self) -> None:
        """Move the focus to the current tab, if it was in what a switch of tabs hid."""
        self.send({"do": "focus-tab"})
