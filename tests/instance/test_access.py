"""Who may do what, for every route and every role; a route without a row fails (security H)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import requests

import wallwidgets as ww
from tests.conftest import TOKEN_PATH, log_in
from tests.models import linear_model

ROLES = [
    "anonymous",
    "outsider",
    "collaborator",
    "owner",
    "admin",
    "deactivated",
    "inference_token",
]
# The status of each role, in the order of ROLES; "ok" is any success.
PUBLIC = "ok ok ok ok ok ok ok"
LOGGED_IN = "401 ok ok ok ok 401 403"
MEMBERS = "401 404 ok ok ok 401 403"
OWNERS = "401 404 403 ok ok 401 403"
ADMINS = "401 403 403 403 ok 401 403"
INFERENCE = "401 404 ok ok ok 401 ok"

API = "POST /v1/api/"
REALM = "/auth/realms/master"
OIDC = f"{REALM}/protocol/openid-connect"
USERS = "/auth/admin/realms/master/users"

# A login refuses an empty form with 400, whoever sends it: it looks at the form, not at a token.
FORMS = "400 400 400 400 400 400 400"

FIXED_WINDOW = {
    "pipeline_name": "watched",
    "path": "input tensor 0",
    "start": "2022-01-01T00:00:00Z",
    "width": "24 hours",
}
ASSAY = {
    "name": "{unique}",
    "pipeline_id": "{watched_pipeline}",
    "pipeline_name": "watched",
    "workspace_id": "{ws}",
    "iopath": "input tensor 0",
    "baseline": {"calculated": {"fixed_window": FIXED_WINDOW}},
    "window": {"width": "24 hours"},
}

MATRIX: dict[str, tuple[str, Any]] = {
    "GET /health": (PUBLIC, None),
    "GET /v1/api/config": (PUBLIC, None),
    f"GET {REALM}/.well-known/openid-configuration": (PUBLIC, None),
    f"GET {OIDC}/certs": (PUBLIC, None),
    f"GET {REALM}/device": (PUBLIC, None),
    f"POST {REALM}/device": (FORMS, None),
    f"POST {OIDC}/token": (FORMS, None),
    f"POST {OIDC}/auth/device": (FORMS, None),
    f"POST {OIDC}/logout": (FORMS, None),
    f"GET {USERS}": (ADMINS, None),
    f"GET {USERS}/{{user_id}}": (ADMINS, None),
    f"PUT {USERS}/{{user_id}}": (ADMINS, {"enabled": True}),
    API + "features/list": (LOGGED_IN, {}),
    API + "users/query": (LOGGED_IN, {}),
    API + "users/invite": (ADMINS, {"email": "{unique}@example.com"}),
    API + "users/activate": (ADMINS, {"email": "{email}"}),
    API + "users/deactivate": (ADMINS, {"email": "{spare}"}),
    API + "workspaces/list": (LOGGED_IN, {}),
    API + "workspaces/create": (LOGGED_IN, {"workspace_name": "{unique}"}),
    API + "workspaces/list_users": (MEMBERS, {"workspace_id": "{ws}"}),
    API + "workspaces/add_user": (OWNERS, {"workspace_id": "{ws}", "email": "{spare}"}),
    API + "workspaces/remove_user": (OWNERS, {"workspace_id": "{ws}", "email": "{spare}"}),
    API + "models/upload": (MEMBERS, {"name": "{unique}", "workspace_id": "{ws}"}),
    API + "models/upload_stream": (MEMBERS, {"name": "{unique}", "workspace_id": "{ws}"}),
    API + "models/upload_and_convert": (MEMBERS, {"name": "{unique}", "workspace_id": "{ws}"}),
    API + "models/list": (MEMBERS, {"workspace_id": "{ws}"}),
    API + "models/get": (MEMBERS, {"id": "{model}"}),
    API + "models/get_by_id": (MEMBERS, {"id": "{model}"}),
    # It searches all workspaces, so an outsider finds nothing rather than being refused.
    API + "models/list_versions": (LOGGED_IN, {"models_pk_id": "{model}"}),
    API + "models/get_config_by_id": (MEMBERS, {"model_id": "{version}"}),
    API + "models/get_version_by_id": (MEMBERS, {"model_version_id": "{version}"}),
    API + "models/insert_model_config": (MEMBERS, {"model_version_id": "{version}"}),
    API + "pipelines/create": (MEMBERS, {"pipeline_id": "{unique}", "workspace_id": "{ws}"}),
    API + "pipelines/deploy": (
        MEMBERS,
        {
            "deploy_id": "{pipeline_name}",
            "pipeline_id": "{pipeline}",
            "pipeline_version_pk_id": "{pipeline_version}",
        },
    ),
    API + "pipelines/undeploy": (MEMBERS, {"pipeline_id": "{idle_pipeline}"}),
    API + "pipelines/copy": (
        MEMBERS,
        {"name": "{unique}", "workspace_id": "{ws}", "source_pipeline": "{pipeline}"},
    ),
    API + "pipelines/get_version": (MEMBERS, {"version": "{pipeline_uuid}"}),
    API + "status/get_deployment": (MEMBERS, {"name": "{deployment}"}),
    API + "admin/get_pipeline_external_url": (
        MEMBERS,
        {"workspace_id": "{ws}", "pipeline_name": "{pipeline_name}"},
    ),
    API + "admin/get_pipeline_internal_url": (
        MEMBERS,
        {"workspace_id": "{ws}", "pipeline_name": "{pipeline_name}"},
    ),
    API + "pipelines/infer/{deployment}": (INFERENCE, [{"tensor": [1.0]}]),
    API + "pipelines/infer/{deployment}/{pipeline_name}": (INFERENCE, [{"tensor": [1.0]}]),
    API + "pipelines/get_logs": (
        MEMBERS,
        {"pipeline_name": "{pipeline_name}", "workspace_id": "{ws}"},
    ),
    API + "plateau/get_topic_name": (
        MEMBERS,
        {"pipeline_name": "{pipeline_name}", "workspace_id": "{ws}"},
    ),
    API + "plateau/get_pipeline_topic_name": (
        MEMBERS,
        {"pipeline_name": "{pipeline_name}", "workspace_id": "{ws}"},
    ),
    "GET /v1/logs/topic/{topic}": (MEMBERS, None),
    "POST /v1/logs/topic/{topic}/records": (MEMBERS, {}),
    API + "assays/create": (MEMBERS, ASSAY),
    API + "assays/list": (MEMBERS, {"pipeline_id": "{watched_pipeline}"}),
    API + "assays/filter": (
        MEMBERS,
        {
            "workspace_id": "{ws}",
            "pipeline_id": "{watched_pipeline}",
            "sort_by": "CreationDateDesc",
        },
    ),
    API + "assays/set_active": (MEMBERS, {"id": "{assay}", "active": True}),
    API + "assays/get_assay_by_id": (MEMBERS, {"id": "{assay}"}),
    API + "assays/get_baseline": (
        MEMBERS,
        {"pipeline_name": "{pipeline_name}", "workspace_id": "{ws}"},
    ),
    API + "assays/run_interactive": (MEMBERS, ASSAY),
    API + "assays/run_interactive_baseline": (MEMBERS, ASSAY),
    API + "assays/summarize": (
        MEMBERS,
        {"summarizer": {}, "baseline": {"fixed_window": {**FIXED_WINDOW, "workspace_id": "{ws}"}}},
    ),
    API + "assays/get_assay_results": (MEMBERS, {"assay_id": "{assay}"}),
    API + "assays/get_results": (MEMBERS, {"assay_id": "{assay}"}),
    API + "connections/create": (LOGGED_IN, {"name": "{unique}", "type": "t"}),
    API + "connections/list": (MEMBERS, {"workspace_id": "{ws}"}),
    API + "connections/get": (MEMBERS, {"name": "{connection_name}"}),
    API + "connections/get_by_id": (MEMBERS, {"id": "{connection}"}),
    API + "connections/add_to_workspace": (
        OWNERS,
        {"workspace_id": "{ws}", "connection_id": "{connection}"},
    ),
    API + "connections/remove_from_workspace": (
        MEMBERS,
        {"workspace_id": "{ws}", "connection_id": "no such connection"},
    ),
    # An absent connection and another's are the same: nothing happens to either.
    API + "connections/delete": (LOGGED_IN, {"name": "no such connection"}),
}


@dataclass
class World:
    """One workspace with everything in it, and the headers of each role."""

    url: str
    headers: dict[str, dict[str, str]]
    names: dict[str, Any]
    model_file: Path
    count: int = 0

    def fill(self, template: Any) -> Any:
        """A template with the world's names and ids in it; numbers stay numbers."""
        if isinstance(template, dict):
            return {key: self.fill(value) for key, value in template.items()}
        if not isinstance(template, str):
            return template
        if template.startswith("{") and template.endswith("}") and template.count("{") == 1:
            return self.names.get(template[1:-1]) or self._unique()
        for name, value in {**self.names, "unique": self._unique()}.items():
            template = template.replace(f"{{{name}}}", str(value))
        return template

    def _unique(self) -> str:
        self.count += 1
        return f"made-{self.count}"

    def send(self, route: str, body: Any, role: str) -> requests.Response:
        method, _, path = route.partition(" ")
        options: dict[str, Any] = {"headers": self.headers[role], "timeout": 60}
        body = self.fill(body)
        if "models/upload" in route:
            content = self.model_file.read_bytes()
            if route.endswith("upload_stream"):
                query = {**body, "filename": "m.onnx", "visibility": "private"}
                options |= {"params": query, "data": content}
            elif route.endswith("convert"):
                metadata = json.dumps({**body, "visibility": "private"})
                options["files"] = {
                    "metadata": ("metadata", metadata, "application/json"),
                    "file": ("m.onnx", content),
                }
            else:
                options |= {"data": body, "files": {"file": ("m.onnx", content)}}
        elif body is not None:
            options["json"] = body
        return requests.request(method, self.url + self.fill(path), **options)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with ww.LocalInstance() as instance:
        creds = json.loads(instance.credentials_file.read_text())
        admin = log_in(instance.url, creds["username"], creds["password"])
        people = {}
        for role in ("owner", "collaborator", "outsider", "deactivated", "spare"):
            email = f"{role}@example.com"
            admin.ok("users/invite", {"email": email, "password": "correct horse"})
            people[role] = log_in(instance.url, email, "correct horse")
        owner = people["owner"]
        where = owner.ok("workspaces/create", {"workspace_name": "secret-garden"})
        for role in ("collaborator", "deactivated"):
            owner.ok("workspaces/add_user", {**where, "email": people[role].email})
        model_file = linear_model(tmp_path_factory.mktemp("model") / "m.onnx", inputs=1)
        names = contents(owner, where, model_file)
        names |= watched(instance, owner, where)
        service = requests.post(
            instance.url + TOKEN_PATH,
            auth=(creds["confidentialClient"], creds["confidentialPassword"]),
            data={"grant_type": "client_credentials"},
            timeout=60,
        ).json()["access_token"]
        people_ids = admin.ok("users/query", {})["users"]
        names["user_id"] = next(
            key for key, user in people_ids.items() if user["email"] == people["spare"].email
        )
        names |= {"email": owner.email, "spare": people["spare"].email}
        admin.ok("users/deactivate", {"email": people["deactivated"].email})
        headers = {role: raw.headers for role, raw in people.items()}
        headers |= {
            "anonymous": {},
            "admin": admin.headers,
            "inference_token": {"Authorization": f"Bearer {service}"},
        }
        yield World(instance.url, headers, names, model_file)


