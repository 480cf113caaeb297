"""Call every endpoint that the SDK's generated client has. Runs inside the SDK's environment.

    python sdk_endpoints.py URL CREDS_JSON MODEL_ONNX [INPUTS]

The model takes `tensor` [n, INPUTS] (3 unless given). Prints one JSON line per call, {"endpoint",
"status", "ok", "detail"}, and one with ok null for each generated endpoint that was not called:
its detail says why, or "not called". To add an endpoint, add a row to CALLS.
"""

import hashlib
import importlib
import inspect
import json
import os
import pkgutil
import re
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sdk_login

WAIT_S = 30  # for deployments to start and logs to appear

# What 2026.1.3's client reads in a form that 2023's answers did not have.
CHANGED = {
    "/v1/api/models/list": "items became {model, model_versions, workspace} in 2025",
    "/v1/api/models/get": "2026 requires the key workspace",
    "/v1/api/assays/list": "2026 requires the keys workspace_id and workspace_name",
}


class MissingError(Exception):
    """An earlier call failed that should have given this."""


class Known(SimpleNamespace):
    """What the calls know, as attributes: who and where we are, and what earlier calls kept."""

    def __getattr__(self, name):
        raise MissingError(name)


def post(module, client, body, model):
    """Call a generated endpoint with its own body model, if it has one."""
    parameters = inspect.signature(module.sync_detailed).parameters
    name = next((n for n in ("json_body", "body") if n in parameters), None)
    arguments = {name: parameters[name].annotation.from_dict(body)} if name else {}
    return module.sync_detailed(client=client, **arguments)


def upload(module, client, body, model):
    """Upload as a form: 2026.1.3 knows the file part; to 2023.2.0's request we add it."""
    import httpx

    parameters = inspect.signature(module.sync_detailed).parameters
    if "multipart_data" in parameters:
        form = parameters["multipart_data"].annotation.from_dict(body)
        request = module._get_kwargs(client=client, multipart_data=form)
        file = (model.name, model.read_bytes(), "application/octet-stream")
        request["files"] = {**request["files"], "file": file}
        return module._build_response(client=client, response=httpx.request(**request))
    conversion = {"framework": "onnx", "python_version": "3.8", "requirements": [], "arch": "x86"}
    metadata = {**body, "conversion": conversion}
    payload = parameters["body"].annotation.from_dict(
        {"file": model.read_bytes(), "metadata": metadata}
    )
    payload.file.file_name, payload.file.mime_type = model.name, "application/octet-stream"
    return module.sync_detailed(client=client, body=payload)


def upload_stream(module, client, body, model):
    """Upload as query and raw body: 2026.1.3 knows the body; to 2023.2.0's request we add it."""
    import httpx

    parameters = inspect.signature(module.sync_detailed).parameters
    query = {**body, "visibility": parameters["visibility"].annotation(body["visibility"])}
    if "body" not in parameters:
        request = {**module._get_kwargs(client=client, **query), "content": model.read_bytes()}
        return module._build_response(client=client, response=httpx.request(**request))
    with model.open("rb") as file:
        payload = parameters["body"].annotation(payload=file)
        return module.sync_detailed(client=client, body=payload, **query)


