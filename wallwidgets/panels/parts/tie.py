"""Keeps two traits equal, also while threads set them."""

from __future__ import annotations

from typing import Any

from traitlets import HasTraits

End = tuple[HasTraits, str]


def tie(first: End, second: End) -> None:
    """Give the second trait the first one's value, and each the other's from now on.

    Unlike ``traitlets.link`` it is no error if a thread sets the one while the other follows.

    Example:
        >>> from ipywidgets import Text
        >>> left, right = Text("a"), Text("b")
        >>> tie((left, "value"), (right, "value"))
        >>> right.value
        'a'
    """

    def follow(source: End, target: End) -> None:
        def copy(change: Any) -> None:
            # What it is now, which may be newer than the change.
            setattr(*target, getattr(*source))

        source[0].observe(copy, source[1])

    setattr(*second, getattr(*first))
    follow(first, second)
    follow(second, first)
