"""JupyterLab, its extensions, the Jupyter server, and other places that show widgets."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import wallwidgets
from wallwidgets.doctor.finding import Finding, State, installed, pip_install

OLDEST_LAB = 4
LAB_EXTENSION = "wallwidgets"
MANAGER = "@jupyter-widgets/jupyterlab-manager"
SERVER_EXTENSION = "wallwidgets.jupyter"
REINSTALL = pip_install("--force-reinstall", "--no-deps", f"wallwidgets=={wallwidgets.__version__}")


def hosts() -> Iterator[Finding]:
    """JupyterLab and the others: which are there, at which version."""
    number = installed("jupyterlab")
    if number and int(number.split(".")[0]) < OLDEST_LAB:
        found = f"{number} is too old for the panel in its side bar."
        yield Finding("JupyterLab", State.ERROR, found, pip_install(f"jupyterlab>={OLDEST_LAB}"))
    else:
        yield _host("JupyterLab", number)
    for name in ("Notebook", "Voila", "JupyterHub"):
        yield _host(name, installed(name.lower()))


def _host(name: str, number: str | None) -> Finding:
    if number is None:
        return Finding(name, State.ABSENT, "Not installed in this environment.")
    return Finding(name, State.OK, number)


def lab_extensions() -> Iterator[Finding]:
    """Whether JupyterLab finds our extension and that of ipywidgets, and loads them."""
    if installed("jupyterlab") is None:
        return
    from jupyter_core.paths import jupyter_path
    from jupyterlab.commands import get_app_dir
    from jupyterlab_server.config import get_federated_extensions, get_page_config

    folders = jupyter_path("labextensions")
    known = get_federated_extensions(folders)
    settings = str(Path(get_app_dir()) / "settings")
    disabled = get_page_config(folders, settings)["disabledExtensions"]
    yield _own_extension(known, disabled)
    yield _manager(known, disabled)


def _own_extension(known: Mapping[str, Any], disabled: Sequence[str]) -> Finding:
    name, own = "lab extension", wallwidgets.__version__
    if LAB_EXTENSION not in known:
        found = "JupyterLab does not find the extension wallwidgets."
        return Finding(name, State.ERROR, found, REINSTALL)
    folder, number = known[LAB_EXTENSION]["ext_path"], known[LAB_EXTENSION]["version"]
    if number != own:
        found = f"The extension in {folder} is {number}, but wallwidgets is {own}."
        return Finding(name, State.ERROR, found, f"Delete that folder, then {REINSTALL}")
    if entry := _entry(LAB_EXTENSION, disabled):
        return Finding(name, State.WARNING, f"{entry} is disabled.", _enable(entry))
    return Finding(name, State.OK, f"{number}, enabled, {folder}")


def _manager(known: Mapping[str, Any], disabled: Sequence[str]) -> Finding:
    name = "widget manager"
    if MANAGER not in known:
        found = f"JupyterLab does not find {MANAGER}, so it shows no widget."
        remedy = pip_install("--force-reinstall", "--no-deps", "jupyterlab_widgets")
        return Finding(name, State.ERROR, found, remedy)
    if entry := _entry(MANAGER, disabled):
        found = f"{entry} is disabled, so JupyterLab shows no widget."
        return Finding(name, State.ERROR, found, _enable(entry))
    return Finding(name, State.OK, f"{known[MANAGER]['version']}, enabled")


def _entry(extension: str, disabled: Sequence[str]) -> str:
    """What disables an extension: its own name, or that of a plugin of it."""
    return next((each for each in disabled if each.partition(":")[0] == extension), "")


def _enable(entry: str) -> str:
    from jupyterlab_server.config import get_static_page_config

    for level in ("user", "sys_prefix", "system"):
        if get_static_page_config(level=level).get("disabledExtensions", {}).get(entry):
            return f"jupyter labextension enable --level={level} {entry}"
    return (
        f"Take {entry} out of disabledExtensions in the page_config.json below labconfig in one of"
        " the config folders that `jupyter --paths` lists."
    )


def server_extension() -> Iterator[Finding]:
    """Whether the Jupyter server loads our extension."""
    if installed("jupyter_server") is None:
        return
    from jupyter_core.paths import ENV_CONFIG_PATH, jupyter_config_dir

    name = "server extension"
    folder, enabled = _configured()
    if not folder:
        found = f"The Jupyter server does not know {SERVER_EXTENSION}."
        yield Finding(name, State.ERROR, found, REINSTALL)
    elif not enabled:
        level = "--user" if folder == jupyter_config_dir() else "--system"
        level = "--sys-prefix" if folder in ENV_CONFIG_PATH else level
        remedy = f"jupyter server extension enable {level} {SERVER_EXTENSION}"
        yield Finding(name, State.WARNING, f"It is disabled in {folder}.", remedy)
    else:
        yield _loaded(name)


def _configured() -> tuple[str, bool]:
    """The folder that tells the Jupyter server of our extension, and whether it enables it."""
    from jupyter_core.paths import jupyter_config_path
    from jupyter_server.extension.config import ExtensionConfigManager

    # The first that knows it counts.
    for folder in jupyter_config_path():
        known = ExtensionConfigManager(read_config_path=[folder]).get_jpserver_extensions()
        if SERVER_EXTENSION in known:
            return folder, known[SERVER_EXTENSION]
    return "", False


def _loaded(name: str) -> Finding:
    from jupyter_server.extension.manager import ExtensionPackage
    from jupyter_server.extension.utils import ExtensionModuleNotFound

    try:
        whole = ExtensionPackage(name=SERVER_EXTENSION, enabled=True).validate()
    except ExtensionModuleNotFound:
        whole = False
    if not whole:
        found = f"It is enabled, but {sys.executable} cannot import {SERVER_EXTENSION}."
        return Finding(name, State.ERROR, found, REINSTALL)
    return Finding(name, State.OK, "Enabled.")
