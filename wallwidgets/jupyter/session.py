"""What the panel of JupyterLab asks of its kernel.

The panel calls these by name, see ``labextension/static/session.js``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache

from IPython.display import JSON, display

import wallwidgets
from wallwidgets.api.client import Client, connect
from wallwidgets.errors import SettingsError
from wallwidgets.panels.console import Console
from wallwidgets.settings import TOKEN_ENV

URL_ENV = "WALLAROO_URL"
_HUB_CODE = """import os

import wallwidgets as ww

client = ww.connect(
    {url!r},
    headers=lambda: {{"Authorization": "Bearer " + os.environ[{name!r}]}},
)"""


def hello() -> JSON:
    """Which wallwidgets this is."""
    return JSON({"version": wallwidgets.__version__})


@cache
def console() -> Console:
    """The kernel's Console: one, so that a page that is loaded again shows the same."""
    return Console(hub_client())


def show() -> None:
    """Show it."""
    display(console())


def notebook() -> JSON:
    """What was done in it, as a notebook with one cell for each step."""
    name = os.environ.get(TOKEN_ENV)
    begin = [] if hub_client() is None else [_HUB_CODE.format(url=os.environ[URL_ENV], name=name)]
    title = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# Wallaroo"}
    cells = [_cell(number, code) for number, code in enumerate([*begin, *console().steps], 1)]
    return JSON({"cells": [title, *cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def _cell(number: int, code: str) -> dict[str, object]:
    kind = {"cell_type": "code", "id": f"step-{number}", "metadata": {}}
    return kind | {"source": code, "outputs": [], "execution_count": None}


def hub_client(environ: Mapping[str, str] = os.environ) -> Client | None:
    """A client for a user whom the hub has logged in; None where there is no such token.

    Nobody is contacted before a panel asks for something.

    Example:
        >>> hub_client({}) is None
        True
    """
    name = environ.get(TOKEN_ENV, "")
    if not (environ.get(name) and environ.get(URL_ENV)):
        return None
    try:
        return connect(
            environ[URL_ENV], headers=lambda: {"Authorization": f"Bearer {environ[name]}"}
        )
    except SettingsError:
        # Nothing could be sent there; the Login tab says what is wrong with the address.
        return None
