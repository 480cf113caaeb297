"""Uploads: streamed, reported, cancelled, rebuilt for another attempt, looked up when lost."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import tracemalloc
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import HTTP

import pyarrow as pa
import pytest

from tests.api.service import UNAUTHORIZED, Answer, Reset, ResetBeforeReading, token
from wallwidgets import errors
from wallwidgets.api.upload import Upload

STREAM = "/v1/api/models/upload_stream"
UPLOAD = "/v1/api/models/upload"
CONVERT = "/v1/api/models/upload_and_convert"
VERSIONS = "/v1/api/models/list_versions"
VERSION = "/v1/api/models/get_version_by_id"
UPLOADED = {"insert_models": {"returning": [{"models": [{"id": 1005}]}]}}
CONTENT = bytes(range(256)) * 10_000


def row(id=1005, sha="bc85", parent=5, name="m"):
    return {
        "sha": sha, "models_pk_id": parent, "model_version": "3221", "owner_id": '""',
        "model_id": name, "id": id, "file_name": "m.onnx", "image_path": None, "status": "ready",
    }  # fmt: skip


@pytest.fixture
def models(service, alone):
    service.answers |= {
        STREAM: UPLOADED,
        UPLOAD: UPLOADED,
        CONVERT: Answer(UPLOADED, 202),
        VERSIONS: [[row(1004), row()]],
    }
    return alone.models


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(CONTENT)
    return path


def parts(got):
    """The parts of a form by name."""
    head = f"Content-Type: {got.headers['Content-Type']}\r\n\r\n".encode()
    message = message_from_bytes(head + got.body, policy=HTTP)
    return {
        part.get_param("name", header="content-disposition"): part for part in message.iter_parts()
    }


def test_a_path_is_the_raw_body(service, models, file):
    record = models.upload(4, "m", file)
    got = service.to(STREAM)[0]
    assert got.body == CONTENT
    assert got.headers["Content-Length"] == str(len(CONTENT))
    assert got.query == {
        "name": ["m"],
        "filename": ["m.onnx"],
        "visibility": ["private"],
        "workspace_id": ["4"],
    }
    assert (record.id, record.parent_id, record.status) == (1005, 5, "ready")


def test_an_open_file_is_sent_from_where_it_stands(service, models):
    opened = io.BytesIO(b"skipped" + CONTENT)
    opened.seek(7)
    models.upload(4, "m", opened, visibility="public")
    got = service.to(STREAM)[0]
    assert got.body == CONTENT
    assert got.query["filename"] == ["m.onnx"]
    assert got.query["visibility"] == ["public"]


def test_progress(models, file):
    seen = []
    models.upload(4, "m", file, progress=lambda sent, total: seen.append((sent, total)))
    size = len(CONTENT)
    assert seen == [(1 << 20, size), (2 << 20, size), (size, size)]


def test_progress_may_fail(service, models, file):
    def broken(sent, total):
        raise ValueError("my own")

    with pytest.raises(ValueError, match="my own") as caught:
        models.upload(4, "m", file, progress=broken)
    assert caught.traceback[-1].name == "broken"
    assert not any("site-packages" in str(entry.path) for entry in caught.traceback)


def test_a_cancelled_upload(service, models, file):
    cancel = threading.Event()
    with pytest.raises(errors.Cancelled):
        models.upload(4, "m", file, progress=lambda *_: cancel.set(), cancel=cancel)
    assert models.upload(4, "m", file).id == 1005


@pytest.mark.parametrize("opened", [False, True])
def test_a_refused_upload_is_rebuilt(service, connect, file, opened):
    service.answers["/auth/realms/master/protocol/openid-connect/token"] = [token(), token("t2")]
    service.answers |= {STREAM: [UNAUTHORIZED, UPLOADED], VERSIONS: [[row()]]}
    source = io.BytesIO(CONTENT) if opened else file
    connect().models.upload(4, "m", source)
    first, second = service.to(STREAM)
    assert first.body == second.body == CONTENT


@pytest.mark.parametrize("fault", [Reset(), ResetBeforeReading()])
def test_a_lost_upload_is_looked_up(service, models, file, fault):
    now = datetime.now(UTC).isoformat()
    parent = {"id": 5, "name": "m", "owner_id": "", "created_at": now, "updated_at": now}
    service.answers |= {
        STREAM: fault,
        "/v1/api/models/list": {"models": [parent]},
        VERSIONS: [[row(sha=hashlib.sha256(CONTENT).hexdigest())]],
    }
    assert models.upload(4, "m", file).id == 1005
    service.answers[VERSIONS] = [[row(sha="other")]]
    with pytest.raises(errors.OutcomeUnknown):
        models.upload(4, "m", file)
    parent["updated_at"] = "2026-01-01T00:00:00+00:00"
    with pytest.raises(errors.OutcomeUnknown):
        models.upload(4, "m", file)


def test_an_early_refusal_is_read(service, models, tmp_path):
    big = tmp_path / "big.onnx"
    with big.open("wb") as out:
        out.truncate(50_000_000)
    service.answers[STREAM] = Answer({"msg": "Payload Too Large: 1 MiB", "code": 413}, 413)
    with pytest.raises(errors.TooLarge, match="1 MiB"):
        models.upload(4, "m", big)


def test_memory_stays_constant(service, models, tmp_path):
    big = tmp_path / "big.onnx"
    with big.open("wb") as out:
        out.truncate(64 << 20)
    drained = threading.Event()
    service.drain = drained
    tracemalloc.start()
    upload = Upload(big)
    assert sum(len(chunk) for chunk in upload.chunks()) == 64 << 20
    assert len(upload.sha256()) == 64
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 << 20


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "absent.onnx", "No such file"),
        (lambda folder: folder, "not a regular file"),
        (lambda folder: io.BytesIO(b""), "empty"),
        (lambda folder: io.StringIO("text"), "mode 'rb'"),
        (lambda folder: object(), "binary file"),
        (lambda folder: 7, "binary file"),
    ],
)
def test_files_that_cannot_be_sent(service, models, tmp_path, make, words):
    with pytest.raises(errors.InvalidRequest, match=words):
        models.upload(4, "m", make(tmp_path))
    assert not service.received


def test_a_file_that_shrinks(service, models, file):
    def shrink(sent, total):
        file.write_bytes(b"")

    with pytest.raises(errors.InvalidRequest, match="shorter"):
        models.upload(4, "m", file, progress=shrink)


def test_the_form_of_2023_1(service, models, file):
    models.upload_multipart(4, "m", file, form="fields")
    got = service.to(UPLOAD)[0]
    found = parts(got)
    assert found["name"].get_content() == "m"
    assert found["workspace_id"].get_content() == "4"
    assert found["visibility"].get_content() == "private"
    assert found["file"].get_filename() == "m.onnx"
    assert found["file"].get_payload(decode=True) == CONTENT
    assert got.headers["Content-Length"] == str(len(got.body))


def test_the_form_of_2023_2(service, models, file):
    models.upload_multipart(4, "m", file)
    found = parts(service.to(UPLOAD)[0])
    assert list(found) == ["metadata", "file"]
    assert found["metadata"].get_content_type() == "application/json"
    assert json.loads(found["metadata"].get_payload(decode=True)) == {
        "name": "m",
        "workspace_id": 4,
        "visibility": "private",
    }
    assert found["file"].get_payload(decode=True) == CONTENT


def test_hostile_file_names_stay_inside_their_part(service, models, tmp_path):
    path = tmp_path / 'a"\r\nX-Evil: 1.onnx'
    path.write_bytes(CONTENT)
    models.upload_multipart(4, "m", path)
    found = parts(service.to(UPLOAD)[0])
    assert list(found) == ["metadata", "file"]
    assert found["file"]["X-Evil"] is None


def detail(status, error=None):
    inner = {
        "name": "m", "visibility": "private", "workspace_id": 4, "conversion": None, "id": 1005,
        "image_path": None, "status": status, "task_id": None,
        "file_info": {"version": "3221", "sha": "bc85", "file_name": "m.zip", "size": 9},
        "created_on_version": "2026.1", "created_by": "u",
        "created_at": "2026-01-01T00:00:00+00:00", "deployed": False, "error_summary": error,
    }  # fmt: skip
    return {"model_version": {"model_version": inner, "config": None}}


def test_upload_and_convert(service, models, file):
    schema = pa.schema([pa.field("tensor", pa.list_(pa.float32()))])
    service.answers[VERSIONS] = [[]]
    service.answers[VERSION] = [
        detail("pending_load_container"),
        detail("attempting_load_container"),
        detail("ready"),
    ]
    record = models.upload_and_convert(
        4, "m", file, framework="keras", input_schema=schema, output_schema=schema
    )
    assert (record.id, record.status, record.sha) == (1005, "pending_load_container", "bc85")
    seen = []
    assert models.wait_until_ready(record, poll_s=0, progress=seen.append).status == "ready"
    assert [state.status for state in seen] == ["attempting_load_container", "ready"]
    metadata = json.loads(parts(service.to(CONVERT)[0])["metadata"].get_payload(decode=True))
    assert metadata["conversion"] == {
        "framework": "keras",
        "python_version": "3.8",
        "requirements": [],
    }
    import base64

    assert pa.ipc.read_schema(pa.py_buffer(base64.b64decode(metadata["input_schema"]))) == schema


def test_a_failed_conversion(service, models):
    service.answers[VERSION] = detail("error", "no such layer")
    with pytest.raises(errors.InvalidRequest, match="no such layer"):
        models.wait_until_ready(1005)


def test_waiting_for_a_conversion_ends(service, models):
    service.answers[VERSION] = detail("pending_load_container")
    with pytest.raises(errors.TimedOut):
        models.wait_until_ready(1005, timeout_s=0)
    cancel = threading.Event()
    with pytest.raises(errors.Cancelled):
        models.wait_until_ready(1005, progress=lambda _: cancel.set(), cancel=cancel)
