"""A journal of fixed size: what is in it survives a power cut, at the price of one sync.

It is written over and over in place. A file that does not grow syncs faster than one that does, and
faster than a commit of the database, which needs no sync of its own as long as the journal has it.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from wallwidgets.instance.disk import sync_data, sync_folder

JOURNAL_BYTES = 2**23
_HEADER = struct.Struct("<QII")  # epoch, length, checksum


class Journal:
    """Payloads of one epoch, one after the other; older epochs are forgotten.

    Args:
        path: The file; made at its full size if it is not there.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     journal = Journal(Path(folder) / "journal")
        ...     journal.append(1, [b"abc", b"def"])
        ...     print(list(journal.replay(1)), list(journal.replay(2)))
        ...     journal.close()
        [b'abcdef'] []
    """

    def __init__(self, path: Path):
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._end = 0
        missing = JOURNAL_BYTES - os.fstat(self._descriptor).st_size
        if missing > 0:
            os.pwrite(self._descriptor, bytes(missing), JOURNAL_BYTES - missing)
            os.fsync(self._descriptor)
            sync_folder(path.parent)

    def has_room(self, size_bytes: int) -> bool:
        """Whether a payload of this size fits behind the others."""
        return self._end + _HEADER.size + size_bytes <= JOURNAL_BYTES

    def append(self, epoch: int, parts: Sequence[bytes]) -> None:
        """Add a payload; it is on the disk when this returns."""
        payload = b"".join(parts)
        header = _HEADER.pack(epoch, len(payload), _checksum(epoch, payload))
        frame = header + payload
        os.pwrite(self._descriptor, frame, self._end)
        sync_data(self._descriptor)
        self._end += len(frame)

    def replay(self, epoch: int) -> Iterator[bytes]:
        """The payloads of an epoch, up to the first one that is not whole."""
        at = 0
        while at + _HEADER.size <= JOURNAL_BYTES:
            header = os.pread(self._descriptor, _HEADER.size, at)
            if len(header) < _HEADER.size:
                return
            found, length, checksum = _HEADER.unpack(header)
            if found != epoch or length > JOURNAL_BYTES:
                return
            payload = os.pread(self._descriptor, length, at + _HEADER.size)
            if _checksum(epoch, payload) != checksum:
                return
            at += _HEADER.size + length
            yield payload

    def restart(self) -> None:
        """Begin a new epoch at the start of the file."""
        self._end = 0

    def close(self) -> None:
        os.close(self._descriptor)


def _checksum(epoch: int, payload: bytes) -> int:
    return zlib.crc32(payload, epoch & 0xFFFFFFFF)
