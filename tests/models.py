"""Small ONNX models for tests."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def linear_model(path, inputs=3):
    """Write a model with variable = tensor @ [1, 2, .. inputs] + 0.5 and give its path.

    Args:
        path: The file to write.
        inputs: Width of the input ``tensor`` [None, inputs], float32; the output ``variable`` is
            [None, 1].
    """
    weights = np.arange(1, inputs + 1, dtype=np.float32).reshape(inputs, 1)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["tensor", "weights"], ["product"]),
            helper.make_node("Add", ["product", "bias"], ["variable"]),
        ],
        "linear",
        [helper.make_tensor_value_info("tensor", TensorProto.FLOAT, [None, inputs])],
        [helper.make_tensor_value_info("variable", TensorProto.FLOAT, [None, 1])],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array([0.5], dtype=np.float32), "bias"),
        ],
    )
    # an older form than the newest, which every onnxruntime that we allow can read
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return Path(path)


def scaled_model(path, factor, inputs=3, output="variable", *more):
    """Write a model with output = sum of the inputs x factor; its input is ``dense_input``.

    More outputs give the same.
    """
    outputs = (output, *more)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["dense_input", "weights"], [name]) for name in outputs],
        "scaled",
        [helper.make_tensor_value_info("dense_input", TensorProto.FLOAT, [None, inputs])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in outputs],
        [numpy_helper.from_array(np.full((inputs, 1), factor, dtype=np.float32), "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return Path(path)


def integer_model(path):
    """Write a model that gives its input ``count`` [None], int8, as it is."""
    value = helper.make_tensor_value_info("count", TensorProto.INT8, [None])
    result = helper.make_tensor_value_info("same", TensorProto.INT8, [None])
    graph = helper.make_graph(
        [helper.make_node("Identity", ["count"], ["same"])], "same", [value], [result]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return Path(path)


def reciprocal_model(path):
    """Write a model with variable = tensor / tensor: NaN where the input is 0."""
    graph = helper.make_graph(
        [helper.make_node("Div", ["tensor", "tensor"], ["variable"])],
        "reciprocal",
        [helper.make_tensor_value_info("tensor", TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor_value_info("variable", TensorProto.FLOAT, [None, 1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return Path(path)
