"""The official SDKs, unmodified and each in an environment of its own, against our instance."""

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests

import wallwidgets as ww
from tests.models import linear_model

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(900)]


def python_3_11():
    """The interpreter for the SDK environments: 2023.2.0's dependencies know nothing newer."""
    found = sys.executable if sys.version_info[:2] == (3, 11) else shutil.which("python3.11")
    if not found:
        pytest.fail("The official SDKs need python3.11 on the PATH.")
    return found


def environment(version):
    """The Python of this SDK's environment, which is made again when its requirements change."""
    requirements = HERE / f"requirements-{version}.txt"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    home = ROOT / f".venv-sdk-{version}"
    python, stamp = home / "bin" / "python", home / "requirements.sha256"
    with open(f"{home}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # parallel test workers share the environment
        if not (python.exists() and stamp.exists() and stamp.read_text() == wanted):
            subprocess.run([python_3_11(), "-m", "venv", "--clear", home], check=True)
            pip = [python, "-m", "pip", "install", "--quiet", "--no-cache-dir"]
            # no-deps: the file names every package, and 2023.2.0's own pins cannot all be met
            what = ["--no-deps", "--only-binary=:all:", "-r", requirements]
            subprocess.run([*pip, *what], check=True)
            stamp.write_text(wanted)
    return python


def run(python, script, *arguments):
    """Run a script in an SDK's environment; its JSON lines."""
    done = subprocess.run(
        [python, "-E", HERE / script, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    # the SDK prints too
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"endpoint"')]


@pytest.fixture(scope="module", params=["2023.2.0", "2026.1.3"])
def version(request):
    return request.param


@pytest.fixture(scope="module")
def logins(version, instance):
    python = environment(version)
    return run(python, "sdk_login.py", instance.url, instance.credentials_file, version)


def test_sdk_logs_in(logins):
    assert [line for line in logins if not line["ok"]] == []
    assert {line["endpoint"] for line in logins} >= {"sdk package", "login", "auth_header"}


def test_auth_header_works_as_headers_of_our_client(version, logins, instance):
    name = f"made-for-sdk-{version.replace('.', '-')}"
    instance.connect().workspaces.create(name)
    headers = logins[-1]["headers"]
    client = ww.connect(instance.url, headers=lambda: dict(headers))
    assert name in [workspace.name for workspace in client.workspaces.list()]


def test_generated_client_parses_every_answer(version, instance, tmp_path):
    model = linear_model(tmp_path / "linear.onnx", inputs=3)
    lines = run(
        environment(version),
        "sdk_endpoints.py",
        instance.url,
        instance.credentials_file,
        model,
    )
    assert [line for line in lines if line["ok"] is False] == []

    ours = set(requests.get(f"{instance.url}/v1/api/openapi.json", timeout=10).json()["paths"])
    called = {line["endpoint"] for line in lines if line["ok"] and line["endpoint"][0] == "/"}
    assert called <= ours, "our OpenAPI document does not list what we serve"
    missed = {line["endpoint"] for line in lines if line["detail"] == "not called"} & ours
    assert missed == set(), "endpoints of ours that sdk_endpoints.py should call: add them to CALLS"