@dataclass
class Call:
    """One call of a generated endpoint and what its parsed answer must be.

    Attributes:
        path: Below /v1/api/.
        body: Makes the request from what is known so far.
        want: Says whether the answer, as plain data, has the right values.
        keep: Names for parts of the answer that later calls need.
        status: The HTTP status to expect.
        schema: False where the generated client parses nothing: then `want` gets the raw JSON.
        send: How the request is made.
        eras: Which clients make the call: "old" is 2023.2.0, "new" is 2026.1.3.
        retry: Repeat until `want` is satisfied.
        token: Sent instead of the user's.
    """

    path: str
    body: Callable[[Any], dict] = lambda k: {}
    want: Callable[[Any, Any], Any] = lambda k, a: True
    keep: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    status: int = 200
    schema: bool = True
    send: Callable = post
    eras: tuple[str, ...] = ("old", "new")
    retry: bool = False
    token: str | None = None

    @property
    def endpoint(self):
        return "/v1/api/" + self.path

    def answer(self, wl, k):
        """Make the call; its status and the parsed answer as plain data."""
        client = wl.mlops()
        if self.token:
            client.token = self.token
        response = self.send(k.generated[self.endpoint], client, self.body(k), k.model)
        status, parsed = int(response.status_code), response.parsed
        text = response.content.decode(errors="replace")
        assert status == self.status, f"answered {status}: {text}"
        if not self.schema:
            assert parsed is None, f"parsed as {type(parsed).__name__}"
            return status, json.loads(text) if text else None
        assert parsed is not None, f"not parsed: {text}"
        items = parsed if isinstance(parsed, list) else [parsed]
        for item in items:
            kind = re.search(r"Response(\d+)", type(item).__name__)
            assert not kind or int(kind[1]) == status, f"parsed as {type(item).__name__}"
        plain = [item.to_dict() for item in items]
        return status, plain if isinstance(parsed, list) else plain[0]


@dataclass
class SdkCall:
    """One call of the SDK's hand-written part, where that reads our answers itself."""

    endpoint: str
    call: Callable[[Any, Any], Any]
    want: Callable[[Any, Any], Any] = lambda k, a: True
    keep: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    eras: tuple[str, ...] = ("old", "new")
    retry: bool = False

    def answer(self, wl, k):
        return None, self.call(wl, k)


def version_id(answer):
    return answer["insert_models"]["returning"][0]["models"][0]["id"]


def find(items, **wanted):
    """The one item that has these values, else None."""
    found = [i for i in items if all(i[key] == value for key, value in wanted.items())]
    return found[0] if len(found) == 1 else None


def model_step(k):
    model = {"name": k.name, "version": k.version["model_version"], "sha": k.version["sha"]}
    return {"id": k.name, "steps": [{"ModelInference": {"models": [model]}}]}


def create_pipeline(k):
    return {"pipeline_id": k.name, "workspace_id": k.workspace, "definition": model_step(k)}


def logs_request(k):
    if k.era == "old":
        return {"pipeline_id": k.name, "workspace_id": k.workspace, "order": "Asc"}
    return {"pipeline_name": k.name, "workspace_id": k.workspace, "order": "asc"}


def moment(millis):
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat()


def assay(k):
    """An assay of the records that were just made, in windows of a second."""
    begin, after = moment(k.begin), moment(k.end + 1)
    config = {
        "name": k.name,
        "pipeline_id": k.pipeline,
        "pipeline_name": k.name,
        "active": True,
        "status": "created",
        "summarizer": {
            "type": "UnivariateContinuous",
            "bin_mode": "Quantile",
            "aggregation": "Density",
            "metric": "PSI",
            "num_bins": 2,
        },
        "warning_threshold": None,
        "alert_threshold": 0.25,
        "run_until": None,
        "workspace_id": k.workspace,
        "created_at": begin,
    }
    if k.era == "old":
        named = {"pipeline": k.name, "model": k.name}
        fixed = {**named, "start_at": begin, "end_at": after}
        window = {**named, "width": "1 second", "start": begin}
        return {**config, "iopath": "input 0 0", "baseline": {"Fixed": fixed}, "window": window}
    window = baseline_window(k)
    return {**config, "baseline": {"calculated": {"fixed_window": window}}, "window": window}


def baseline_window(k):
    """The same time range as 2026's client names it."""
    named = {"pipeline_name": k.name, "model_name": k.name, "workspace_id": k.workspace}
    return {**named, "path": "input 0 0", "width": "1 second", "start": moment(k.begin)}


def is_result(a, status="Ok"):
    """Whether this is the result of a window that is like its baseline, or holds part of it."""
    return (
        len(a["scores"]) == len(a["window_summary"]["edges"]) == 4
        and a["window_summary"]["count"] >= 1
        and a["baseline_summary"]["aggregation"] == "Density"
        and a["status"] in (status, "Alert")
    )


