"""The copies of the notebooks that ``wallwidgets demo`` works on; the rest is in tests/browser."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from wallwidgets.demo import notebook_copies
from wallwidgets.errors import SettingsError

ROOT = Path(__file__).parents[1]
NAME = "01_walkthrough.ipynb"
SHIPPED = ROOT / "notebooks" / NAME


def test_copies_go_again_with_their_folder(tmp_path, capsys):
    folder = tmp_path / "a" / "demo"
    with notebook_copies(folder):
        assert (folder / NAME).read_bytes() == SHIPPED.read_bytes()
    assert not folder.exists()
    assert capsys.readouterr().out == ""


def test_what_running_adds_is_no_change(tmp_path):
    with notebook_copies(tmp_path / "demo"):
        notebook = json.loads(SHIPPED.read_text())
        for number, cell in enumerate(notebook["cells"]):
            if cell["cell_type"] == "code":
                output = {"output_type": "stream", "name": "stdout", "text": ["done"]}
                cell.update(execution_count=number, outputs=[output])
                cell["source"] = cell["source"].splitlines(keepends=True)
        notebook["metadata"]["language_info"]["version"] = "3.11"
        (tmp_path / "demo" / NAME).write_text(json.dumps(notebook))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"cells": []}', b'{"cells": [{}]}'])
def test_a_changed_copy_stays(tmp_path, capsys, content):
    folder = tmp_path / "demo"
    with notebook_copies(folder):
        (folder / NAME).write_bytes(content)
    assert (folder / NAME).read_bytes() == content
    assert capsys.readouterr().out == f"Changed notebooks stay in {folder}: {NAME}\n"


def test_what_is_there_already_is_never_touched(tmp_path):
    (tmp_path / NAME).write_text("mine")
    (tmp_path / "other.txt").touch()
    with notebook_copies(tmp_path):
        pass
    assert (tmp_path / NAME).read_text() == "mine"
    assert (tmp_path / "other.txt").exists()


def test_an_equal_file_of_the_reader_stays(tmp_path):
    (tmp_path / NAME).write_bytes(SHIPPED.read_bytes())
    with notebook_copies(tmp_path):
        pass
    assert (tmp_path / NAME).exists()


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "demo").touch()
    with (
        pytest.raises(SettingsError, match="Cannot use the folder"),
        notebook_copies(tmp_path / "demo"),
    ):
        pass


def test_without_jupyterlab_it_says_what_to_install():
    script = (
        "import importlib.util as util; find = util.find_spec\n"
        "util.find_spec = lambda name: None if name == 'jupyterlab' else find(name)\n"
        "from wallwidgets.cli import main; main(['demo'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "pip install 'wallwidgets[demo]'" in done.stderr
    assert "Traceback" not in done.stderr
