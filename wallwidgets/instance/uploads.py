"""Receives an upload as it arrives: a raw body, or a form whose file never is in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from wallwidgets.errors import InvalidRequest, TooLarge
from wallwidgets.instance import strict_json
from wallwidgets.instance.content import Receiver
from wallwidgets.schemas.models import ModelUpload

MAX_FIELD_BYTES = 2**20
MAX_PARTS = 32
_FIELDS = ("name", "workspace_id", "visibility", "filename")


@dataclass
class Form:
    """The text parts of a form, and the name of its file; the file itself is elsewhere."""

    fields: dict[str, str] = field(default_factory=dict)
    file_name: str | None = None
    has_file: bool = False


def upload_fields(fields: dict[str, str]) -> ModelUpload:
    """The fields of an upload: those of its metadata part, or its text parts or query parameters.

    Raises:
        InvalidRequest: One is missing or wrong; the message names it.
    """
    found: dict[str, Any] = {key: fields[key] for key in _FIELDS if key in fields}
    if "metadata" in fields:
        metadata = strict_json.loads(fields["metadata"], "metadata")
        if not isinstance(metadata, dict):
            raise InvalidRequest("Bad request: metadata: must be a JSON object")
        found |= metadata
    elif (number := fields.get("workspace_id", "")).isascii() and number.isdigit():
        found["workspace_id"] = int(number[:20])
    try:
        return ModelUpload.model_validate(found)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise InvalidRequest(f"Bad request: {where}: {problem['msg']}") from None


async def receive_body(request: Request, receiver: Receiver) -> None:
    """Store a raw body."""
    async for chunk in _chunks(request):
        await receiver.write(chunk)


async def receive_form(request: Request, receiver: Receiver) -> Form:
    """Store the file part of a form; its parts may come in any order.

    Raises:
        InvalidRequest: The form cannot be read, has two files, or ends too early.
    """
    _, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if not boundary:
        raise InvalidRequest("Bad request: the multipart form has no boundary")
    parts = _Parts()
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        async for chunk in _chunks(request):
            parser.write(chunk)
            for piece in parts.take_file():
                await receiver.write(piece)
        parser.finalize()
    except FormParserError:
        raise InvalidRequest("Bad request: the multipart form cannot be read") from None
    if not parts.ended:
        raise InvalidRequest("Bad request: the multipart form is cut off")
    if not parts.form.has_file:
        raise InvalidRequest("Bad request: file: the part is missing")
    return parts.form


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect:
        raise InvalidRequest("Bad request: the upload broke off") from None


class _Parts:
    """What the parser tells about the parts of a form."""

    def __init__(self) -> None:
        self.form = Form()
        self.ended = False
        self._pieces: list[bytes] = []
        self._header = [b"", b""]
        self._disposition = b""
        self._name = ""
        self._is_file = False
        self._text = bytearray()
        self._count = 0

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_begin": self._header_begin,
            "on_header_field": lambda data, start, end: self._header_data(0, data[start:end]),
            "on_header_value": lambda data, start, end: self._header_data(1, data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def take_file(self) -> list[bytes]:
        """The bytes of the file part that came since the last call."""
        pieces, self._pieces = self._pieces, []
        return pieces

    def _begin(self) -> None:
        self._count += 1
        if self._count > MAX_PARTS:
            raise InvalidRequest(f"Bad request: more than {MAX_PARTS} parts")
        self._disposition = b""
        self._text = bytearray()

    def _header_begin(self) -> None:
        self._header = [b"", b""]

    def _header_data(self, which: int, data: bytes) -> None:
        self._header[which] += data
        if len(self._header[which]) > MAX_FIELD_BYTES:
            raise TooLarge("Payload Too Large: a header of a part")

    def _header_end(self) -> None:
        if self._header[0].lower() == b"content-disposition":
            self._disposition = self._header[1]

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        name, file_name = options.get(b"name", b""), options.get(b"filename")
        try:
            self._name = name.decode()
            # metadata may come with a file name, but only one part is the model.
            self._is_file = self._name == "file" or (file_name is not None and name != b"metadata")
            if self._is_file:
                self.form.file_name = None if file_name is None else file_name.decode()
        except UnicodeDecodeError:
            raise InvalidRequest("Bad request: the name of a part is not UTF-8") from None
        if self._is_file:
            if self.form.has_file:
                raise InvalidRequest("Bad request: file: more than one file part")
            self.form.has_file = True

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._pieces.append(data[start:end])
            return
        self._text += data[start:end]
        if len(self._text) > MAX_FIELD_BYTES:
            raise TooLarge(f"Payload Too Large: {self._name[:100]}: the part is too long")

    def _end_part(self) -> None:
        if self._is_file:
            return
        try:
            self.form.fields[self._name] = self._text.decode()
        except UnicodeDecodeError:
            raise InvalidRequest(f"Bad request: {self._name[:100]}: not UTF-8") from None

    def _end(self) -> None:
        self.ended = True
