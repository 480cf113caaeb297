"""The files of the inference log: frames one after the other, written only at the end.

An append is one write and one sync; only large batches are written piece by piece. A file ends
where no whole frame follows, so that nothing else has to say how much a power cut has left of it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

from wallwidgets.instance.disk import start_writing, sync_data, sync_folder, write_at
from wallwidgets.instance.log_batches import (
    MAGIC,
    PREFIX_BYTES,
    Batch,
    Place,
    damaged,
    decode,
    encode,
    seal,
)

FILE_BYTES = 2**26
"""A file that is longer is not appended to any more; it goes when all of it was merged away."""

SMALL_BYTES = 2**14
"""Smaller frames are written into room that was made before, and merged later."""

LARGE_BYTES = 2**18
"""The body of a larger frame is on its way to the disk while its checksum is made."""

_ROOM = bytes(2**20)
# A sync is faster where the file does not grow: it has only data to bring to the disk.


@dataclass
class _Tail:
    """The file of a level that is appended to."""

    file: int
    descriptor: int
    end: int
    size: int
    clean: bool = True

    def cut(self) -> None:
        """Leave nothing behind the end, also after a power cut."""
        os.ftruncate(self.descriptor, self.end)
        os.fsync(self.descriptor)
        self.size, self.clean = self.end, True


class FrameFiles:
    """The frame files of a log: a series of new frames, and one per level of merged ones.

    One thread at a time may append to a level; any may read.

    Args:
        folder: Where the files are; it is made if it is not there.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._lock = threading.Lock()
        self._descriptors: dict[tuple[int, int], int] = {}
        self._maps: dict[tuple[int, int], mmap] = {}
        self._tails: dict[int, _Tail] = {}
        self._users = 0
        folder.mkdir(mode=0o700, exist_ok=True)

    @contextmanager
    def appending(self, batches: Sequence[Batch]) -> Iterator[list[Place]]:
        """Bring batches of one level to the disk, all or none of them.

        They stay if the block succeeds; if it or the writing fails, the file is as it was.
        """
        tail = self._tail(batches[0].level)
        try:
            places = self._write(tail, batches)
            yield places
        except BaseException:
            tail.clean = False
            # If this fails, the next append tries it again before it writes.
            with suppress(OSError):
                tail.cut()
            raise
        tail.end = places[-1].stop

    def _write(self, tail: _Tail, batches: Sequence[Batch]) -> list[Place]:
        places: list[Place] = []
        offset = tail.end
        for following, batch in zip(reversed(range(len(batches))), batches, strict=True):
            head, body = encode(batch, tail.end, following)
            before = PREFIX_BYTES + len(head)
            length = before + body.size
            places.append(Place(batch.level, tail.file, offset, length))
            if length >= LARGE_BYTES:
                write_at(tail.descriptor, [body], offset + before)
                start_writing(tail.descriptor, offset + before, body.size)
                parts = [seal(head, body)]
            else:
                parts = [seal(head, body), body]
            if batch.level == 0 and length < SMALL_BYTES and offset + length > tail.size:
                parts.append(_ROOM)
                tail.size = offset + length + len(_ROOM)
            write_at(tail.descriptor, parts, offset)
            offset += length
        sync_data(tail.descriptor)
        tail.size = max(tail.size, offset)
        return places

    def read(self, place: Place) -> Batch:
        """The batch of a frame, checked.

        Raises:
            ServiceError: The frame is not what was written.
        """
        frame = decode(self._view(place.level, place.file, place.offset, place.stop))
        if frame is None or frame.length != place.length:
            raise damaged("a batch has a wrong checksum")
        return frame.batch

    def recover(self, file: int, offset: int) -> Iterator[list[tuple[Batch, Place]]]:
        """The new frames behind a place, of one file after the other; appending goes on there.

        What an append has left that was not finished is cut off.

        Raises:
            ServiceError: An append is damaged that others follow.
        """
        for number in range(file, max([file, *self._numbers(0)]) + 1):
            found, end = self._whole_appends(number, offset if number == file else 0)
            tail = self._begin(0, number, end)
            if tail.size > end:
                tail.cut()
            # A process that was killed may have left frames that no sync has followed.
            os.fsync(tail.descriptor)
            yield found

    def _whole_appends(self, file: int, offset: int) -> tuple[list[tuple[Batch, Place]], int]:
        """The frames of whole appends behind a place of a file, and where the last one ends."""
        size = os.fstat(self._descriptor(0, file, os.O_CREAT)).st_size
        if size <= offset:
            return [], offset
        view = self._view(0, file, 0, size)
        found: list[tuple[Batch, Place]] = []
        begin, at = offset, offset
        append: list[tuple[Batch, Place]] = []
        while (frame := decode(view[at:])) and frame.begin == begin:
            append.append((frame.batch, Place(0, file, at, frame.length)))
            at += frame.length
            if not frame.following:
                found += append
                append, begin = [], at
        mapped = self._maps[0, file]
        while (at := mapped.find(MAGIC, at + 1)) >= 0:
            # A later append began after this one was synced: what is missing here was whole once.
            if (frame := decode(view[at:])) and frame.begin > begin:
                raise damaged(f"{self._path(0, file).name} at {begin}")
        return found, begin

    def removable(self) -> set[tuple[int, int]]:
        """Level and number of all files that are not appended to any more."""
        found = set()
        for level in {_parse(path)[0] for path in self._folder.glob("*.frames")}:
            found |= {(level, number) for number in self._numbers(level)[:-1]}
        return found

    def remove(self, files: Collection[tuple[int, int]]) -> None:
        """Delete files that nothing refers to, unless somebody may still read an older state."""
        with self._lock:
            if self._users:
                return
            for key in files:
                self._maps.pop(key, None)
                if key in self._descriptors:
                    os.close(self._descriptors.pop(key))
                self._path(*key).unlink(missing_ok=True)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep all files while the block runs."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1

    def close(self) -> None:
        with self._lock:
            for descriptor in self._descriptors.values():
                os.close(descriptor)
            self._descriptors.clear()
            # Records that are still in use keep their map.
            self._maps.clear()
            self._tails.clear()

    def _tail(self, level: int) -> _Tail:
        tail = self._tails.get(level)
        if tail is None:
            tail = self._begin(level, max(self._numbers(level), default=1))
        if not tail.clean:
            tail.cut()
        if tail.end >= FILE_BYTES:
            tail = self._begin(level, tail.file + 1)
        return tail

    def _begin(self, level: int, file: int, end: int | None = None) -> _Tail:
        """Append to a file from now on: at an end, or behind all that it has."""
        with self._lock:
            descriptor = self._descriptor(level, file, os.O_CREAT)
        sync_folder(self._folder)
        size = os.fstat(descriptor).st_size
        # What a power cut has left may have any size, and frames begin at multiples of eight.
        end = size + -size % 8 if end is None else end
        tail = self._tails[level] = _Tail(file, descriptor, end, size)
        return tail

    def end(self) -> tuple[int, int]:
        """The file of new frames that is appended to, and the offset where its last one ends."""
        return self._tails[0].file, self._tails[0].end

    def _view(self, level: int, file: int, offset: int, stop: int) -> memoryview:
        """Bytes of a file; none if it has lost them."""
        with self._lock:
            descriptor = self._descriptor(level, file)
            # Reading a map behind the end of its file would end the process.
            if os.fstat(descriptor).st_size < stop:
                return memoryview(b"")
            mapped = self._maps.get((level, file))
            if mapped is None or len(mapped) < stop:
                mapped = self._maps[level, file] = mmap(descriptor, 0, access=ACCESS_READ)
        return memoryview(mapped)[offset:stop]

    def _descriptor(self, level: int, file: int, flags: int = 0) -> int:
        key = (level, file)
        if key not in self._descriptors:
            path = self._path(level, file)
            try:
                self._descriptors[key] = os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, 0o600)
            except FileNotFoundError:
                raise damaged("a file is missing") from None
        return self._descriptors[key]

    def _numbers(self, level: int) -> list[int]:
        found = map(_parse, self._folder.glob("*.frames"))
        return sorted(number for each, number in found if each == level)

    def _path(self, level: int, file: int) -> Path:
        return self._folder / (f"merged-{level}-{file:06}.frames" if level else f"{file:06}.frames")


def _parse(path: Path) -> tuple[int, int]:
    """Level and number of a file."""
    *merged, number = path.stem.split("-")
    return int(merged[1]) if merged else 0, int(number)
