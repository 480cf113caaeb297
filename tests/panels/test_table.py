"""The table without a kernel: search, order, pages, selection, hostile cells."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from wallwidgets.panels.parts.table import Table
from wallwidgets.panels.parts.table_rows import Column, TableRows

NAME = Column("name", "Model", "name")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def names(table: Table) -> list[str]:
    return [row["cells"][0]["text"] for row in table.shown["rows"]]


def numbered(count: int) -> Table:
    table = Table([NAME], noun="models", key="name")
    table.show([{"name": f"m{index:05}"} for index in range(count)])
    return table


def test_only_a_page_travels():
    table = numbered(50_000)
    assert len(table.shown["rows"]) == 25
    assert table.shown["count"] == "1\u201325 of 50,000 models"
    assert table.shown["of"] == 2000
    assert len(json.dumps(table.shown)) < 10_000


def test_pages_turn_and_keep_their_place_when_they_shrink():
    table = numbered(60)
    table.page = 2
    assert names(table)[0] == "m00025"
    table.page_size = 10
    assert names(table)[0] == "m00020"
    table.page = 99
    assert names(table) == [f"m{index:05}" for index in range(50, 60)]


def test_search_in_any_case_and_column():
    table = Table([NAME, Column("size", "Size", "number")], noun="models")
    table.show([{"name": "CCFraud", "size": 7}, {"name": "aloha", "size": 12}])
    table.search.value = "ccf"
    assert names(table) == ["CCFraud"]
    assert table.shown["count"] == "1 of 2 models"
    table.search.value = "12"
    assert names(table) == ["aloha"]
    table.search.value = ".*"
    assert names(table) == []
    table.search.value = ""
    assert len(names(table)) == 2


def test_order_has_nulls_last_both_ways():
    table = Table([NAME])
    table.show([{"name": "b"}, {"name": None}, {"name": "A"}])
    table.order = {"by": "name", "descending": False}
    assert names(table) == ["A", "b", ""]
    table.order = {"by": "name", "descending": True}
    assert names(table) == ["b", "A", ""]


def test_a_selection_survives_order_search_and_a_re_read():
    table = numbered(3)
    table.chosen = 1
    table.order = {"by": "name", "descending": True}
    table.search.value = "m00000"
    assert table.row == {"name": "m00001"}
    table.show([{"name": "new"}, {"name": "m00000"}, {"name": "m00001"}])
    assert table.chosen == 2
    table.show([{"name": "new"}])
    assert (table.chosen, table.row) == (-1, None)


def test_choosing_turns_to_the_page():
    table = numbered(60)
    table.choose(30)
    assert (table.page, table.chosen) == (2, 30)


def test_loading_keeps_rows_or_shows_skeletons():
    table = Table([NAME], noun="models")
    table.loading()
    assert table.shown["skeletons"] == 6
    assert table.shown["count"] == ""
    table.show([{"name": "a"}])
    table.loading()
    assert (table.shown["skeletons"], names(table)) == (0, ["a"])
    table.show([])
    assert table.shown["count"] == "No models."


@pytest.mark.parametrize(
    "data",
    [
        pl.DataFrame({"name": ["a"]}),
        pd.DataFrame({"name": ["a"]}),
        pa.table({"name": ["a"]}),
        [{"name": "a"}],
    ],
)
def test_it_takes_every_kind_of_frame(data):
    table = Table([NAME])
    table.show(data)
    assert names(table) == ["a"]


def test_opening_calls_with_the_row():
    opened = []
    table = Table([NAME], on_open=opened.append)
    table.show([{"name": "a"}])
    for row in (0, 5, -1, "0", None):
        table._asked(table, {"do": "open", "id": row}, [])
    assert opened == [0]


def cells(kind: str, value: object) -> dict[str, str]:
    rows = TableRows([Column("x", "X", kind)], now=lambda: NOW)
    rows.show(pl.DataFrame({"x": [value]}))
    return rows.page(1, 25)[0]["cells"][0]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("chip", "Running", {"text": "Running", "kind": "running"}),
        ("chip", "odd", {"text": "odd", "kind": "off"}),
        ("hash", "a" * 64, {"text": "aaaaaaaa…", "title": "a" * 64}),
        ("number", 1234567, {"text": "1,234,567"}),
        ("number", 1106118.6, {"text": "1,106,119"}),
        ("number", 0.00123456789, {"text": "0.00123457"}),
        ("number", None, {"text": ""}),
        ("text", [1.0, 2.0], {"text": "[1.0, 2.0]"}),
        (
            "time",
            NOW - timedelta(minutes=3),
            {"text": "3 min ago", "title": "2026-03-02 11:57:00 UTC"},
        ),
        (
            "time",
            NOW - timedelta(days=12),
            {"text": "12 d ago", "title": "2026-02-18 12:00:00 UTC"},
        ),
        ("code", "a\u202eb\x00", {"text": "a\\u202eb\\u0000"}),
    ],
)
def test_cells(kind, value, expected):
    assert cells(kind, value) == expected


def test_hostile_names_stay_what_they_are():
    name = "<img src=x onerror=alert(1)>"
    table = Table([NAME])
    table.show([{"name": name}, {"name": "x" * 10_000}])
    assert names(table)[0] == name
    assert len(names(table)[1]) == 300
    table.chosen = 1
    assert table.row == {"name": "x" * 10_000}
