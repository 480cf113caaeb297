"""Takes the pictures of the README and of every panel, from a running demo: ``make pictures``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.browser.lab import running_demo
from tests.pictures import charts, panels, side_bar


def main() -> None:
    """Write all pictures beside this file."""
    for take in (charts.take, panels.take, side_bar.take):
        with tempfile.TemporaryDirectory() as folder, running_demo(Path(folder)) as demo:
            take(demo)


if __name__ == "__main__":
    main()
