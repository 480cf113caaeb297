"""Recordings of the real service, where the shared folder lies beside the clone."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

FOLDER = Path(__file__).parents[1].parent / "shared" / "recorded"

needs_recordings = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the recordings of the real service are not beside this clone"
)


def load(name: str) -> list[dict[str, Any]]:
    """A list of recordings; empty where there are none."""
    path = FOLDER / name
    if not path.is_file():
        return []
    loaded: list[dict[str, Any]] = json.loads(path.read_text())
    return loaded


def column(file: str, name: str) -> NDArray[np.float64]:
    with (FOLDER / file).open(newline="") as lines:
        return np.array([float(row[name]) for row in csv.DictReader(lines)])
