"""The demo's own small models and the rows that they are asked about; nothing is downloaded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wallwidgets.errors import SettingsError

try:
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ModuleNotFoundError as error:
    raise SettingsError(
        f"The demo's models need {error.name}, which is not installed.",
        remedy="pip install 'wallwidgets[demo]'",
    ) from None

Floats = NDArray[np.float32]

# The 17 standardised numbers of a house, and how much one deviation of each moves the log price.
_HOUSE_EFFECTS = {
    "living_area": 0.2,
    "bathrooms": 0.05,
    "bedrooms": -0.03,
    "lot_area": 0.03,
    "floors": 0.03,
    "waterfront": 0.06,
    "view": 0.06,
    "condition": 0.04,
    "grade": 0.22,
    "area_above": 0.08,
    "area_below": 0.03,
    "latitude": 0.2,
    "longitude": -0.05,
    "living_area_around": 0.08,
    "lot_area_around": -0.02,
    "age": 0.06,
    "years_since_renovation": -0.02,
}
HOUSE_COLUMNS = list(_HOUSE_EFFECTS)
_MEDIAN_LOG_PRICE = 12.88
# The columns that drift, and how far, in standard deviations: houses get larger and better built.
_DRIFT = {"living_area": 1.0, "area_above": 0.7, "grade": 0.5}

TRANSACTION_WIDTH = 29
_FRAUD_SHARE = 0.02
# Frauds lie four deviations off in these columns.
_FRAUD_SIGNS = {1: 1.0, 2: -1.0, 3: 1.0, 9: -1.0, 11: -1.0, 13: -1.0}
# Ten deviations of evidence turn "one in two thousand" into "almost surely".
_FRAUD_BIAS, _FRAUD_WEIGHT = -7.5, 0.45


def house_price_model(seed: int = 1) -> bytes:
    """An ONNX model of house prices: ``tensor`` [n, 17] to ``dense_2`` [n, 1], a log price.

    Other seeds give other models of the same houses: they agree but for a few percent.

    Example:
        >>> len(house_price_model()) < 20_000
        True
    """
    rng = np.random.default_rng(seed)
    effects = np.array(list(_HOUSE_EFFECTS.values()))
    effects *= 1 + 0.1 * rng.standard_normal(len(effects))
    return _network(rng, effects, bias=_MEDIAN_LOG_PRICE, wiggle=0.03, output="dense_2")


def fraud_model(seed: int = 1) -> bytes:
    """An ONNX model of card fraud: ``tensor`` [n, 29] to ``dense_1`` [n, 1], a probability.

    Example:
        >>> len(fraud_model()) < 20_000
        True
    """
    rng = np.random.default_rng(seed)
    effects = 0.05 * rng.standard_normal(TRANSACTION_WIDTH)
    for column, sign in _FRAUD_SIGNS.items():
        effects[column] += sign * _FRAUD_WEIGHT
    return _network(rng, effects, bias=_FRAUD_BIAS, wiggle=0.1, output="dense_1", sigmoid=True)


def houses(rng: np.random.Generator, rows: int, drift: float = 0) -> Floats:
    """Standardised houses, one per row; ``drift`` goes from 0, as in training, to 1."""
    found = rng.standard_normal((rows, len(HOUSE_COLUMNS)))
    for column, shift in _DRIFT.items():
        found[:, HOUSE_COLUMNS.index(column)] += shift * drift
    return found.astype(np.float32)


def transactions(rng: np.random.Generator, rows: int) -> Floats:
    """Card transactions, one per row, with a few frauds among them."""
    found = rng.standard_normal((rows, TRANSACTION_WIDTH))
    frauds = rng.random(rows) < _FRAUD_SHARE
    for column, sign in _FRAUD_SIGNS.items():
        found[frauds, column] += 4 * sign
    return found.astype(np.float32)


def _network(
    rng: np.random.Generator,
    effects: NDArray[np.float64],
    *,
    bias: float,
    wiggle: float,
    output: str,
    sigmoid: bool = False,
) -> bytes:
    """Two dense layers: a linear answer, and hidden units that bend it a little."""
    width, units = len(effects), 32
    hidden = rng.standard_normal((width, units)) / np.sqrt(width)
    # x is relu(x) - relu(-x): the first two units carry the linear part through the first layer.
    hidden[:, 0], hidden[:, 1] = effects, -effects
    outward = wiggle * rng.standard_normal((units, 1))
    outward[:2, 0] = 1, -1
    # The hidden units' mean is taken out again, so that ``bias`` is where the answers lie.
    offset = bias - outward[2:].sum() / np.sqrt(2 * np.pi)
    weights = {
        "hidden_weights": hidden,
        "hidden_bias": np.zeros(units),
        "output_weights": outward,
        "output_bias": np.array([offset]),
    }
    last = "logit" if sigmoid else output
    nodes = [
        helper.make_node("Gemm", ["tensor", "hidden_weights", "hidden_bias"], ["hidden"]),
        helper.make_node("Relu", ["hidden"], ["active"]),
        helper.make_node("Gemm", ["active", "output_weights", "output_bias"], [last]),
    ]
    if sigmoid:
        nodes.append(helper.make_node("Sigmoid", [last], [output]))
    graph = helper.make_graph(
        nodes,
        output,
        [helper.make_tensor_value_info("tensor", TensorProto.FLOAT, [None, width])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [None, 1])],
        [
            numpy_helper.from_array(value.astype(np.float32), name)
            for name, value in weights.items()
        ],
    )
    # An older form than the newest, which every runtime that we allow can read.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content
