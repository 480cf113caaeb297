"""Records and tables become frames and safe HTML."""

from __future__ import annotations

import io
import re
import time
from datetime import UTC, datetime

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tests.api.test_schemas import RESULT
from wallwidgets import errors
from wallwidgets.api.frames import Frame, Records, flat, read_arrow, read_json_records
from wallwidgets.schemas.assays import AssayResult
from wallwidgets.schemas.connections import ConnectionRecord
from wallwidgets.schemas.models import ModelVersionRecord
from wallwidgets.schemas.safe_html import safe_text
from wallwidgets.schemas.users import UserInvited, UserRecord
from wallwidgets.schemas.workspaces import MemberRecord, WorkspaceRecord

MADE = datetime(2023, 4, 25, 21, 50, tzinfo=UTC)
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><svg/onload=alert(1)>",
    '"><iframe srcdoc="<script>1</script>">',
    "[x](javascript:alert(1))",
    r"$\href{javascript:alert(1)}{x}$",
    r"\(\href{javascript:alert(1)}{x}\)",
    "%{customdata}<extra>",
    "a\u202eb",
    "a\x00b",
    "x" * 10_000,
]


def workspaces(*names):
    return Records(
        WorkspaceRecord,
        [
            WorkspaceRecord(id=at, name=name, created_at=MADE, created_by="u", models=[at])
            for at, name in enumerate(names)
        ],
    )


def test_the_three_frames():
    records = workspaces("a", "b")
    pandas, polars, arrow = records.to_pandas(), records.to_polars(), records.to_arrow()
    assert list(pandas.columns) == polars.columns == arrow.column_names
    assert pandas["name"].tolist() == polars["name"].to_list() == ["a", "b"]
    assert polars.schema["created_at"] == pl.Datetime("us", "UTC")
    assert polars["created_at"][0] == MADE
    assert pandas["created_at"][0] == MADE
    assert polars["models"].to_list() == [[0], [1]]
    assert polars.schema["id"] == pl.Int64


@pytest.mark.parametrize(
    "kind", [WorkspaceRecord, UserRecord, ModelVersionRecord, ConnectionRecord, AssayResult]
)
def test_no_records_have_the_columns_and_types_all_the_same(kind):
    empty = Records(kind)
    assert empty.to_arrow().schema.names
    assert not any(pa.types.is_null(field.type) for field in empty.to_arrow().schema)
    assert list(empty.to_pandas().columns) == empty.to_polars().columns
    assert "0 rows" in empty._repr_html_()


def test_a_slice_is_records_too():
    assert workspaces("a", "b", "c")[1:].to_polars()["name"].to_list() == ["b", "c"]
    assert workspaces("a")[0].name == "a"


def test_nested_values():
    user = UserRecord(id="u", username="a", access={"view": True}, requiredActions=["x"])
    row = Records(UserRecord, [user]).to_arrow().to_pylist()[0]
    assert row["access"] == '{"view": true}'
    assert row["required_actions"] == ["x"]
    assert row["email"] is None


def test_records_within_records_are_columns():
    frame = Records(AssayResult, [AssayResult.model_validate(RESULT)]).to_polars()
    assert frame["window_summary.mean"].to_list() == [12.9663]
    assert frame["window_summary.edges"].to_list()[0][-1] is None
    assert frame["summarizer.metric"].to_list() == ["PSI"]
    assert frame["status"].to_list() == ["Warning"]


