"""Results as frames: typed records, Arrow tables, and an escaped HTML table of both."""

from __future__ import annotations

import io
import json
import types
import typing
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, SupportsIndex, TypeVar, overload

import pyarrow as pa
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from wallwidgets.errors import UnexpectedAnswer
from wallwidgets.schemas.connections import Details
from wallwidgets.schemas.safe_html import table_html

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

R = TypeVar("R", bound=BaseModel)

MASK = "***"
SHOWN_ROWS = 20
SHOWN_COLUMNS = 20

_ARROW_TYPES: dict[Any, pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    datetime: pa.timestamp("us", tz="UTC"),
}


class Records(list[R], Generic[R]):
    """A list of records of one kind that becomes a frame in one call.

    Columns are the fields of the kind; those of a record within a record are columns named
    ``outer.inner``. Other nested values become JSON texts. What a repr masks is masked.

    Example:
        >>> from wallwidgets.schemas.workspaces import MemberRecord
        >>> members = Records(MemberRecord, [MemberRecord(user_id="u", user_type="OWNER")])
        >>> members.to_arrow().to_pylist()
        [{'user_id': 'u', 'user_type': 'OWNER'}]
    """

    def __init__(self, kind: type[R], records: Iterable[R] = ()):
        super().__init__(records)
        self.kind = kind

    @overload
    def __getitem__(self, index: SupportsIndex) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> Records[R]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> R | Records[R]:
        if isinstance(index, slice):
            return Records(self.kind, super().__getitem__(index))
        return super().__getitem__(index)

    def to_arrow(self) -> pa.Table:
        """The records as an Arrow table, with the same schema however many there are."""
        columns = {
            ".".join(path): pa.array([_cell(record, path, field, kind) for record in self], kind)
            for path, field, kind in _columns(self.kind)
        }
        return pa.table(columns)

    def to_pandas(self) -> pd.DataFrame:
        """The records as a pandas frame with Arrow dtypes."""
        return Frame(self.to_arrow()).to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """The records as a polars frame."""
        return Frame(self.to_arrow()).to_polars()

    def _repr_html_(self) -> str:
        return _table_html(self[:SHOWN_ROWS].to_arrow(), len(self))


class Frame:
    """A table of inference records or results, kept as Arrow.

    Example:
        >>> frame = Frame(pa.table({"out.price": [[1.5], [2.5]]}))
        >>> len(frame), frame.columns
        (2, ['out.price'])
        >>> frame.to_polars().height
        2
    """

    def __init__(self, table: pa.Table):
        self._table = table

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self._table.column_names)

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def to_arrow(self) -> pa.Table:
        """The Arrow table itself."""
        return self._table

    def to_pandas(self) -> pd.DataFrame:
        """A pandas frame with Arrow dtypes, which shares the memory of the table."""
        import pandas as pd

        frame: pd.DataFrame = self._table.to_pandas(types_mapper=pd.ArrowDtype)
        return frame

    def to_polars(self) -> pl.DataFrame:
        """A polars frame, which shares the memory of the table."""
        import polars as pl

        return typing.cast("pl.DataFrame", pl.from_arrow(self._table))

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return f"Frame({len(self)} rows, columns {self.columns})"

    def _repr_html_(self) -> str:
        return _table_html(self._table.slice(0, SHOWN_ROWS), len(self))


def read_arrow(content: bytes | bytearray) -> pa.Table:
    """An Arrow IPC file in memory as a table with flat columns and aware times.

    Raises:
        UnexpectedAnswer: It is truncated or no such file.
    """
    try:
        table = pa.ipc.open_file(pa.py_buffer(content)).read_all()
        table.validate()
    except (pa.ArrowInvalid, pa.ArrowKeyError, pa.ArrowNotImplementedError, OSError):
        raise UnexpectedAnswer(
            f"The answer is no complete Arrow file ({len(content)} bytes).",
            remedy="Try again; the connection may have broken in the middle.",
        ) from None
    return flat(table)


