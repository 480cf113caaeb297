"""Python, wallwidgets, what it needs, and its extras."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import requires
from pathlib import Path
from typing import TYPE_CHECKING

import wallwidgets
from wallwidgets.doctor.finding import Finding, State, installed, pip_install

if TYPE_CHECKING:
    from packaging.requirements import Requirement

LAB_SIDE = "jupyterlab_widgets"
WIDGETS = ("ipywidgets", "anywidget", LAB_SIDE)
EXTRAS = ("instance", "demo")
SERVER = "wallwidgets.instance.server"


def python() -> Iterator[Finding]:
    """Which Python this is; pip refuses those that are too old."""
    yield Finding("Python", State.OK, f"{platform.python_version()}, {sys.executable}")


def own_package() -> Iterator[Finding]:
    """Whether wallwidgets and all that it needs are installed."""
    folder = Path(wallwidgets.__file__).parent
    if installed("wallwidgets") is None:
        found = f"It runs from {folder} without being installed."
        yield Finding("wallwidgets", State.ERROR, found, pip_install("wallwidgets"))
        return
    yield Finding("wallwidgets", State.OK, f"{wallwidgets.__version__}, {folder}")
    needed = _requirements()
    unmet = [(each, why) for each in needed if (why := _unmet(each))]
    for each, why in unmet:
        remedy = pip_install(f"{each.name}{each.specifier}")
        yield Finding(each.name, State.ERROR, why, remedy)
    if not unmet:
        found = f"All {len(needed)} packages that it needs are installed."
        yield Finding("requirements", State.OK, found)


def widgets() -> Iterator[Finding]:
    """Which widgets there are; `own_package` tells whether what we need fits."""
    versions = {name: installed(name) for name in WIDGETS}
    found = ", ".join(f"{name} {number}" for name, number in versions.items() if number)
    if versions[LAB_SIDE] is None:
        found = f"{LAB_SIDE} is not installed, so JupyterLab shows no widget."
        yield Finding("widgets", State.ERROR, found, pip_install(LAB_SIDE))
    else:
        yield Finding("widgets", State.OK, found)


def extras() -> Iterator[Finding]:
    """Whether the extras are there, and the embedded instance can be imported."""
    if installed("wallwidgets") is None:
        return
    for extra in EXTRAS:
        name, remedy = f"extra {extra}", pip_install(f"wallwidgets[{extra}]")
        needed = _requirements(extra)
        missing = [each.name for each in needed if not installed(each.name)]
        unfit = [why for each in needed if (why := _unmet(each))]
        if missing:
            found = f"Not installed; {', '.join(missing)} would be needed."
            yield Finding(name, State.ABSENT, found, remedy)
        elif unfit:
            yield Finding(name, State.WARNING, " ".join(unfit), remedy)
        elif broken := _broken_import() if extra == "instance" else "":
            found = f"Installed, but {broken} cannot be imported."
            remedy = pip_install("--force-reinstall", broken.partition(".")[0])
            yield Finding(name, State.WARNING, found, remedy)
        else:
            yield Finding(name, State.OK, "Installed.")


def _broken_import() -> str:
    """What the embedded instance cannot import; "" if all is well."""
    try:
        import_module(SERVER)
    except ImportError as error:
        return error.name or SERVER
    return ""


def _requirements(extra: str = "") -> list[Requirement]:
    """What the package asks for: always, or for an extra only."""
    from packaging.requirements import Requirement

    every = [Requirement(text) for text in requires("wallwidgets") or ()]
    always = [each for each in every if not each.marker or each.marker.evaluate({"extra": ""})]
    if not extra:
        return always
    asked = [each for each in every if each.marker and each.marker.evaluate({"extra": extra})]
    return [each for each in asked if each not in always]


def _unmet(needed: Requirement) -> str:
    """Why a requirement is not met; "" if it is."""
    number = installed(needed.name)
    if number is None:
        return f"{needed.name} is not installed."
    if needed.specifier.contains(number, prereleases=True):
        return ""
    return f"{needed.name} is {number}; wallwidgets needs {needed.specifier}."
