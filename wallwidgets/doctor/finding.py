"""What a check finds."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version


class State(StrEnum):
    """How a thing is; only ``ERROR`` makes the command fail."""

    OK = "ok"
    ABSENT = "-"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One line of the list.

    Attributes:
        name: What was looked at.
        state: How it is; ``ABSENT`` is for what is optional or not set.
        found: What was found, in a sentence.
        remedy: What to do; "" if nothing.

    Example:
        >>> Finding("Voila", State.ABSENT, "Not installed.").state.value
        '-'
    """

    name: str
    state: State
    found: str
    remedy: str = ""


def installed(package: str) -> str | None:
    """The version of a package in this environment, without an import of it."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def pip_install(*arguments: str, python: Sequence[str] = (sys.executable,)) -> str:
    """The command that installs something for a Python, which may take several words to start.

    Example:
        >>> pip_install("ipywidgets>=8", python=["conda", "run", "python"])
        "conda run python -m pip install 'ipywidgets>=8'"
    """
    return shlex.join([*python, "-m", "pip", "install", *arguments])
