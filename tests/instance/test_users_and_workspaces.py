"""Users and workspaces: contract sections 3 and 4."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.conftest import Raw

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,5}[1-9])?\+00:00")


def test_invited_users_appear_in_both_forms_of_the_query(
    admin: Raw, unique: Callable[[str], str]
) -> None:
    email = f"{unique('guest')}@example.com"
    invited = admin.ok("users/invite", {"email": email})
    assert len(invited["password"]) >= 8
    # The tutorial sends a workspace id along, which the service ignores.
    everyone = admin.ok("users/query", {"workspace_id": 1})["users"]
    person = everyone[invited["id"]]
    assert person["requiredActions"] == ["UPDATE_PASSWORD"]
    assert (person["username"], person["enabled"], person["emailVerified"]) == (email, True, True)
    assert not {"firstName", "lastName", "federatedIdentities"} & {*person}
    assert isinstance(person["createdTimestamp"], int)
    asked = admin.ok("users/query", {"user_ids": [invited["id"], "nobody"]})["users"]
    assert asked == {invited["id"]: {**person, "federatedIdentities": []}, "nobody": None}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "no-address"}, "email"),
        ({"email": ""}, "email"),
        ({}, "email"),
        ({"email": 5}, "email"),
        ({"email": "short@example.com", "password": "1234567"}, "password"),
        ({"email": "long@example.com", "password": "x" * 129}, "password"),
    ],
)
def test_bad_invitations_name_the_field(admin: Raw, body: object, field: str) -> None:
    answer = admin.post("users/invite", body)
    assert answer.status_code == 400
    assert answer.json()["msg"].startswith(f"Bad request: {field}")


def test_an_email_has_one_account(admin: Raw, new_user: Callable[[], Raw]) -> None:
    answer = admin.post("users/invite", {"email": new_user().email})
    assert answer.status_code == 400
    assert "already" in answer.json()["msg"]


def test_the_last_administrator_stays(admin: Raw) -> None:
    answer = admin.post("users/deactivate", {"email": admin.email})
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    admin.ok("workspaces/list", {})


def test_a_workspace_and_its_members(
    admin: Raw, new_user: Callable[[], Raw], unique: Callable[[str], str]
) -> None:
    owner, guest = new_user(), new_user()
    name = unique("team")
    created = owner.ok("workspaces/create", {"workspace_name": name})
    where = {"workspace_id": created["workspace_id"]}
    (row,) = owner.ok("workspaces/list", {})["workspaces"]
    assert {**row, "created_at": "", "created_by": ""} == {
        "id": created["workspace_id"],
        "name": name,
        "created_at": "",
        "created_by": "",
        "archived": False,
        "models": [],
        "pipelines": [],
    }
    assert TIME.fullmatch(row["created_at"])
    assert guest.ok("workspaces/list", {}) == {"workspaces": []}
    for role in ("collaborator", "COLLABORATOR", None):
        assert (
            owner.ok("workspaces/add_user", {**where, "email": guest.email, "user_type": role})
            == {}
        )
    members = owner.ok("workspaces/list_users", where)["users"]
    assert [member["user_type"] for member in members] == ["OWNER", "COLLABORATOR"]
    assert members[0]["user_id"] == row["created_by"]
    guest_id = members[1]["user_id"]
    assert guest.ok("workspaces/list", {})["workspaces"] == [row]
    of_guest = admin.ok("workspaces/list", {"user_id": guest_id})
    assert of_guest["workspaces"] == [row]
    for affected in (1, 0):
        removed = owner.ok("workspaces/remove_user", {**where, "user_id": guest_id})
        assert removed == {"affected_rows": affected}


def test_the_last_owner_stays(new_user: Callable[[], Raw], unique: Callable[[str], str]) -> None:
    owner = new_user()
    where = owner.ok("workspaces/create", {"workspace_name": unique("mine")})
    me = {**where, "email": owner.email}
    assert owner.post("workspaces/remove_user", me).status_code == 403
    assert owner.post("workspaces/add_user", {**me, "user_type": "collaborator"}).status_code == 403
    members = owner.ok("workspaces/list_users", where)["users"]
    assert [member["user_type"] for member in members] == ["OWNER"]


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "Upper", "1st", "a b", "a_b", "a.b", "ä", "<b>", "a" * 64, 5, None]
)
def test_names_that_cannot_be_part_of_a_host_name_are_refused(admin: Raw, name: object) -> None:
    answer = admin.post("workspaces/create", {"workspace_name": name})
    assert answer.status_code == 400
    assert "workspace_name" in answer.json()["msg"]


def test_a_workspace_name_is_unique(admin: Raw, unique: Callable[[str], str]) -> None:
    body = {"workspace_name": unique("once")}
    admin.ok("workspaces/create", body)
    answer = admin.post("workspaces/create", body)
    assert answer.status_code == 400
    assert body["workspace_name"] in answer.json()["msg"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("workspaces/add_user", {"workspace_id": 10**6, "email": "x@y"}, 404),
        ("workspaces/add_user", {"email": "x@y"}, 400),
        ("workspaces/list_users", {"workspace_id": "1"}, 400),
        ("workspaces/list_users", {"workspace_id": True}, 400),
        ("workspaces/list_users", {"workspace_id": 2**63}, 400),
        ("users/activate", {"email": "nobody@example.com"}, 404),
        ("users/query", {"user_ids": "all"}, 400),
    ],
)
def test_bad_input_gets_an_envelope(admin: Raw, path: str, body: object, status: int) -> None:
    answer = admin.post(path, body)
    assert answer.status_code == status
    assert set(answer.json()) == {"msg", "code"}
    assert answer.json()["code"] == status


def test_members_are_named_by_email_or_id(admin: Raw, unique: Callable[[str], str]) -> None:
    where = admin.ok("workspaces/create", {"workspace_name": unique("who")})
    assert admin.post("workspaces/add_user", where).status_code == 400
    assert admin.post("workspaces/add_user", {**where, "email": "no@one"}).status_code == 404
    owner_type = {**where, "email": admin.email, "user_type": "emperor"}
    assert "user_type" in admin.post("workspaces/add_user", owner_type).json()["msg"]
