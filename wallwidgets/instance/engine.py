"""Runs models: one onnxruntime session per model version, fed with checked tensors."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import pyarrow as pa
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from wallwidgets.errors import DeploymentFailed, InvalidRequest
from wallwidgets.instance.log_batches import LAST_MODEL
from wallwidgets.instance.payloads import Payload
from wallwidgets.instance.tensors import Nested, Tensor, refusal, to_column, to_tensor

USUAL_FIELD = "tensor"
"""What callers name the input of a model that has only one, whatever the model calls it."""

MODEL_SPLIT = "out._model_split"
ORT_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)
_DTYPES: dict[str, np.dtype[Any]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(double)": np.dtype(np.float64),
    "tensor(float16)": np.dtype(np.float16),
    "tensor(bool)": np.dtype(np.bool_),
    "tensor(string)": np.dtype(object),
    **{f"tensor({name})": np.dtype(name) for name in ("int8", "int16", "int32", "int64")},
    **{f"tensor({name})": np.dtype(name) for name in ("uint8", "uint16", "uint32", "uint64")},
}


@dataclass(frozen=True)
class ModelInput:
    """An input of a model, and the names under which callers may send it."""

    name: str
    fields: tuple[str, ...]
    dtype: np.dtype[Any]
    shape: tuple[int | None, ...] | None


class ModelRuntime:
    """A model version, loaded.

    Args:
        path: Its ONNX file.
        name: Name of the model.
        version: UUID of the version.
        sha: Hash of the file.
        tensor_fields: Names for its inputs, in their order, from the model's configuration.

    Raises:
        DeploymentFailed: The runtime cannot load it; the message says why.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        version: str,
        sha: str,
        tensor_fields: Sequence[str] | None = None,
    ):
        self.name, self.version, self.sha = name, version, sha
        self.last_model = json.dumps({"model_name": name, "model_sha": sha}, separators=(",", ":"))
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            self._session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except ORT_ERRORS as error:
            reason = str(error).replace(str(path), "the file")[:300]
            raise DeploymentFailed(f"model {name!r} cannot be loaded: {reason}") from None
        found = self._session.get_inputs()
        self.inputs = [
            _input(value, (tensor_fields or [])[index : index + 1], alone=len(found) == 1)
            for index, value in enumerate(found)
        ]
        self.outputs = [value.name for value in self._session.get_outputs()]
        for value in self._session.get_outputs():
            if value.type not in _DTYPES:
                raise DeploymentFailed(f"output {value.name!r} is a {value.type}, not a tensor")

    def bind(self, columns: Mapping[str, pa.Array]) -> dict[str, Tensor]:
        """The model's inputs from columns, by the names that were sent.

        Raises:
            InvalidRequest: A column is missing, not known, or does not fit.
        """
        tensors, unknown = {}, dict.fromkeys(columns)
        for value in self.inputs:
            field = next((each for each in value.fields if each in unknown), None)
            if field is None:
                sent = ", ".join(map(repr, list(columns)[:10]))
                raise refusal(value.name, f"is missing; there are only {sent}", 0)
            del unknown[field]
            tensors[field] = to_tensor(field, columns[field], value.dtype, value.shape)
        if unknown:
            raise refusal(next(iter(unknown))[:100], "is not an input of the model", 0)
        return tensors

    def run(self, tensors: Mapping[str, Tensor], rows: int) -> dict[str, Tensor]:
        """The outputs for bound tensors, each with one entry per row.

        Raises:
            InvalidRequest: The runtime refuses the values.
        """
        feeds = dict(zip((each.name for each in self.inputs), tensors.values(), strict=True))
        one_by_one = any(each.shape and each.shape[0] == 1 for each in self.inputs)
        if one_by_one and rows > 1:
            parts = [
                self._run({name: tensor[row : row + 1] for name, tensor in feeds.items()}, 1)
                for row in range(rows)
            ]
            return {name: np.concatenate([part[name] for part in parts]) for name in self.outputs}
        return self._run(feeds, rows)

    def _run(self, feeds: Mapping[str, Tensor], rows: int) -> dict[str, Tensor]:
        try:
            outputs = self._session.run(None, dict(feeds))
        except ORT_ERRORS as error:
            reason = str(error)[:300]
            raise InvalidRequest(f"Bad request: model {self.name!r}: {reason}") from None
        for name, output in zip(self.outputs, outputs, strict=True):
            if output.ndim == 0 or output.shape[0] != rows:
                shape = list(output.shape)
                raise InvalidRequest(
                    f"Bad request: model {self.name!r}: output {name!r} of shape {shape} has not"
                    f" one entry for each of the {rows} rows"
                )
        return dict(zip(self.outputs, outputs, strict=True))