def contents(owner: Any, where: dict[str, int], model_file: Path) -> dict[str, Any]:
    """A model, a deployed pipeline, an idle one and a connection, in the owner's workspace."""
    query = {"name": "m", "filename": "m.onnx", "visibility": "private", **where}
    uploaded = owner.post("models/upload_stream", params=query, data=model_file.read_bytes())
    version = uploaded.json()["insert_models"]["returning"][0]["models"][0]["id"]
    model = owner.ok("models/list", where)["models"][0]["id"]
    idle = owner.ok("pipelines/create", {"pipeline_id": "idle", **where})
    pipe = owner.ok("pipelines/create", {"pipeline_id": "pipe", **where})
    deployment = owner.ok(
        "pipelines/deploy",
        {
            "deploy_id": "pipe",
            "pipeline_id": pipe["pipeline_pk_id"],
            "pipeline_version_pk_id": pipe["pipeline_variant_pk_id"],
        },
    )
    name = f"pipe-{deployment['id']}"
    while owner.ok("status/get_deployment", {"name": name})["status"] != "Running":
        pass
    connection = owner.ok("connections/create", {"name": "vault", "type": "t"})["id"]
    owner.ok("connections/add_to_workspace", {**where, "connection_id": connection})
    topic = owner.ok("plateau/get_topic_name", {"pipeline_name": "pipe", **where})["topic_name"]
    return {
        "ws": where["workspace_id"],
        "model": model,
        "version": version,
        "pipeline": pipe["pipeline_pk_id"],
        "pipeline_name": "pipe",
        "pipeline_version": pipe["pipeline_variant_pk_id"],
        "pipeline_uuid": pipe["pipeline_variant_version"],
        "idle_pipeline": idle["pipeline_pk_id"],
        "deployment": name,
        "connection": connection,
        "connection_name": "vault",
        "topic": topic,
    }


