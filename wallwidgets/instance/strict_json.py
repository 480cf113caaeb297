"""JSON as the standard has it: no NaN, no key that is there twice, no endless nesting."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from wallwidgets.errors import InvalidRequest


def loads(text: str | bytes, what: str = "the body") -> Any:
    """The value of a JSON text; ``what`` names it in the error.

    Raises:
        InvalidRequest: It is not strict JSON; the message says why.
    """
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except RecursionError:
        raise InvalidRequest(f"Bad request: {what} is JSON that is nested too deeply") from None
    except ValueError as error:
        reason = error.args[0] if error.args else "it cannot be read"
        raise InvalidRequest(f"Bad request: {what} is not JSON: {reason}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
