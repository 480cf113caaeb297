"""The Python drawer: the code that does the same as the panel."""

from __future__ import annotations

from anywidget import AnyWidget
from traitlets import Unicode

from wallwidgets.panels.parts.front import read


class Drawer(AnyWidget):
    """A folded code cell with a copy button.

    Example:
        >>> Drawer(code="import wallwidgets as ww").code
        'import wallwidgets as ww'
    """

    _esm = read("clipboard.js", "drawer.js")
    code = Unicode().tag(sync=True)
