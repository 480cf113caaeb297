"""The pure parts of an upload: names, schemas, what a file is, the sentences, the drop."""

from __future__ import annotations

import hashlib
import os
import threading

import pyarrow as pa
import pytest

from tests.models import linear_model
from wallwidgets import errors
from wallwidgets.panels.field_schema import schema_code, schema_error, schema_of
from wallwidgets.panels.model_file import look_at, sha256_of, suggested_name
from wallwidgets.panels.parts.drop import Arrival, DropZone, drop_limit_bytes
from wallwidgets.panels.upload_form import UploadForm, name_error
from wallwidgets.panels.upload_words import may_send_again, not_converted, not_sent
from wallwidgets.schemas.onnx_file import inspect

MIB = 2**20


@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        ("house_price_keras.onnx", "house-price-keras"),
        ("Modèle  Été (2).ONNX", "modele-ete-2"),
        ("--.onnx", ""),
        ("模型.onnx", ""),
        ("x" * 90 + ".onnx", "x" * 63),
    ],
)
def test_a_name_is_suggested_that_follows_the_rule(file_name, name):
    assert suggested_name(file_name) == name
    assert name_error(name) == ""


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("House Price", "a space"),
        ("House", "the capital H"),
        ("house_price", "an underscore"),
        ("a.b", "a dot"),
        ("<img>", "the character <"),
        ("-a", "beginning or end"),
        ("a" * 64, "At most 63 characters; this has 64."),
    ],
)
def test_what_is_wrong_with_a_name(name, why):
    assert why in name_error(name)


def test_schemas_as_text_and_as_python():
    text = "inputs: list[list[float32, 3], 2]\n\n label : string\nok: bool"
    schema = schema_of(text)
    assert schema == pa.schema(
        [
            ("inputs", pa.list_(pa.list_(pa.float32(), 3), 2)),
            ("label", pa.string()),
            ("ok", pa.bool_()),
        ]
    )
    assert eval(schema_code(text), {"pa": pa}) == schema


@pytest.mark.parametrize(
    "text",
    ["price", ": float32", "a: money", "a: int8\na: int8", "a: " + "list[" * 9 + "int8" + "]" * 9],
)
def test_what_is_no_schema(text):
    assert schema_error(text)


def test_what_a_file_is(tmp_path):
    path = linear_model(tmp_path / "m.onnx")
    facts = look_at(str(path))
    assert dict(facts.rows())["Inputs"] == "tensor float32 [?, 3]"
    assert facts.inputs == tuple(inspect(path).inputs)
    read = []
    wanted = hashlib.sha256(path.read_bytes()).hexdigest()
    assert sha256_of(str(path), read.append, threading.Event()) == wanted
    path.write_bytes(path.read_bytes()[:40])
    assert look_at(str(path)).refusal.startswith("Not a usable ONNX model: ")


def test_a_hash_can_be_given_up_and_a_missing_file_says_so(tmp_path):
    (tmp_path / "m").write_bytes(b"x")
    given_up = threading.Event()
    given_up.set()
    with pytest.raises(errors.Cancelled):
        sha256_of(str(tmp_path / "m"), print, given_up)
    for act in (look_at, lambda path: sha256_of(path, print, given_up)):
        with pytest.raises(errors.InvalidRequest, match="gone cannot be read: no such file"):
            act(str(tmp_path / "gone"))


def answered(status: int, words: str = "Bad request: x") -> errors.WallwidgetsError:
    return errors.from_status(status, words)


@pytest.mark.parametrize(
    ("error", "sent", "kind", "text", "again"),
    [
        (answered(413), 10, "error", "takes no file of 100 bytes (413). Nothing was stored", False),
        (answered(507), 99, "error", "disk of the service is full (507). Nothing", False),
        (answered(400, "Bad request: file: no"), 100, "error", "refused a.onnx (400): no.", False),
        (errors.Cancelled("x"), 62, "warning", "Cancelled at 62 %. Nothing was stored.", False),
        (errors.OutcomeUnknown("x"), 62, "error", "broke at 62 %. Nothing was stored.", True),
        (errors.Unreachable("x"), 62, "error", "broke at 62 %. Nothing was stored.", True),
        (errors.OutcomeUnknown("x"), 0, "error", "broke at 0 %. Nothing was stored.", True),
        (errors.Unreachable("x"), 0, "error", "cannot be reached. Nothing was sent.", True),
        (errors.OutcomeUnknown("x"), 100, "error", "no version of it was found", False),
        (errors.Unreachable("x"), 100, "error", "whether it was stored is not known", False),
        (errors.UntrustedCertificate("No."), 0, "error", "No.", False),
        (answered(403, "No."), 100, "error", "No (403).", False),
        (errors.InvalidRequest("m became shorter."), 9, "error", "m became shorter.", False),
        (ValueError("x"), 9, "error", "a fault of wallwidgets (ValueError)", False),
    ],
)
def test_each_failure_has_its_sentence(error, sent, kind, text, again):
    said = not_sent(error, "a.onnx", sent, 100)
    assert said.kind == kind
    assert text in said.text
    assert may_send_again(error, sent, 100) is again


