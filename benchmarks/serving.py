"""What the benchmarks share: an instance in a process of its own, and the memory of a process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20


@dataclass
class Served:
    """An instance in another process."""

    url: str
    credentials: Path
    pid: int


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Run ``wallwidgets instance`` on a free port until the block ends."""
    command = ["instance", "--port", "0", "--data", str(folder)]
    process = subprocess.Popen(
        [sys.executable, "-m", "wallwidgets.cli", *command], stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline()
        url = next(word for word in line.split() if word.startswith("http")).rstrip(".,/")
        yield Served(url, folder / "creds.json", process.pid)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on the disk of this checkout: a temporary file system may be memory only."""
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=Path(__file__).parents[1]) as folder:
        yield Path(folder)


def resident(pid: int, field: str = "VmRSS") -> float:
    """Resident memory of a process in MiB; ``VmHWM`` is its peak since ``reset_peak``."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024 / MIB
    raise ValueError(field)


def reset_peak(pid: int) -> None:
    """Let a process's peak memory begin anew (Linux)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def report(what: str, ratio: float, limit: str) -> None:
    """Print one line of results."""
    print(f"{what:<72} {ratio:8.2f}   ({limit})", flush=True)
