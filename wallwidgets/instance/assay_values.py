"""The values that an assay looks at: one column of a pipeline's inference records."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from wallwidgets.drift.checks import refusal, shown
from wallwidgets.instance.inference_log import InferenceLog
from wallwidgets.instance.log_batches import Batch, Span
from wallwidgets.schemas.iopath import IoPath

Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.generic]

_SIDES = {"input": "in.", "output": "out."}
_OUR_OWN = "out._"
"""Outputs that the instance adds, such as the model that a split took, are no model's."""


def rounded_up(micros: int) -> int:
    """Microseconds as milliseconds: a bound between two of them includes the later."""
    return -(-micros // 1000)


@dataclass(frozen=True)
class Source:
    """A column of a pipeline's records, of all models or of one.

    Attributes:
        pipeline_id: Whose records.
        path: Which column. A tensor's number counts the model's inputs or outputs.
        model: The name of the model that made the records; None for all.
    """

    pipeline_id: int
    path: IoPath
    model: str | None

    def read(self, log: InferenceLog, start: int, end: int) -> tuple[Times, Values]:
        """Times, in milliseconds since 1970, and values from ``start`` until before ``end``.

        Args:
            log: Holds the records.
            start: Microseconds since 1970.
            end: As well.

        Raises:
            InvalidRequest: There are records, but none of them has such a column of numbers.
        """
        finder = _Finder(self.path)
        span = rounded_up(start), rounded_up(end)
        times, values = log.column(
            self.pipeline_id, finder.field, self.path.index, *span, self.model
        )
        finder.check()
        return times, values

    def check(self, log: InferenceLog) -> None:
        """Refuse a column that the newest records do not have.

        Raises:
            InvalidRequest: There are records, but the newest have no such column of numbers.
        """
        finder = _Finder(self.path)
        with log.batches(self.pipeline_id, Span(newest_first=True)) as batches:
            for batch in islice(batches, 1):
                finder.field(batch)
        finder.check()


class _Finder:
    """Finds the field of a path in each batch, and remembers what else there was."""

    def __init__(self, path: IoPath):
        self._path = path
        self._seen = self._found = False
        self._fields: dict[str, str] = {}

    def field(self, batch: Batch) -> str | None:
        """The column of a batch; None if it has none, or no number at the path's index."""
        self._seen = True
        side = _SIDES[self._path.side]
        schema = batch.layout.schema
        fields = [each for each in schema.names if each.startswith(side)]
        name = self._path.column
        if name not in fields:
            numbered = [each for each in fields if not each.startswith(_OUR_OWN)]
            number = self._path.number
            if number is None or number >= len(numbered):
                self._fields |= {each.removeprefix(side): "" for each in numbered}
                return None
            name = numbered[number]
        width, kind = _elements(schema.field(name).type)
        if not _is_number(kind):
            self._fields[name.removeprefix(side)] = f"holds {kind} values, not numbers"
        elif self._path.index >= width:
            self._fields[name.removeprefix(side)] = f"has columns 0 to {width - 1}"
        else:
            self._found = True
            return name
        return None

    def check(self) -> None:
        """Refuse the path if there were records and none of them had it."""
        if self._found or not self._seen:
            return
        path = self._path
        for name, problem in self._fields.items():
            if problem:
                raise refusal("iopath", f"{path.side} {shown(name)} {problem}")
        fields = ", ".join(shown(name) for name in list(self._fields)[:10]) or "none"
        raise refusal("iopath", f"no {path.side} is named {shown(path.field)}; there are: {fields}")


def _elements(kind: pa.DataType) -> tuple[int, pa.DataType]:
    """How many numbers each record has in a column of this type, and their type."""
    width = 1
    while pa.types.is_fixed_size_list(kind):
        width, kind = width * kind.list_size, kind.value_type
    return width, kind


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)
    )
