"""Security A and E over all panels in one page: hostile names are text, secrets are not saved.

What one panel does with one name its own journey shows. Here every kind of name is in every panel
at once, looked at with menus open and the mouse on it, and one notebook is saved after all of it.
"""

from __future__ import annotations

import base64
import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import hovered, run_all_cells, save_with_widgets
from tests.models import scaled_model
from wallwidgets.schemas.safe_html import visible_text

pytestmark = pytest.mark.browser

RUN = "window.ranHostile=1"
HOSTILE = (
    f"<img src=x onerror='{RUN}'>",
    f"</script><svg/onload={RUN}>",
    f"\"><iframe srcdoc='<script>parent.{RUN.removeprefix('window.')}</script>'>",
    f"[x](javascript:{RUN})",
    f"$\\href{{javascript:{RUN}}}{{x}}$",
    "%{customdata}<extra>bold</extra>",
    "right\u202eleft\x07bell",
    f"<b onmouseover={RUN}>{'long' * 60}",
)
TAG = HOSTILE[0]
EMAIL = f"<img/src=x/onerror={RUN}>@example.com"
CANARY = "canary-e1b7f3-all-panels"
DETAILS = "canary-90ac4d-details"
WORKSPACE, PIPELINE = "hostile", "hostile-pipeline"
SHOW = f"""
import time
from datetime import UTC, datetime, timedelta

import pandas as pd
from IPython.display import display

import wallwidgets as ww

client = ww.connect()
url, secret = client.settings.url, open("canary.txt").read()
client.users.invite({EMAIL!r}, password=secret)
workspace = client.workspaces.create({WORKSPACE!r})
client.workspaces.add_user(workspace, {EMAIL!r}, "collaborator")
models = [client.models.upload(workspace, name, "outputs.onnx") for name in {HOSTILE!r}]
for name in {HOSTILE!r}:
    made = client.connections.create("in-all-" + name, name, {{name: "x"}})
    client.connections.add_to_workspace(made, workspace)
pipeline = client.pipelines.create(workspace, {PIPELINE!r}, models=models[:1])
client.pipelines.wait_until_running(client.pipelines.deploy(pipeline))
rows = pd.DataFrame({{"dense_input": [[1.0, 2.0, 3.0]] * 3}})
client.pipelines.infer(pipeline, [{{"dense_input": [float(n), 0.0, 0.0]}} for n in range(50)])
times = client.assays.baseline_records(pipeline).to_arrow()["time"].to_pylist()
baseline = [times[0] - timedelta(seconds=1), times[-1] + timedelta(milliseconds=1)]
client.pipelines.infer(pipeline, rows)
# A window counts once it is over.
over = datetime.now(UTC) + timedelta(seconds=1)
while datetime.now(UTC) < over:
    time.sleep(0.05)

panels = {{
    "out": ww.LoginPanel(),
    "in": ww.LoginPanel(ww.connect(url, username={EMAIL!r}, password=secret)),
    "browse": ww.WorkspaceBrowser(client),
    "upload": ww.ModelUploader(client, workspace),
    "deploy": ww.PipelineDeployer(client, workspace, pipeline),
    "drift": ww.AssayChart(client, pipeline),
    "console": ww.Console(client),
}}
panels["console"].tab = "Browse"
panels["drift"].wait()
panels["drift"].state.baseline = " – ".join(each.isoformat() for each in baseline)
panels["drift"].state.windows = "1 s"
for name, panel in panels.items():
    panel.add_class(f"all-{{name}}")
    display(panel)
"""


@pytest.fixture
def shown(lab, page) -> Page:
    """A page with all panels, in an instance of hostile names."""
    folder = lab.notebook.parent
    # Not in the cell itself: the notebook is searched for it.
    (folder / "canary.txt").write_text(CANARY)
    scaled_model(folder / "hostile.onnx", 2.0, 3, TAG)
    scaled_model(folder / "outputs.onnx", 2.0, 3, *HOSTILE)
    lab.write_notebook("all-panels.ipynb", SHOW)
    page.on("dialog", lambda dialog: pytest.fail(f"something ran: {dialog.message}"))
    page.goto(lab.address("all-panels.ipynb"))
    run_all_cells(page)
    return page


