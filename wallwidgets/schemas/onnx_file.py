"""What an ONNX file says about itself, read by walking its protobuf: the runtime never sees it.

Only lengths and a few fields are looked at, so a file of a gigabyte costs no more memory than a
small one. The field numbers are those of onnx.proto.
"""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from wallwidgets.errors import InvalidRequest

DOMAINS = frozenset({"", "ai.onnx.ml", "com.microsoft"})
"""Operator domains that the runtime brings along; ``ai.onnx`` is another spelling of ``""``."""

# fmt: off
ELEMENT_TYPES = (
    "undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool",
    "float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16",
)
# fmt: on
MAX_NESTING = 100
MAX_FIELDS = 5_000_000
MAX_NAME = 65_536


class Kind(Enum):
    """The messages of onnx.proto that are looked into."""

    MODEL = auto()
    GRAPH = auto()
    SUBGRAPH = auto()
    NODE = auto()
    ATTRIBUTE = auto()
    TENSOR = auto()
    INITIALIZER = auto()
    SPARSE = auto()
    SPARSE_INITIALIZER = auto()
    FUNCTION = auto()
    TRAINING = auto()
    OPSET = auto()


_CHILDREN: dict[tuple[Kind, int], Kind] = {
    (Kind.MODEL, 7): Kind.GRAPH,
    (Kind.MODEL, 8): Kind.OPSET,
    (Kind.MODEL, 20): Kind.TRAINING,
    (Kind.MODEL, 25): Kind.FUNCTION,
    (Kind.TRAINING, 1): Kind.SUBGRAPH,
    (Kind.TRAINING, 2): Kind.SUBGRAPH,
    (Kind.GRAPH, 1): Kind.NODE,
    (Kind.GRAPH, 5): Kind.INITIALIZER,
    (Kind.GRAPH, 15): Kind.SPARSE_INITIALIZER,
    (Kind.SUBGRAPH, 1): Kind.NODE,
    (Kind.SUBGRAPH, 5): Kind.TENSOR,
    (Kind.SUBGRAPH, 15): Kind.SPARSE,
    (Kind.FUNCTION, 7): Kind.NODE,
    (Kind.FUNCTION, 9): Kind.OPSET,
    (Kind.FUNCTION, 11): Kind.ATTRIBUTE,
    (Kind.NODE, 5): Kind.ATTRIBUTE,
    (Kind.ATTRIBUTE, 5): Kind.TENSOR,
    (Kind.ATTRIBUTE, 6): Kind.SUBGRAPH,
    (Kind.ATTRIBUTE, 10): Kind.TENSOR,
    (Kind.ATTRIBUTE, 11): Kind.SUBGRAPH,
    (Kind.ATTRIBUTE, 22): Kind.SPARSE,
    (Kind.ATTRIBUTE, 23): Kind.SPARSE,
    (Kind.SPARSE, 1): Kind.TENSOR,
    (Kind.SPARSE, 2): Kind.TENSOR,
    (Kind.SPARSE_INITIALIZER, 1): Kind.INITIALIZER,
    (Kind.SPARSE_INITIALIZER, 2): Kind.TENSOR,
}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SCALAR = {_VARINT: rb"[\x80-\xff]{0,9}[\x00-\x7f]", _FIXED64: rb".{8}", _FIXED32: rb".{4}"}
# A run of one scalar field, as tree models hold by the million, is skipped at the speed of C.
_RUNS = {
    tag: re.compile(b"(?:" + re.escape(bytes([tag])) + _SCALAR[tag & 7] + b")++", re.DOTALL)
    for tag in range(8, 128)
    if tag & 7 in _SCALAR
}


@dataclass(frozen=True)
class OnnxValue:
    """An input or output: None in ``shape`` is a dynamic size, a None shape an unknown rank."""

    name: str
    type: str
    shape: list[int | None] | None

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "type": self.type, "shape": self.shape}


