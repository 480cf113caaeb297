"""All checks, in the order in which things depend on each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wallwidgets.doctor import instance, kernels, lab, packages
from wallwidgets.doctor.finding import Finding, State, pip_install


def examine(url: str | None = None) -> Iterator[Finding]:
    """Look at everything; a check that fails itself is a finding, too.

    Args:
        url: Address of the instance; the environment's when absent.

    Example:
        >>> next(examine()).name
        'Python'
    """
    checks: dict[str, Callable[[], Iterator[Finding]]] = {
        "Python": packages.python,
        "wallwidgets": packages.own_package,
        "widgets": packages.widgets,
        "JupyterLab": lab.hosts,
        "lab extension": lab.lab_extensions,
        "server extension": lab.server_extension,
        "kernels": kernels.kernels,
        "settings": instance.settings,
        "instance": lambda: instance.instance(url),
        "extras": packages.extras,
    }
    for name, check in checks.items():
        try:
            yield from check()
        except Exception as error:  # noqa: BLE001  whatever it is, the other checks go on
            yield _unchecked(name, error)


def _unchecked(name: str, error: Exception) -> Finding:
    """Says why a check failed, without the error's own text, which may hold anything."""
    if isinstance(error, ImportError) and error.name:
        missing = error.name.partition(".")[0]
        found = f"It cannot be checked, because {missing} cannot be imported."
        return Finding(name, State.ERROR, found, pip_install("--force-reinstall", missing))
    found = f"The check failed ({type(error).__name__})."
    remedy = "Look at the files and settings that belong to it, or report it."
    return Finding(name, State.ERROR, found, remedy)