def test_what_is_stored_but_not_ready():
    assert "goes on converting" in not_converted(errors.Cancelled("x"), "Version 2 of m").text
    assert not_converted(errors.TimedOut("Late."), "m").kind == "warning"
    assert not_converted(errors.InvalidRequest("No zip."), "m").kind == "error"


def test_other_frameworks_need_schemas():
    form = UploadForm("w", 1, "m", "m.h5", framework="keras")
    assert form.missing() == "Upload of keras needs an input schema."
    form = UploadForm("w", 1, "m", "m.h5", framework="keras", inputs="a: int8", outputs="b: nix")
    assert form.missing() == "Upload needs an output schema that can be read."
    assert UploadForm("w", 1, "m", "m.zip", framework="tensorflow").missing() == ""


def test_the_code_names_what_was_chosen():
    form = UploadForm("w", 1, "m", "m.pt", "pytorch", "public", "a: int8", "b: int8", " x \n\ny")
    for words in ("visibility='public'", "requirements=['x', 'y']", "framework='pytorch'"):
        assert words in form.code()


def drop(zone: DropZone, **message: object) -> None:
    pieces = [memoryview(message.pop("piece"))] if "piece" in message else []  # type: ignore[arg-type]
    zone._handle_custom_msg({"id": "1"} | message, pieces)


def test_a_dropped_file_is_there_only_when_it_is_complete():
    arrival = Arrival(3 * MIB)
    zone = DropZone(arrival, "")
    content = os.urandom(MIB + 1)
    drop(zone, do="begin", name="../../b c.onnx", size=len(content))
    drop(zone, do="piece", at=0, piece=content[:MIB])
    assert (arrival.path, arrival.percent) == ("", 99)
    drop(zone, do="piece", at=0, piece=content[:MIB])
    drop(zone, do="piece", id="2", at=MIB, piece=b"x")
    assert arrival.path == ""
    drop(zone, do="piece", at=MIB, piece=content[MIB:])
    assert os.path.basename(arrival.path) == ".._.._b_c.onnx".lstrip(".")
    assert "wallwidgets-drop-" in os.path.dirname(arrival.path)
    with open(arrival.path, "rb") as file:
        assert file.read() == content
    path = arrival.path
    drop(zone, do="begin", id="3", name="big.onnx", size=3 * MIB + 1)
    assert (arrival.path, os.path.exists(path)) == ("", False)
    assert arrival.error.startswith("big.onnx has 3 MiB; the browser can bring 3 MiB.")
    assert zone.said["kind"] == "error"


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({"do": "begin", "name": "a", "size": 0}, "is empty"),
        ({"do": "many"}, "one file at a time"),
        ({"do": "failed"}, "folders cannot be dropped"),
        ({"do": "piece", "at": 0, "piece": b"longer than said"}, "became another file"),
    ],
)
def test_what_does_not_arrive_says_so(message, why):
    arrival = Arrival(MIB)
    zone = DropZone(arrival, "")
    drop(zone, do="begin", name="a", size=3)
    drop(zone, **message)
    assert why in zone.said["text"]
    assert arrival.path == ""


def test_the_limit_comes_from_one_place(monkeypatch):
    assert drop_limit_bytes({"WALLWIDGETS_DROP_LIMIT": "none"}) == 10 * MIB
    zone = DropZone(Arrival(drop_limit_bytes({"WALLWIDGETS_DROP_LIMIT": str(50 * MIB)})), "Any.")
    assert "up to 50 MiB" in zone.said["text"]