@dataclass
class OnnxSignature:
    """The inputs and outputs of a model.

    Example:
        >>> OnnxSignature([OnnxValue("tensor", "float32", [None, 3])], []).inputs[0].shape
        [None, 3]
    """

    inputs: list[OnnxValue] = field(default_factory=list)
    outputs: list[OnnxValue] = field(default_factory=list)

    def as_json(self) -> dict[str, list[dict[str, Any]]]:
        return {
            "inputs": [value.as_json() for value in self.inputs],
            "outputs": [value.as_json() for value in self.outputs],
        }


def inspect(path: str | os.PathLike[str]) -> OnnxSignature:
    """Check an ONNX file and give its inputs and outputs.

    Raises:
        InvalidRequest: It is no whole ONNX model, keeps data in other files, or needs operators
            of a domain that the runtime does not know; the message says which.
    """
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise _refusal("the file is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Inspection(data).run()


def _refusal(reason: str) -> InvalidRequest:
    return InvalidRequest(f"Bad request: file: not a usable ONNX model: {reason}")


class _Inspection:
    """One walk over a file; what it finds gathers in its attributes."""

    def __init__(self, data: mmap.mmap):
        self._data = data
        self._fields_left = MAX_FIELDS
        self._signature = OnnxSignature()
        self._initializers: set[str] = set()
        self._imported: set[str] = set()
        self._used: set[str] = set()
        self._functions: set[str] = set()
        self._seen: set[int] = set()

    def run(self) -> OnnxSignature:
        # An explicit stack: nesting costs no recursion, and has a cap like protobuf's own.
        stack = [(Kind.MODEL, self._fields(0, len(self._data)))]
        while stack:
            kind, fields = stack[-1]
            for number, wire, start, end in fields:
                child = _CHILDREN.get((kind, number))
                if child is None:
                    self._look(kind, number, wire, start, end)
                    continue
                if wire != _BYTES:
                    raise _refusal(f"field {number} at byte {start} has a wrong type")
                if kind is Kind.MODEL:
                    self._seen.add(number)
                if child is Kind.OPSET:
                    self._imported.add(self._domain(start, end, field_number=1))
                elif child is Kind.FUNCTION:
                    self._functions.add(self._domain(start, end, field_number=10))
                if len(stack) >= MAX_NESTING:
                    raise _refusal(f"nested more than {MAX_NESTING} deep")
                if child is Kind.NODE:
                    self._used.add(self._domain(start, end, field_number=7))
                stack.append((child, self._fields(start, end)))
                break
            else:
                stack.pop()
        return self._verdict()

    def _verdict(self) -> OnnxSignature:
        for number, name in ((1, "ir_version"), (7, "graph"), (8, "opset_import")):
            if number not in self._seen:
                raise _refusal(f"{name} is missing")
        for domain in sorted(self._used):
            if domain not in DOMAINS | self._functions:
                raise _refusal(f"operators of the domain {domain[:100]!r} are unknown here")
            if domain not in self._imported:
                raise _refusal(f"opset_import does not name the domain {domain[:100]!r}")
        inputs = [each for each in self._signature.inputs if each.name not in self._initializers]
        if not inputs or not self._signature.outputs:
            raise _refusal("the graph has no input or no output")
        return OnnxSignature(inputs, self._signature.outputs)

    def _look(self, kind: Kind, number: int, wire: int, start: int, end: int) -> None:
        """Take in a field that is no message, or refuse the file because of it."""
        if kind is Kind.MODEL and number == 1 and wire == _VARINT:
            self._seen.add(1)
        elif kind is Kind.GRAPH and number in (11, 12):
            value = self._value(start, end, wire)
            (self._signature.inputs if number == 11 else self._signature.outputs).append(value)
        elif kind in (Kind.TENSOR, Kind.INITIALIZER):
            if number == 13 or (number == 14 and self._number(start, end)):
                raise _refusal("it keeps data in other files (external data)")
            if number == 8 and kind is Kind.INITIALIZER:
                self._initializers.add(self._text(start, end))

    def _fields(self, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        """Each field of a message: number, wire type, and where its value begins and ends."""
        data, position = self._data, start
        while position < end:
            self._fields_left -= 1
            if self._fields_left < 0:
                raise _refusal("it has too many fields")
            tag = data[position]
            run = _RUNS[tag].match(data, position, end) if tag in _RUNS else None
            if run:
                # Only the last of a run counts, as in protobuf, except that no flag may hide.
                if tag >> 3 == 14:
                    for match in re.finditer(_SCALAR[tag & 7], run.group()[1:]):
                        yield 14, tag & 7, position + 1 + match.start(), position + 1 + match.end()
                else:
                    yield tag >> 3, tag & 7, position + 1, run.end()
                position = run.end()
                continue
            tag, position = self._varint(position, end)
            number, wire = tag >> 3, tag & 7
            if number == 0:
                raise _refusal(f"field 0 at byte {position}")
            if wire == _BYTES:
                length, position = self._varint(position, end)
            elif wire == _VARINT:
                length = self._varint(position, end)[1] - position
            elif wire in (_FIXED32, _FIXED64):
                length = 4 if wire == _FIXED32 else 8
            else:
                raise _refusal(f"unknown wire type {wire} at byte {position}")
            if length > end - position:
                raise _refusal(f"truncated: a field at byte {position} runs past the end")
            yield number, wire, position, position + length
            position += length

    def _varint(self, position: int, end: int) -> tuple[int, int]:
        value = 0
        for index in range(10):
            if position + index >= end:
                raise _refusal(f"truncated at byte {end}")
            byte = self._data[position + index]
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                return value & (2**64 - 1), position + index + 1
        raise _refusal(f"a number at byte {position} is too long")

    def _number(self, start: int, end: int) -> int:
        return self._varint(start, end)[0] & 0xFFFFFFFF

    def _text(self, start: int, end: int) -> str:
        if end - start > MAX_NAME:
            raise _refusal("a name is too long")
        try:
            return self._data[start:end].decode()
        except UnicodeDecodeError:
            raise _refusal(f"a name at byte {start} is not UTF-8") from None

    def _domain(self, start: int, end: int, field_number: int) -> str:
        domain = ""
        for number, wire, at, until in self._fields(start, end):
            if number == field_number and wire == _BYTES:
                domain = self._text(at, until)
        return "" if domain == "ai.onnx" else domain

    def _inner(self, start: int, end: int, wanted: int) -> Iterator[tuple[int, int]]:
        for number, wire, at, until in self._fields(start, end):
            if number == wanted and wire == _BYTES:
                yield at, until

    def _value(self, start: int, end: int, wire: int) -> OnnxValue:
        if wire != _BYTES:
            raise _refusal("an input or output has a wrong type")
        name = "".join([self._text(*span) for span in self._inner(start, end, 1)][-1:])
        element, shape = "unknown", None
        for type_span in self._inner(start, end, 2):
            for tensor in self._inner(*type_span, 1):
                element, shape = self._tensor_type(*tensor)
        return OnnxValue(name, element, shape)

    def _tensor_type(self, start: int, end: int) -> tuple[str, list[int | None] | None]:
        element, shape = 0, None
        for number, wire, at, until in self._fields(start, end):
            if number == 1 and wire == _VARINT:
                element = self._number(at, until)
            elif number == 2 and wire == _BYTES:
                shape = [self._dimension(*span) for span in self._inner(at, until, 1)]
        known = element < len(ELEMENT_TYPES)
        return ELEMENT_TYPES[element] if known else f"type {element}", shape

    def _dimension(self, start: int, end: int) -> int | None:
        size = None
        for number, wire, at, until in self._fields(start, end):
            if number == 1 and wire == _VARINT:
                size = self._varint(at, until)[0]
        return size if size is not None and 0 <= size < 2**31 else None
