"""Every call: what it sends, and what it makes of the recorded answers of 2023 and of 2026."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import responses

import wallwidgets as ww
from tests.api.test_schemas import MODELS_2023, MODELS_2025, USERS
from tests.api.test_uploads import row
from wallwidgets import errors
from wallwidgets.schemas.models import ModelRecord, ModelVersionRecord
from wallwidgets.schemas.users import UserRecord
from wallwidgets.schemas.workspaces import MemberRecord, WorkspaceRecord

URL = "https://wallaroo.example"
MADE = "2023-04-25T21:50:28.682984+00:00"
WORKSPACE = WorkspaceRecord(id=4, name="w", created_at=MADE, created_by="u")
CONNECTION = {
    "id": "c-1", "name": "warehouse", "type": "BIGQUERY", "created_at": MADE,
    "workspace_names": ["w"], "details": {"key": "canary"},
}  # fmt: skip


@pytest.fixture
def wire():
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def client():
    with ww.connect(URL, headers=lambda: {"Authorization": "Bearer of-a-test"}) as made:
        yield made


@pytest.fixture
def answer(wire):
    def add(path, body, status=200):
        wire.add("POST", f"{URL}/v1/api/{path}", json=body, status=status)

    return add


@pytest.fixture
def sent(wire):
    return lambda: [json.loads(b"".join(call.request.body)) for call in wire.calls]


def test_users(client, answer, sent):
    answer("users/query", USERS)
    users = client.users.list()
    assert [user.username for user in users] == ["u@x"]
    client.users.list(users)
    client.users.list([MemberRecord(user_id="m"), "x"])
    assert sent() == [{}, {"user_ids": ["7d02"]}, {"user_ids": ["m", "x"]}]


def test_activation(client, answer, sent):
    answer("users/activate", {})
    answer("users/deactivate", {})
    client.users.activate("a@x")
    client.users.deactivate(UserRecord(id="u", username="b", email="b@x"))
    assert sent() == [{"email": "a@x"}, {"email": "b@x"}]
    with pytest.raises(errors.InvalidRequest, match="e-mail"):
        client.users.deactivate(UserRecord(id="u", username="admin"))


def test_invite(client, answer, sent):
    answer("users/invite", {"id": "u", "password": "canary"})
    invited = client.users.invite("a@x")
    assert (invited.id, invited.password) == ("u", "canary")
    assert "canary" not in repr(invited)
    assert sent() == [{"email": "a@x"}]


def test_workspaces(client, answer, sent):
    rows = [
        {"id": 1, "name": "a", "created_at": MADE, "created_by": "1e3e", "models": [1]},
        {"id": 8, "name": "b", "created_at": MADE, "created_by": "u@x"},
    ]
    answer("workspaces/list", {"workspaces": rows})
    assert [record.id for record in client.workspaces.list()] == [1, 8]
    client.workspaces.list("user-id")
    assert client.workspaces.get("b").id == client.workspaces.get(8).id == 8
    with pytest.raises(errors.NotFound, match="'c'"):
        client.workspaces.get("c")
    assert sent()[:2] == [{}, {"user_id": "user-id"}]


def test_members(client, answer, sent):
    answer("workspaces/add_user", {})
    answer("workspaces/list_users", {"users": [{"user_id": "1e3e", "user_type": "OWNER"}]})
    answer("workspaces/remove_user", {"affected_rows": 0})
    client.workspaces.add_user(WORKSPACE, "a@x")
    client.workspaces.add_user(4, UserRecord(id="7d02", username="b"), "owner")
    member = client.workspaces.users(4)[0]
    assert member.user_type == "OWNER"
    assert client.workspaces.remove_user(WORKSPACE, member) is False
    assert sent() == [
        {"workspace_id": 4, "user_type": "COLLABORATOR", "email": "a@x"},
        {"workspace_id": 4, "user_type": "OWNER", "user_id": "7d02"},
        {"workspace_id": 4},
        {"workspace_id": 4, "user_id": "1e3e"},
    ]


@pytest.mark.parametrize("recorded", [MODELS_2023, MODELS_2025])
def test_models(client, answer, sent, recorded):
    answer("models/list", recorded)
    answer("models/get", MODELS_2023["models"][0] | {"models": [row()]})
    answer("models/get_by_id", MODELS_2023["models"][0] | {"model_config": None})
    model = client.models.list(WORKSPACE)[0]
    assert (model.id, model.name) == (6, "m2")
    assert client.models.get(model).versions[0].id == 1005
    assert client.models.get_by_id(6).configuration is None
    assert sent() == [{"workspace_id": 4}, {"id": 6}, {"id": 6}]


def test_versions_of_other_models_are_left_out(client, answer, sent):
    answer("models/list_versions", [row(9, parent=5), row(2, parent=6), row(8, parent=5)])
    model = ModelRecord(id=5, name="m")
    assert [version.id for version in client.models.versions(model)] == [8, 9]
    assert [version.id for version in client.models.versions(5)] == [8, 9]
    client.models.versions(ModelVersionRecord.model_validate(row(9, parent=5)))
    full = {"model_id": "m", "models_pk_id": 5}
    assert sent() == [full, {"models_pk_id": 5}, full]


def test_a_model_is_no_version(client):
    model = ModelRecord(id=5, name="m")
    for call in (client.models.version, client.models.configuration, client.models.configure):
        with pytest.raises(errors.InvalidRequest, match="Pass a ModelVersion or its id"):
            call(model)


@pytest.mark.parametrize(
    "recorded", [None, {"id": 1, "runtime": "flight", "tensor_fields": None, "new": 1}]
)
def test_configurations(client, answer, sent, recorded):
    answer("models/get_config_by_id", {"model_config": recorded})
    found = client.models.configuration(7)
    assert found is None if recorded is None else found.runtime == "flight"
    assert sent() == [{"model_id": 7}]


def test_configure(client, answer, sent):
    later = {"id": 2, "model_version_id": 7, "runtime": "onnx", "tensor_fields": ["x"]}
    answer("models/insert_model_config", {"model_config": later})
    assert client.models.configure(7, tensor_fields=["x"]).id == 2
    assert sent() == [{"model_version_id": 7, "tensor_fields": ["x"]}]


def test_features(client, answer, wire):
    answer(
        "features/list",
        {"features": {"plateau": "true"}, "name": "Wallaroo Dev", "is_auth_enabled": True},
    )
    wire.add("GET", f"{URL}/v1/api/config", json={"default_arch": "arm", "more": 1})
    assert client.features().features == {"plateau": "true"}
    assert client.config().default_arch == "arm"


def test_connections(client, answer, wire, sent):
    answer("connections/create", {"id": "c-1"})
    answer("connections/get_by_id", CONNECTION)
    answer("connections/get", CONNECTION)
    answer("connections/list", {"connections": [CONNECTION]})
    answer("connections/add_to_workspace", {"id": "link"})
    made = client.connections.create("warehouse", "BIGQUERY", {"key": "canary"})
    assert made.details["key"] == "canary"
    assert "canary" not in repr(made)
    assert client.connections.get("warehouse").id == client.connections.get(made).id == "c-1"
    client.connections.list()
    assert client.connections.list(WORKSPACE)[0].workspace_names == ["w"]
    assert client.connections.add_to_workspace(made, WORKSPACE) == "link"
    for path in ("remove_from_workspace", "delete"):
        wire.add("POST", f"{URL}/v1/api/connections/{path}", status=204)
    client.connections.remove_from_workspace("c-1", 4)
    client.connections.delete(made)
    assert sent() == [
        {"name": "warehouse", "type": "BIGQUERY", "details": {"key": "canary"}},
        {"id": "c-1"},
        {"name": "warehouse"},
        {"name": "warehouse"},
        {},
        {"workspace_id": 4},
        {"connection_id": "c-1", "workspace_id": 4},
        {"connection_id": "c-1", "workspace_id": 4},
        {"name": "warehouse"},
    ]


def test_a_lost_connection_is_looked_up(client, wire, answer):
    wire.add("POST", f"{URL}/v1/api/connections/create", status=504)
    fresh = CONNECTION | {"created_at": datetime.now(UTC).isoformat()}
    answer("connections/list", {"connections": [fresh]})
    assert client.connections.create("warehouse", "BIGQUERY").id == "c-1"


def test_a_lost_invitation_is_looked_up(client, wire, answer):
    wire.add("POST", f"{URL}/v1/api/users/invite", status=504)
    made = {"id": "u", "username": "a@x", "email": "a@x"}
    made["createdTimestamp"] = int(datetime.now(UTC).timestamp() * 1000)
    answer("users/query", {"users": {"u": made}})
    assert client.users.invite("a@x", "given").id == "u"
    with pytest.raises(errors.OutcomeUnknown):
        client.users.invite("a@x")


def test_unknown_ids_are_typed_errors(client, answer):
    answer("models/get", {"msg": "Not found: model id 7", "code": 404}, 404)
    with pytest.raises(errors.NotFound, match=r"^\[404\] Not found: model id 7\. Check the id"):
        client.models.get(7)


def test_a_client_is_a_context_with_a_plain_repr(client):
    assert repr(client) == "Client('https://wallaroo.example')"
    assert client.settings.url == URL
    with client as same:
        assert same is client