def test_names_are_text_and_secrets_are_not_saved(lab, shown):
    log_in(panel_of(shown, "out"))
    expect(panel_of(shown, "in").locator(".ww-facts")).to_contain_text(EMAIL)
    temporary = browse(shown, panel_of(shown, "browse"))
    upload(panel_of(shown, "upload"))
    deploy(panel_of(shown, "deploy"))
    drift(shown, panel_of(shown, "drift"))
    in_console(panel_of(shown, "console"))
    for name in ("out", "in", "browse", "upload", "deploy", "drift", "console"):
        look_at_everything(shown, panel_of(shown, name))

    save_with_widgets(shown)
    saved = lab.notebook.with_name("all-panels.ipynb").read_text()
    assert len(json.loads(saved)["metadata"]["widgets"]) > 0
    assert "onerror" in saved
    for secret in (CANARY, DETAILS, temporary):
        assert secret not in saved
        # Base64 of it at any place in a longer text.
        for shift in range(3):
            inner = base64.b64encode(b"x" * shift + secret.encode())[4:-4].decode()
            assert inner not in saved
    # A token of either kind; the letters alone are also in Plotly's script.
    assert not re.search(r"eyJ[\w-]+\.eyJ[\w-]+\.", saved)


def panel_of(page: Page, name: str) -> Locator:
    return page.locator(f".all-{name}")


def press(part: Locator, words: str | re.Pattern[str]) -> None:
    part.get_by_role("button", name=words, exact=True).click()


def log_in(panel: Locator) -> None:
    press(panel, "Password")
    panel.get_by_label("User", exact=True).fill(EMAIL)
    panel.get_by_label("Password", exact=True).fill(CANARY)
    press(panel, "Log in")
    expect(panel.get_by_role("status")).to_contain_text(f"as {EMAIL}.")


def browse(page: Page, panel: Locator) -> str:
    """Every section with every name, a question, a refusal; gives a temporary password."""
    said = panel.get_by_role("status")
    panel.locator("tr[data-id]:visible").filter(has_text=WORKSPACE).click()
    all_shown(panel, HOSTILE)
    for section, row in (("Connections", f"in-all-{TAG}"), ("Members", EMAIL)):
        press(panel, re.compile(f"^{section}"))
        if section == "Connections":
            all_shown(panel, [f"in-all-{name}" for name in HOSTILE])
        # Not one of the section before, which may be there still.
        panel.locator("tr[data-id]:visible").filter(has_text=row).click()
        expect(panel.locator(".ww-facts")).to_contain_text("onerror")
    press(panel, "Remove…")
    expect(panel.get_by_role("button", name=f"Remove {EMAIL}")).to_be_visible()
    look_at_everything(page, panel)
    press(panel, "Keep the member")

    press(panel, re.compile("^Connections"))
    press(panel, "Create")
    panel.get_by_label("Name", exact=True).fill(f"in-all-{TAG}")
    panel.get_by_label("Type", exact=True).fill(TAG)
    panel.get_by_label("Details", exact=True).fill(json.dumps({"password": DETAILS}))
    press(panel, "Create connection")
    expect(said).to_contain_text("(40")
    expect(said).to_contain_text(TAG)
    look_at_everything(page, panel)
    panel.get_by_label("Name", exact=True).fill("in-all-lake")
    panel.get_by_label("Details", exact=True).fill(json.dumps({"password": DETAILS}))
    press(panel, "Create connection")
    expect(said).to_contain_text("in-all-lake created and attached")

    press(panel, re.compile("^Users"))
    press(panel, "Invite")
    panel.get_by_label("E-mail", exact=True).fill(f"second-{EMAIL}")
    panel.locator(".ww-form").get_by_role("button", name="Invite", exact=True).click()
    expect(said).to_contain_text(f"second-{EMAIL} is invited")
    expect(panel.locator(".ww-once code")).to_have_text(re.compile(r"^[\w-]{10,}$"))
    return panel.locator(".ww-once code").text_content() or ""


