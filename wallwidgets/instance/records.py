"""Inference records on the wire (contract section 8.1): nested or flat, as JSON or as Arrow."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from wallwidgets.errors import InvalidRequest
from wallwidgets.instance.tensors import to_lists
from wallwidgets.schemas.inference import ARROW_FILE

TIME = "time"
CHECK_FAILURES = "check_failures"
METADATA = "metadata"
JSON = "application/json"
LONGEST_SEPARATOR = 8


@dataclass(frozen=True)
class RecordForm:
    """Which parts of records a caller wants, and in what form.

    Attributes:
        parts: ``*``, parts such as ``out``, or fields such as ``out.variable``; empty means all.
        excluded: Parts or fields to leave out.
        separator: Flatten with it; None nests fields in their part.
        arrow: An Arrow IPC file instead of JSON.

    Example:
        >>> RecordForm(parts=("*",)).wants("metadata.elapsed")
        False
    """

    parts: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    separator: str | None = None
    arrow: bool = False

    def wants(self, name: str) -> bool:
        """Whether a column, such as ``out.variable``, is asked for."""
        if any(_covers(part, name) for part in self.excluded):
            return False
        if not self.parts:
            return True
        is_metadata = name.startswith(f"{METADATA}.")
        return any(not is_metadata if part == "*" else _covers(part, name) for part in self.parts)

    def reads(self, name: str) -> bool:
        """Whether a column has to be read; the time always is, it tells how many rows there are."""
        return name == TIME or self.wants(name)

    @property
    def media_type(self) -> str:
        return ARROW_FILE if self.arrow else JSON


def form_of(query: Sequence[tuple[str, str]], accept: str | None) -> RecordForm:
    """The form that query parameters and the Accept header ask for.

    Raises:
        InvalidRequest: A separator that is empty or too long, or a flag that is none.
    """
    values: dict[str, list[str]] = {}
    for name, value in query:
        values.setdefault(name.removesuffix("[]"), []).append(value)
    separator = values.get("dataset.separator", [None])[-1]
    if separator is not None and not 1 <= len(separator) <= LONGEST_SEPARATOR:
        raise InvalidRequest("Bad request: dataset.separator: must have 1 to 8 characters")
    flatten = values.get("dataset.flatten", ["false"])[-1].lower()
    if flatten not in ("true", "false"):
        raise InvalidRequest("Bad request: dataset.flatten: must be true or false")
    return RecordForm(
        parts=tuple(values.get("dataset", ())),
        excluded=tuple(values.get("dataset.exclude", ())),
        separator="." if separator is None and flatten == "true" else separator,
        arrow=ARROW_FILE in (accept or "").lower(),
    )


def complete(table: pa.Table, form: RecordForm) -> pa.Table:
    """The records with the parts that are always the same, in the order of the service."""
    rows = table.num_rows
    columns = {name: table.column(name) for name in table.column_names if form.wants(name)}
    if form.wants(CHECK_FAILURES):
        columns[CHECK_FAILURES] = _empty_lists(rows)
    if "metadata.last_model" in table.column_names and form.wants("metadata.dropped"):
        columns["metadata.dropped"] = _empty_lists(rows)
    metadata = {name: columns.pop(name) for name in list(columns) if name.startswith("metadata.")}
    return pa.table({**columns, **metadata})


def encode(
    table: pa.Table, form: RecordForm, schema_metadata: Mapping[str, str] | None = None
) -> bytes | memoryview:
    """Records as the caller wants them; ``table`` has columns such as ``in.tensor``."""
    table = complete(table, form)
    if form.arrow:
        table = pa.table({name: _lists(table.column(name)) for name in table.column_names})
    if form.separator is None:
        table = _nested(table)
    elif form.separator != ".":
        names = [form.separator.join(_split(name)) for name in table.column_names]
        table = table.rename_columns(names)
    if not form.arrow:
        frame = pl.from_arrow(table)
        return b"[]" if table.num_rows == 0 else frame.write_json().encode()  # type: ignore[union-attr]
    table = table.replace_schema_metadata(dict(schema_metadata or {}))
    # Its size is known before its memory is taken: a growing buffer would copy it many times.
    size = pa.MockOutputStream()
    _write_file(table, size)
    content = pa.allocate_buffer(size.size())
    _write_file(table, pa.FixedSizeBufferWriter(content))
    return memoryview(content)


def _write_file(table: pa.Table, sink: pa.NativeFile) -> None:
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _covers(part: str, name: str) -> bool:
    return name == part or name.startswith(f"{part}.")


def _split(name: str) -> list[str]:
    """Part and field. A model's name may hold dots, the names of outputs rarely do."""
    part, dot, field = name.rpartition(".") if name.startswith("out_") else name.partition(".")
    return [part, field] if dot else [name]


def _nested(table: pa.Table) -> pa.Table:
    """Fields inside their part: in, out, metadata, out_<model>."""
    table = table.combine_chunks()
    parts: dict[str, dict[str, pa.Array]] = {}
    for name in table.column_names:
        part, *field = _split(name)
        chunks = table.column(name)
        array = chunks.chunk(0) if chunks.num_chunks else pa.array([], chunks.type)
        parts.setdefault(part, {})["".join(field)] = array
    return pa.table(
        {
            part: fields[""] if "" in fields else pa.StructArray.from_arrays(*_unzip(fields))
            for part, fields in parts.items()
        }
    )


def _unzip(fields: dict[str, pa.Array]) -> tuple[list[pa.Array], list[str]]:
    return list(fields.values()), list(fields)


def _lists(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_fixed_size_list(column.type):
        return column
    chunks = [to_lists(chunk) for chunk in column.chunks]
    return pa.chunked_array(chunks, to_lists(pa.array([], column.type)).type)


def _empty_lists(rows: int) -> pa.Array:
    offsets = pa.array(np.zeros(rows + 1, dtype=np.int32))
    return pa.ListArray.from_arrays(offsets, pa.array([], pa.string()))


def legacy_records(table: pa.Table, pipeline_name: str) -> list[str]:
    """Records as texts in the form of 2023.1 (contract section 8.1 (d))."""
    return [json.dumps(_legacy(record, pipeline_name)) for record in table.to_pylist()]


def _legacy(record: Mapping[str, Any], pipeline_name: str) -> dict[str, Any]:
    model = json.loads(record.get("metadata.last_model") or "{}")
    inputs, outputs = {}, []
    shadows: dict[str, list[Any]] = {}
    for name, value in record.items():
        part, *field = _split(name)
        if part == "in":
            inputs[field[0]] = [value]
        elif part == "out":
            outputs.append(_legacy_output(value))
        elif part.startswith("out_"):
            shadows.setdefault(part.removeprefix("out_"), []).append(_legacy_output(value))
    return {
        "check_failures": [],
        "elapsed": record.get("metadata.elapsed"),
        "model_name": model.get("model_name", ""),
        "model_version": "",
        "original_data": inputs,
        "outputs": outputs,
        "pipeline_name": pipeline_name,
        "shadow_data": shadows,
        "time": record["time"],
    }


def _legacy_output(value: Sequence[Any]) -> dict[str, Any]:
    values = [None if each != each else each for each in np.ravel(np.array(value, dtype=object))]
    kind = "String" if any(isinstance(each, str) for each in values) else "Float"
    return {kind: {"data": values, "dim": [1, len(values)], "v": 1}}


def warm_up() -> None:
    """Read and write a record, so that the libraries load what they load only once."""
    encode(pa.table({"in.tensor": pa.array([[0.0]])}), RecordForm())
