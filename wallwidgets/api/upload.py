"""Files as request bodies: streamed with constant memory, made anew for every attempt."""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO, cast

from urllib3.fields import RequestField

from wallwidgets.api.wire import CHUNK_BYTES, Body, CallbackFailed
from wallwidgets.errors import Cancelled, InvalidRequest

Source = str | os.PathLike[str] | BinaryIO
Progress = Callable[[int, int], object]
"""Called with the bytes that were sent and the bytes in total."""


class Upload:
    """A file to be sent, by path or as an open binary file that can seek.

    Args:
        source: Path or open file; a file is sent from its current position to its end.
        progress: Called with sent and total bytes of the file.
        cancel: Setting it ends the upload before its next MiB with `Cancelled`.

    Raises:
        InvalidRequest: It is absent, empty, unreadable, or a file that cannot seek.

    Example:
        >>> import io
        >>> upload = Upload(io.BytesIO(b"model"))
        >>> upload.size_bytes, upload.file_name
        (5, None)
    """

    def __init__(
        self,
        source: Source,
        *,
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
    ):
        self.source = source
        self.progress = progress
        self.cancel = cancel
        name = (
            os.fspath(source)
            if isinstance(source, str | os.PathLike)
            else getattr(source, "name", None)
        )
        self.file_name = Path(name).name if isinstance(name, str) else None
        found = _extent(source)
        if isinstance(found, str):
            raise InvalidRequest(f"The file {self.file_name or source!r} cannot be sent: {found}.")
        self._start, self.size_bytes = found

    def raw(self) -> Body:
        """The file itself as the body."""
        return _FileBody(self)

    def multipart(self, fields: Sequence[RequestField]) -> tuple[Callable[[], Body], str]:
        """The fields and the file as a form: a maker of bodies, and their content type."""
        boundary = secrets.token_hex(16)
        head = bytearray()
        for part in (*fields, form_file("file", self.file_name or "file")):
            head += f"--{boundary}\r\n".encode() + part.render_headers().encode()
            if isinstance(part.data, bytes):
                head += part.data + (b"\r\n" if part in fields else b"")
        tail = f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        return (lambda: _FileBody(self, bytes(head), tail)), kind

    def chunks(self) -> Iterator[memoryview]:
        """The file in pieces of a MiB that share one buffer; reports each that was sent."""
        sent = 0
        for piece in self._pieces():
            if self.cancel is not None and self.cancel.is_set():
                raise Cancelled("The upload was cancelled.")
            yield piece
            sent += len(piece)
            self._report(sent)

    def _pieces(self) -> Iterator[memoryview]:
        buffer = memoryview(bytearray(CHUNK_BYTES))
        left = self.size_bytes
        with self._opened() as file:
            file.seek(self._start)
            while left:
                count = _read_into(file, buffer[: min(CHUNK_BYTES, left)])
                if not count:
                    raise InvalidRequest("The file became shorter while it was sent.")
                yield buffer[:count]
                left -= count

    def sha256(self) -> str:
        """The hash of the file, in hexadecimal digits."""
        digest = hashlib.sha256()
        for chunk in self._pieces():
            digest.update(chunk)
        return digest.hexdigest()

    def _report(self, sent: int) -> None:
        if self.progress is None:
            return
        try:
            self.progress(sent, self.size_bytes)
        except Exception as fault:  # noqa: BLE001 - unwrapped and raised by the transport
            raise CallbackFailed(fault) from None

    def _opened(self) -> AbstractContextManager[BinaryIO]:
        if isinstance(self.source, str | os.PathLike):
            return cast(BinaryIO, open(self.source, "rb", buffering=0))
        return nullcontext(self.source)


def form_field(name: str, text: str, content_type: str | None = None) -> RequestField:
    """A text part of a form."""
    part = RequestField(name=name, data=text.encode())
    part.make_multipart(content_type=content_type)
    return part


def form_file(name: str, file_name: str) -> RequestField:
    """The head of a file part; the file itself follows."""
    part = RequestField(name=name, data=b"", filename=file_name)
    part.make_multipart(content_type="application/octet-stream")
    return part


class _FileBody(Body):
    def __init__(self, upload: Upload, head: bytes = b"", tail: bytes = b""):
        super().__init__(b"")
        self._upload, self._head, self._tail = upload, head, tail

    def __len__(self) -> int:
        return len(self._head) + self._upload.size_bytes + len(self._tail)

    def __iter__(self) -> Iterator[bytes | memoryview]:
        self.started = True
        if self._head:
            yield self._head
        yield from self._upload.chunks()
        if self._tail:
            yield self._tail


def _extent(source: Source) -> tuple[int, int] | str:
    """Where the content begins and how long it is, or why it cannot be sent."""
    try:
        if isinstance(source, str | os.PathLike):
            start, end = 0, os.stat(source).st_size
            if not Path(source).is_file():
                return "it is not a regular file"
            with open(source, "rb"):
                pass
        else:
            if isinstance(source.read(0), str):
                return "it is open as text; open it with mode 'rb'"
            start = source.tell()
            end = source.seek(0, os.SEEK_END)
            source.seek(start)
    except OSError as error:
        return error.strerror or type(error).__name__
    except (AttributeError, ValueError):
        return "it is no open binary file that can seek"
    return (start, end - start) if end > start else "it is empty"


def _read_into(file: BinaryIO, buffer: memoryview) -> int:
    try:
        data = file.readinto(buffer) if hasattr(file, "readinto") else file.read(len(buffer))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise InvalidRequest(f"The file cannot be read any further: {why}.") from None
    if isinstance(data, bytes):
        buffer[: len(data)] = data
        return len(data)
    return data or 0
