"""The Console in JupyterLab: what Jupyter asks an extension of its server and of its pages.

Jupyter's server imports this module, so it imports nothing of ours that is heavy.
"""

from __future__ import annotations

from wallwidgets.jupyter.server import load as _load_jupyter_server_extension

__all__ = [
    "_jupyter_labextension_paths",
    "_jupyter_server_extension_points",
    "_load_jupyter_server_extension",
]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "wallwidgets"}]
