"""The details of a connection, which are secrets: typed unseen, read as JSON, shown nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from traitlets import Unicode

from wallwidgets.errors import InvalidRequest, WallwidgetsError
from wallwidgets.panels.parts.fields import SecretField
from wallwidgets.schemas.connections import Details
from wallwidgets.settings import Secret

SHORTEST_SECRET = 4


def read_details(secret: Secret | None) -> Details | None:
    """The details that a text stands for, or None for none.

    Raises:
        InvalidRequest: It is no JSON object; the message says where it fails and repeats nothing.

    Example:
        >>> read_details(Secret('{"password": "canary"}'))
        {'password': '***'}
    """
    if not secret:
        return None
    place = ""
    try:
        found = json.loads(secret.reveal())
    except json.JSONDecodeError as error:
        found, place = None, f", from character {error.pos + 1} on"
    except RecursionError:
        found = None
    if not isinstance(found, dict):
        raise InvalidRequest(f'The details are no JSON object such as {{"host": "db"}}{place}.')
    return Details(found)


def without_details(error: WallwidgetsError, details: Details | None) -> WallwidgetsError:
    """An error whose text repeats none of the details, whatever the service echoes."""
    if any(text in error.message for text in _texts(details)):
        error.message = "The service refused the connection and its words repeat a secret."
    return error


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str | int | float) and len(str(value)) >= SHORTEST_SECRET:
        yield str(value)


class DetailsField(SecretField):
    """A field for details, which says what it understood without showing it.

    Attributes:
        problem: Why what is typed cannot be used; "" if it can.
        understood: The names of the details, masked.

    Example:
        >>> DetailsField(label="Details").problem
        ''
    """

    problem = Unicode()
    understood = Unicode()

    def _typed(self, widget: object, content: dict[str, Any], buffers: object) -> None:
        super()._typed(widget, content, buffers)
        try:
            details = read_details(self._secret)
        except InvalidRequest as error:
            self.problem, self.understood = error.message, ""
        else:
            self.problem, self.understood = "", ", ".join(f"{key} ***" for key in details or ())

    def take(self) -> Secret | None:
        """The text, which the field and this object forget now."""
        self.problem = self.understood = ""
        return super().take()
