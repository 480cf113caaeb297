"""A local instance by one click, where its extra is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import wallwidgets

LOCAL_CODE = """import wallwidgets as ww

instance = ww.LocalInstance(demo=True).start()
client = instance.connect()"""
_SERVER_PARTS = ("fastapi", "onnxruntime", "sqlalchemy", "argon2", "joserfc", "uvicorn")


def start_local_instance() -> Any:
    """An instance with demo data on this machine.

    By its public name, which loads lazily: the panels must work where the server is not installed,
    and their room sees neither the instance nor what starts it.
    """
    return wallwidgets.LocalInstance(demo=True).start()


def why_no_local_instance() -> str:
    """What to install first, or "" if a local instance can be started."""
    if all(find_spec(part) for part in _SERVER_PARTS):
        return ""
    return "A local instance needs pip install 'wallwidgets[instance]'."
