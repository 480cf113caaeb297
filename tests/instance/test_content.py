"""The content store: whole files or none."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os

import pytest

from wallwidgets.errors import StorageFull, TooLarge
from wallwidgets.instance.content import ContentStore


def left_over(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def receive(store, chunks):
    async def run():
        async with store.receiving() as receiver:
            for chunk in chunks:
                await receiver.write(chunk)
            return (await receiver.finish()).keep()

    return asyncio.run(run())


def test_a_file_is_stored_under_its_hash_and_private(tmp_path):
    data = os.urandom(3 * 2**20 + 17)
    store = ContentStore(tmp_path, 2**24)
    stored = receive(store, [data[i : i + 60_000] for i in range(0, len(data), 60_000)])
    assert stored.sha == hashlib.sha256(data).hexdigest()
    assert stored.size_bytes == len(data)
    path = store.path(stored.sha)
    assert path.read_bytes() == data
    assert path.stat().st_mode & 0o777 == 0o600
    assert left_over(tmp_path) == [path]


def test_too_large_is_refused_soon_and_leaves_nothing(tmp_path):
    sent = 0

    def chunks():
        nonlocal sent
        while True:
            sent += 2**16
            yield bytes(2**16)

    with pytest.raises(TooLarge):
        receive(ContentStore(tmp_path, 2**20), chunks())
    assert sent <= 2**20 + 2**16
    assert left_over(tmp_path) == []


def test_an_upload_that_breaks_off_leaves_nothing(tmp_path):
    def chunks():
        yield bytes(2**21)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        receive(ContentStore(tmp_path, 2**24), chunks())
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_full_disk_keeps_what_was_there(tmp_path, monkeypatch, call):
    store = ContentStore(tmp_path, 2**24)
    before = store.add([b"earlier"])

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(StorageFull):
        receive(store, [b"new"])
    monkeypatch.undo()
    assert left_over(tmp_path) == [store.path(before.sha)]
    assert store.add([b"new"]).size_bytes == 3


def test_a_full_disk_while_writing(tmp_path):
    store = ContentStore(tmp_path, 2**24)
    with store.incoming() as file:
        file._file.close()
        file._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
        with pytest.raises(StorageFull):
            file.write(b"x" * 2**20)
    assert left_over(tmp_path) == []


def test_orphans_are_removed_at_the_start(tmp_path):
    store = ContentStore(tmp_path, 100)
    (tmp_path / "incoming" / "orphan").write_bytes(b"half")
    kept = store.add([b"abc"])
    ContentStore(tmp_path, 100)
    assert left_over(tmp_path) == [store.path(kept.sha)]


@pytest.mark.parametrize("name", ["../../x", "a" * 63, "A" * 64, "/etc/passwd", ""])
def test_only_hashes_become_paths(tmp_path, name):
    with pytest.raises(ValueError, match="SHA-256"):
        ContentStore(tmp_path, 100).path(name)
