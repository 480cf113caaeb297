"""What stands before every route: security lines G and K."""

from __future__ import annotations

import gzip
import http.client
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from urllib.parse import urlsplit

import pytest
import requests
from sqlalchemy import text

import wallwidgets as ww
from tests.conftest import Raw


def test_a_host_name_that_is_not_ours_is_misdirected(admin: Raw) -> None:
    headers = {**admin.headers, "Host": "attacker.example"}
    answer = admin.post("workspaces/list", {}, headers=headers)
    assert answer.status_code == 421
    port = urlsplit(admin.url).port
    for host in ("localhost", f"127.0.0.1:{port}", f"[::1]:{port}"):
        assert admin.post("workspaces/list", {}, headers={**admin.headers, "Host": host}).ok


def test_every_answer_forbids_sniffing_and_caching(admin: Raw) -> None:
    answers = [
        admin.post("workspaces/list", {}),
        admin.post("workspaces/list", {}, headers={}),
        admin.post("no/such/path", {}),
        requests.get(f"{admin.url}/v1/api/docs", timeout=60),
        requests.post(f"{admin.url}/v1/api/workspaces/list", data=b"x" * (5 * 2**20), timeout=60),
    ]
    assert [answer.status_code for answer in answers] == [200, 401, 404, 200, 413]
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_another_origin_gets_no_cors_headers(admin: Raw) -> None:
    asked = {"Origin": "https://attacker.example", "Access-Control-Request-Method": "POST"}
    answer = requests.options(f"{admin.url}/v1/api/workspaces/list", headers=asked, timeout=60)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_a_wrong_method_is_405(admin: Raw) -> None:
    answer = requests.get(f"{admin.url}/v1/api/workspaces/list", timeout=60)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert answer.json()["code"] == 405


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", None, 200),
        (b"{}", None, 200),
        (b" {} ", "application/json; charset=utf-8", 200),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b'{"a": 1, "a": 2}', "application/json", 400),
        (b'{"a": {"b": 1, "b": 2}}', "application/json", 400),
        (b'{"a": NaN}', "application/json", 400),
        (b'{"a": 1', "application/json", 400),
        (b"\xff\xfe{}", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"a":' * 100_000, "application/json", 400),
        (b'{"a": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b"a=1", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/html", 415),
        (gzip.compress(b"{}", mtime=0), "application/json", 400),
    ],
)
def test_bodies_are_strict_json_objects(
    admin: Raw, body: bytes, kind: str | None, status: int
) -> None:
    headers = {**admin.headers, **({"Content-Type": kind} if kind else {})}
    answer = requests.post(
        f"{admin.url}/v1/api/workspaces/list", data=body, headers=headers, timeout=60
    )
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.json()["code"] == status


def test_a_body_without_announced_length_is_limited_too(admin: Raw) -> None:
    parts = urlsplit(admin.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    chunks = (b" " * 2**20 for _ in range(5))
    with closing(connection):
        # The answer comes before all is sent, and the instance listens no longer.
        with suppress(ConnectionError):
            connection.request(
                "POST", "/v1/api/workspaces/list", body=chunks, headers=admin.headers,
                encode_chunked=True,
            )  # fmt: skip
        assert connection.getresponse().status == 413
    admin.ok("workspaces/list", {})


def test_errors_carry_no_path_query_or_stack(
    admin: Raw, monkeypatch: pytest.MonkeyPatch, instance: ww.LocalInstance
) -> None:
    def broken() -> None:
        raise RuntimeError("SELECT secret FROM /data/folder")

    monkeypatch.setattr(instance.context.store, "read", broken)
    answer = requests.get(f"{admin.url}/auth/admin/realms/master/users", timeout=60)
    assert answer.status_code == 401
    answer = admin.post("workspaces/list", {})
    assert answer.status_code == 500
    assert answer.json() == {"msg": "Internal Server Error: see the instance's log", "code": 500}


def test_sixty_four_writers_at_once_all_succeed(admin: Raw) -> None:
    def write(number: int) -> int:
        body = {"workspace_name": f"crowd-{number}"}
        return requests.post(
            f"{admin.url}/v1/api/workspaces/create", json=body, headers=admin.headers, timeout=120
        ).status_code

    with ThreadPoolExecutor(64) as pool:
        assert set(pool.map(write, range(256))) == {200}


def test_what_is_acknowledged_is_on_the_disk(instance: ww.LocalInstance) -> None:
    with instance.context.store.read() as session:
        assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        # 2 is FULL: a commit returns after its sync, so a power cut does not take it back.
        assert session.execute(text("PRAGMA synchronous")).scalar() == 2


def test_the_documentation_needs_no_internet(admin: Raw) -> None:
    page = requests.get(f"{admin.url}/v1/api/docs", timeout=60).text
    sources = [part.split('"')[0] for part in page.split('src="')[1:] + page.split('href="')[1:]]
    assert sources
    for source in sources:
        assert source.startswith("/v1/api/docs-assets/")
        assert requests.get(admin.url + source, timeout=60).status_code == 200
    document = requests.get(f"{admin.url}/v1/api/openapi.json", timeout=60).json()
    assert "/v1/api/workspaces/list" in document["paths"]