def read_json_records(content: bytes | bytearray) -> pa.Table:
    """A JSON array of records as a table with flat columns and aware times.

    Raises:
        UnexpectedAnswer: It is no such array.
    """
    import polars as pl

    try:
        if content.lstrip()[:1] != b"[":
            raise ValueError
        frame = pl.read_json(io.BytesIO(content), infer_schema_length=None)
    except (pl.exceptions.PolarsError, ValueError):
        raise UnexpectedAnswer("The answer is no JSON array of records.") from None
    return flat(plain_types(frame.to_arrow(compat_level=pl.CompatLevel.oldest())))


def flat(table: pa.Table) -> pa.Table:
    """Struct columns as columns named ``outer.inner``, ``time`` as an aware time."""
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    at = table.schema.get_field_index("time")
    if at >= 0:
        column, utc = table.column(at), pa.timestamp("ms", tz="UTC")
        if column.type == pa.int64():
            table = table.set_column(at, "time", column.cast(pa.timestamp("ms")).cast(utc))
        elif pa.types.is_timestamp(column.type):
            table = table.set_column(at, "time", column.cast(utc, safe=False))
    return table


def plain_types(table: pa.Table) -> pa.Table:
    """The table without 64-bit offsets, which not every service reads."""
    schema = pa.schema([pa.field(field.name, _plain(field.type)) for field in table.schema])
    return table if schema.equals(table.schema) else table.cast(schema)


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_large_list(kind) or pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(_plain(kind.value_type), kind.list_size)
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, _plain(field.type)) for field in kind])
    if pa.types.is_large_string(kind):
        return pa.string()
    return pa.binary() if pa.types.is_large_binary(kind) else kind


def _table_html(shown: pa.Table, rows: int) -> str:
    names = shown.column_names[:SHOWN_COLUMNS]
    columns = [shown.column(at).to_pylist() for at in range(len(names))]
    size = f"{rows} rows" if rows != 1 else "1 row"
    if shown.num_rows < rows:
        size = f"the first {shown.num_rows} of {size}"
    if len(names) < shown.num_columns:
        size += f", {len(names)} of {shown.num_columns} columns"
    return table_html(names, zip(*columns, strict=True), size)


def _columns(
    kind: type[BaseModel], outer: tuple[str, ...] = ()
) -> Iterable[tuple[tuple[str, ...], FieldInfo, pa.DataType]]:
    """The fields of a kind and of the records within it, each with its path and Arrow type."""
    for name, field in kind.model_fields.items():
        inner = _bare(field.annotation)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _columns(inner, (*outer, name))
        else:
            yield (*outer, name), field, _arrow_type(inner)


def _cell(record: BaseModel, path: tuple[str, ...], field: FieldInfo, kind: pa.DataType) -> Any:
    value: Any = record
    for name in path:
        value = getattr(value, name, None)
    if value is None:
        return None
    if not field.repr:
        return MASK
    return _json(value) if pa.types.is_string(kind) and not isinstance(value, str) else value


def _json(value: Any) -> str:
    def plain(value: Any) -> Any:
        if isinstance(value, BaseModel):
            return value.model_dump(mode="json", exclude_none=True)
        return str(value)

    if isinstance(value, Details):
        value = dict.fromkeys(value, MASK)
    return json.dumps(value, default=plain, ensure_ascii=False)


def _bare(annotation: Any) -> Any:
    """The annotation without ``| None`` and constraints; a union of more kinds stays as it is."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(annotation) if kind is not type(None)]
        return _bare(kinds[0]) if len(kinds) == 1 else annotation
    if typing.get_origin(annotation) is typing.Annotated:
        return _bare(typing.get_args(annotation)[0])
    return annotation


def _arrow_type(kind: Any) -> pa.DataType:
    """The type of a column; a text for all that Arrow has no plain type for."""
    if typing.get_origin(kind) is list:
        item = _bare(typing.get_args(kind)[0])
        return pa.list_(_ARROW_TYPES[item]) if item in _ARROW_TYPES else pa.string()
    return _ARROW_TYPES.get(kind, pa.string())
