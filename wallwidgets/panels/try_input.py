"""What an inference is tried with: a frame of the notebook, a file, or pasted records."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa

from wallwidgets.errors import InvalidRequest

SUFFIXES = (".json", ".arrow", ".parquet", ".csv")
_READERS: dict[str, Callable[[str], pl.DataFrame]] = {
    ".parquet": pl.read_parquet,
    ".csv": pl.read_csv,
}


def frames_in(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """The data frames and tables that a notebook's names stand for, but for hidden ones.

    Example:
        >>> frames_in({"df": pl.DataFrame({"a": [1]}), "_": pl.DataFrame(), "n": 3}).keys()
        dict_keys(['df'])
    """
    kinds = (pd.DataFrame, pl.DataFrame, pa.Table)
    # A list first: another thread may add a name meanwhile.
    found = list(namespace.items())
    return {
        name: value
        for name, value in found
        if isinstance(value, kinds) and not name.startswith("_")
    }


def size_of(frame: Any) -> str:
    """Rows and columns of a frame, in numbers."""
    rows, columns = frame.shape
    return f"{rows:,} \u00d7 {columns:,}"


def read_file(path: str) -> Any:
    """What ``infer`` takes for a file: its path, or a frame of a kind that it does not read.

    Raises:
        InvalidRequest: It cannot be read.
    """
    reader = _READERS.get(Path(path).suffix.lower())
    if reader is None:
        return path
    try:
        return reader(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InvalidRequest(f"{Path(path).name} cannot be read: {reason}.") from None


def file_code(path: str) -> str:
    """The same as Python."""
    reader = _READERS.get(Path(path).suffix.lower())
    return repr(path) if reader is None else f"pl.{reader.__name__}({path!r})"


def parse(text: str) -> list[dict[str, Any]]:
    """Pasted records.

    Raises:
        InvalidRequest: They are no JSON array of objects; the message says where.

    Example:
        >>> parse('[{"tensor": [1, 2]}]')
        [{'tensor': [1, 2]}]
    """
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidRequest(f"Line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except RecursionError:
        raise InvalidRequest("The records are nested too deeply.") from None
    if not isinstance(rows, list) or not rows:
        raise InvalidRequest('Records are an array of objects, such as [{"tensor": [1, 2]}].')
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise InvalidRequest(f"Row {index} is no object of fields.")
    return rows
