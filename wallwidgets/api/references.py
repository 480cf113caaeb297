"""What callers pass: a record or its id, and fields that fit the contract."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from wallwidgets.errors import InvalidRequest

R = TypeVar("R", bound=BaseModel)

CLOCK_MARGIN = timedelta(seconds=60)
"""How far the clocks of the instance and of this machine may be apart."""


def checked(kind: type[R], **fields: Any) -> R:
    """A request of this kind.

    Raises:
        InvalidRequest: A field has a value that cannot be used; the message names it.
    """
    try:
        return kind(**fields)
    except ValidationError as invalid:
        first = invalid.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    raise InvalidRequest(f"{where}: {first['msg']}.")


def id_of(value: Any, *kinds: type) -> int:
    """The id of a record of one of ``kinds``, or the id itself.

    A record of another kind is refused: the ids of models and of their versions, for example, come
    from different sequences and must not be mixed.

    Raises:
        InvalidRequest: It is neither.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, kinds):
        found: int = value.id  # type: ignore[attr-defined]
        return found
    raise wrong_kind(value, *kinds, id_too=True)


def wrong_kind(value: Any, *kinds: type, id_too: bool = False) -> InvalidRequest:
    """The error that says what to pass instead of ``value``."""
    wanted = " or ".join(kind.__name__ for kind in kinds)
    given = type(value).__name__
    return InvalidRequest(f"Pass a {wanted}{' or its id' if id_too else ''}, not {given}.")


def made_since(started: datetime, created_at: datetime | None) -> bool:
    """Whether something of the right name was made by the call that began then, not earlier."""
    return created_at is not None and created_at >= started - CLOCK_MARGIN
