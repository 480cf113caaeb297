"""What goes into a model: strict, with an error that names row and column."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from tests.models import integer_model, linear_model, reciprocal_model, scaled_model
from wallwidgets.errors import InvalidRequest, TooLarge, UnsupportedFormat
from wallwidgets.instance.engine import LoadedStage, ModelRuntime, run
from wallwidgets.instance.payloads import decode
from wallwidgets.instance.records import RecordForm, encode
from wallwidgets.instance.tensors import to_tensor
from wallwidgets.schemas.inference import ARROW_FILE

from .pipelines import arrow_file

FLOAT = np.dtype(np.float32)


@pytest.fixture
def linear(tmp_path):
    return ModelRuntime(linear_model(tmp_path / "m.onnx"), "linear", "v1", "aa")


def infer(runtime, body, content_type="application/json"):
    body = body if isinstance(body, bytes) else body.encode()
    return run((LoadedStage((runtime,)),), decode(body, content_type)).columns


BAD_JSON = {
    '[{"other": [1, 2, 3]}]': r"row 0, column 'tensor': is missing",
    '[{"tensor": [1, 2, 3], "x": 1}]': r"row 0, column 'x': is not an input",
    '[{"tensor": [1, 2, 3]}, {}]': r"row 1, column 'tensor': is missing",
    '[{"tensor": [1, 2, 3]}, {"tensor": [1, 2]}]': r"row 1, column 'tensor': ragged",
    '[{"tensor": [1, 2]}]': r"row 0, column 'tensor': 2 values, the model takes 3",
    '[{"tensor": 1}]': r"row 0, column 'tensor': rank 0",
    '[{"tensor": [[1, 2, 3]]}]': r"row 0, column 'tensor': rank 2",
    '[{"tensor": ["a", "b", "c"]}]': r"row 0, column 'tensor': values are string",
    '[{"tensor": [true, false, true]}]': r"row 0, column 'tensor': values are bool",
    '[{"tensor": [1.5, 2, 3]}, {"tensor": [1, true, 2]}]': r"row 1, column 'tensor': booleans",
    '[{"tensor": [1, 2, 3]}, {"tensor": [1, "a", 3]}]': r"row 1, column 'tensor'",
    '[{"tensor": [1, 2, 3]}, {"tensor": [1, null, 3]}]': r"row 1, column 'tensor': .* null",
    '[{"tensor": [1, 2, 3]}, {"tensor": null}]': r"row 1, column 'tensor': .* null",
    '[{"tensor": [1, 2, 3]}, {"tensor": [1, 1e300, 3]}]': r"row 1, .*1e\+300 is out of range",
    '[{"tensor": [1, 2, 3]}, {"tensor": [1, 1e999, 3]}]': r"row 1, .* out of range",
    '[{"tensor": [1, 2, 99999999999999999999]}]': r"row 0, .* out of range",
    '[{"tensor": {"a": 1}}]': r"row 0, column 'tensor'",
    '[{"tensor": [1, NaN, 3]}]': "NaN is not JSON",
    '[{"tensor": [1], "tensor": [2]}]': "twice",
    "[1]": "row 0",
    "[]": "no rows",
    "{}": "no rows",
    '{"tensor": 1}': "'tensor'",
    "3": "array of row objects",
    "[" * 100_000: "deeply",
    '[{"tensor": [1, 2, 3]': "not JSON",
    '[{"tensor": [' + "9" * 5000 + "]}]": "not JSON",
}


@pytest.mark.parametrize("body", BAD_JSON, ids=lambda body: body[:40])
def test_bad_json_is_refused_by_row_and_column(linear, body):
    with pytest.raises(InvalidRequest, match=BAD_JSON[body]):
        infer(linear, body)


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (pa.array([[1.0, 2, 3], [1, 2]]), "row 1, column 'tensor': ragged"),
        (pa.array([[1.0, 2, 3], [1, None, 3]]), "row 1, .* null"),
        (pa.array([[1.0, 2, 3], None]), "row 1, .* null"),
        (pa.array([[1.0, 2, 1e200]]), "row 0, .* out of range"),
        (pa.array([[True, False, True]]), "values are bool"),
        (pa.array([["1", "2", "3"]]), "values are string"),
        (pa.array([{"a": 1}]), "not a tensor"),
        (pa.array([1.0, 2.0]), "rank 0"),
    ],
)
def test_bad_arrow_is_refused_by_row_and_column(linear, column, reason):
    body = arrow_file(pa.table({"tensor": column}))
    with pytest.raises(InvalidRequest, match=reason):
        infer(linear, body, ARROW_FILE)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[1.0, 2, 3], [4, 5, 6]]),
        pa.array([[1, 2, 3], [4, 5, 6]], pa.large_list(pa.int16())),
        pa.array([[1, 2, 3], [4, 5, 6]], pa.list_(pa.float32(), 3)),
        pa.array([[0, 0, 0], [1, 2, 3], [4, 5, 6]], pa.list_(pa.float32(), 3))[1:],
        pa.array([[0.0], [1, 2, 3], [4, 5, 6]])[1:],
    ],
    ids=str,
)
def test_all_kinds_of_arrow_lists_are_taken(linear, column):
    found = infer(linear, arrow_file(pa.table({"tensor": column})), ARROW_FILE)
    assert found["out.variable"].to_pylist() == [[14.5], [32.5]]


def test_whole_numbers_must_fit(tmp_path):
    runtime = ModelRuntime(integer_model(tmp_path / "m.onnx"), "m", "v", "s")
    assert infer(runtime, '[{"count": 1}, {"count": -128}]')["out.same"].to_pylist() == [
        [1],
        [-128],
    ]
    with pytest.raises(InvalidRequest, match="row 1, column 'count': 128 is out of range for int8"):
        infer(runtime, '[{"count": 1}, {"count": 128}]')
    with pytest.raises(InvalidRequest, match="values are double"):
        infer(runtime, '[{"count": 1.0}]')
    unsigned = pa.table({"count": pa.array([2**63], pa.uint64())})
    with pytest.raises(InvalidRequest, match="out of range"):
        infer(runtime, arrow_file(unsigned), ARROW_FILE)


def test_nan_in_arrow_stays_nan_and_is_null_in_json(linear):
    column = pa.array([[np.nan, 2, 3]], pa.list_(pa.float32()))
    found = infer(linear, arrow_file(pa.table({"tensor": column})), ARROW_FILE)
    assert np.isnan(found["out.variable"].to_pylist()[0][0])
    assert json.loads(encode(pa.table(found), RecordForm()))[0]["out"] == {"variable": [None]}


def test_nan_from_a_model(tmp_path):
    runtime = ModelRuntime(reciprocal_model(tmp_path / "m.onnx"), "m", "v", "s")
    found = infer(runtime, '[{"tensor": [0]}, {"tensor": [2]}]')
    table = pa.table(found)
    answer = json.loads(encode(table, RecordForm()))
    assert [record["out"]["variable"] for record in answer] == [[None], [1.0]]
    lossless = pa.ipc.open_file(encode(table, RecordForm(separator=".", arrow=True))).read_all()
    assert np.isnan(lossless["out.variable"][0].as_py()[0])


def test_an_input_has_several_names(tmp_path):
    path = scaled_model(tmp_path / "m.onnx", 2)
    plain = ModelRuntime(path, "m", "v", "s")
    named = ModelRuntime(path, "m", "v", "s", ["features"])
    for runtime, field in ((plain, "dense_input"), (plain, "tensor"), (named, "features")):
        found = infer(runtime, json.dumps([{field: [1, 2, 3]}]))
        assert found[f"in.{field}"].to_pylist() == [[1, 2, 3]]
        assert found["out.variable"].to_pylist() == [[12]]


def test_columns_may_come_as_one_object(linear):
    found = infer(linear, '{"tensor": [[1, 2, 3], [4, 5, 6]]}')
    assert found["out.variable"].to_pylist() == [[14.5], [32.5]]
    with pytest.raises(InvalidRequest, match="row objects"):
        infer(linear, '{"tensor": [[1, 2, 3]]}', "application/json; format=pandas-records")


@pytest.mark.parametrize("content_type", ["text/csv", "application/x-www-form-urlencoded", "json"])
def test_other_content_types_are_refused(linear, content_type):
    with pytest.raises(UnsupportedFormat):
        infer(linear, "[]", content_type)


def test_a_damaged_arrow_file_is_refused(linear):
    whole = arrow_file(pa.table({"tensor": pa.array([[1.0, 2, 3]] * 50)}))
    for length in range(0, len(whole), 7):
        with pytest.raises(InvalidRequest):
            infer(linear, whole[:length], ARROW_FILE)
    chance = np.random.default_rng(1)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[chance.integers(len(damaged))] = chance.integers(256)
        try:
            infer(linear, bytes(damaged), ARROW_FILE)
        except InvalidRequest:
            continue


def test_a_compressed_bomb_is_refused_before_it_is_decoded(linear):
    import pyarrow.feather as feather

    sink = pa.BufferOutputStream()
    table = pa.table({"tensor": pa.array(np.zeros(80_000_000))})
    feather.write_feather(table, sink, compression="zstd", chunksize=80_000_000)
    body = sink.getvalue().to_pybytes()
    assert len(body) < 2**20
    before = pa.total_allocated_bytes()
    with pytest.raises(TooLarge):
        infer(linear, body, ARROW_FILE)
    assert pa.total_allocated_bytes() - before < 2**20


def test_a_split_takes_each_row_to_one_model(tmp_path):
    models = [
        ModelRuntime(scaled_model(tmp_path / f"{factor}.onnx", factor), f"m{factor}", "v", "s")
        for factor in (1, 10)
    ]
    rows = [{"tensor": [1, 1, 1], "user": f"u{number % 50}"} for number in range(500)]
    payload = decode(json.dumps(rows).encode(), None)
    found = run((LoadedStage(tuple(models), (0.5, 0.5), "user"),), payload).columns
    values = np.array([value[0] for value in found["out.variable"].to_pylist()])
    names = [json.loads(value[0])["name"] for value in found["out._model_split"].to_pylist()]
    assert set(values) == {3, 30}
    assert names == ["m1" if value == 3 else "m10" for value in values]
    for user in range(50):
        assert len(set(values[user::50])) == 1
    # Without a key it is chance; a weight of 0 takes nothing.
    rows = [{"tensor": [1, 1, 1]} for _ in range(200)]
    payload = decode(json.dumps(rows).encode(), None)
    found = run((LoadedStage(tuple(models), (0.0, 1.0)),), payload).columns
    assert {value[0] for value in found["out.variable"].to_pylist()} == {30}


def test_float64_becomes_float32_as_numpy_does_it():
    values = np.random.default_rng(2).normal(size=(100, 3))
    column = pa.array(values.tolist())
    np.testing.assert_array_equal(
        to_tensor("x", column, FLOAT, (None, 3)), values.astype(np.float32)
    )