def watched(instance: ww.LocalInstance, owner: Any, where: dict[str, int]) -> dict[str, Any]:
    """A pipeline with records, and an assay of it."""
    number = owner.ok("pipelines/create", {"pipeline_id": "watched", **where})["pipeline_pk_id"]
    columns = {"in.tensor": pa.array([[1.0], [2.0]], pa.list_(pa.float32(), 1))}
    times = np.array([1_641_038_400_000] * 2)  # the first day of 2022
    instance.context.log.append(number, columns, {}, [1], times)
    body = {**ASSAY, **where, "name": "guard", "pipeline_id": number}
    return {"watched_pipeline": number, "assay": owner.ok("assays/create", body)["assay_id"]}


def test_every_route_has_a_row(world: World) -> None:
    document = requests.get(f"{world.url}/v1/api/openapi.json", timeout=60).json()
    routes = {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert routes == set(MATRIX)


@pytest.mark.parametrize("route", MATRIX)
def test_each_role_gets_its_answer(world: World, route: str) -> None:
    expected, body = MATRIX[route]
    found = {}
    for role in ROLES:
        answer = world.send(route, body, role)
        found[role] = "ok" if answer.ok else str(answer.status_code)
    assert found == dict(zip(ROLES, expected.split(), strict=True))


def test_what_is_not_yours_looks_like_what_is_not_there(world: World) -> None:
    for route, (expected, body) in MATRIX.items():
        if expected != MEMBERS or "workspace_id" not in (body or {}):
            continue
        theirs = world.send(route, body, "outsider")
        absent = world.send(route, {**body, "workspace_id": 987654}, "outsider")
        number = str(world.names["ws"])
        assert theirs.status_code == absent.status_code == 404, route
        assert theirs.text.replace(number, "?") == absent.text.replace("987654", "?"), route
