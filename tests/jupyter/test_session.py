"""What the side-bar panel asks of its kernel, without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator

import nbformat
import pytest
from IPython.display import JSON

import wallwidgets as ww
from tests.conftest import get_token
from tests.panels.conftest import settle
from wallwidgets.instance.demo_models import fraud_model
from wallwidgets.jupyter import session
from wallwidgets.panels.console_state import BROWSE, DEPLOY, LOGIN, UPLOAD


@pytest.fixture
def console(instance, monkeypatch) -> Iterator[ww.Console]:
    """The kernel's Console, with what a hub's admin has set."""
    monkeypatch.setenv("WALLAROO_URL", instance.url)
    monkeypatch.setenv("WALLAROO_SDK_CREDENTIALS", str(instance.credentials_file))
    session.console.cache_clear()
    yield session.console()
    session.console().close()
    session.console.cache_clear()


def test_says_its_version_as_json():
    assert answer(session.hello()) == {"version": ww.__version__}


def test_a_kernel_has_one_console(console, instance):
    assert session.console() is console
    assert (console.tab, console.value) == (LOGIN, None)
    assert console.state.login.url == instance.url


def test_the_notebook_does_again_what_was_done(console, client, unique, tmp_path):
    workspace = client.workspaces.create(unique("again"))
    (tmp_path / "again.onnx").write_bytes(fraud_model(1))
    console.state.login.log_in()
    settle(console.state.login)
    console.panels[BROWSE].wait()
    console.panels[BROWSE].workspace = workspace
    console.tab = UPLOAD
    upload = console.panel.state
    upload.picked, upload.name = str(tmp_path / "again.onnx"), "again"
    assert upload.upload()
    settle(upload)
    console.tab = DEPLOY
    deploy = console.panel.state
    deploy.propose(upload.value)
    console.panel.wait()
    deploy.name = unique("again")
    assert deploy.deploy()
    settle(deploy)

    document = answer(session.notebook())
    nbformat.validate(document)
    cells = [each["source"] for each in document["cells"] if each["cell_type"] == "code"]
    assert len(cells) == 3
    names: dict[str, object] = {}
    for cell in cells:
        exec(cell, names)
    (model,) = client.models.list(workspace)
    assert [each.name for each in client.models.versions(model)] == ["again", "again"]
    client.pipelines.undeploy(client.pipelines.get(workspace.id, deploy.name))


def test_a_user_of_the_hub_is_logged_in_already(instance, creds, monkeypatch):
    account = {"username": creds["username"], "password": creds["password"]}
    token = get_token(instance.url, grant_type="password", **account).json()["access_token"]
    environ = {"WALLAROO_URL": instance.url, "WALLWIDGETS_TOKEN_ENV": "OF_HUB", "OF_HUB": token}
    with session.hub_client(environ) as client:
        assert client.account.username == creds["username"]
        assert client.workspaces.list() is not None
    for absent in environ:
        assert session.hub_client({**environ, absent: ""}) is None
    # Readable on the way: the token stays here, and the Login tab says why.
    far = {**environ, "WALLAROO_URL": "http://wallaroo.example"}
    assert session.hub_client(far) is None

    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    session.console.cache_clear()
    begin = answer(session.notebook())["cells"][1]["source"]
    assert token not in json.dumps(answer(session.notebook()))
    names: dict[str, object] = {}
    exec(begin, names)
    assert names["client"].account.username == creds["username"]
    names["client"].close()
    console = session.console()
    for panel in console.panels.values():
        # What it reads in the background needs the token of the environment.
        assert panel.wait()
    console.value.close()
    console.close()
    session.console.cache_clear()


def answer(shown: JSON) -> dict:
    """What the panel gets of an answer."""
    return json.loads(json.dumps(shown.data))
