"""The content store: the bytes of models, each under its SHA-256."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from wallwidgets.errors import StorageFull, TooLarge
from wallwidgets.instance.disk import full_disk_is_reported, start_writing, sync_folder

BUFFER_BYTES = 2**20
_NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Stored:
    """A file of the store."""

    sha: str
    size_bytes: int


class ContentStore:
    """Files named by their hash; a file is either whole and on the disk, or not there.

    Args:
        folder: Where they are kept.
        max_bytes: The largest file that is taken.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ContentStore(Path(folder), max_bytes=100).add([b"abc"]).sha[:8]
        'ba7816bf'
    """

    def __init__(self, folder: Path, max_bytes: int):
        self._folder = folder
        self._max_bytes = max_bytes
        self._incoming = folder / "incoming"
        self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        # What a crash left half-written belongs to nobody.
        for orphan in self._incoming.iterdir():
            orphan.unlink()

    def path(self, sha: str) -> Path:
        """Where the file of a hash is."""
        if not _NAME.fullmatch(sha):
            raise ValueError(f"not a SHA-256 in hexadecimal: {sha!r}")
        return self._folder / sha

    def incoming(self) -> Incoming:
        """A new file, which is gone again unless it is kept."""
        return Incoming(self._folder, self._incoming / secrets.token_hex(16), self._max_bytes)

    def add(self, chunks: Iterator[bytes] | list[bytes]) -> Stored:
        """Store a file that is at hand."""
        with self.incoming() as file:
            for chunk in chunks:
                file.write(chunk)
            return file.keep()

    @asynccontextmanager
    async def receiving(self) -> AsyncIterator[Receiver]:
        """A new file that is written and hashed beside the event loop."""
        receiver = Receiver(self.incoming())
        try:
            yield receiver
        finally:
            await receiver.close()


class Incoming:
    """A file on its way into the store: written and hashed, then kept or gone."""

    def __init__(self, folder: Path, path: Path, max_bytes: int):
        self.path = path
        self.size_bytes = 0
        self._folder = folder
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        with full_disk_is_reported():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        # It lives as long as this object, whose own block closes it.
        self._file: BinaryIO = open(descriptor, "wb", buffering=BUFFER_BYTES)  # noqa: SIM115

    def __enter__(self) -> Incoming:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.discard()

    def check_size(self, size_bytes: int) -> None:
        """Refuse a size.

        Raises:
            TooLarge: It is over the limit.
        """
        if size_bytes > self._max_bytes:
            raise TooLarge(
                f"Payload Too Large: file: more than {self._max_bytes} bytes",
                remedy="Upload a smaller model, or raise the instance's limit.",
            )

    def write(self, chunk: bytes) -> None:
        """Add bytes at the end."""
        self.check_size(self.size_bytes + len(chunk))
        with full_disk_is_reported():
            self._file.write(chunk)
        start_writing(self._file.fileno(), self.size_bytes, len(chunk))
        self._hash.update(chunk)
        self.size_bytes += len(chunk)

    def flush(self) -> None:
        """Let others read at ``path`` what was written."""
        with full_disk_is_reported():
            self._file.flush()

    def keep(self) -> Stored:
        """Bring the file to the disk under its hash, and its name too."""
        with full_disk_is_reported():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            sha = self._hash.hexdigest()
            os.rename(self.path, self._folder / sha)
            sync_folder(self._folder)
        return Stored(sha, self.size_bytes)

    def discard(self) -> None:
        """Remove the file unless it was kept."""
        with contextlib.suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)


class Receiver:
    """Writes an upload from the event loop: while one buffer is stored, the next one fills."""

    def __init__(self, file: Incoming):
        self.file = file
        self._chunks: list[bytes] = []
        self._waiting = 0
        self._received = 0
        self._storing: asyncio.Future[None] | None = None

    async def write(self, chunk: bytes) -> None:
        """Add bytes; waits when the disk is slower than the network."""
        self._chunks.append(chunk)
        self._waiting += len(chunk)
        self._received += len(chunk)
        self.file.check_size(self._received)
        if self._waiting >= BUFFER_BYTES:
            await self._store()

    async def finish(self) -> Incoming:
        """All bytes written; the file can be read at its path."""
        await self._store()
        await self._stored()
        await asyncio.to_thread(self.file.flush)
        return self.file

    async def close(self) -> None:
        with contextlib.suppress(TooLarge, StorageFull):
            await self._stored()
        await asyncio.to_thread(self.file.discard)

    async def _store(self) -> None:
        await self._stored()
        chunks, self._chunks, self._waiting = self._chunks, [], 0
        loop = asyncio.get_running_loop()
        self._storing = loop.run_in_executor(None, self._write, chunks)

    async def _stored(self) -> None:
        if self._storing is not None:
            storing, self._storing = self._storing, None
            await storing

    def _write(self, chunks: list[bytes]) -> None:
        self.file.write(b"".join(chunks))
