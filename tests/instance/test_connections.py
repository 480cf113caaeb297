"""Data connections: contract section 12; their details are secrets (security H)."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Raw


def test_the_life_of_a_connection(admin: Raw, unique: Callable[[str], str]) -> None:
    name, space = unique("houses"), unique("space")
    where = admin.ok("workspaces/create", {"workspace_name": space})
    details = {"host": "db.example", "password": "S3cret", "port": 5432, "options": {"a": [1]}}
    made = admin.ok("connections/create", {"name": name, "type": "SQL", "details": details})
    link = {**where, "connection_id": made["id"]}
    linked = admin.ok("connections/add_to_workspace", link)
    assert admin.ok("connections/add_to_workspace", link) == linked
    item = admin.ok("connections/get", {"name": name})
    assert item == {
        "id": made["id"],
        "name": name,
        "type": "SQL",
        "created_at": item["created_at"],
        "workspace_names": [space],
        "details": details,
    }
    assert admin.ok("connections/get_by_id", {"id": made["id"]}) == item
    assert admin.ok("connections/list", where) == {"connections": [item]}
    assert item in admin.ok("connections/list", {})["connections"]
    for _ in range(2):  # Removing what is not there is no error.
        gone = admin.post("connections/remove_from_workspace", link)
        assert (gone.status_code, gone.text) == (204, "")
    assert admin.ok("connections/list", where) == {"connections": []}
    for key in ("connection_name", "name"):
        gone = admin.post("connections/delete", {key: name})
        assert (gone.status_code, gone.text) == (204, "")
    assert admin.post("connections/get", {"name": name}).status_code == 404


def test_a_connection_name_is_taken_once(admin: Raw, unique: Callable[[str], str]) -> None:
    body = {"name": unique("once"), "type": "SQL"}
    admin.ok("connections/create", body)
    answer = admin.post("connections/create", body)
    assert (answer.status_code, answer.json()["code"]) == (409, 409)
    assert admin.ok("connections/get", {"name": body["name"]})["details"] is None


def test_details_are_for_owners_and_masked_for_others(
    new_user: Callable[[], Raw], unique: Callable[[str], str]
) -> None:
    owner, guest, stranger = new_user(), new_user(), new_user()
    where = owner.ok("workspaces/create", {"workspace_name": unique("private")})
    name = unique("vault")
    made = owner.ok(
        "connections/create", {"name": name, "type": "S3", "details": {"key": "S3cret"}}
    )
    owner.ok("connections/add_to_workspace", {**where, "connection_id": made["id"]})
    owner.ok("workspaces/add_user", {**where, "email": guest.email})
    assert owner.ok("connections/get", {"name": name})["details"] == {"key": "S3cret"}
    assert guest.ok("connections/get", {"name": name})["details"] == {"key": "***"}
    assert stranger.post("connections/get", {"name": name}).status_code == 404
    assert stranger.ok("connections/list", {}) == {"connections": []}
    # A guest cannot read the details by way of a workspace of their own.
    own = guest.ok("workspaces/create", {"workspace_name": unique("own")})
    stolen = guest.post("connections/add_to_workspace", {**own, "connection_id": made["id"]})
    assert stolen.status_code == 403
    assert guest.post("connections/delete", {"name": name}).status_code == 403
    # To a stranger it is as if it did not exist; and it still does.
    assert stranger.post("connections/delete", {"name": name}).status_code == 204
    owner.ok("connections/get", {"name": name})


def test_hostile_names_come_back_byte_for_byte(admin: Raw, unique: Callable[[str], str]) -> None:
    hostile = [
        "<img src=x onerror=alert(1)>",
        "</script><svg/onload=alert(1)>",
        "[x](javascript:alert(1))",
        "$\\href{javascript:alert(1)}{x}$",
        "%{customdata}<extra>",
        "right\u202eleft",
        "nul\x00inside",
        "'; DROP TABLE connection; --",
        "x" * 10_000,
    ]
    for text in hostile:
        name = unique(text)
        admin.ok("connections/create", {"name": name, "type": text, "details": {text: text}})
        item = admin.ok("connections/get", {"name": name})
        assert (item["name"], item["type"], item["details"]) == (name, text, {text: text})
    lone = admin.post("connections/create", data=b'{"name": "\\ud800", "type": "t"}')
    assert lone.status_code == 400