def upload_model(wl, k, metadata_form):
    """The SDK's own upload, in a workspace that it need not look up by GraphQL."""
    from wallaroo.framework import Framework
    from wallaroo.workspace import Workspace

    os.environ["MODELS_ENABLED"] = str(metadata_form).lower()  # 2026.1.3 always uses that form
    wl.set_current_workspace(Workspace(wl, {"id": k.workspace}))
    return wl.upload_model(f"{k.name}-sdk", str(k.model), framework=Framework.ONNX)


def deployment(wl, k):
    """The SDK's deployment with all its attributes given, so that it needs no GraphQL."""
    from wallaroo.deployment import Deployment

    pipeline = {"pipeline_id": k.name}
    data = {"id": k.deployment, "deploy_id": k.name, "deployed": True, "pipeline": pipeline}
    return Deployment(wl, data)


def infer_frame(wl, k):
    import pandas as pd

    rows = [[float(row)] * k.inputs for row in range(2)]
    return deployment(wl, k).infer(pd.DataFrame({"tensor": rows}))


def infer_arrow(wl, k):
    import pyarrow as pa

    rows = [[float(row)] * k.inputs for row in range(2)]
    table = pa.table({"tensor": pa.array(rows, pa.list_(pa.float32()))})
    return deployment(wl, k).infer(table).to_pandas()


def is_inference(k, frame, rows=2):
    """Whether this frame holds flat inference records of our model."""
    outputs = [column for column in frame.columns if column.startswith("out.")]
    return (
        len(frame) == rows
        and outputs
        and {"time", "in.tensor", "check_failures"} <= set(frame.columns)
        and frame["time"].dtype.kind == "M"
        and sorted(list(row) for row in frame["in.tensor"])[-1] == [1.0] * k.inputs
        and all(len(row) == 1 for row in frame[outputs[0]])
    )


