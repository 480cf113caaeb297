"""Every endpoint of the OpenAPI document under generated input (security line G)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

import wallwidgets as ww
from tests.conftest import Raw, log_in
from tests.instance.test_access import MATRIX

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def admin() -> Iterator[Raw]:
    """An instance of its own: generated requests leave things behind."""
    with ww.LocalInstance() as instance:
        creds = json.loads(instance.credentials_file.read_text())
        raw = log_in(instance.url, creds["username"], creds["password"])
        raw.ok("workspaces/create", {"workspace_name": "zero"})
        yield raw


@pytest.fixture(scope="module")
def document(admin: Raw) -> Any:
    return schemathesis.openapi.from_url(f"{admin.url}/v1/api/openapi.json")


@pytest.mark.parametrize("route", MATRIX)
def test_no_input_breaks_the_contract(route: str, admin: Raw, document: Any) -> None:
    method, _, path = route.partition(" ")
    operation = document[path][method]
    # Of a query parameter that is there twice the last counts, which the check calls a fault.
    checks = CHECKS if method == "GET" else [*CHECKS, negative_data_rejection]
    cases = st.one_of(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def try_it(case: Any) -> None:
        case.call_and_validate(headers=admin.headers, checks=checks)

    try_it()
