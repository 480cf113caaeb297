"""Bytes on the disk: when they are there for good, and what a full disk means."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wallwidgets.errors import StorageFull

# Not every system has it; fsync does the same and a little more.
sync_data = getattr(os, "fdatasync", os.fsync)

_FULL = "Insufficient Storage: the instance's disk is full"


@contextmanager
def full_disk_is_reported() -> Iterator[None]:
    """Turn the system's and the database's word for a full disk into ours.

    Raises:
        StorageFull: The disk is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise StorageFull(_FULL) from None
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
            raise
        raise StorageFull(_FULL) from None


def write_at(descriptor: int, parts: Sequence[Any], offset: int) -> None:
    """Write parts one after the other, all of them, and in one call if the system can."""
    written: int = os.pwritev(descriptor, parts, offset)
    if written < sum(memoryview(part).nbytes for part in parts):
        rest = memoryview(b"".join(parts))
        while written < rest.nbytes:
            written += os.pwritev(descriptor, [rest[written:]], offset + written)


def start_writing(descriptor: int, offset: int, length: int) -> None:
    """Let the disk begin with what was just written, so that a sync has less to wait for."""
    if hasattr(os, "posix_fadvise"):
        # Linux starts the write-back of dirty pages here, and keeps them in its cache.
        os.posix_fadvise(descriptor, offset, length, os.POSIX_FADV_DONTNEED)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
