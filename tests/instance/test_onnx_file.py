"""What of an ONNX file is refused before any runtime sees it, and why."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.models import linear_model
from wallwidgets.errors import InvalidRequest
from wallwidgets.schemas.onnx_file import OnnxValue, inspect


@pytest.fixture
def model(tmp_path: Path) -> onnx.ModelProto:
    return onnx.load(linear_model(tmp_path / "linear.onnx"))


def refusal(tmp_path: Path, content: bytes | onnx.ModelProto) -> str:
    """Why a file is refused."""
    path = tmp_path / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.SerializeToString())
    with pytest.raises(InvalidRequest) as error:
        inspect(path)
    return error.value.message


def test_gives_inputs_and_outputs_without_initializers(tmp_path, model):
    model.graph.input.append(helper.make_tensor_value_info("bias", TensorProto.FLOAT, [1]))
    path = tmp_path / "file"
    path.write_bytes(model.SerializeToString())
    signature = inspect(path)
    assert signature.inputs == [OnnxValue("tensor", "float32", [None, 3])]
    assert signature.outputs == [OnnxValue("variable", "float32", [None, 1])]


def test_truncated_at_any_byte_is_refused(tmp_path, model):
    content = model.SerializeToString()
    for length in range(len(content)):
        refusal(tmp_path, content[:length])


def test_damage_never_ends_in_anything_but_a_refusal(tmp_path, model):
    content = model.SerializeToString()
    chance = random.Random(1)
    path = tmp_path / "file"
    for _ in range(500):
        damaged = bytearray(content)
        for _ in range(3):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged)
        with suppress(InvalidRequest):
            inspect(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04" + bytes(100), b"\x80\x04K\x01."])
def test_other_files_are_refused(tmp_path, content):
    assert "not a usable ONNX model" in refusal(tmp_path, content)


def external(tensor):
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"
    return tensor


def test_external_data_is_refused_wherever_it_hides(tmp_path, model):
    weights = numpy_helper.from_array(np.ones(1, dtype=np.float32), "w")
    plain = model.SerializeToString()

    def fresh():
        return onnx.ModelProto.FromString(plain)

    initializer = fresh()
    external(initializer.graph.initializer[0])
    attribute = fresh()
    attribute.graph.node.append(helper.make_node("Constant", [], ["c"], value=external(weights)))
    subgraph = fresh()
    inner = helper.make_graph([], "inner", [], [], [weights])
    subgraph.graph.node.append(
        helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)
    )
    sparse = fresh()
    sparse.graph.sparse_initializer.add().values.CopyFrom(weights)
    function = fresh()
    node = helper.make_node("Constant", [], ["c"], value=weights)
    opset = [helper.make_opsetid("", 17)]
    function.functions.append(helper.make_function("own", "F", [], ["c"], [node], opset))
    location_only = fresh()
    location_only.graph.initializer[0].data_location = TensorProto.EXTERNAL
    for each in (initializer, attribute, subgraph, sparse, function, location_only):
        assert "external data" in refusal(tmp_path, each)


def test_unknown_domains_are_refused(tmp_path, model):
    model.graph.node.append(helper.make_node("Evil", ["tensor"], ["x"], domain="evil.corp"))
    assert "'evil.corp'" in refusal(tmp_path, model)
    model.opset_import.append(helper.make_opsetid("evil.corp", 1))
    assert "'evil.corp'" in refusal(tmp_path, model)


def test_an_imported_domain_that_nothing_uses_is_harmless(tmp_path, model):
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    (tmp_path / "file").write_bytes(model.SerializeToString())
    assert inspect(tmp_path / "file").inputs


def test_own_functions_are_a_known_domain(tmp_path, model):
    opset = [helper.make_opsetid("", 17)]
    body = [helper.make_node("Identity", ["a"], ["b"])]
    model.functions.append(helper.make_function("own", "Same", ["a"], ["b"], body, opset))
    model.opset_import.append(helper.make_opsetid("own", 1))
    model.graph.node.append(helper.make_node("Same", ["tensor"], ["z"], domain="own"))
    (tmp_path / "file").write_bytes(model.SerializeToString())
    assert inspect(tmp_path / "file").inputs


def test_a_domain_must_be_imported(tmp_path, model):
    model.graph.node.append(helper.make_node("Scaler", ["tensor"], ["x"], domain="ai.onnx.ml"))
    assert "opset_import" in refusal(tmp_path, model)


def message(number, content):
    """A field of protobuf that holds a message."""
    length, size = len(content), b""
    while length > 127:
        size += bytes([length & 127 | 128])
        length >>= 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + content


def test_nesting_has_a_cap(tmp_path, model):
    node = b""
    for _ in range(5000):
        graph = message(1, node)
        node = message(5, message(6, graph))
    content = model.SerializeToString() + message(7, message(1, node))
    assert "deep" in refusal(tmp_path, content)


def test_a_million_tree_values_are_walked_quickly(tmp_path, model):
    node = helper.make_node("TreeEnsembleRegressor", ["tensor"], ["x"], domain="ai.onnx.ml")
    node.attribute.append(helper.make_attribute("nodes_values", [1.0] * 1_000_000))
    node.attribute.append(helper.make_attribute("nodes_ids", [300] * 1_000_000))
    model.graph.node.append(node)
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 3))
    (tmp_path / "file").write_bytes(model.SerializeToString())
    assert inspect(tmp_path / "file").inputs
