"""What ``import wallwidgets`` costs, as a multiple of ``import requests``.

Fresh processes, interleaved, medians of one run. Exits with 1 above the limit.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

LIMIT = 1.3
ROUNDS = 15
CLOCKED = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def seconds(module: str) -> float:
    """The time of one import in a process of its own."""
    command = [sys.executable, "-c", CLOCKED.format(module)]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def main() -> int:
    """Print one line and tell whether the limit holds."""
    for module in ("wallwidgets", "requests"):
        seconds(module)
    times: dict[str, list[float]] = {"wallwidgets": [], "requests": []}
    for _ in range(ROUNDS):
        for module, found in times.items():
            found.append(seconds(module))
    own, other = (statistics.median(found) for found in times.values())
    ratio = own / other
    print(
        f"import: wallwidgets {own * 1e3:.1f} ms, requests {other * 1e3:.1f} ms,"
        f" ratio {ratio:.3f} (limit {LIMIT})"
    )
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