CALLS = [
    # -- users
    Call(
        "users/query",
        want=lambda k, a: a["users"][k.me]["email"] == k.my_email,
    ),
    Call(
        "users/invite",
        # 2026's request model requires roles
        lambda k: (
            {"email": k.email, "password": k.password} | ({} if k.era == "old" else {"roles": []})
        ),
        want=lambda k, a: a["password"] == k.password and uuid.UUID(a["id"]),
        keep={"user": lambda a: a["id"]},
    ),
    Call(
        "users/query",
        lambda k: {"user_ids": [k.user]},
        want=lambda k, a: set(a["users"]) == {k.user} and a["users"][k.user]["enabled"] is True,
    ),
    Call("users/deactivate", lambda k: {"email": k.email}, want=lambda k, a: a == {}),
    Call(
        "users/query",
        lambda k: {"user_ids": [k.user]},
        want=lambda k, a: a["users"][k.user]["enabled"] is False,
    ),
    Call("users/activate", lambda k: {"email": k.email}, want=lambda k, a: a == {}),
    Call(
        "users/query",
        token="not-a-token",
        status=401,
        want=lambda k, a: a["code"] == 401 and a["msg"],
    ),
    SdkCall(
        "sdk list_users",
        lambda wl, k: [user.email() for user in wl.list_users()],
        want=lambda k, a: {k.my_email, k.email} <= set(a),
    ),
    SdkCall(
        "sdk get_user_by_email",
        lambda wl, k: wl.get_user_by_email(k.email),
        want=lambda k, a: a.id() == k.user and a.enabled() is True,
    ),
    SdkCall(
        "sdk deactivate_user",
        lambda wl, k: wl.deactivate_user(k.email) or wl.get_user_by_email(k.email),
        want=lambda k, a: a.enabled() is False,
    ),
    SdkCall(
        "sdk activate_user",
        lambda wl, k: wl.activate_user(k.email) or wl.get_user_by_email(k.email),
        want=lambda k, a: a.enabled() is True,
    ),
    # -- workspaces
    Call(
        "workspaces/create",
        lambda k: {"workspace_name": k.name},
        keep={"workspace": lambda a: a["workspace_id"]},
    ),
    Call(
        "workspaces/create",  # the name is taken
        lambda k: {"workspace_name": k.name},
        status=400,
        want=lambda k, a: a["code"] == 400 and a["msg"],
    ),
    Call(
        "workspaces/list",
        want=lambda k, a: find(a["workspaces"], id=k.workspace, name=k.name, archived=False),
    ),
    Call(
        "workspaces/list",
        lambda k: {"user_id": k.user},
        want=lambda k, a: not find(a["workspaces"], id=k.workspace),
    ),
    Call(
        "workspaces/add_user",
        lambda k: {"workspace_id": k.workspace, "email": k.email, "user_type": "collaborator"},
        want=lambda k, a: a == {},
    ),
    Call(
        "workspaces/list_users",
        lambda k: {"workspace_id": k.workspace},
        want=lambda k, a: (
            find(a["users"], user_id=k.me, user_type="OWNER")
            and find(a["users"], user_id=k.user, user_type="COLLABORATOR")
        ),
    ),
    Call(
        "workspaces/remove_user",
        lambda k: {"workspace_id": k.workspace, "user_id": k.user},
        want=lambda k, a: a["affected_rows"] == 1,
    ),
    Call(
        "workspaces/remove_user",  # no member any more
        lambda k: {"workspace_id": k.workspace, "email": k.email},
        want=lambda k, a: a["affected_rows"] == 0,
    ),
    # -- models
    Call(
        "models/upload",
        lambda k: {"name": k.name, "visibility": "public", "workspace_id": k.workspace},
        send=upload,
        keep={"version_id": version_id},
    ),
    Call(
        "models/upload_stream",
        lambda k: {
            "name": k.name + "-stream",
            "filename": k.model.name,
            "visibility": "private",
            "workspace_id": k.workspace,
        },
        send=upload_stream,
        keep={"stream_id": version_id},
    ),
    Call(
        "workspaces/list",
        want=lambda k, a: (
            {k.version_id, k.stream_id} <= set(find(a["workspaces"], id=k.workspace)["models"])
        ),
    ),
    Call(
        "models/list_versions",
        lambda k: {"model_id": k.name + "-stream"},
        want=lambda k, a: find(a, id=k.stream_id, sha=k.sha, file_name=k.model.name),
    ),
    Call(
        "models/list_versions",
        lambda k: {"model_id": k.name},
        want=lambda k, a: find(a, id=k.version_id, sha=k.sha, status="ready"),
        retry=True,
        keep={"version": lambda a: a[0], "parent": lambda a: a[0]["models_pk_id"]},
    ),
    Call(
        "models/list",
        lambda k: {"workspace_id": k.workspace},
        want=lambda k, a: find(a["models"], id=k.parent, name=k.name),
        eras=("old",),
    ),
    Call(
        "models/get",
        lambda k: {"id": k.parent},
        want=lambda k, a: a["name"] == k.name and find(a["models"], id=k.version_id, sha=k.sha),
        eras=("old",),
    ),
    Call(
        "models/get_by_id",
        lambda k: {"id": k.parent},
        want=lambda k, a: a["id"] == k.parent and a["name"] == k.name,
    ),
    Call(
        "models/upload_and_convert",
        lambda k: {"name": k.name + "-c", "visibility": "public", "workspace_id": k.workspace},
        send=upload,
        status=202,
        want=lambda k, a: version_id(a) > k.stream_id,
        eras=("new",),
    ),
    SdkCall(
        "sdk upload_model by stream",
        lambda wl, k: upload_model(wl, k, metadata_form=False),
        want=lambda k, a: a.id() > k.stream_id,
        eras=("old",),
    ),
    SdkCall(
        "sdk upload_model by metadata",  # then models/get_version_by_id
        lambda wl, k: upload_model(wl, k, metadata_form=True),
        want=lambda k, a: a.id() > k.stream_id and a.config().runtime() == "onnx",
    ),
    Call(
        "models/insert_model_config",
        lambda k: {"model_version_id": k.version_id, "tensor_fields": ["tensor"]},
        want=lambda k, a: (
            a["model_config"]["model_version_id"] == k.version_id
            and a["model_config"]["runtime"] == "onnx"
            and a["model_config"]["tensor_fields"] == ["tensor"]
        ),
        eras=("new",),
    ),
    Call(
        "models/get_config_by_id",
        lambda k: {"model_id": k.version_id},
        # null until something configures the version, which only the newer client can
        want=lambda k, a: (
            (a["model_config"] is None and k.era == "old") or a["model_config"]["runtime"] == "onnx"
        ),
    ),
    # -- pipelines
    Call(
        "pipelines/create",
        create_pipeline,
        want=lambda k, a: a["pipeline_variant_pk_id"],
        keep={"pipeline": lambda a: a["pipeline_pk_id"]},
    ),
    Call(
        "pipelines/create",  # the same name again is a new version
        create_pipeline,
        want=lambda k, a: a["pipeline_pk_id"] == k.pipeline,
        keep={
            "variant": lambda a: a["pipeline_variant_pk_id"],
            "variant_version": lambda a: a["pipeline_variant_version"],
        },
    ),
    Call(
        "pipelines/get_version",
        lambda k: {"version": k.variant_version},
        want=lambda k, a: a["pipeline_id"] == k.name and a["definition"] == model_step(k),
    ),
    Call(
        "pipelines/deploy",
        lambda k: {
            "deploy_id": k.name,
            "pipeline_version_pk_id": k.variant,
            "pipeline_id": k.pipeline,
            "model_ids": [k.version_id],
        },
        keep={"deployment": lambda a: a["id"]},
    ),
    Call(
        "status/get_deployment",
        lambda k: {"name": f"{k.name}-{k.deployment}"},
        want=lambda k, a: (
            a["status"] == "Running"
            and a["engines"][0]["info"]["status"] == "Running"
            and find(a["engines"][0]["pipeline_statuses"]["pipelines"], id=k.name, status="Running")
            and a["engine_lbs"][0]["info"]["status"] == "Running"
        ),
        retry=True,
    ),
    SdkCall(
        "sdk wait_for_running",
        lambda wl, k: deployment(wl, k).wait_for_running(timeout=3).status(),
        want=lambda k, a: a["status"] == "Running" and a["engines"][0]["status"] == "Running",
    ),
    Call(
        "admin/get_pipeline_external_url",
        lambda k: {"workspace_id": k.workspace, "pipeline_name": k.name},
        want=lambda k, a: (
            a["url"] == f"{k.url}/v1/api/pipelines/infer/{k.name}-{k.deployment}/{k.name}"
        ),
    ),
    Call(
        "admin/get_pipeline_internal_url",
        lambda k: {"workspace_id": k.workspace, "pipeline_name": k.name},
        want=lambda k, a: f"{k.name}-{k.deployment}" in a["url"] and a["url"].endswith(k.name),
    ),
    Call("features/list", want=lambda k, a: a["features"]["plateau"] == "true" and a["name"]),
    SdkCall("sdk infer pandas", infer_frame, want=is_inference),
    SdkCall("sdk infer arrow", infer_arrow, want=is_inference),
    Call(
        "pipelines/get_logs",
        logs_request,
        schema=False,
        want=lambda k, a: (
            len(a) == 4
            and a[1]["in"]["tensor"] == [1.0] * k.inputs
            and len(a[1]["out"]) == 1
            and a[0]["time"] <= a[3]["time"]
        ),
        keep={"begin": lambda a: a[0]["time"], "end": lambda a: a[3]["time"]},
        retry=True,
    ),
    Call(
        "plateau/get_topic_name",
        lambda k: {"workspace_id": k.workspace, "pipeline_name": k.name},
        want=lambda k, a: a["topic_name"] == f"workspace-{k.workspace}-pipeline-{k.name}-inference",
        keep={"topic": lambda a: a["topic_name"]},
    ),
    Call(
        "plateau/get_pipeline_topic_name",
        lambda k: {"workspace_id": k.workspace, "pipeline_name": k.name},
        want=lambda k, a: a["topic_name"] == k.topic,
    ),
    SdkCall(
        "sdk get_topic_name",
        lambda wl, k: wl.get_topic_name(k.pipeline),
        want=lambda k, a: a == k.topic,
    ),
    SdkCall(
        "sdk get_logs",
        lambda wl, k: wl.get_logs(k.topic),
        want=lambda k, a: is_inference(k, a[0], rows=4) and a[1] == "All",
    ),
    SdkCall(
        "sdk get_raw_logs",
        lambda wl, k: wl.get_raw_logs(k.topic),
        want=lambda k, a: len(a) == 4,
    ),
    # -- assays
    Call(
        "assays/run_interactive_baseline",
        assay,
        want=lambda k, a: is_result(a, "BaselineRun") and a["score"] == 0,
    ),
    Call(
        "assays/run_interactive",
        assay,
        want=lambda k, a: a and all(map(is_result, a)),
        retry=True,  # until the first second is over
    ),
    Call(
        "assays/create",
        assay,
        keep={"assay": lambda a: a["assay_id"]},
    ),
    Call(
        "assays/create",  # the name is taken
        assay,
        status=400,
        want=lambda k, a: a["code"] == 400 and a["msg"],
    ),
    Call(
        "assays/get_assay_results",
        lambda k: {"assay_id": k.assay, "start": moment(k.begin), "end": moment(k.end)},
        want=lambda k, a: (
            a and is_result(a[0]) and a[0]["id"] and a[0]["pipeline_id"] == k.pipeline
        ),
        retry=True,
    ),
    Call(
        "assays/list",
        lambda k: {"pipeline_id": k.pipeline},
        want=lambda k, a: find(a, id=k.assay, name=k.name, status="created", active=True),
        eras=("old",),
    ),
    Call(
        "assays/filter",
        lambda k: {
            "workspace_id": k.workspace,
            "pipeline_id": k.pipeline,
            "sort_by": "LastRunDateDesc",
        },
        want=lambda k, a: find(a, id=k.assay, workspace_id=k.workspace)["last_window_start"],
    ),
    Call(
        "assays/get_assay_by_id",
        lambda k: {"id": k.assay},
        want=lambda k, a: a["workspace_name"] == k.name and a["window"]["path"] == "input 0 0",
        eras=("new",),
    ),
    Call(
        "assays/set_active",
        lambda k: {"id": k.assay, "active": False},
        want=lambda k, a: a == {"id": k.assay, "active": False},
    ),
    Call(
        "assays/summarize",
        lambda k: {
            "summarizer": assay(k)["summarizer"],
            "baseline": {"fixed_window": baseline_window(k)},
        },
        want=lambda k, a: a["count"] >= 1 and a["edge_names"][1] == "q_50",
        eras=("new",),
    ),
    Call(
        "assays/get_baseline",
        lambda k: {"pipeline_name": k.name, "workspace_id": k.workspace, "locations": []},
        schema=False,
        want=lambda k, a: len(a) == 4 and a[0]["time"] == k.begin and a[1]["in.tensor"][0] == 1.0,
    ),
    Call(
        "pipelines/undeploy",
        lambda k: {"pipeline_id": k.pipeline, "deployment_id": k.deployment},
        want=lambda k, a: a == {},
    ),
    Call(
        "status/get_deployment",  # gone: what the SDK waits for
        lambda k: {"name": f"{k.name}-{k.deployment}"},
        status=404,
        schema=False,
        want=lambda k, a: a["code"] == 404,
        retry=True,
    ),
    Call(
        "pipelines/copy",
        lambda k: {
            "name": k.name + "-copy",
            "workspace_id": k.workspace,
            "source_pipeline": k.pipeline,
        },
        want=lambda k, a: (
            a["pipeline_pk_id"] != k.pipeline
            and a["pipeline_variant_pk_id"] != k.variant
            and a["pipeline_version"] is None
            and a["deployment"] is None
        ),
        eras=("old",),
    ),
    # -- connections
    Call(
        "connections/create",
        lambda k: {"name": k.name, "type": "HTTP", "details": {"host": "example.com", "port": 1}},
        want=lambda k, a: uuid.UUID(a["id"]),
        keep={"connection": lambda a: a["id"]},
    ),
    Call(
        "connections/create",  # the name is taken; 2023's client does not know 409
        lambda k: {"name": k.name, "type": "HTTP"},
        status=409,
        want=lambda k, a: a["code"] == 409 and a["msg"],
        eras=("new",),
    ),
    Call(
        "connections/add_to_workspace",
        lambda k: {"workspace_id": k.workspace, "connection_id": k.connection},
        want=lambda k, a: uuid.UUID(a["id"]),
    ),
    Call(
        "connections/list",
        lambda k: {"workspace_id": k.workspace},
        want=lambda k, a: [c["id"] for c in a["connections"]] == [k.connection],
    ),
    Call(
        "connections/list",
        want=lambda k, a: find(a["connections"], id=k.connection, name=k.name),
    ),
    Call(
        "connections/get",
        lambda k: {"name": k.name},
        want=lambda k, a: (
            a["id"] == k.connection
            and a["type"] == "HTTP"
            and a["details"] == {"host": "example.com", "port": 1}
            and a["workspace_names"] == [k.name]
        ),
    ),
    Call(
        "connections/remove_from_workspace",
        lambda k: {"workspace_id": k.workspace, "connection_id": k.connection},
        status=204,
        schema=False,
    ),
    Call(
        "connections/get_by_id",
        lambda k: {"id": k.connection},
        want=lambda k, a: a["name"] == k.name and a["workspace_names"] == [],
    ),
    Call("connections/delete", lambda k: {"name": k.name}, status=204, schema=False),
    Call(
        "connections/get",
        lambda k: {"name": k.name},
        status=404,
        want=lambda k, a: a["code"] == 404 and a["msg"],
    ),
]


