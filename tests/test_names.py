"""The rule for names: what it explains is what the instance refuses."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallwidgets.errors import InvalidRequest
from wallwidgets.instance.names import check_name
from wallwidgets.schemas.names import name_problem

RFC_1123 = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


@given(st.from_regex(r"[a-z0-9-]{0,66}", fullmatch=True) | st.text(max_size=8))
def test_it_is_the_rule_of_host_names(name):
    assert (name_problem(name) == "") == bool(RFC_1123.fullmatch(name))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("House Price", "has a space"),
        ("House", "has a capital letter"),
        ("a_b", "has “_”"),
        ("1a", "begins with “1”"),
        ("-a", "begins with “-”"),
        ("a-", "ends with “-”"),
        ("a" * 64, "at most 63 characters; this one has 64"),
        ("", "at least one character"),
    ],
)
def test_each_fault_has_its_words(name, problem):
    assert problem in name_problem(name)
    with pytest.raises(InvalidRequest, match="workspace_name must be"):
        check_name(name, "workspace_name")
