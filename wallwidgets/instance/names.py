"""The rule for names of workspaces and pipelines."""

from __future__ import annotations

import re

from wallwidgets.errors import InvalidRequest

LONGEST_NAME = 63
_NAME = re.compile(r"[a-z][a-z0-9-]*")


def check_name(name: str, field: str) -> str:
    """The name, if it can be part of a host name (RFC 1123, beginning with a letter).

    Raises:
        InvalidRequest: It cannot; the message names the field and the rule.
    """
    if not _NAME.fullmatch(name) or name.endswith("-") or len(name) > LONGEST_NAME:
        raise InvalidRequest(
            f"Bad request: {field} must be of lower-case letters, digits and '-', begin with a"
            f" letter, not end with '-', and have at most {LONGEST_NAME} characters"
        )
    return name
