"""Parquet and Arrow files as a source: two columns of them, read in pieces where they are used."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pyarrow as pa
from pyarrow.fs import LocalFileSystem

from wallwidgets.drift.checks import refusal, shown
from wallwidgets.drift.columns import Series
from wallwidgets.drift.formats import FORMATS, Format
from wallwidgets.drift.rules import PIECE_ROWS
from wallwidgets.drift.spreading import spread


@dataclass(frozen=True)
class FileColumns:
    """The two columns of a file."""

    path: str
    time: str
    value: str
    filesystem: Any

    @contextmanager
    def open(self) -> Iterator[Format]:
        """The open file; whatever cannot be read of it, until it is closed, is one refusal."""
        try:
            with self.filesystem.open_input_file(self.path) as stream:
                kind = FORMATS.get(stream.read(4))
            if kind is None:
                reason = f"{self.path!r} is neither a Parquet nor an Arrow file"
                raise refusal("frame", reason)
            with kind.opened(self.filesystem, self.path) as file:
                yield file
        except FileNotFoundError:
            raise refusal("frame", f"there is no file {self.path!r}") from None
        except (OSError, pa.ArrowException, struct.error) as error:
            reason = str(error).partition("\n")[0]
            raise refusal("frame", f"{self.path!r} cannot be read: {reason}") from error


@dataclass(frozen=True)
class FilePiece:
    """Row groups or record batches of a file, read where the piece is."""

    columns: FileColumns
    groups: tuple[int, ...]
    rows: int
    first: int
    last: int
    ordered: bool

    def read(self) -> Iterator[Series]:
        """The rows, a part at a time."""
        time, value = self.columns.time, self.columns.value
        with self.columns.open() as file:
            for table in file.read(list(self.groups), [time, value]):
                yield Series.of(table[time], table[value], "time", "value", self.ordered)

    def joined(self, other: FilePiece) -> FilePiece:
        """The piece of both, which are neighbours in one file."""
        return replace(
            self,
            groups=self.groups + other.groups,
            rows=self.rows + other.rows,
            first=min(self.first, other.first),
            last=max(self.last, other.last),
            ordered=self.ordered and other.ordered,
        )


def look_at(columns: FileColumns) -> tuple[list[pa.DataType], list[FilePiece]]:
    """The types of the two columns, and the pieces of a file."""
    with columns.open() as file:
        kinds = check_columns(file.schema, columns.time, columns.value, repr(columns.path))
        pieces: list[FilePiece] = []
        for index, span in enumerate(file.spans(columns.time)):
            if span.rows:
                _append(pieces, FilePiece(columns, (index,), *span))
    return kinds, pieces


def _append(pieces: list[FilePiece], piece: FilePiece) -> None:
    """Small groups become one piece, as opening a file costs as much as counting many rows."""
    if pieces and pieces[-1].rows + piece.rows <= PIECE_ROWS:
        pieces[-1] = pieces[-1].joined(piece)
    else:
        pieces.append(piece)


def check_columns(schema: pa.Schema, time: str, value: str, where: str) -> list[pa.DataType]:
    """The types of the two columns of a schema.

    Raises:
        InvalidRequest: One is absent or there twice, or is of a type that cannot be used.
    """
    for field, name in (("time", time), ("value", value)):
        found = schema.get_all_field_indices(name)
        if len(found) != 1:
            number = f"{len(found)} columns" if found else "no column"
            raise refusal(field, f"{where} has {number} {shown(name)}")
    times, values = schema.field(time).type, schema.field(value).type
    is_ = pa.types
    if not any(is_this(times) for is_this in (is_.is_integer, is_.is_timestamp, is_.is_date)):
        raise refusal("time", f"column {shown(time)} of {where} holds {times} values, not times")
    kinds = (is_.is_integer, is_.is_floating, is_.is_decimal, is_.is_boolean, is_.is_null)
    if not any(is_this(values) for is_this in kinds):
        reason = f"column {shown(value)} of {where} holds {values} values, not numbers"
        raise refusal("value", reason)
    return [times, values]


@dataclass(frozen=True)
class Files:
    """All pieces of some files.

    Example:
        >>> import tempfile, pathlib, polars as pl
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder) / "prices.parquet"
        ...     pl.DataFrame({"time": [0, 7], "price": [1.5, 2.5]}).write_parquet(path)
        ...     source = Files.of([str(path)], "price", "time")
        ...     source.rows, source.last, source.between(0, 1000).values.tolist()
        (2, 7000, [1.5])
    """

    pieces: tuple[FilePiece, ...]
    rows: int
    first: int
    last: int
    held: ClassVar[bool] = False

    @classmethod
    def of(
        cls, paths: list[str], value: str, time: str, filesystem: Any = None, executor: Any = None
    ) -> Files:
        """Look at all files, which must agree in the types of the two columns."""
        system = LocalFileSystem() if filesystem is None else filesystem
        columns = [FileColumns(path, time, value, system) for path in paths]
        pieces: list[FilePiece] = []
        agreed: list[pa.DataType] | None = None
        for file, (kinds, found) in zip(
            columns, spread(executor, look_at, ((file,) for file in columns)), strict=True
        ):
            agreed = agreed or kinds
            for field, kind, first in zip(("time", "value"), kinds, agreed, strict=True):
                if kind != first:
                    reason = f"{file.path!r} holds {kind} values, {paths[0]!r} {first} values"
                    raise refusal(field, reason)
            pieces.extend(found)
        return cls(tuple(pieces), *_whole(pieces))

    def __iter__(self) -> Iterator[FilePiece]:
        return iter(self.pieces)

    def between(self, start: int, end: int) -> Series:
        """The rows from ``start`` until before ``end``, of the pieces that have any."""
        return Series.joined(
            [
                series.between(start, end)
                for piece in self.pieces
                if piece.first < end and piece.last >= start
                for series in piece.read()
            ]
        )


def _whole(pieces: list[FilePiece]) -> tuple[int, int, int]:
    if not pieces:
        return 0, 0, 0
    first, last = min(piece.first for piece in pieces), max(piece.last for piece in pieces)
    return sum(piece.rows for piece in pieces), first, last
