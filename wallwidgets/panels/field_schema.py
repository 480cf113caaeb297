"""The fields of a model that is converted, as one types them: a line "name: type" each."""

from __future__ import annotations

import re

import pyarrow as pa

from wallwidgets.errors import InvalidRequest

RULE = "One field a line, such as inputs: list[float32, 10]"
_PLAIN = (
    *("float16", "float32", "float64", "string"),
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
)
_TYPES = {name: (getattr(pa, name)(), f"pa.{name}()") for name in _PLAIN} | {
    "bool": (pa.bool_(), "pa.bool_()")
}
_LIST = re.compile(r"list\[\s*(?P<inner>.+?)\s*(?:,\s*(?P<size>[1-9]\d{0,8})\s*)?\]")
_DEEPEST = 4

Field = tuple[str, pa.DataType, str]


def schema_of(text: str) -> pa.Schema:
    """The Arrow schema that a text stands for.

    Raises:
        InvalidRequest: A line cannot be read; the message names it.

    Example:
        >>> schema_of("inputs: list[float32, 10]").field("inputs").type.list_size
        10
    """
    return pa.schema([(name, kind) for name, kind, _ in _fields(text)])


def schema_code(text: str) -> str:
    """The same as Python.

    Example:
        >>> schema_code("price: float32")
        "pa.schema([('price', pa.float32())])"
    """
    return f"pa.schema([{', '.join(f'({name!r}, {code})' for name, _, code in _fields(text))}])"


def schema_error(text: str) -> str:
    """Why a text is no schema, or ""; an empty text is none yet."""
    try:
        _fields(text)
    except InvalidRequest as error:
        return error.message
    return ""


def _fields(text: str) -> list[Field]:
    found: list[Field] = []
    for line in filter(str.strip, text.splitlines()):
        name, colon, kind = line.partition(":")
        if not (colon and name.strip()):
            raise InvalidRequest(f"“{line.strip()[:60]}” is no field. {RULE}.")
        if name.strip() in {each for each, _, _ in found}:
            raise InvalidRequest(f"“{name.strip()[:60]}” is there twice.")
        found.append((name.strip(), *_type(kind.strip())))
    return found


def _type(text: str, depth: int = 0) -> tuple[pa.DataType, str]:
    if text in _TYPES:
        return _TYPES[text]
    match = _LIST.fullmatch(text)
    if match is None or depth == _DEEPEST:
        known = "float32, float64, int32, int64, bool, string or list[…]"
        raise InvalidRequest(f"“{text[:60]}” is no type; take {known}.")
    inner, code = _type(match["inner"], depth + 1)
    if match["size"]:
        return pa.list_(inner, int(match["size"])), f"pa.list_({code}, {match['size']})"
    return pa.list_(inner), f"pa.list_({code})"
