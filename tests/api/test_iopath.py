"""The texts that say what an assay watches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallwidgets.errors import InvalidRequest
from wallwidgets.schemas.iopath import IoPath


@pytest.mark.parametrize(
    ("text", "path", "number"),
    [
        ("output dense_2 0", IoPath("output", "dense_2", 0), None),
        ("input tensor 3", IoPath("input", "tensor", 3), None),
        ("input 0 16", IoPath("input", "0", 16), 0),
        ("output price", IoPath("output", "price", 0), None),
        (" output  a name  7 ", IoPath("output", "a name", 7), None),
        ("output 5", IoPath("output", "5", 0), 5),
    ],
)
def test_every_form_of_the_wire(text, path, number):
    found = IoPath.parse(text)
    assert (found, found.number) == (path, number)


@pytest.mark.parametrize(
    "text", ["", "input", "dense_2 0", "outputs dense_2 0", "output x 9999999999", None, 7]
)
def test_other_texts_are_refused_by_name(text):
    with pytest.raises(InvalidRequest, match="Bad request: iopath: "):
        IoPath.parse(text)


@given(st.sampled_from(["input", "output"]), st.text(min_size=1), st.integers(0, 2**31 - 1))
def test_a_path_is_read_as_it_was_written(side, field, index):
    field = " ".join(field.split())
    if field:
        path = IoPath(side, field, index)
        assert IoPath.parse(str(path)) == path
