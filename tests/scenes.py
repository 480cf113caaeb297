"""Every panel in the states that are worth a look; a notebook shows them with ``show``.

The axe test and the pictures look at the same scenes. A new panel is a few lines in ``SCENES``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from IPython.display import display

import wallwidgets as ww
from wallwidgets.instance.demo_models import fraud_model, house_price_model, transactions
from wallwidgets.panels.assay_selection import FEATURES as ALL_FEATURES
from wallwidgets.panels.console_state import BROWSE
from wallwidgets.panels.login_ways import BROWSER, PASSWORD
from wallwidgets.panels.panel import Panel, PanelBox
from wallwidgets.panels.try_state import PASTE
from wallwidgets.panels.workspace_form_state import NEW_WORKSPACE
from wallwidgets.schemas.pipelines import STARTING, DeploymentStatus, EngineStatus
from wallwidgets.settings import Secret

WORKSPACE, PIPELINE = "fraud-watch", "card-fraud"
HOUSES = "house-prices"
DRIFTING = 4
"""The demo's workspace of assays."""
FILE, BROKEN_FILE = "house-price.onnx", "house-price-cut.onnx"
UPLOAD_BYTES = 48 * 2**20
WAIT_S = 60


@dataclass(frozen=True)
class Scene:
    """A panel in a state.

    Attributes:
        make: Makes it with a client of its own.
        said: How its status line begins once it is there.
    """

    make: Callable[[ww.Client], PanelBox]
    said: str


def show(*names: str) -> None:
    """Show scenes below a cell, all of them if none is named."""
    prepare(ww.connect())
    for name in names or SCENES:
        panel = SCENES[name].make(ww.connect())
        panel.add_class(f"scene-{name}")
        display(panel)


def prepare(client: ww.Client) -> None:
    """What the scenes show: two models behind a pipeline, and files beside the notebook."""
    if any(each.name == WORKSPACE for each in client.workspaces.list()):
        return
    client.workspaces.create(HOUSES)
    workspace = client.workspaces.create(WORKSPACE)
    models = []
    for number, name in enumerate(("card-fraud-cnn", "card-fraud-xgb"), start=1):
        path = f"{name}.onnx"
        with open(path, "wb") as file:
            file.write(fraud_model(number))
        models.append(client.models.upload(workspace, name, path))
    pipeline = client.pipelines.create(workspace, PIPELINE, models=models, weights=(0.8, 0.2))
    client.pipelines.wait_until_running(client.pipelines.deploy(pipeline))
    whole = house_price_model(1)
    with open(FILE, "wb") as file:
        # A longer name of the producer, so that it takes a while to travel.
        file.write(whole + b"\x12" + _varint(UPLOAD_BYTES) + bytes(UPLOAD_BYTES))
    with open(BROKEN_FILE, "wb") as file:
        file.write(whole[:-1000])


def settle(state: Any) -> None:
    """Wait until a state neither acts nor reads."""
    until = time.monotonic() + WAIT_S
    while state.busy and time.monotonic() < until:
        time.sleep(0.02)


def never(*arguments: Any, **options: Any) -> Any:
    """A service that does not answer."""
    threading.Event().wait()


def login_busy(client: ww.Client) -> Panel:
    panel = ww.LoginPanel()
    panel.state.way = BROWSER
    panel.state.log_in()
    return panel


def login_empty(client: ww.Client) -> Panel:
    panel = ww.LoginPanel()
    # The demo names a credentials file.
    panel.state.way, panel.state.path = PASSWORD, ""
    return panel


def login_failed(client: ww.Client) -> Panel:
    panel = login_empty(client)
    panel.state.username = "ada@example.com"
    panel.state.log_in(Secret("not her password"))
    settle(panel.state)
    return panel


def browse_busy(client: ww.Client) -> Panel:
    client.workspaces.list = never
    return ww.WorkspaceBrowser(client)


def browse_failed(client: ww.Client) -> Panel:
    panel = ww.WorkspaceBrowser(client)
    settle(panel.state)
    panel.state.open_form(NEW_WORKSPACE)
    panel.state.name = "fraud-archive"
    # Somebody else takes the name meanwhile.
    ww.connect().workspaces.create("fraud-archive")
    panel.state.create_workspace()
    settle(panel.state)
    return panel


def browse_done(client: ww.Client) -> Panel:
    panel = ww.WorkspaceBrowser(client)
    settle(panel.state)
    panel.state.select_workspace(client.workspaces.get(WORKSPACE))
    settle(panel.state)
    panel.state.choose(panel.state.listing.items[0].key)
    settle(panel.state)
    return panel


def upload_of(client: ww.Client, path: str, name: str) -> Panel:
    panel = ww.ModelUploader(client, client.workspaces.get(HOUSES))
    state = panel.state
    state.picked, state.name = path, name
    for read in (state.reading, state.listing, state.looking):
        assert read.wait(WAIT_S)
    assert state.upload()
    return panel


