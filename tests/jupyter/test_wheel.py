"""What an admin gets by a plain `pip install`: the wheel, and what Jupyter finds of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import wallwidgets as ww

ROOT = Path(__file__).parents[2]
LAB = "share/jupyter/labextensions/wallwidgets/"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The project's wheel, built anew."""
    folder = tmp_path_factory.mktemp("wheel")
    run("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_carries_package_notebooks_and_both_extensions(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        data = f"wallwidgets-{ww.__version__}.data/data/"
        package = json.loads(archive.read(f"{data}{LAB}package.json"))
        config = json.loads(
            archive.read(f"{data}etc/jupyter/jupyter_server_config.d/wallwidgets.json")
        )
    carried = {name.removeprefix(data) for name in names if name.startswith(data)}
    static = ROOT / "wallwidgets/jupyter/labextension/static"
    files = {f"static/{each.name}" for each in static.iterdir()}
    files |= {"package.json", "install.json"}
    assert {name.removeprefix(LAB) for name in carried if name.startswith(LAB)} == files
    assert len(carried) == len(files) + 1
    assert {"wallwidgets/py.typed", "wallwidgets/notebooks/03_panels.ipynb"} <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/"))]
    assert package["version"] == ww.__version__
    assert f"static/{Path(package['jupyterlab']['_build']['load']).name}" in files
    assert config["ServerApp"]["jpserver_extensions"] == {"wallwidgets.jupyter": True}


def test_jupyter_lists_both_extensions_of_the_installed_wheel(wheel, tmp_path):
    venv.create(tmp_path / "fresh", with_pip=False)
    python = str(tmp_path / "fresh/bin/python")
    run("-m", "pip", "--python", python, "install", "--quiet", "--no-deps", str(wheel))
    # What the wheel needs is borrowed from here; what is only linked here, like this project, is
    # not found by way of a path.
    (packages,) = (tmp_path / "fresh").glob("lib/*/site-packages")
    (packages / "rest.pth").write_text(sysconfig.get_path("purelib"))
    listed = run("-m", "jupyterlab.labextensions", "list", python=python)
    (line,) = [each for each in listed.splitlines() if f"wallwidgets v{ww.__version__}" in each]
    assert "enabled" in line
    assert "OK" in line
    listed = run("-m", "jupyter_server.extension.serverextension", "list", python=python)
    assert "wallwidgets.jupyter enabled" in re.sub(r"\x1b\[\d+m| +(?= )", "", listed)
    assert "Validating wallwidgets.jupyter..." in listed
    assert re.search(r"wallwidgets\.jupyter\s+\S*OK", listed)


def run(*command: str, python: str = sys.executable) -> str:
    """What a Python command says."""
    done = subprocess.run(
        [python, *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