def generated_endpoints():
    """The modules of the SDK's generated client, by the path that each calls."""
    package = importlib.import_module("wallaroo.wallaroo_ml_ops_api_client.api")
    found = {}
    for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not info.ispkg:
            module = importlib.import_module(info.name)
            path = re.search(r'"(?:\{\})?(/v\d/[^"]+)"', inspect.getsource(module))[1]
            found[path] = module
    return found


def make(call, wl, k):
    """Make one call, again until it satisfies when it may take a while, and report it."""
    give_up = time.monotonic() + (WAIT_S if call.retry else 0)
    while True:
        status, detail = getattr(call, "status", None), ""
        try:
            status, answer = call.answer(wl, k)
            ok = bool(call.want(k, answer))
            if ok:
                for name, pick in call.keep.items():
                    setattr(k, name, pick(answer))
            else:
                detail = f"unexpected values: {answer}"
        except Exception as error:  # noqa: BLE001 - one failure must not hide the others
            ok, detail = False, f"{type(error).__name__}: {error}"
            if isinstance(error, MissingError):
                give_up = 0
        if ok or time.monotonic() >= give_up:
            break
        time.sleep(0.2)
    sdk_login.report(call.endpoint, ok, status, detail)


def main(url, credentials_file, model_file, inputs="3"):
    url, model = url.rstrip("/"), Path(model_file)
    with sdk_login.isolated(url, Path(credentials_file).resolve()):
        wl = sdk_login.login()
        tag = uuid.uuid4().hex[:8]
        generated = generated_endpoints()
        k = Known(
            era="old" if "/v1/api/pipelines/copy" in generated else "new",
            generated=generated,
            url=url,
            me=wl.auth.user_id(),
            my_email=wl.auth.user_email(),
            name=f"sdk-{tag}",
            email=f"sdk-{tag}@example.com",
            password=uuid.uuid4().hex,
            model=model,
            sha=hashlib.sha256(model.read_bytes()).hexdigest(),
            inputs=int(inputs),
        )
        called = set()
        for call in CALLS:
            if k.era in call.eras:
                make(call, wl, k)
                called.add(call.endpoint)
        for path in sorted(set(generated) - called):
            why = CHANGED.get(path) if k.era == "new" else None
            sdk_login.report(path, None, detail=why or "not called")


if __name__ == "__main__":
    main(*sys.argv[1:])
