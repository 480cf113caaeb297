"""Kernels that Jupyter offers, and whether wallwidgets is in each."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from string import Template
from typing import Any

import wallwidgets
from wallwidgets.doctor.finding import Finding, State, installed, pip_install

KERNEL_MODULES = ("ipykernel_launcher", "ipykernel")
# The import, because that is what a notebook does first.
ASK = "import wallwidgets; print(wallwidgets.__version__)"
TIMEOUT_S = 30
# As in Jupyter: these names stand for the interpreter of the server.
BARE = {"python", "python3", f"python3.{sys.version_info[1]}"}


def kernels() -> Iterator[Finding]:
    """Whether each kernel of Python has wallwidgets, at our version."""
    if installed("jupyter_client") is None:
        return
    from jupyter_client.kernelspec import KernelSpecManager

    specs = KernelSpecManager().get_all_specs()
    ours = {name: each for name, each in specs.items() if each["spec"]["language"] == "python"}
    if not ours:
        found = "Jupyter offers no kernel of Python."
        yield Finding("kernels", State.WARNING, found, pip_install("ipykernel"))
    with ThreadPoolExecutor(4, "kernel") as executor:
        yield from executor.map(_kernel, ours, ours.values())


def _kernel(kernel: str, known: Mapping[str, Any]) -> Finding:
    name, spec = f"kernel {kernel}", known["spec"]
    start = _start(spec["argv"])
    if not start:
        found = f"It starts by {shlex.join(spec['argv'][:1])}, which cannot be asked."
        return Finding(name, State.WARNING, found, "Run `import wallwidgets` in a notebook of it.")
    python = shlex.join(start)
    try:
        done = subprocess.run(  # noqa: S603  what Jupyter itself starts
            [*start, "-c", ASK],
            # Its own folder: the current one might have a wallwidgets of its own.
            cwd=known["resource_dir"],
            env=os.environ | _filled_in(spec["env"]),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        found = f"{python} did not answer within {TIMEOUT_S} s."
        return Finding(name, State.WARNING, found, f"Start {python} yourself and see.")
    except OSError as error:
        found = f"{python} cannot be started: {error.strerror}."
        return Finding(name, State.WARNING, found, f"jupyter kernelspec remove {kernel}")
    own, wanted = wallwidgets.__version__, f"wallwidgets=={wallwidgets.__version__}"
    if done.returncode == 0 and done.stdout.strip() == own:
        return Finding(name, State.OK, f"wallwidgets {own}, {python}")
    found = f"{python} {_what_is_wrong(done)}"
    return Finding(name, State.WARNING, found, pip_install(wanted, python=start))


def _start(argv: list[str]) -> list[str]:
    """How its Python is started, without the kernel; empty if that cannot be seen."""
    for module in KERNEL_MODULES:
        if module in argv[2:] and argv[argv.index(module) - 1] == "-m":
            start = argv[: argv.index(module) - 1]
            return [sys.executable, *start[1:]] if start[0] in BARE else start
    return []


def _filled_in(environment: Mapping[str, str]) -> dict[str, str]:
    """A kernel's variables, which may contain others, as Jupyter sets them."""
    return {name: Template(text).safe_substitute(os.environ) for name, text in environment.items()}


def _what_is_wrong(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode == 0:
        return f"has wallwidgets {done.stdout.strip()}, but this is {wallwidgets.__version__}."
    if "No module named 'wallwidgets'" in done.stderr:
        return "has no wallwidgets."
    return "cannot import wallwidgets."
