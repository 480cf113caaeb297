"""The rule for names of workspaces and pipelines, as a refusal."""

from __future__ import annotations

from wallwidgets.errors import InvalidRequest
from wallwidgets.schemas.names import LONGEST_NAME, name_problem


def check_name(name: str, field: str) -> str:
    """The name, if it can be part of a host name (RFC 1123, beginning with a letter).

    Raises:
        InvalidRequest: It cannot; the message names the field and the rule.
    """
    if name_problem(name):
        raise InvalidRequest(
            f"Bad request: {field} must be of lower-case letters, digits and '-', begin with a"
            f" letter, not end with '-', and have at most {LONGEST_NAME} characters"
        )
    return name
