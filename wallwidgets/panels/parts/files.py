"""A file on the machine where Jupyter runs, found by looking around."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ipywidgets import HBox, Text, VBox
from traitlets import HasTraits, Unicode
from traitlets import List as ListTrait

from wallwidgets.panels.parts.fields import Field, button, show
from wallwidgets.panels.parts.table import NOTHING, Table
from wallwidgets.panels.parts.table_rows import Column
from wallwidgets.panels.parts.visible import size
from wallwidgets.schemas.safe_html import visible_text

FOLDER, FILE, BROKEN = "folder", "file", "broken link"
_COLUMNS = [
    Column("name", "Name", "name"),
    Column("size", "Size", "number"),
    Column("changed", "Changed", "time", rank=2),
]


@dataclass(frozen=True)
class Entry:
    """A file or folder that can be seen."""

    name: str
    kind: str
    size_bytes: int | None = None
    changed: datetime | None = None


class FileList(HasTraits):
    """The files of one folder, without hidden ones.

    Args:
        suffixes: Only files that end so, such as ``(".onnx",)``; all if empty.

    Attributes:
        folder: Where it looks.
        entries: Folders first, then files.
        path: The chosen file, or "".
        error: Why a folder or file cannot be used, in one sentence.

    Example:
        >>> files = FileList((".onnx",))
        >>> files.look(Path.home())
        True
    """

    folder = Unicode()
    entries: Any = ListTrait()
    path = Unicode()
    error = Unicode()

    def __init__(self, suffixes: Sequence[str] = ()):
        super().__init__()
        self._suffixes = tuple(suffix.lower() for suffix in suffixes)

    def look(self, folder: str | os.PathLike[str]) -> bool:
        """Read a folder; whether that worked."""
        where = Path(folder).expanduser().absolute()
        try:
            with os.scandir(where) as found:
                entries = [made for each in found if (made := self._entry(each))]
        except OSError as error:
            self.error = f"{where} cannot be opened: {_reason(error)}."
            return False
        entries.sort(key=lambda entry: (entry.kind != FOLDER, entry.name.lower()))
        up = [Entry("..", FOLDER)] if where.parent != where else []
        self.error, self.folder = "", str(where)
        self.entries = up + entries
        return True

    def take(self, entry: Entry) -> bool:
        """Go into a folder, or choose a file; whether a file is chosen now."""
        where = Path(os.path.normpath(Path(self.folder) / entry.name))
        if entry.kind == FOLDER:
            self.look(where)
            return False
        return self.give(str(where))

    def give(self, text: str) -> bool:
        """Choose a path that was typed; whether it is a file that can be read."""
        path = Path(text).expanduser()
        self.path = ""
        try:
            if path.is_dir():
                self.look(path)
                return False
            with path.open("rb"):
                pass
        except (OSError, ValueError) as error:
            reason = _reason(error) if isinstance(error, OSError) else "the name cannot be used"
            self.error = f"{text} cannot be read: {reason}."
            return False
        if self._suffixes and path.suffix.lower() not in self._suffixes:
            self.error = f"Only {' or '.join(self._suffixes)} files fit here."
            return False
        self.error, self.path = "", str(path)
        return True

    def _entry(self, found: os.DirEntry[str]) -> Entry | None:
        if found.name.startswith("."):
            return None
        if not _is_text(found.name):
            return Entry(visible_text(found.name), BROKEN)
        try:
            if found.is_dir():
                return Entry(found.name, FOLDER)
            if self._suffixes and not found.name.lower().endswith(self._suffixes):
                return None
            about = found.stat()
        except OSError:
            return Entry(found.name, BROKEN)
        return Entry(found.name, FILE, about.st_size, datetime.fromtimestamp(about.st_mtime, UTC))


class FilePicker(VBox):
    """A field for a path, and a list of files to choose from.

    Args:
        label: The label of the field.
        suffixes: Only files that end so.
        start: The first folder; the working folder if not given.
        help: The sentence below the field.

    Attributes:
        value: The path of the chosen file, or "".

    Example:
        >>> picker = FilePicker("File on this server", (".onnx",))
        >>> picker.value
        ''
    """

    value = Unicode()

    def __init__(
        self,
        label: str,
        suffixes: Sequence[str] = (),
        *,
        start: str | os.PathLike[str] = ".",
        help: str = "",
    ):
        self.files = FileList(suffixes)
        self._start = start
        self.text = Text(description=label)
        self.field = Field(self.text, help=help)
        self.table = Table(_COLUMNS, noun="entries", on_open=self._open)
        self._list = VBox([self.table])
        show(self._list, False)
        self.toggle = button("Browse", self._toggle)
        row = HBox([self.field, self.toggle])
        row.add_class("ww-pick")
        super().__init__([row, self._list])
        self.add_class("ww-picker")
        self.text.observe(self._typed, "value")
        self.table.observe(self._chosen, "chosen")
        self.files.observe(self._listed, ["entries"])
        self.files.observe(self._settled, ["path", "error"])

    def _toggle(self) -> None:
        if "ww-gone" not in self._list._dom_classes:
            self._close()
        elif self.files.folder or self.files.look(self._start):
            show(self._list, True)
            self.toggle.description = "Close"
            self.table.focus()

    def _close(self) -> None:
        show(self._list, False)
        self.toggle.description = "Browse"

    def _typed(self, change: Any) -> None:
        if not change["new"]:
            self.files.path = self.files.error = ""
        elif change["new"] != self.files.path:
            self.files.give(change["new"])

    def _chosen(self, change: Any) -> None:
        # A folder is entered by Enter or a double click, so that arrows can pass over it.
        if change["new"] != NOTHING and self.files.entries[change["new"]].kind == FILE:
            self.files.take(self.files.entries[change["new"]])

    def _open(self, row: int) -> None:
        if self.files.take(self.files.entries[row]):
            self._close()

    def _listed(self, change: Any) -> None:
        self.table.chosen = NOTHING
        self.table.page = 1
        self.table.show(
            [
                {
                    "name": entry.name + ("/" if entry.kind == FOLDER else ""),
                    "size": size(entry.size_bytes) if entry.size_bytes is not None else entry.kind,
                    "changed": entry.changed,
                }
                for entry in self.files.entries
            ]
        )

    def _settled(self, change: Any) -> None:
        self.field.error = self.files.error
        self.value = self.files.path
        if self.files.path:
            self.text.value = self.files.path


def _is_text(name: str) -> bool:
    """Whether a file name is valid UTF-8; another one cannot travel to a browser."""
    return not any("\ud800" <= char <= "\udfff" for char in name)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
