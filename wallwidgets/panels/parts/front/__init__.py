"""Scripts of the parts and the one CSS file: plain JavaScript without a build step."""

from __future__ import annotations

from importlib.resources import files


def read(name: str) -> str:
    """The text of a file of this folder."""
    return (files(__name__) / name).read_text(encoding="utf-8")
