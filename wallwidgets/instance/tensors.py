"""Arrow columns to tensors and back: strict, without a loop over rows, and errors that name one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from wallwidgets.errors import InvalidRequest

MAX_TEXT_BYTES = 2**28

Tensor = npt.NDArray[np.generic]


def refusal(column: str, reason: str, row: int | None = None) -> InvalidRequest:
    """The error for a value that cannot be used."""
    where = f"column {column!r}" if row is None else f"row {row}, column {column!r}"
    return InvalidRequest(f"Bad request: {where}: {reason}")


class Nested:
    """A column of lists, taken apart: the innermost values and how many each list has.

    Args:
        name: Its name, for errors.
        column: An array of values, lists, or lists of lists.

    Raises:
        InvalidRequest: A value is null, or of a type that no model takes.

    Example:
        >>> Nested("tensor", pa.array([[1.0, 2.0], [3.0, 4.0]])).sizes()
        [2, 2]
    """

    def __init__(self, name: str, column: pa.Array):
        self.name = name
        self._ends: list[npt.NDArray[np.int64]] = []
        self._rows = len(column)
        column = _plain(name, column)
        while _is_list(column.type):
            self._refuse_null(column)
            self._ends.append(_ends(column))
            column = column.flatten()
        self._refuse_null(column)
        if not _is_value(column.type):
            raise refusal(name, f"{column.type} is not a tensor", 0)
        self.leaf: pa.Array = column

    def row_of(self, index: int) -> int:
        """The row in which the value or list at this index of the innermost level is."""
        for ends in reversed(self._ends):
            index = int(np.searchsorted(ends, index, side="right"))
        return index

    def sizes(self) -> list[int]:
        """Rows, then the size of each dimension.

        Raises:
            InvalidRequest: The lists of a level have different lengths.
        """
        sizes = [self._rows]
        for level, ends in enumerate(self._ends):
            lengths = np.diff(ends, prepend=0)
            different = np.flatnonzero(lengths != lengths[:1])
            if different.size:
                at = int(different[0])
                outer = Nested.__new__(Nested)
                outer._ends = self._ends[:level]
                raise refusal(
                    self.name,
                    f"ragged: {lengths[at]} values where the rows before have {lengths[0]}",
                    outer.row_of(at),
                )
            sizes.append(int(lengths[0]) if lengths.size else 0)
        return sizes

    def _refuse_null(self, column: pa.Array) -> None:
        if column.null_count:
            at = int(pc.index(column.is_null(), True).as_py())
            raise refusal(self.name, "tensor values may not be null", self.row_of(at))


def to_tensor(
    name: str, column: pa.Array, dtype: np.dtype[np.generic], shape: Sequence[int | None] | None
) -> Tensor:
    """The tensor of a column, as a model's input wants it.

    Args:
        name: The column, for errors.
        column: One value or nested list per row.
        dtype: Element type of the input.
        shape: Size of each dimension, rows first; None is any size, no shape at all any rank.

    Raises:
        InvalidRequest: Null, ragged, of a wrong rank, size or type, or out of range.
    """
    nested = Nested(name, column)
    sizes = nested.sizes()
    if shape is not None:
        if len(sizes) != len(shape):
            raise refusal(
                name, f"rank {len(sizes) - 1} per row, the model takes rank {len(shape) - 1}", 0
            )
        for size, wanted in zip(sizes[1:], shape[1:], strict=True):
            if wanted is not None and size != wanted:
                raise refusal(name, f"{size} values, the model takes {wanted}", 0)
        if shape[0] not in (None, 1, sizes[0]):
            raise refusal(name, f"{sizes[0]} rows, the model takes {shape[0]} at a time")
    return _cast(nested, dtype).reshape(sizes)


def _cast(nested: Nested, dtype: np.dtype[np.generic]) -> Tensor:
    """The values in the model's type, if each of them can be."""
    leaf, kind = nested.leaf, nested.leaf.type
    wrong = refusal(nested.name, f"values are {kind}, the model takes {dtype}", 0)
    if dtype.kind == "O":
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            raise wrong
        return np.asarray(leaf.to_numpy(zero_copy_only=False), dtype=object)
    if (dtype.kind == "b") != pa.types.is_boolean(kind):
        raise wrong
    if dtype.kind == "b":
        return np.asarray(leaf.to_numpy(zero_copy_only=False))
    if not (pa.types.is_integer(kind) or (pa.types.is_floating(kind) and dtype.kind == "f")):
        raise wrong
    values = leaf.to_numpy(zero_copy_only=False)
    if values.dtype == dtype:
        return np.asarray(values)
    if dtype.kind != "f":
        limits = np.iinfo(dtype)  # type: ignore[type-var]  # an integer dtype here
        _refuse_where(nested, (values < limits.min) | (values > limits.max), values, dtype)
        return np.asarray(values.astype(dtype))
    with np.errstate(over="ignore"):
        cast = values.astype(dtype)
    if not np.isfinite(cast).all():
        _refuse_where(nested, np.isinf(cast) & np.isfinite(values), values, dtype)
    return np.asarray(cast)


