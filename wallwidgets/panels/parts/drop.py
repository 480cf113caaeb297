"""A small file from the computer where the browser runs, dropped on a panel or chosen there."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from anywidget import AnyWidget
from traitlets import Bool, Dict, HasTraits, Int, Unicode

from wallwidgets.panels.parts.front import read
from wallwidgets.panels.parts.visible import short_text, size

LIMIT_VARIABLE = "WALLWIDGETS_DROP_LIMIT"
DEFAULT_LIMIT_BYTES = 10 * 2**20
PIECE_BYTES = 2**19
LONGEST_NAME = 100


def drop_limit_bytes(environ: Mapping[str, str] = os.environ) -> int:
    """The largest file that may come through the browser.

    Jupyter's limit for one message, unless its server says by a variable that it takes more.

    Example:
        >>> drop_limit_bytes({}), drop_limit_bytes({"WALLWIDGETS_DROP_LIMIT": "52428800"})
        (10485760, 52428800)
    """
    text = environ.get(LIMIT_VARIABLE, "")
    return int(text) if text.isascii() and text.isdigit() and int(text) else DEFAULT_LIMIT_BYTES


class Arrival(HasTraits):
    """A file on its way: announced, then piece by piece, and there only once it is complete.

    Attributes:
        path: Where the file is, or "" as long as it is not all there.
        offered: How many files were offered so far.
        coming: The name of a file that is on its way, or "".
        percent: How much of it is there.
        error: Why a file was not taken.

    Example:
        >>> arrival = Arrival(1024)
        >>> arrival.begin("a.onnx", 5)
        0
        >>> arrival.add(0, b"model")
        >>> Path(arrival.path).name
        'a.onnx'
    """

    path = Unicode()
    coming = Unicode()
    percent = Int(0)
    offered = Int(0)
    error = Unicode()

    def __init__(self, limit_bytes: int):
        super().__init__()
        self.limit_bytes = limit_bytes
        self._remove: Callable[[], object] | None = None
        self._file: BinaryIO | None = None
        self._size = self._got = 0

    def begin(self, name: str, size_bytes: int) -> int | None:
        """Take the announcement of a file; where to go on, or None if it is refused.

        The one before is forgotten even then, so that nobody sends it instead.
        """
        self.forget()
        self.offered += 1
        shown = short_text(name)
        if size_bytes > self.limit_bytes:
            limit = size(self.limit_bytes)
            self.error = (
                f"{shown} has {size(size_bytes)}; the browser can bring {limit}."
                " Put it on this server and give its path."
            )
            return None
        if size_bytes <= 0:
            self.error = f"{shown} is empty."
            return None
        folder = tempfile.mkdtemp(prefix="wallwidgets-drop-")
        self._remove = weakref.finalize(self, shutil.rmtree, folder)
        self._file = open(Path(folder) / _plain_name(name), "xb")  # noqa: SIM115
        self._size = size_bytes
        self.percent, self.coming = 0, shown
        return 0

    def add(self, at: int, piece: bytes | memoryview) -> int | None:
        """Take a piece; where to go on, or None if that was all or does not fit."""
        if self._file is None or at != self._got:
            return None
        length = memoryview(piece).nbytes
        if length == 0 or self._got + length > self._size:
            self.fail("It became another file while it was read.")
            return None
        self._file.write(piece)
        self._got += length
        self.percent = int(100 * self._got / self._size)
        if self._got < self._size:
            return self._got
        self._file.close()
        path, self._file = self._file.name, None
        self.coming, self.path = "", path
        return None

    def fail(self, why: str) -> None:
        """It does not arrive."""
        self.forget()
        self.error = why

    def forget(self) -> None:
        """Remove what arrived."""
        if self._file is not None:
            self._file.close()
        if self._remove is not None:
            self._remove()
        self._file = self._remove = None
        self._size = self._got = 0
        self.path = self.coming = self.error = ""


class DropZone(AnyWidget):
    """Says how to bring a file, takes it anywhere on the panel, and says what became of it.

    Args:
        arrival: What keeps the file.
        words: The sentence before the button.

    Example:
        >>> zone = DropZone(Arrival(10 * 2**20), "Any size.")
        >>> zone.said["text"]
        'Any size. Or drop a file of up to 10 MiB here, or'
    """

    _esm = read("drop.js")
    said: Any = Dict().tag(sync=True)
    disabled = Bool(False).tag(sync=True)

    def __init__(self, arrival: Arrival, words: str):
        self.arrival, self._words = arrival, words
        self._id: object = None
        super().__init__()
        self.on_msg(self._heard)
        arrival.observe(self._say, ["path", "coming", "error"])
        self._say(None)

    def _heard(self, widget: object, content: Any, buffers: list[memoryview]) -> None:
        do, sender = content.get("do"), content.get("id")
        if self.disabled:
            return
        if do == "begin":
            self._id = sender
            self._ask(self.arrival.begin(str(content.get("name")), int(content.get("size", 0))))
        elif do == "many":
            self.arrival.fail("Drop one file at a time.")
        elif sender != self._id:
            return
        elif do == "piece" and buffers:
            self._ask(self.arrival.add(int(content.get("at", -1)), buffers[0]))
            self._say(None)
        elif do == "failed":
            self.arrival.fail("The browser cannot read it; folders cannot be dropped.")

    def _ask(self, at: int | None) -> None:
        if at is not None:
            self.send({"do": "more", "id": self._id, "at": at, "length": PIECE_BYTES})

    def _say(self, change: object) -> None:
        arrival = self.arrival
        if arrival.error:
            self.said = {"kind": "error", "text": short_text(arrival.error)}
        elif arrival.coming:
            text = f"{arrival.coming}: {arrival.percent} % arrived."
            self.said = {"kind": "busy", "text": text}
        elif arrival.path:
            self.said = {"kind": "ok", "text": f"{Path(arrival.path).name} arrived in full."}
        else:
            limit = size(arrival.limit_bytes)
            text = f"{self._words} Or drop a file of up to {limit} here, or".strip()
            self.said = {"kind": "help", "text": text}


def _plain_name(name: str) -> str:
    """A name that leads nowhere else, from one that a browser gave."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[-LONGEST_NAME:].lstrip(".") or "file"
