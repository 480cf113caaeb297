"""Deployed pipelines for tests, made by plain requests."""

from __future__ import annotations

import io

import pyarrow as pa

ARROW = "application/vnd.apache.arrow.file"
RECORDS = "application/json; format=pandas-records"


def upload(raw, workspace_id, path, name, file_name="model.onnx"):
    """Upload a file and give the version item of the new version."""
    query = {"name": name, "filename": file_name, "workspace_id": workspace_id}
    answer = raw.session.post(
        f"{raw.url}/v1/api/models/upload_stream",
        params={**query, "visibility": "private"},
        data=path.read_bytes(),
        headers=raw.headers,
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    version_id = answer.json()["insert_models"]["returning"][0]["models"][0]["id"]
    versions = raw.ok("models/list_versions", {"model_id": name})
    return next(each for each in versions if each["id"] == version_id)


def model_ref(version):
    """A version, named by value as steps do."""
    return {
        "name": version["model_id"],
        "version": version["model_version"],
        "sha": version["sha"],
    }


def inference_step(*versions):
    return {"ModelInference": {"models": [model_ref(each) for each in versions]}}


class Deployed:
    """A deployed pipeline.

    Args:
        raw: Plain requests as a member of the workspace.
        workspace_id: Where the pipeline is.
        name: Its name.
        steps: Its steps.
        model_ids: Model versions that the deploy call names.
    """

    def __init__(self, raw, workspace_id, name, steps=(), model_ids=None):
        self.raw, self.name, self.workspace_id = raw, name, workspace_id
        body = {"pipeline_id": name, "workspace_id": workspace_id}
        made = raw.ok("pipelines/create", {**body, "definition": {"steps": list(steps)}})
        self.pipeline_id = made["pipeline_pk_id"]
        self.version_id = made["pipeline_variant_pk_id"]
        self.deploy(model_ids)

    def deploy(self, model_ids=None):
        body = {
            "deploy_id": self.name,
            "pipeline_version_pk_id": self.version_id,
            "pipeline_id": self.pipeline_id,
            "model_ids": model_ids,
        }
        self.id = self.raw.ok("pipelines/deploy", body)["id"]
        self.deployment = f"{self.name}-{self.id}"

    def status(self):
        return self.raw.ok("status/get_deployment", {"name": self.deployment})

    def wait(self):
        """Poll until it is no longer starting, and give the status."""
        while (status := self.status())["status"] == "Starting":
            pass  # The test's time limit ends this.
        return status

    def infer(self, body, content_type=RECORDS, raw=None, query="", accept=None):
        """The answer to an inference; ``body`` is sent as it is, or as JSON."""
        raw = raw or self.raw
        headers = {**raw.headers, "Content-Type": content_type}
        headers |= {"Accept": accept} if accept else {}
        options = {"data": body} if isinstance(body, bytes | str) else {"json": body}
        url = f"{raw.url}/v1/api/pipelines/infer/{self.deployment}/{self.name}{query}"
        return raw.session.post(url, headers=headers, timeout=60, **options)

    def logs(self, query="", accept="application/json", **body):
        body = {"pipeline_id": self.name, "workspace_id": self.workspace_id, **body}
        headers = {**self.raw.headers, "Accept": accept}
        return self.raw.post(f"pipelines/get_logs{query}", body, headers=headers)


def arrow_file(table):
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def read_arrow(content):
    return pa.ipc.open_file(content).read_all()
