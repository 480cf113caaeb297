"""``iopath``: which of a pipeline's values an assay watches."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wallwidgets.errors import InvalidRequest

MAX_INDEX = 2**31 - 1
_FORM = re.compile(r"\s*(input|output)\s+(\S.*?)(?:\s+([0-9]{1,10}))?\s*", re.DOTALL)
_PARTS = {"input": "in", "output": "out"}


@dataclass(frozen=True)
class IoPath:
    """A column of an input or output: ``"output dense_2 0"``, or by numbers ``"input 0 0"``.

    Attributes:
        side: ``input`` or ``output``.
        field: The name of a tensor, or its number.
        index: The column in it, counted over the whole tensor.

    Example:
        >>> path = IoPath.parse("output dense_2 0")
        >>> path.field, path.label, path.column, str(path)
        ('dense_2', 'dense_2.0', 'out.dense_2', 'output dense_2 0')
    """

    side: str
    field: str
    index: int = 0

    @classmethod
    def parse(cls, text: object) -> IoPath:
        """Read the text of the wire; an absent column is the first.

        Raises:
            InvalidRequest: It is no such text.
        """
        match = _FORM.fullmatch(text) if isinstance(text, str) else None
        if match is None or int(match[3] or 0) > MAX_INDEX:
            shown = repr(text) if len(repr(text)) <= 60 else f"{repr(text)[:57]}..."
            form = "no '<input|output> <field> <column>', such as 'output dense_2 0'"
            raise InvalidRequest(f"Bad request: iopath: {shown} is {form}")
        return cls(match[1], match[2], int(match[3] or 0))

    @property
    def number(self) -> int | None:
        """The number of the tensor, where the field may be one; a field's name comes first."""
        return int(self.field) if re.fullmatch("[0-9]{1,9}", self.field) else None

    @property
    def column(self) -> str:
        """The column of inference records that holds it, such as ``out.dense_2``."""
        return f"{_PARTS[self.side]}.{self.field}"

    @property
    def label(self) -> str:
        """A short name for charts, such as ``dense_2.0``."""
        return f"{self.field}.{self.index}"

    def __str__(self) -> str:
        return f"{self.side} {self.field} {self.index}"
