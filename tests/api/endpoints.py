"""All endpoints that the client declares."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from wallwidgets import api
from wallwidgets.api.wire import Endpoint


def endpoints() -> dict[str, Endpoint]:
    """Every endpoint, by ``module.CONSTANT``."""
    found = {}
    for module in pkgutil.iter_modules(api.__path__):
        names = vars(import_module(f"{api.__name__}.{module.name}")).items()
        found |= {f"{module.name}.{name}": value for name, value in names}
    return {name: value for name, value in found.items() if isinstance(value, Endpoint)}