def refuse_infinite(nested: Nested) -> None:
    """Refuse an infinite value: in JSON it can only come from a number out of range."""
    if pa.types.is_floating(nested.leaf.type):
        values = nested.leaf.to_numpy(zero_copy_only=False)
        _refuse_where(nested, np.isinf(values), values, values.dtype)


def _refuse_where(
    nested: Nested, wrong: npt.NDArray[np.bool_], values: Tensor, dtype: np.dtype[np.generic]
) -> None:
    at = np.flatnonzero(wrong)
    if at.size:
        index = int(at[0])
        reason = f"{values[index]} is out of range for {dtype}"
        raise refusal(nested.name, reason, nested.row_of(index))


def to_column(name: str, tensor: Tensor) -> pa.Array:
    """A column of fixed-size lists, one per row; a tensor of rank 1 gives lists of one value."""
    if tensor.ndim == 1:
        tensor = tensor.reshape(-1, 1)
    if tensor.size == 0:
        raise InvalidRequest(f"Bad request: the model's output {name!r} is empty")
    flat = np.ascontiguousarray(tensor).reshape(-1)
    column = pa.array(flat.tolist(), pa.string()) if tensor.dtype.kind == "O" else pa.array(flat)
    for size in reversed(tensor.shape[1:]):
        column = pa.FixedSizeListArray.from_arrays(column, size)
    return column


def to_lists(column: pa.Array) -> pa.Array:
    """The same values in lists of any length, as the service's Arrow answers have them."""
    if not pa.types.is_fixed_size_list(column.type):
        return column
    size = column.type.list_size
    offsets = pa.array(np.arange(0, (len(column) + 1) * size, size, dtype=np.int32))
    return pa.ListArray.from_arrays(offsets, to_lists(column.flatten()))


def _plain(name: str, column: pa.Array) -> pa.Array:
    """The values behind an extension type, a dictionary or a view."""
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if pa.types.is_dictionary(column.type):
        _refuse_huge_text(name, column.dictionary, column.indices)
        column = column.dictionary_decode()
    if pa.types.is_string_view(column.type):
        _refuse_huge_text(name, column, None)
        column = column.cast(pa.large_string())
    return column


def _refuse_huge_text(name: str, texts: pa.Array, indices: pa.Array | None) -> None:
    """A dictionary or a view may name one long text a million times."""
    kind = texts.type
    if not (
        pa.types.is_string_view(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
    ):
        return
    lengths = pc.binary_length(texts).cast(pa.int64())
    total = pc.sum(lengths if indices is None else lengths.take(indices)).as_py() or 0
    if total > MAX_TEXT_BYTES:
        raise refusal(name, f"more than {MAX_TEXT_BYTES} bytes of text")


def _is_value(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_null(kind)
    )


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _ends(column: pa.Array) -> npt.NDArray[np.int64]:
    """Where each list ends in the flattened values."""
    if pa.types.is_fixed_size_list(column.type):
        return np.arange(1, len(column) + 1, dtype=np.int64) * int(column.type.list_size)
    offsets = column.offsets.to_numpy().astype(np.int64)
    return np.asarray(offsets[1:] - offsets[0])
