"""Arrow IPC files from a client: read only after their sizes are known to be harmless."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pyarrow as pa

from wallwidgets.errors import InvalidRequest, TooLarge

MAX_DECODED_BYTES = 2**29
_MAGIC = b"ARROW1"
_DICTIONARIES, _RECORD_BATCHES = 2, 3  # Fields of Footer in File.fbs
_HEADER = 2  # Field of Message in Message.fbs
_BUFFERS, _COMPRESSION = 2, 3  # Fields of RecordBatch
_DICTIONARY_DATA = 1  # Field of DictionaryBatch
_IS_DICTIONARY = 2  # Value of Message.header_type
_BAD = "Bad request: the body is not a whole Arrow IPC file"


def read_arrow_file(body: bytes) -> dict[str, pa.Array]:
    """The columns of an Arrow IPC file.

    Raises:
        InvalidRequest: It is truncated, damaged, or has a column twice.
        TooLarge: It would take too much memory once decompressed.
    """
    _refuse_bombs(body)
    try:
        table = pa.ipc.open_file(pa.py_buffer(body)).read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InvalidRequest(f"{_BAD}: {str(error)[:200]}") from None
    names = table.column_names
    if len(set(names)) != len(names):
        raise InvalidRequest("Bad request: a column is there twice")
    return {name: _whole(table.column(name)) for name in names}


def _whole(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined


def _refuse_bombs(body: bytes) -> None:
    """Compressed buffers say how large they will be: add that up before anything is decoded."""
    if not (body.startswith(_MAGIC) and body.endswith(_MAGIC) and len(body) > 24):
        raise InvalidRequest(_BAD)
    try:
        (footer_size,) = struct.unpack_from("<i", body, len(body) - 10)
        footer = _root(body, len(body) - 10 - footer_size)
        total = 0
        for field in (_DICTIONARIES, _RECORD_BATCHES):
            for at in _vector(body, footer, field, 24):
                total += _decoded_bytes(body, *struct.unpack_from("<qi", body, at))
                if total > MAX_DECODED_BYTES:
                    raise TooLarge("Payload too large: the Arrow file is too large decompressed")
    except struct.error:
        raise InvalidRequest(_BAD) from None


def _decoded_bytes(body: bytes, offset: int, metadata_bytes: int) -> int:
    """What the buffers of the record batch at an offset take when they are decompressed."""
    start = offset + (8 if body[offset : offset + 4] == b"\xff\xff\xff\xff" else 4)
    message = _root(body, start)
    (kind,) = struct.unpack_from("<B", body, _field(body, message, 1) or 0)
    batch = _table(body, message, _HEADER)
    if kind == _IS_DICTIONARY:
        batch = _table(body, batch, _DICTIONARY_DATA)
    compressed = _field(body, batch, _COMPRESSION) is not None
    total, data = 0, offset + metadata_bytes
    for at in _vector(body, batch, _BUFFERS, 16):
        where, length = struct.unpack_from("<qq", body, at)
        (decoded,) = struct.unpack_from("<q", body, data + where) if compressed and length else (0,)
        total += max(length, decoded)
    return total


# What of the FlatBuffers encoding is needed: tables, their fields, and vectors of structs.


def _root(body: bytes, at: int) -> int:
    if at < 0:
        raise struct.error
    return int(at + struct.unpack_from("<I", body, at)[0])


def _field(body: bytes, table: int, index: int) -> int | None:
    """Where a field of a table is, None when it is not set."""
    vtable = table - struct.unpack_from("<i", body, table)[0]
    if vtable < 0:
        raise struct.error
    (size,) = struct.unpack_from("<H", body, vtable)
    slot = 4 + 2 * index
    if slot + 2 > size:
        return None
    (offset,) = struct.unpack_from("<H", body, vtable + slot)
    return table + offset if offset else None


def _table(body: bytes, table: int, index: int) -> int:
    at = _field(body, table, index)
    if at is None:
        raise struct.error
    return _root(body, at)


def _vector(body: bytes, table: int, index: int, width: int) -> Iterator[int]:
    at = _field(body, table, index)
    if at is not None:
        start = _root(body, at)
        (count,) = struct.unpack_from("<I", body, start)
        if count * width > len(body):
            raise struct.error
        yield from range(start + 4, start + 4 + count * width, width)
