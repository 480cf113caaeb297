"""Panels and a small API layer for the Wallaroo MLOps platform.

The public names load on first use (PEP 562), so ``import wallwidgets`` stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "AssayChart": "wallwidgets.panels.assay_chart",
    "Client": "wallwidgets.api.client",
    "Console": "wallwidgets.panels.console",
    "connect": "wallwidgets.api.client",
    "LocalInstance": "wallwidgets.local",
    "LoginPanel": "wallwidgets.panels.login",
    "ModelUploader": "wallwidgets.panels.model_uploader",
    "WorkspaceBrowser": "wallwidgets.panels.workspace_browser",
    "PipelineDeployer": "wallwidgets.panels.pipeline_deployer",
    "charts": "wallwidgets.charts",
    "drift": "wallwidgets.drift",
    "errors": "wallwidgets.errors",
}
__all__ = [
    "AssayChart",
    "Client",
    "Console",
    "LocalInstance",
    "LoginPanel",
    "ModelUploader",
    "PipelineDeployer",
    "WorkspaceBrowser",
    "__version__",
    "charts",
    "connect",
    "drift",
    "errors",
]

if TYPE_CHECKING:
    from wallwidgets import charts, drift, errors
    from wallwidgets.api.client import Client, connect
    from wallwidgets.local import LocalInstance
    from wallwidgets.panels.assay_chart import AssayChart
    from wallwidgets.panels.console import Console
    from wallwidgets.panels.login import LoginPanel
    from wallwidgets.panels.model_uploader import ModelUploader
    from wallwidgets.panels.pipeline_deployer import PipelineDeployer
    from wallwidgets.panels.workspace_browser import WorkspaceBrowser


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'wallwidgets' has no attribute {name!r}")
    module = import_module(_HOME[name])
    value = module if _HOME[name] == f"{__name__}.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
