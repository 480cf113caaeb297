"""ModelUploader in JupyterLab with a real instance, by mouse: pick, name, send, drop, send."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import (
    no_key_reaches_the_notebook,
    nothing_is_cut_off,
    set_theme,
    set_width,
    show_panel,
)
from tests.models import linear_model, scaled_model

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror='window.ranHostile=1'>$\\href{javascript:alert(1)}{x}$"
FILE = "<img src=x onerror=window.ranHostile=1>.onnx"
SHOW = f"""
import os

import wallwidgets as ww

os.environ["WALLWIDGETS_DROP_LIMIT"] = str(2**20)
client = ww.connect()
workspace = client.workspaces.create("upload-journey")
client.models.upload(workspace, {HOSTILE!r}, "upload-journey/small.onnx")
panel = ww.ModelUploader(client)
panel
"""


@pytest.fixture
def folder(lab) -> Path:
    made = lab.notebook.with_name("upload-journey")
    made.mkdir()
    linear_model(made / "small.onnx")
    scaled_model(made / FILE, 2.0, output=HOSTILE)
    return made


def test_the_journey_by_mouse(lab, page, folder):
    panel = show_panel(page, lab, "upload.ipynb", SHOW)
    expect(panel.get_by_label("Workspace").locator("option:checked")).to_have_text(
        "Choose a workspace"
    )
    panel.get_by_label("Workspace").select_option("upload-journey")
    pick(panel)
    name(panel)
    send(panel, "Version 2 of <img src=x")
    expect(panel.locator("tbody tr:visible")).to_have_count(2)
    assert page.evaluate("window.ranHostile") is None
    assert panel.locator("img, .ww-words a").count() == 0
    no_key_of_a_control_reaches_the_notebook(page, panel)
    for theme in ("Dark", "Light"):
        set_theme(page, theme)
        for width in (240, 560, 1200):
            set_width(panel, width)
            nothing_is_cut_off(panel)

    choose(panel, "large.onnx", b"x" * (2**20 + 1))
    expect(panel.get_by_text("the browser can bring 1 MiB.")).to_be_visible()
    expect(panel.get_by_text("Upload needs a file.")).to_be_visible()
    drop(
        page, panel, "dropped.onnx", (folder / "small.onnx").read_bytes() + b"\x12\x80\x80\x80\x02"
    )
    expect(panel.get_by_text("dropped.onnx arrived in full.")).to_be_visible()
    expect(panel.get_by_text("Not a usable ONNX model: truncated")).to_be_visible()
    panel.get_by_label("Model name").fill("dropped")
    panel.get_by_role("button", name="Upload", exact=True).click()
    expect(panel.get_by_role("status")).to_contain_text("The service refused dropped.onnx (400)")
    choose(panel, "dropped.onnx", (folder / "small.onnx").read_bytes())
    send(panel, "Version 1 of dropped is ready.")


def pick(panel: Locator) -> None:
    """Find a file by the list; its hostile names are text."""
    panel.get_by_role("button", name="Browse").click()
    panel.get_by_text("upload-journey/", exact=True).dblclick()
    panel.get_by_text(FILE, exact=True).dblclick()
    expect(panel.get_by_text("dense_input float32 [?, 3]")).to_be_visible()
    expect(panel.get_by_text(f"{HOSTILE} float32 [?, 1]")).to_be_visible()


def name(panel: Locator) -> None:
    """What is suggested, what is wrong, what exists."""
    field = panel.get_by_label("Model name")
    expect(field).to_have_value("img-src-x-onerror-window-ranhostile-1")
    field.fill("House Price")
    expect(panel.get_by_text("“House Price” has a space.")).to_be_visible()
    expect(panel.get_by_role("button", name="Upload", exact=True)).to_be_disabled()
    field.fill(HOSTILE)
    expect(panel.get_by_text("Exists: this becomes version 2.")).to_be_visible()


def send(panel: Locator, said: str) -> None:
    panel.get_by_role("button", name="Upload", exact=True).click()
    expect(panel.get_by_role("status")).to_contain_text(said)
    expect(panel.get_by_text("This file is sent.")).to_be_visible()


def choose(panel: Locator, name: str, content: bytes) -> None:
    """Take a file from the computer of the browser by the button's dialog."""
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    panel.locator("input[type=file]").set_input_files(file)


def drop(page: Page, panel: Locator, name: str, content: bytes) -> None:
    """Drop a file on the title of the panel."""
    held = page.evaluate_handle(
        """([name, bytes]) => {
            const held = new DataTransfer();
            held.items.add(new File([new Uint8Array(bytes)], name));
            return held;
        }""",
        [name, list(content)],
    )
    title = panel.get_by_role("heading", name="Upload a model")
    for event in ("dragenter", "dragover", "drop"):
        title.dispatch_event(event, {"dataTransfer": held})


def no_key_of_a_control_reaches_the_notebook(page: Page, panel: Locator) -> None:
    no_key_reaches_the_notebook(page, panel.locator("button:visible, summary:visible"), 8)
    cells = page.locator(".jp-Notebook .jp-Cell")
    before = cells.count()
    # No framework begins with a d, which would be chosen.
    panel.get_by_label("Framework").focus()
    page.keyboard.press("d")
    page.keyboard.press("d")
    assert cells.count() == before
