"""Every notebook runs from top to bottom in a real kernel, and is stored without output."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from sqlalchemy import select

import wallwidgets as ww
from wallwidgets.instance.tables import PipelineRow

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
WALKTHROUGH = FOLDER / "01_walkthrough.ipynb"

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def demo() -> Iterator[ww.LocalInstance]:
    with ww.LocalInstance(demo=True) as running:
        yield running


def run(path: Path, folder: Path, **environment: str) -> nbformat.NotebookNode:
    """Execute all cells in a kernel of its own; an error in one of them is raised here."""
    notebook = nbformat.read(path, as_version=4)
    kept = {name: text for name, text in os.environ.items() if not name.startswith("WALLAROO_")}
    # The repository is importable also where the package is not installed.
    kept["PYTHONPATH"] = os.pathsep.join([str(FOLDER.parent), kept.get("PYTHONPATH", "")])
    kept |= {"IPYTHONDIR": str(folder / "ipython"), **environment}
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=240, resources=resources).execute(env=kept)
    return notebook


def test_there_are_notebooks():
    assert WALKTHROUGH in NOTEBOOKS


@each_notebook
@pytest.mark.parametrize("time", ["first", "second"])
def test_runs_on_a_demo_instance(demo, tmp_path, path, time):
    creds = json.loads(demo.credentials_file.read_text())
    done = run(
        path,
        tmp_path,
        WALLAROO_URL=demo.url,
        WALLAROO_SDK_CREDENTIALS=str(demo.credentials_file),
    )
    stored = nbformat.writes(done)
    assert creds["password"] not in stored
    assert creds["confidentialPassword"] not in stored
    assert "eyJ" not in stored, "a token is in the outputs"
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {"ipython"}


def test_the_walkthrough_ends_clean(demo):
    context = demo.context
    with context.store.read() as session:
        pipelines = list(session.scalars(select(PipelineRow)))
    running = {row.name for row in pipelines if context.deployments.of_pipeline(row.id)}
    assert running == {"ccfraudpipe", "housepricelive", "housepricepipe"}
    with demo.connect() as client:
        connections = {each.name for each in client.connections.list()}
    assert connections == {"houseprice-warehouse", "fraud-archive"}


@each_notebook
def test_runs_without_an_instance_at_hand(tmp_path, path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    run(path, tmp_path, TMPDIR=str(temporary))
    assert list(temporary.iterdir()) == []


@each_notebook
def test_is_stored_clean(path):
    notebook = json.loads(path.read_text())
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert notebook["metadata"]["language_info"] == {"name": "python"}
    for cell in notebook["cells"]:
        assert cell["metadata"] == {}
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
    nbformat.validate(nbformat.from_dict(notebook))
