"""Scripts of the parts and the one CSS file: plain JavaScript without a build step."""

from __future__ import annotations

from importlib.resources import files


def read(*names: str) -> str:
    """The text of a file of this folder, or of several in a row."""
    return "".join((files(__name__) / name).read_text(encoding="utf-8") for name in names)