def test_what_is_masked():
    connection = ConnectionRecord(
        id="c", name="n", type="t", created_at=MADE, details={"password": "canary"}
    )
    for records in (
        Records(ConnectionRecord, [connection]),
        Records(UserInvited, [UserInvited(id="u", password="canary")]),
    ):
        shown = [
            repr(records),
            str(records[0]),
            records._repr_html_(),
            records.to_pandas().to_csv(),
            records.to_polars().write_json(),
            str(records.to_arrow().to_pylist()),
        ]
        assert "canary" not in "".join(shown)
    assert connection.details["password"] == "canary"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_literally(text):
    outputs = [workspaces(text)._repr_html_(), Frame(pa.table({text: [text]}))._repr_html_()]
    allowed = {"table", "thead", "tbody", "tr", "th", "td", "p", "span"}
    for shown in outputs:
        assert set(re.findall(r"<\s*/?\s*(\w+)", shown)) <= allowed
        assert re.findall(r"<\w+ [^>]*>", shown) == [
            '<table class="tex2jax_ignore mathjax_ignore">'
        ]
        assert not re.search(r"\$[^<]|\\[(\[]", shown)
        assert not re.search("[\x00-\x08\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
        assert len(shown) < 3_000
    assert workspaces(text)[0].name == text


def test_safe_text():
    assert safe_text("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#x27;"
    assert safe_text("a\u202eb\x00") == "a<span>\\</span>u202eb<span>\\</span>u0000"
    assert safe_text("a\ud800") == "a<span>\\</span>ud800"
    assert safe_text("1 $") == "1 <span>$</span>"


def test_a_long_table_is_cut():
    shown = workspaces(*(f"w{at}" for at in range(30)))._repr_html_()
    assert shown.count("<tr>") == 21
    assert "the first 20 of 30 rows" in shown
    wide = Frame(pa.table({f"c{at}": [1] for at in range(30)}))._repr_html_()
    assert "20 of 30 columns" in wide


def test_a_frame():
    table = pa.table({"time": [1], "out.y": [[1.0]]})
    frame = Frame(table)
    assert (len(frame), frame.columns, frame.to_arrow()) == (1, ["time", "out.y"], table)
    assert repr(frame) == "Frame(1 rows, columns ['time', 'out.y'])"
    assert pl.DataFrame(frame).equals(frame.to_polars())
    assert isinstance(frame.to_pandas().dtypes["out.y"], pd.ArrowDtype)


def test_lists_to_pandas_are_fast():
    values = pa.array(range(2_900_000), pa.float32())
    column = pa.ListArray.from_arrays(pa.array(range(0, 2_900_001, 29), pa.int32()), values)
    frame = Frame(pa.table({"in.tensor": column}))
    started = time.perf_counter()
    frame.to_pandas()
    frame.to_polars()
    assert time.perf_counter() - started < 0.5


def arrow_file(table):
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def test_structs_and_times_become_flat_and_aware():
    nested = pa.table(
        {
            "time": [1_700_000_000_123],
            "in": [{"tensor": [1.0]}],
            "metadata": [{"a": {"b": 1}}],
        }
    )
    table = read_arrow(arrow_file(nested))
    assert table.column_names == ["time", "in.tensor", "metadata.a.b"]
    assert table.schema.field("time").type == pa.timestamp("ms", tz="UTC")
    assert table["time"][0].as_py() == datetime(2023, 11, 14, 22, 13, 20, 123_000, UTC)
    for kind in (pa.timestamp("ns"), pa.timestamp("us", tz="UTC")):
        aware = flat(pa.table({"time": pa.array([1_000_000], kind)}))
        assert aware.schema.field("time").type == pa.timestamp("ms", tz="UTC")


def test_truncated_arrow_is_a_typed_error():
    content = arrow_file(pa.table({"a": list(range(100))}))
    for size in range(0, len(content), 7):
        with pytest.raises(errors.UnexpectedAnswer):
            read_arrow(content[:size])


def test_json_records():
    table = read_json_records(b'[{"time": 5, "in": {"t": [1.0]}}, {"time": 6, "b": "x"}]')
    assert table.to_pylist()[1]["b"] == "x"
    assert table.column_names == ["time", "in.t", "b"]
    for wrong in (b"{", b"<html>", b""):
        with pytest.raises(errors.UnexpectedAnswer):
            read_json_records(wrong)


def test_members_have_no_hidden_state():
    records = Records(MemberRecord, [MemberRecord(user_id="u", user_type=None)])
    assert records == [MemberRecord(user_id="u", user_type=None)]


def test_a_table_shows_what_a_reader_needs_of_times_and_tensors():
    rows = [{"time": MADE, "in.tensor": [0.1234567891, *range(28)], "price": 13.5 + 1e-9}]
    text = Frame(pa.Table.from_pylist(rows))._repr_html_()
    assert "2023-04-25 21:50:00 UTC" in text
    assert "[0.123457, 0, 1, 2, … 29 in all]" in text
    assert "<td>13.5</td>" in text


def test_a_record_shows_its_fields_but_no_secrets_and_no_gaps():
    text = UserInvited(id="<b>id</b>", password="canary")._repr_html_()
    assert "&lt;b&gt;id&lt;/b&gt;" in text
    assert "canary" not in text
    member = MemberRecord(user_id="u")
    assert "user_type" not in member._repr_html_()
