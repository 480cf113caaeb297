"""Files as request bodies: streamed with constant memory, made anew for every attempt."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

from urllib3.filepost import choose_boundary, encode_multipart_formdata

from wallwidgets.api.wire import CHUNK_BYTES, Body, CallbackFailed, Endpoint, Headers, Outgoing
from wallwidgets.errors import Cancelled, InvalidRequest

Source = str | os.PathLike[str] | BinaryIO
Progress = Callable[[int, int], object]
"""Called with the bytes that were sent and the bytes in total."""

ANSWER_S = 600.0
"""The service may still check a file after its last byte."""


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
        name = source if isinstance(source, str | os.PathLike) else getattr(source, "name", None)
        self.file_name = Path(name).name if isinstance(name, str | os.PathLike) else None
        found = _extent(source)
        if isinstance(found, str):
            raise InvalidRequest(f"The file {self.file_name or source!r} cannot be sent: {found}.")
        self._start, self.size_bytes = found

    def stream(self, endpoint: Endpoint[Any], params: Mapping[str, str]) -> Outgoing:
        """A request whose body is the file itself."""
        return self._outgoing(endpoint, "application/octet-stream", params=list(params.items()))

    def form(self, endpoint: Endpoint[Any], fields: Mapping[str, Any]) -> Outgoing:
        """A request whose body is a form with the file and these fields, as urllib3 takes them."""
        file = (self.file_name or "file", b"", "application/octet-stream")
        boundary = choose_boundary()
        form, kind = encode_multipart_formdata({**fields, "file": file}, boundary)
        tail = f"\r\n--{boundary}--\r\n".encode()
        return self._outgoing(endpoint, kind, form.removesuffix(tail), tail)

    def chunks(self) -> Iterator[bytes]:
        """The file in pieces of a MiB; reports each that was sent."""
        sent = 0
        for piece in self._pieces():
            if self.cancel is not None and self.cancel.is_set():
                raise Cancelled("The upload was cancelled.")
            yield piece
            sent += len(piece)
            self._report(sent)

    def _pieces(self) -> Iterator[bytes]:
        left = self.size_bytes
        with self._opened() as file:
            file.seek(self._start)
            while left:
                piece = _read(file, min(CHUNK_BYTES, left))
                if not piece:
                    raise InvalidRequest("The file became shorter while it was sent.")
                yield piece
                left -= len(piece)

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
            return open(self.source, "rb")
        return nullcontext(self.source)

    def _outgoing(
        self,
        endpoint: Endpoint[Any],
        kind: str,
        head: bytes = b"",
        tail: bytes = b"",
        params: Sequence[tuple[str, str]] = (),
    ) -> Outgoing:
        return Outgoing(
            endpoint,
            params=params,
            make_body=lambda: _FileBody(self, head, tail),
            headers=Headers({"Content-Type": kind}),
            timeout_s=ANSWER_S,
            cancel=self.cancel,
        )


class _FileBody(Body):
    def __init__(self, upload: Upload, head: bytes, tail: bytes):
        super().__init__(b"")
        self._upload, self._head, self._tail = upload, head, tail

    def __len__(self) -> int:
        return len(self._head) + self._upload.size_bytes + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        self.started = True
        yield self._head
        yield from self._upload.chunks()
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


def _read(file: BinaryIO, size: int) -> bytes:
    try:
        return file.read(size)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise InvalidRequest(f"The file cannot be read any further: {why}.") from None
