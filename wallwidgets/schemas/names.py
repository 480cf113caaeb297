"""The rule for names of workspaces and pipelines, said once for who checks and who explains it."""

from __future__ import annotations

import re

LONGEST_NAME = 63
"""A name becomes a part of a host name (RFC 1123)."""
_OTHER = re.compile(r"[^a-z0-9-]")


def name_problem(name: str) -> str:
    """What is allowed and what is wrong with a name, in one sentence; "" if it can be used.

    Example:
        >>> name_problem("house-price-")
        'A name ends with a letter or digit; “house-price-” ends with “-”.'
        >>> name_problem("house-price")
        ''
    """
    if not name:
        return "A name has at least one character."
    other = re.search(r"\s", name) or _OTHER.search(name)
    if other:
        return f"Only a\u2013z, 0\u20139 and - . “{name}” has {_called(other.group())}."
    if not name[0].isalpha():
        return f"A name begins with a letter; “{name}” begins with “{name[0]}”."
    if name.endswith("-"):
        return f"A name ends with a letter or digit; “{name}” ends with “-”."
    if len(name) > LONGEST_NAME:
        return f"A name has at most {LONGEST_NAME} characters; this one has {len(name)}."
    return ""


def _called(char: str) -> str:
    if char.isspace():
        return "a space"
    return "a capital letter" if char.isupper() else f"“{char}”"