@dataclass(frozen=True)
class LoadedStage:
    """A stage of a plan with its models loaded."""

    models: tuple[ModelRuntime, ...]
    weights: tuple[float, ...] = ()
    hash_key: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What an inference gives and logs.

    Attributes:
        columns: ``in.<field>``, ``out.<output>``, and those of challengers.
        last_model: The model whose output is in ``out``; empty without a model.
        elapsed: Nanoseconds of reading the input, then of each stage.
    """

    columns: dict[str, pa.Array]
    last_model: str
    elapsed: list[int]


def run(stages: Sequence[LoadedStage], payload: Payload, parse_ns: int = 0) -> Outcome:
    """Run a pipeline on a payload.

    Raises:
        InvalidRequest: The payload does not fit the models; the message names row and column.
    """
    if not stages:
        columns = {f"in.{name}": _checked(name, each) for name, each in payload.columns.items()}
        return Outcome(columns, "", [parse_ns])
    found: dict[str, pa.Array] = {}
    elapsed = [parse_ns]
    columns, last_model = payload.columns, ""
    for index, stage in enumerate(stages):
        begin = time.perf_counter_ns()
        inputs, outputs = (_split if stage.weights else _together)(stage, columns, payload.rows)
        if index == 0:
            found |= {f"in.{name}": column for name, column in inputs.items()}
        if index < len(stages) - 1:
            columns = _handed_on(outputs)
        else:
            found |= outputs
        last_model = stage.models[0].last_model
        elapsed.append(time.perf_counter_ns() - begin)
    return Outcome(found, last_model, elapsed)


def _handed_on(outputs: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """What the next stage gets: the champion's outputs; a single one fits any single input."""
    own = {name: each for name, each in outputs.items() if name.startswith("out.")}
    own.pop(MODEL_SPLIT, None)
    if len(own) == 1:
        return {USUAL_FIELD: own.popitem()[1]}
    return {name.removeprefix("out."): each for name, each in own.items()}


def _together(
    stage: LoadedStage, columns: Mapping[str, pa.Array], rows: int
) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
    """All models on the same input: champion in ``out``, challengers in ``out_<model>``."""
    champion = stage.models[0]
    tensors = champion.bind(columns)
    found = {}
    for model in stage.models:
        part = "out" if model is champion else f"out_{model.name}"
        bound = tensors if model is champion else model.bind(columns)
        for name, output in model.run(bound, rows).items():
            found[f"{part}.{name}"] = to_column(name, output)
    return {name: to_column(name, tensor) for name, tensor in tensors.items()}, found


def _split(
    stage: LoadedStage, columns: Mapping[str, pa.Array], rows: int
) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
    """Each row takes one of the models, by chance or by the value of the hash key."""
    columns = dict(columns)
    inputs: dict[str, pa.Array] = {}
    shares = np.cumsum(np.array(stage.weights) / sum(stage.weights))
    if stage.hash_key is None:
        draws = np.random.default_rng().random(rows)
    else:
        if stage.hash_key not in columns:
            raise refusal(stage.hash_key, "is missing; it decides the split", 0)
        key = columns.pop(stage.hash_key)
        inputs[stage.hash_key] = _checked(stage.hash_key, key)
        draws = _draws(key)
    choice = np.minimum(np.searchsorted(shares, draws, side="right"), len(stage.models) - 1)
    found: dict[str, Tensor] = {}
    for index in np.unique(choice):
        model, where = stage.models[index], np.flatnonzero(choice == index)
        tensors = model.bind(columns)
        if not found:
            inputs |= {name: to_column(name, tensor) for name, tensor in tensors.items()}
        taken = {name: tensor[where] for name, tensor in tensors.items()}
        outputs = model.run(taken, len(where))
        if found and {name: (each.shape[1:], each.dtype) for name, each in found.items()} != {
            name: (each.shape[1:], each.dtype) for name, each in outputs.items()
        }:
            raise InvalidRequest("Bad request: the models of the split have different outputs")
        for name, output in outputs.items():
            found.setdefault(name, np.empty((rows, *output.shape[1:]), output.dtype))[where] = (
                output
            )
    answer = {f"out.{name}": to_column(name, tensor) for name, tensor in found.items()}
    names = [json.dumps(_reference(model), separators=(",", ":")) for model in stage.models]
    answer[MODEL_SPLIT] = to_column(MODEL_SPLIT, np.array(names, dtype=object)[choice])
    last = [model.last_model for model in stage.models]
    answer[LAST_MODEL] = pa.array([last[index] for index in choice], pa.string())
    return inputs, answer


def _reference(model: ModelRuntime) -> dict[str, str]:
    return {"name": model.name, "version": model.version, "sha": model.sha}


def _draws(key: pa.Array) -> npt.NDArray[np.float64]:
    """A number in [0, 1) per value, the same for equal values."""
    encoded = key.dictionary_encode()
    draws = [
        int.from_bytes(hashlib.sha256(str(value).encode()).digest()[:8]) / 2**64
        for value in encoded.dictionary.to_pylist()
    ]
    indices = encoded.indices
    if indices.null_count:
        raise refusal("hash_key", "may not be null")
    values: npt.NDArray[np.float64] = np.array(draws, dtype=np.float64)[indices.to_numpy()]
    return values


def _checked(name: str, column: pa.Array) -> pa.Array:
    """A column that no model looked at, with the nulls and odd types refused."""
    Nested(name, column)
    return column


def _input(value: Any, fields: Sequence[str], *, alone: bool) -> ModelInput:
    if value.type not in _DTYPES:
        raise DeploymentFailed(f"input {value.name!r} is a {value.type}, not a tensor")
    usual = (USUAL_FIELD,) if alone else ()
    shape = tuple(size if isinstance(size, int) else None for size in value.shape)
    return ModelInput(
        name=value.name,
        fields=(*fields, value.name, *usual),
        dtype=_DTYPES[value.type],
        shape=shape or None,
    )
