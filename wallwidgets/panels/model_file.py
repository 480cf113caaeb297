"""What a model's file is, before it travels: its size, hash, graph, and the name it suggests."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wallwidgets.errors import Cancelled, InvalidRequest
from wallwidgets.panels.parts.visible import size
from wallwidgets.schemas.onnx_file import OnnxValue, inspect

LONGEST_NAME = 63
SHOWN_VALUES = 8
UPDATE_S = 0.2
_CHUNK_BYTES = 2**20
_PREFIX = "Bad request: file: "


@dataclass(frozen=True)
class FileFacts:
    """A file as it was when it was looked at.

    Attributes:
        name: Its name, without folders.
        size_bytes: Its size.
        inputs: The inputs of its ONNX graph.
        outputs: The outputs.
        refusal: Why it is no usable ONNX model, or "".
        hashed: How many bytes are hashed.
        sha256: Its hash, or "" until all of it is hashed.
    """

    name: str
    size_bytes: int
    inputs: tuple[OnnxValue, ...] = ()
    outputs: tuple[OnnxValue, ...] = ()
    refusal: str = ""
    hashed: int = 0
    sha256: str = ""

    def rows(self) -> list[tuple[str, str]]:
        """What a panel tells about it, one line each."""
        lines = [("Size", _exact_size(self.size_bytes)), ("SHA-256", self._hash())]
        if self.inputs:
            lines += [("Inputs", _values(self.inputs)), ("Outputs", _values(self.outputs))]
        return lines

    def _hash(self) -> str:
        percent = int(100 * self.hashed / self.size_bytes) if self.size_bytes else 0
        return self.sha256 or f"{percent} % read"


def look_at(path: str) -> FileFacts:
    """The facts of a file that need no hash.

    Raises:
        InvalidRequest: It cannot be read.
    """
    try:
        about = os.stat(path)
        name = Path(path).name
        try:
            signature = inspect(path)
        except InvalidRequest as refused:
            return FileFacts(name, about.st_size, refusal=_sentence(refused.message))
        return FileFacts(name, about.st_size, tuple(signature.inputs), tuple(signature.outputs))
    except OSError as error:
        raise _unreadable(path, error) from None


def sha256_of(path: str, report: Callable[[int], object], cancel: threading.Event) -> str:
    """The hash of a file.

    Args:
        path: The file.
        report: Called with the bytes that are read, five times a second.
        cancel: Setting it ends the reading with `Cancelled`.
    """
    digest, read, reported_at = hashlib.sha256(), 0, time.monotonic()
    try:
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                if cancel.is_set():
                    raise Cancelled("The file is not read any further.")
                digest.update(chunk)
                read += len(chunk)
                if time.monotonic() - reported_at >= UPDATE_S:
                    reported_at = time.monotonic()
                    report(read)
    except OSError as error:
        raise _unreadable(path, error) from None
    return digest.hexdigest()


def suggested_name(file_name: str) -> str:
    """A model name that follows the rule, from the name of a file.

    Example:
        >>> suggested_name("House Price_keras.v2.onnx")
        'house-price-keras-v2'
    """
    plain = unicodedata.normalize("NFKD", Path(file_name).stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:LONGEST_NAME].rstrip("-")


def shape_text(value: OnnxValue) -> str:
    """An input or output as one reads it.

    Example:
        >>> shape_text(OnnxValue("tensor", "float32", [None, 18]))
        'tensor float32 [?, 18]'
    """
    if value.shape is None:
        return f"{value.name} {value.type}"
    sizes = ", ".join("?" if each is None else str(each) for each in value.shape)
    return f"{value.name} {value.type} [{sizes}]"


def _values(values: tuple[OnnxValue, ...]) -> str:
    more = f" … {len(values)} in all" if len(values) > SHOWN_VALUES else ""
    return " · ".join(map(shape_text, values[:SHOWN_VALUES])) + more


def _exact_size(size_bytes: int) -> str:
    short = size(size_bytes)
    return short if short.endswith("bytes") else f"{short} ({size_bytes:,} bytes)"


def _sentence(message: str) -> str:
    words = message.removeprefix(_PREFIX)
    return f"{words[:1].upper()}{words[1:]}."


def _unreadable(path: str, error: OSError) -> InvalidRequest:
    why = (error.strerror or type(error).__name__).lower()
    return InvalidRequest(f"{Path(path).name} cannot be read: {why}.")
