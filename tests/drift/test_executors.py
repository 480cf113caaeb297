"""Counts of threads, processes and machines add up to those of one process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.drift.test_files import OPTIONS, same, small_pieces, table, write_arrow
from wallwidgets.drift import run
from wallwidgets.drift.spreading import spread
from wallwidgets.errors import InvalidRequest

__all__ = ["small_pieces"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows in no order, in files of both kinds."""
    made, where = table(), tmp_path_factory.mktemp("files")
    mixed = made.take(np.random.default_rng(4).permutation(made.num_rows))
    for index in range(3):
        part = mixed.slice(index * 15_000, 15_000)
        pq.write_table(part, where / f"{index}.parquet", row_group_size=3_000)
        write_arrow(part, where / f"{index}.arrow")
    return where


def frames(folder: Path) -> list[Any]:
    parquet, arrow = (sorted(folder.glob(f"*.{kind}")) for kind in ("parquet", "arrow"))
    return [
        parquet,
        arrow,
        ds.dataset(parquet),
        ds.dataset(parquet).filter(ds.field("time") >= 0),
        pl.scan_parquet(parquet),
        table(),
    ]


def check(folder: Path, executor: Any) -> None:
    expected = run(table(), "price", **OPTIONS, what_if=[10])
    for frame in frames(folder):
        found = run(frame, "price", **OPTIONS, what_if=[10], executor=executor)
        statistics = found.read_statistics(executor)
        assert statistics is found.statistics
        same(found, expected)
        same(found.rescore(num_bins=10), expected.rescore(num_bins=10))


@pytest.fixture
def processes() -> Iterator[Executor]:
    # A fork of a process with threads may hang.
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


def test_threads(folder: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        check(folder, pool)


def test_processes(folder: Path, processes: Executor) -> None:
    check(folder, processes)


def test_a_dask_scheduler_with_two_workers(folder: Path) -> None:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        executor = client.get_executor()
        check(folder, executor)
        assert len(client.has_what()) == 2
        executor.shutdown()


class Plain:
    """What has nothing but ``submit``, as actors and clients of other schedulers do."""

    def __init__(self) -> None:
        self.threads: set[str] = set()

    def submit(self, function: Any, *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def work() -> None:
            self.threads.add(threading.current_thread().name)
            try:
                future.set_result(function(*arguments))
            except InvalidRequest as error:
                future.set_exception(error)

        threading.Thread(target=work).start()
        return future


def test_anything_with_submit(folder: Path) -> None:
    executor = Plain()
    check(folder, executor)
    assert threading.main_thread().name not in executor.threads
    assert len(executor.threads) > 20


def test_statistics_after_the_executor_is_gone(folder: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        found = run(folder / "0.parquet", "price", **OPTIONS, executor=pool)
    expected = run(pq.read_table(folder / "0.parquet"), "price", **OPTIONS)
    same(found, expected)


def test_an_error_of_a_worker_is_the_error_of_the_run(tmp_path: Path, processes: Executor) -> None:
    (tmp_path / "bad").write_bytes(b"PAR1 and no more")
    with pytest.raises(InvalidRequest, match=r"frame: '.*bad' cannot be read: "):
        run([tmp_path / "bad"], "price", **OPTIONS, executor=processes)
    with pytest.raises(InvalidRequest, match=r"frame: there is no file '.*gone'"):
        run(tmp_path / "gone", "price", **OPTIONS, executor=processes)


def test_rows_in_memory_wait_for_workers() -> None:
    sent, release = [], threading.Event()

    def work() -> Iterator[tuple[int]]:
        for number in range(100):
            sent.append(number)
            yield (number,)

    def slow(number: int) -> int:
        release.wait(10)
        return number

    with ThreadPoolExecutor(2) as pool:
        results = spread(pool, slow, work(), held=True)
        threading.Timer(0.2, release.set).start()
        assert next(results) == 0
        assert len(sent) <= 20
        assert list(results) == list(range(1, 100))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 5 * 86_400_000), st.none() | st.floats()), min_size=1),
    st.lists(st.integers(0, 60), max_size=3), st.integers(1, 12), st.integers(1, 40),
)  # fmt: skip
def test_files_add_up_to_the_whole(
    tmp_path: Path, rows: list[tuple[int, Any]], cuts: list[int], num_bins: int, hours: int
) -> None:
    whole = pa.table(
        {
            "time": pa.array([time for time, _ in rows], pa.int64()),
            "price": pa.array([value for _, value in rows], pa.float64()),
        }
    )
    edges = [0, *sorted(cuts), len(rows)]
    for index, (low, high) in enumerate(pairwise(edges)):
        part = whole.slice(low, max(high - low, 0))
        if index % 2:
            pq.write_table(part, tmp_path / str(index), row_group_size=2)
        else:
            write_arrow(part, tmp_path / str(index))
    paths = [tmp_path / str(index) for index in range(len(edges) - 1)]
    options: dict[str, Any] = {
        "baseline": [-1.0, 0.0, 1.0, 5.0], "num_bins": num_bins, "interval": f"{hours} hours",
        "start": "1970-01-01", "until": "1970-01-07",
    }  # fmt: skip
    with ThreadPoolExecutor(2) as pool:
        same(run(paths, "price", **options, executor=pool), run(whole, "price", **options))
