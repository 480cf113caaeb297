"""The file list: what is shown, chosen, refused."""

from __future__ import annotations

import os

import pytest

from wallwidgets.panels.parts.files import FileList, FilePicker


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "b.onnx").write_bytes(b"x" * 2048)
    (tmp_path / "a.ONNX").write_bytes(b"x")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden.onnx").write_bytes(b"x")
    (tmp_path / "gone.onnx").symlink_to(tmp_path / "nowhere")
    (tmp_path / "link.onnx").symlink_to(tmp_path / "models" / "b.onnx")
    return tmp_path


def test_what_is_listed(folder):
    files = FileList((".onnx",))
    assert files.look(folder)
    found = [(entry.name, entry.kind) for entry in files.entries]
    assert found == [
        ("..", "folder"),
        ("models", "folder"),
        ("a.ONNX", "file"),
        ("gone.onnx", "broken link"),
        ("link.onnx", "file"),
    ]


def test_into_a_folder_and_out_again(folder):
    files = FileList((".onnx",))
    files.look(folder)
    assert not files.take(files.entries[1])
    assert files.folder == str(folder / "models")
    assert files.take(files.entries[1])
    assert files.path == str(folder / "models" / "b.onnx")
    files.take(files.entries[0])
    assert files.folder == str(folder)


def test_a_broken_link_is_refused(folder):
    files = FileList()
    files.look(folder)
    broken = next(entry for entry in files.entries if entry.kind == "broken link")
    assert not files.take(broken)
    assert "cannot be read: no such file" in files.error
    assert files.path == ""


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("nowhere.onnx", "no such file"),
        ("notes.txt", "Only .onnx files fit here."),
        ("a\0b.onnx", "the name cannot be used"),
        ("x" * 5000 + ".onnx", "file name too long"),
    ],
)
def test_paths_that_are_refused(folder, typed, reason):
    files = FileList((".onnx",))
    assert not files.give(f"{folder}/{typed}")
    assert reason in files.error


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_folder_without_permission(folder):
    (folder / "models").chmod(0)
    files = FileList()
    assert not files.look(folder / "models")
    assert "permission denied" in files.error


def test_a_folder_that_vanished_keeps_the_list(folder):
    files = FileList()
    files.look(folder)
    before = files.entries
    (folder / "models" / "b.onnx").unlink()
    (folder / "models").rmdir()
    files.take(files.entries[1])
    assert "cannot be opened" in files.error
    assert files.entries == before


def test_a_name_that_is_no_text_is_shown_and_refused(folder):
    bad = os.fsencode(folder) + b"/\xff.onnx"
    with open(bad, "wb"):
        pass
    picker = FilePicker("File", (".onnx",), start=folder)
    picker._toggle()
    assert "\\udcff.onnx" in picker.table.frame["name"].to_list()


def test_the_picker_chooses_with_arrows_and_opens_with_enter(folder):
    picker = FilePicker("File", (".onnx",), start=folder)
    picker._toggle()
    picker.table.chosen = 1
    assert picker.files.folder == str(folder)
    picker._open(1)
    assert picker.files.folder == str(folder / "models")
    picker.table.chosen = 1
    assert picker.value == picker.text.value == str(folder / "models" / "b.onnx")
    picker._open(1)
    assert picker.toggle.description == "Browse"


def test_a_typed_path_counts(folder):
    picker = FilePicker("File", (".onnx",))
    picker.text.value = str(folder / "a.ONNX")
    assert picker.value == str(folder / "a.ONNX")
    picker.text.value = str(folder / "nope.onnx")
    assert picker.value == ""
    assert "cannot be read" in picker.field.error
    assert picker.text.value == str(folder / "nope.onnx")
    picker.text.value = ""
    assert picker.field.error == ""
