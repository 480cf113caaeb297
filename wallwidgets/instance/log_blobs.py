"""The bytes of log batches: checked Arrow streams, inline when small, in files when large."""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import pyarrow as pa

from wallwidgets.errors import ServiceError
from wallwidgets.instance.disk import start_writing, sync_data, sync_folder

INLINE_BYTES = 2**18
"""Larger batches go to segment files: the database would write them twice."""

SEGMENT_BYTES = 2**30


class Encoded:
    """A record batch as an Arrow IPC stream; its columns are not copied.

    Args:
        batch: The columns.
        salt: What else the checksum covers.
    """

    def __init__(self, batch: pa.RecordBatch, salt: bytes):
        self.parts: list[Any] = []
        self.length = 0
        self.crc = zlib.crc32(salt)
        self.closed = False
        with pa.ipc.new_stream(pa.PythonFile(self, "w"), batch.schema) as writer:
            writer.write_batch(batch)

    def write(self, data: Any) -> int:
        """Take a piece of the stream; the writer calls it."""
        view = memoryview(data)
        self.parts.append(view)
        self.length += view.nbytes
        self.crc = zlib.crc32(view, self.crc)
        return view.nbytes

    def flush(self) -> None:
        """Nothing is held back."""

    def body(self) -> bytes:
        return b"".join(self.parts)


def decode(body: bytes | memoryview, crc: int, salt: bytes) -> pa.Table:
    """The columns of a batch.

    Raises:
        ServiceError: The bytes are not those that were written.
    """
    if zlib.crc32(body, zlib.crc32(salt)) != crc:
        raise ServiceError(
            "Internal Server Error: the inference log is damaged: a batch has a wrong checksum",
            remedy="Restore the instance's data folder from a backup.",
        )
    return pa.ipc.open_stream(pa.py_buffer(body)).read_all()


@dataclass(frozen=True)
class Place:
    """Where bytes are: a segment file, an offset in it, and how many."""

    segment: int
    offset: int
    length: int


class Segments:
    """Files to which batches are appended; the database says which bytes of them exist."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._lock = threading.Lock()
        self._descriptors: dict[int, int] = {}
        self._maps: dict[int, mmap] = {}
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="log-writer")
        folder.mkdir(mode=0o700, exist_ok=True)
        numbers = [int(path.stem) for path in folder.glob("*.arrows") if path.stem.isdigit()]
        self._current = max(numbers, default=0)
        self._end = self._path(self._current).stat().st_size if numbers else SEGMENT_BYTES

    def append(self, batches: Iterable[Encoded]) -> list[tuple[Encoded, Place]]:
        """Write batches to the disk; while one is written, the next one is made."""
        with self._lock:
            if self._end >= SEGMENT_BYTES:
                self._begin_segment()
            placed, writing, offset = [], [], self._end
            descriptor = self._descriptor(self._current)
            for batch in batches:
                placed.append((batch, Place(self._current, offset, batch.length)))
                writing.append(self._writer.submit(_write_all, descriptor, batch.parts, offset))
                offset += batch.length
            for each in writing:
                each.result()
            sync_data(descriptor)
            self._end = offset
            return placed

    def read(self, place: Place) -> memoryview:
        """The bytes at a place, without a copy; none if the file lost them."""
        with self._lock:
            mapped = self._maps.get(place.segment)
            end = place.offset + place.length
            if mapped is None or len(mapped) < end:
                descriptor = self._descriptor(place.segment)
                if os.fstat(descriptor).st_size < end:
                    return memoryview(b"")
                mapped = self._maps[place.segment] = mmap(descriptor, 0, access=ACCESS_READ)
        return memoryview(mapped)[place.offset : place.offset + place.length]

    def close(self) -> None:
        self._writer.shutdown()
        with self._lock:
            for descriptor in self._descriptors.values():
                os.close(descriptor)
            self._descriptors.clear()
            # Records that are still in use keep their map.
            self._maps.clear()

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06}.arrows"

    def _begin_segment(self) -> None:
        self._current += 1
        self._end = 0
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._descriptors[self._current] = os.open(self._path(self._current), flags, 0o600)
        sync_folder(self._folder)

    def _descriptor(self, number: int) -> int:
        if number not in self._descriptors:
            try:
                descriptor = os.open(self._path(number), os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                raise ServiceError(
                    "Internal Server Error: the inference log is damaged: a file is missing"
                ) from None
            self._descriptors[number] = descriptor
        return self._descriptors[number]


def _write_all(descriptor: int, parts: Sequence[Any], offset: int) -> None:
    end = offset
    for part in parts:
        rest = part
        while rest.nbytes:
            written = os.pwrite(descriptor, rest, end)
            rest = rest[written:]
            end += written
    start_writing(descriptor, offset, end - offset)
