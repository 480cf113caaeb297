"""The instance's database: SQLite with a write-ahead log, one writer at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import Session

from wallwidgets.instance.tables import Base

FIRST_MODEL_VERSION_ID = 1001
"""Versions start apart from models, so that mixing the two up fails early."""


class Store:
    """Sessions on the database of a data folder."""

    def __init__(self, folder: Path):
        self._engine = create_engine(
            f"sqlite:///{folder / 'instance.db'}",
            pool_size=64,
            max_overflow=-1,
            connect_args={"check_same_thread": False, "timeout": 60},
        )
        # Waiting here, not in SQLite's busy handler, keeps many writers in order, without errors.
        self._writing = threading.Lock()
        event.listen(self._engine, "connect", _configure)
        event.listen(self._engine, "begin", _begin)
        Base.metadata.create_all(self._engine)
        with self.write() as session:
            session.execute(
                text(
                    "INSERT INTO sqlite_sequence (name, seq) SELECT 'model_version', :seq WHERE NOT"
                    " EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'model_version')"
                ),
                {"seq": FIRST_MODEL_VERSION_ID - 1},
            )

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one snapshot; what it changes is dropped."""
        with Session(self._engine, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are on the disk when the block ends, or gone if it raises."""
        with (
            self._writing,
            self._engine.connect().execution_options(writes=True) as connection,
            Session(connection, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def close(self) -> None:
        self._engine.dispose()


def _configure(connection: Any, record: object) -> None:
    # SQLAlchemy's own recipe: the driver must not start transactions, "begin" below does.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Any) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
