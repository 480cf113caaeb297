"""Inference payloads (contract section 8.1): a body, by its content type, becomes Arrow columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from wallwidgets.errors import InvalidRequest, TooLarge, UnsupportedFormat
from wallwidgets.instance import strict_json
from wallwidgets.instance.arrow_files import read_arrow_file
from wallwidgets.instance.tensors import Nested, refusal, refuse_infinite
from wallwidgets.schemas.inference import ARROW_FILE

MAX_JSON_BYTES = 2**26
"""JSON grows tenfold in memory; larger batches travel as Arrow."""


@dataclass(frozen=True)
class Payload:
    """The input of an inference: one array per field, all of the same length.

    Attributes:
        columns: The fields.
        rows: Number of records.
        is_plain_json: Sent as ``application/json`` without a format.
    """

    columns: dict[str, pa.Array]
    rows: int
    is_plain_json: bool = False


def decode(body: bytes, content_type: str | None, encoding: str | None = None) -> Payload:
    """Read a body.

    Raises:
        UnsupportedFormat: A content type or encoding that is not taken.
        InvalidRequest: The body is not what its content type says, or not a table of values.
    """
    if encoding not in (None, "", "identity"):
        raise UnsupportedFormat("Unsupported media type: Content-Encoding is not taken")
    kind, _, parameters = (content_type or "application/json").partition(";")
    kind = kind.strip().lower()
    if kind == ARROW_FILE:
        return _payload(read_arrow_file(body))
    if kind != "application/json":
        raise UnsupportedFormat(
            f"Unsupported media type: Content-Type must be application/json or {ARROW_FILE}"
        )
    records_only = "format=pandas-records" in parameters.replace(" ", "").lower()
    return _payload(_json_columns(body, records_only), is_plain_json="format=" not in parameters)


def _payload(columns: dict[str, pa.Array], is_plain_json: bool = False) -> Payload:
    lengths = {len(column) for column in columns.values()}
    if lengths in (set(), {0}):
        raise InvalidRequest("Bad request: there are no rows")
    if len(lengths) > 1:
        counts = ", ".join(f"{name!r} {len(column)}" for name, column in columns.items())
        raise InvalidRequest(f"Bad request: the columns have different numbers of rows: {counts}")
    return Payload(columns, lengths.pop(), is_plain_json)


def _json_columns(body: bytes, records_only: bool) -> dict[str, pa.Array]:
    if len(body) > MAX_JSON_BYTES:
        raise TooLarge(
            f"Payload too large: JSON of more than {MAX_JSON_BYTES} bytes; send an Arrow file"
        )
    value = strict_json.loads(body)
    if isinstance(value, list):
        cells = _cells_of_records(value)
    elif isinstance(value, dict) and not records_only:
        cells = {name: _list(name, column) for name, column in value.items()}
    else:
        raise InvalidRequest("Bad request: the body must be an array of row objects")
    may_hold_booleans = b"true" in body or b"false" in body
    return {name: _column(name, column, may_hold_booleans) for name, column in cells.items()}


def _list(name: str, column: Any) -> list[Any]:
    if not isinstance(column, list):
        raise refusal(name, "must be an array with one value per row")
    return column


def _cells_of_records(records: list[Any]) -> dict[str, list[Any]]:
    first = records[0] if records else {}
    for index, record in enumerate(records):
        if not isinstance(record, dict):
            raise InvalidRequest(f"Bad request: row {index}: must be an object of fields")
        if record.keys() != first.keys():
            missing = sorted(first.keys() - record.keys())
            extra = sorted(record.keys() - first.keys())
            name, what = (missing[0], "is missing") if missing else (extra[0], "is not in row 0")
            raise refusal(name, what, index)
    return {name: [record[name] for record in records] for name in first}


def _column(name: str, cells: Sequence[Any], may_hold_booleans: bool) -> pa.Array:
    if may_hold_booleans:
        _refuse_mixed_booleans(name, cells)
    try:
        column = pa.array(cells)
        refuse_infinite(Nested(name, column))
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        if isinstance(error, InvalidRequest):
            raise
        raise _explained(name, cells) from None
    return column


def _explained(name: str, cells: Sequence[Any]) -> InvalidRequest:
    """The error for cells that do not fit together: which row is the first that does not."""
    for index in range(1, len(cells) + 1):
        try:
            pa.array(cells[index - 1 : index])
            pa.array([cells[0], cells[index - 1]])
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            return refusal(name, "the value is out of range or does not fit row 0", index - 1)
    return refusal(name, "the values have different types")


def _refuse_mixed_booleans(name: str, cells: Sequence[Any]) -> None:
    """Arrow would silently make 1.0 of a true among numbers."""
    kinds: set[bool] = set()
    for index, cell in enumerate(cells):
        pending = [cell]
        while pending:
            value = pending.pop()
            if isinstance(value, list):
                pending.extend(value)
            elif value is not None:
                kinds.add(isinstance(value, bool))
        if len(kinds) > 1:
            raise refusal(name, "booleans and other values are mixed", index)