def upload(panel: Locator) -> None:
    """A file with a hostile output, and the name of a model that exists."""
    panel.get_by_label("File on this server").fill("hostile.onnx")
    expect(panel.get_by_text(f"{TAG} float32 [?, 1]")).to_be_visible()
    panel.get_by_label("Model name").fill(HOSTILE[1])
    expect(panel.get_by_text("Exists: this becomes version 2.")).to_be_visible()


def deploy(panel: Locator) -> None:
    """A result with a hostile column, a refusal that names one, every name in a menu."""
    said = panel.get_by_role("status")
    options = panel.get_by_label("Model version", exact=True).locator("option")
    expect(options).to_have_count(len(HOSTILE) + 1)
    press(panel, "Send")
    expect(said).to_contain_text("answered 3 rows.")
    expect(panel.locator("th:visible").filter(has_text="onerror")).to_be_visible()
    press(panel, "Paste")
    panel.get_by_label("JSON records").fill(json.dumps([{TAG: [1.0, 2.0, 3.0]}]))
    press(panel, "Send")
    expect(panel.locator(".ww-help:visible").filter(has_text="onerror")).to_be_visible()


def drift(page: Page, panel: Locator) -> None:
    """Every name as that of a column: in menu, heading, axis, tick, finding and hover box."""
    said = panel.get_by_role("status")
    column = panel.get_by_label("Column", exact=True)
    for name in HOSTILE:
        column.select_option(label=visible_text(f"output {name} 0"))
        shown = visible_text(name)[:20]
        expect(panel.locator(".ww-context")).to_contain_text(shown)
        expect(said).to_contain_text("Alert.")
        assert page.evaluate("window.ranHostile") is None
    figures = panel.locator(".js-plotly-plot:visible")
    expect(figures).to_have_count(3)
    assert set().union(*(hovered(figure) for figure in figures.all()))
    look_at_everything(page, panel)
    press(panel, "All features")
    expect(said).to_contain_text("columns show drift")
    expect(figures).to_have_count(1)
    boxes = hovered(figures)
    for name in HOSTILE:
        assert any(visible_text(name)[:20] in text for text in boxes), name


def in_console(panel: Locator) -> None:
    panel.locator("tr[data-id]:visible").filter(has_text=WORKSPACE).click()
    all_shown(panel, HOSTILE)


def all_shown(panel: Locator, names: list[str] | tuple[str, ...]) -> None:
    """Each name is in a row, to the letter, however long."""
    for name in names:
        shown = panel.locator("tr[data-id]:visible .ww-cell", has_text=visible_text(name)[:200])
        expect(shown.first).to_be_visible()


def look_at_everything(page: Page, panel: Locator) -> None:
    """Open what is folded, put the mouse on what is hostile, and see that nothing came of it."""
    for fold in panel.locator("details:not([open]) > summary:visible").all():
        fold.click()
    places = ".ww-cell, .ww-words span, .ww-status-text, .ww-help, button, option"
    words = re.compile("onerror|onload|srcdoc|javascript:|extra>|onmouseover")
    for menu in panel.locator("select:visible:enabled").all():
        menu.focus()
        page.keyboard.press("Alt+ArrowDown")
        page.keyboard.press("Escape")
    hostile = panel.locator(places).filter(has_text=words)
    assert hostile.count() > 0
    for each in hostile.all()[:12]:
        if each.is_visible():
            each.hover(force=True)
    assert page.evaluate("window.ranHostile") is None
    markup = "img, iframe, script, object, embed, b, a[href], .MathJax, [onerror], [onload]"
    assert panel.locator("svg:not(.js-plotly-plot svg)").count() == 0
    assert panel.locator(markup).count() == 0
