"""Drift by other means over the same 10 million rows: 30 daily windows against the first day.

pandas and polars compute the same PSI over the same edges here. nannyml and evidently are installed
into environments of their own, on the first run only, and take their closest method: nannyml
compares by Jensen-Shannon distance as it has no PSI, evidently's PSI chooses bins of its own. Each
is timed once beside ``np.sum`` in its own process; what cannot be installed or run is left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from bench_drift import BASELINE, BEGIN_MS, DAY_MS, columns, minima, scored
from serving import report, scratch

from wallwidgets.drift import Drift
from wallwidgets.drift.scoring import Scoring

ROWS = 10_000_000
ROOT = Path(__file__).parents[1]
PEERS = {  # what each needs beside itself to run at all
    "nannyml": ["nannyml==0.13.1", "pandas<3", "numpy<2.4", "statsmodels"],
    "evidently": ["evidently==0.7.23", "pandas<3"],
}
QUIET = {"NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1", "PYTHONWARNINGS": "ignore"}

TIMED = """
import sys, time
import numpy as np, pandas as pd
times, values = np.load(sys.argv[1]), np.load(sys.argv[2])
def seconds(call):
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun
day = times.searchsorted(times[0] // 86_400_000 * 86_400_000 + np.arange(32) * 86_400_000)
"""
SCRIPTS = {
    "nannyml": """
from nannyml import UnivariateDriftCalculator
frame = pd.DataFrame({"time": pd.to_datetime(times, unit="ms"), "price": values})
def compare():
    calculator = UnivariateDriftCalculator(
        column_names=["price"], timestamp_column_name="time", chunk_period="D",
        continuous_methods=["jensen_shannon"],
    )
    found = calculator.fit(frame[: day[1]]).calculate(frame[day[1] : day[31]])
    assert len(found.filter(period="analysis").to_df()) == 30
""",
    "evidently": """
from evidently import Report
from evidently.metrics import ValueDrift
frame = pd.DataFrame({"price": values})
def compare():
    scores = []
    for low, high in zip(day[1:31], day[2:32]):
        run = Report([ValueDrift(column="price", method="psi")]).run(
            frame[low:high], frame[: day[1]]
        )
        scores.append(run.dict()["metrics"][0]["value"])
    assert len(scores) == 30 and max(scores) > 0
""",
}
PRINTED = "\nprint(seconds(compare) / min(seconds(lambda: np.sum(values)) for _ in range(9)))"


def by_pandas(frame: pd.DataFrame, found: Drift) -> Any:
    """One cut and one grouping by day and bin."""
    placed = pd.cut(frame["price"], [-np.inf, *limits(found), np.inf], labels=False)
    days = frame["time"].dt.floor("D")
    return frame.groupby([days, placed]).size().unstack(fill_value=0)


def by_polars(frame: pl.DataFrame, found: Drift) -> pl.DataFrame:
    """Windows of a day, each with the rows above each edge."""
    above = [(pl.col("price") > limit).sum().alias(str(limit)) for limit in limits(found)]
    return frame.group_by_dynamic("time", every="1d").agg(pl.len(), *above)


def limits(found: Drift) -> list[float]:
    """The edges, the first moved so that all bins are open on the left."""
    edges = found.bins.edges.tolist()
    return [float(np.nextafter(edges[0], -np.inf)), *edges[1:]]


def scores(counts: Any) -> Any:
    """PSI of each window, of which the first is the baseline."""
    shares = counts / counts.sum(axis=1, keepdims=True)
    return Scoring.of(shares.shape[1]).scores(shares[0], shares[1:])[0]


def here(frame: dict[str, Any]) -> tuple[float, float]:
    """pandas and polars; returns the seconds of ``np.sum`` and of a run."""
    found = scored(frame)
    pandas = pd.DataFrame({**frame, "time": pd.to_datetime(frame["time"], unit="ms")})
    polars = pl.DataFrame(frame).with_columns(pl.col("time").cast(pl.Datetime("ms")))

    def with_pandas() -> Any:
        return scores(by_pandas(pandas, found).to_numpy()[:31])

    def with_polars() -> Any:
        table = by_polars(polars, found).drop("time").to_numpy()[:31]
        return scores(table - np.column_stack([table[:, 1:], np.zeros(len(table))]))

    for other in (with_pandas, with_polars):
        assert np.allclose(other(), found.score, rtol=1e-12)
    limit, ours = minima(15, lambda: np.sum(frame["price"]), lambda: scored(frame))
    first, second = minima(3, with_pandas, with_polars)
    report("ours / np.sum", ours / limit, "the same run")
    for name, taken in (("pandas groupby", first), ("polars group_by_dynamic", second)):
        compared(name, taken / limit, ours / limit, "the same scores")
    return limit, ours


def compared(name: str, taken: float, ours: float, how: str) -> None:
    report(f"{name} / np.sum", taken, f"{taken / ours:.0f} times ours, {how}")


def environment(peer: str) -> Path:
    """The peer's own environment, made if it is not there."""
    folder = ROOT / f".venv-peer-{peer}"
    python = folder / "bin" / "python"
    done = folder / ".installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        command = [python, "-m", "pip", "install", "--quiet", *PEERS[peer]]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=900)
        done.touch()
    return python


def beside(peer: str, files: list[Path]) -> float:
    """The peer's time as a multiple of ``np.sum`` in the same process."""
    command = [environment(peer), "-c", TIMED + SCRIPTS[peer] + PRINTED, *files]
    told = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        timeout=900,
        env={**os.environ, **QUIET},
    )
    return float(told.stdout.split()[-1])


def main() -> None:
    frame = columns(ROWS)
    assert pd.Timestamp(BASELINE[0]) == pd.Timestamp(BEGIN_MS, unit="ms")
    assert frame["time"][-1] == BEGIN_MS + 31 * DAY_MS
    limit, ours = here(frame)
    with scratch() as folder:
        files = [folder / f"{name}.npy" for name in frame]
        for path, column in zip(files, frame.values(), strict=True):
            np.save(path, column)
        for peer in PEERS:
            try:
                taken = beside(peer, files)
            except (OSError, subprocess.SubprocessError) as error:
                why = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1]
                print(f"{peer} is left out: {why}", flush=True)
                continue
            compared(peer, taken, ours / limit, "its closest method")


if __name__ == "__main__":
    main()