def upload_busy(client: ww.Client) -> Panel:
    def stalls(*arguments: Any, progress: Any, **options: Any) -> None:
        for part in range(64):
            progress(part * UPLOAD_BYTES // 100, UPLOAD_BYTES)
            time.sleep(0.05)
        never()

    client.models.upload = stalls
    return upload_of(client, FILE, "house-price")


def upload_failed(client: ww.Client) -> Panel:
    panel = upload_of(client, BROKEN_FILE, "house-price")
    settle(panel.state)
    return panel


def upload_done(client: ww.Client) -> Panel:
    panel = upload_of(client, FILE, "house-price")
    settle(panel.state)
    return panel


def deploy_busy(client: ww.Client) -> Panel:
    def starts(pipeline: Any, *, progress: Any, **options: Any) -> None:
        engine = EngineStatus(name="engine-1", status=STARTING)
        progress(DeploymentStatus(status=STARTING, engines=[engine]))
        never()

    client.pipelines.wait_until_running = starts
    panel = ww.PipelineDeployer(client, WORKSPACE)
    settle(panel.state)
    panel.state.plan = panel.state.plan.adding(panel.state.versions[0])
    panel.state.name = f"{PIPELINE}-next"
    panel.state.deploy()
    return panel


def deploy_done(client: ww.Client) -> Panel:
    panel = ww.PipelineDeployer(client, WORKSPACE, PIPELINE)
    settle(panel.state)
    rows = transactions(np.random.default_rng(1), 8)
    panel.data = pd.DataFrame({"tensor": list(rows)})
    panel.trial.send()
    settle(panel.state)
    return panel


def deploy_failed(client: ww.Client) -> Panel:
    panel = ww.PipelineDeployer(client, WORKSPACE, PIPELINE)
    settle(panel.state)
    panel.trial.source = PASTE
    panel.try_it.paste.value = '[{"tensor": [0.1, 0.2]}, {"tensor": [0.1]}]'
    panel.trial.send()
    settle(panel.state)
    return panel


def drift_busy(client: ww.Client) -> Panel:
    panel = drift_done(client)
    client.assays.scan = never
    panel.state.view = ALL_FEATURES
    return panel


def drift_failed(client: ww.Client) -> Panel:
    panel = drift_done(client)
    panel.state.windows = "every now and then"
    assert panel.state.settle(WAIT_S)
    return panel


def drift_done(client: ww.Client) -> Panel:
    panel = ww.AssayChart(client, client.pipelines.get(DRIFTING, "housepricepipe"))
    assert panel.state.settle(WAIT_S)
    return panel


def drift_scan(client: ww.Client) -> Panel:
    panel = drift_done(client)
    panel.state.view = ALL_FEATURES
    settle(panel.state)
    return panel


def console_done(client: ww.Client) -> PanelBox:
    console = ww.Console(client)
    console.tab = BROWSE
    settle(console.panel.state)
    console.panel.state.select_workspace(client.workspaces.get(WORKSPACE))
    settle(console.panel.state)
    return console


def _varint(number: int) -> bytes:
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


SCENES: dict[str, Scene] = {
    "login-empty": Scene(login_empty, "Not logged in."),
    "login-busy": Scene(login_busy, "Waiting until you confirm the code"),
    "login-failed": Scene(login_failed, "Login refused (401)."),
    "login-done": Scene(ww.LoginPanel, "Logged in at"),
    "browse-empty": Scene(lambda client: ww.WorkspaceBrowser(), "Log in first."),
    "browse-busy": Scene(browse_busy, "Reading"),
    "browse-failed": Scene(browse_failed, "“fraud-archive” is taken"),
    "browse-done": Scene(browse_done, f"2 models in {WORKSPACE}."),
    "upload-empty": Scene(ww.ModelUploader, "Nothing sent yet."),
    "upload-busy": Scene(upload_busy, "Uploading"),
    "upload-failed": Scene(upload_failed, "The service refused"),
    "upload-done": Scene(upload_done, "Version "),
    "deploy-empty": Scene(
        lambda client: ww.PipelineDeployer(client, WORKSPACE), f"{WORKSPACE}: 2 model versions"
    ),
    "deploy-busy": Scene(deploy_busy, f"{PIPELINE}-next is starting"),
    "deploy-failed": Scene(deploy_failed, "The rows were refused"),
    "deploy-done": Scene(deploy_done, f"{PIPELINE} answered 8 rows."),
    "drift-empty": Scene(lambda client: ww.AssayChart(), "Log in first."),
    "drift-busy": Scene(drift_busy, ""),
    "drift-failed": Scene(drift_failed, ""),
    "drift-done": Scene(drift_done, "31 Jan: score"),
    "drift-scan": Scene(drift_scan, ""),
    "console-empty": Scene(lambda client: ww.Console(), "Not logged in."),
    "console-done": Scene(console_done, f"2 models in {WORKSPACE}."),
}
