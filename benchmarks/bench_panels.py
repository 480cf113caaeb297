"""What the panels cost in a real browser: one page of JupyterLab, one run, one kernel.

The yardstick of a first paint is a bare ``VBox`` of as many text fields and buttons as the panel
has widgets, shown in the same page in turn with it, from the click until the page has changed for
the last time. The yardstick of a click is one on a bare button that shows another widget: limits
hold for medians, since one slow moment of the machine is not the panel's. Exits with 1 above a
limit.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.lab import WAIT_MS, chromium, run_all_cells, running_demo

CLICKS = {
    "LoginPanel": (
        ".use-beside",
        ("button", "File", "label", "Credentials file", True),
        ("button", "Password", "label", "Password", True),
    ),
    "WorkspaceBrowser": (
        ".use-browser",
        ("button", "New", "label", "Name", True),
        ("button", "Cancel", "label", "Name", False),
    ),
    "ModelUploader": (
        ".use-uploader",
        ("button", "Browse", "th", "", True),
        ("button", "Close", "th", "", False),
    ),
    "PipelineDeployer": (
        ".use-trial",
        ("button", "Split", "label", "Weight of the selected version", True),
        ("button", "One model", "label", "Weight of the selected version", False),
    ),
}
"""Where, what is clicked and what is then shown or gone, by tag and text; two undo each other."""
PANELS = {
    "LoginPanel": "ww.LoginPanel()",
    "WorkspaceBrowser": "ww.WorkspaceBrowser()",
    "ModelUploader": "ww.ModelUploader()",
    "PipelineDeployer": "ww.PipelineDeployer()",
    "AssayChart": "ww.AssayChart()",
    "Console": "ww.Console()",
}
"""A new panel is one line."""
FLOOR = (
    ".floor",
    ("button", "show", "label", "shown", True),
    ("button", "hide", "label", "shown", False),
)
ROUNDS, MOST_CLICKS = 5, 40
FIRST_PAINT, CLICK_MS, BESIDE_MS, LARGE_MS, MESSAGE_MIB = 2.0, 100, 200, 1500, 1.0
WORKSPACES, ROWS, WINDOWS = 10_000, 50_000, 1_000
SETUP = f"""
import json
import threading

import ipywidgets as widgets
import numpy as np
import polars as pl
import responses

import wallwidgets as ww
from benchmarks.bench_charts import windows
from wallwidgets.api.assay_results import AssayResults
from wallwidgets.instance.demo_models import house_price_model

panels = {PANELS!r}
client = ww.connect()


def descendants(widget):
    children = getattr(widget, "children", ())
    return [widget, *(each for child in children for each in descendants(child))]


def bare(count):
    kinds = (widgets.Text, widgets.Button)
    return widgets.VBox([kinds[at % 2](description=f"{{at}}") for at in range(count)])


def starter(css, make):
    '''A button that shows something in place of what was shown before.'''
    button, place = widgets.Button(description=css), widgets.VBox()
    button.add_class(css)

    def show(_):
        place.children = [make()]

    button.on_click(show)
    place.add_class("place-" + css)
    return widgets.VBox([button, place])


label, toggle = widgets.Text(description="shown"), widgets.Button(description="show")
label.layout.display = "none"


def turn(_):
    is_hidden = label.layout.display == "none"
    label.layout.display = None if is_hidden else "none"
    toggle.description = "hide" if is_hidden else "show"


toggle.on_click(turn)
floor = widgets.VBox([toggle, label])
floor.add_class("floor")

starters = []
for name, code in panels.items():
    count = len(descendants(eval(code)))
    starters.append(starter(name, lambda code=code: eval(code)))
    starters.append(starter(f"bare-{{name}}", lambda count=count: bare(count)))
    print(name, count, "widgets")
"""
LARGE = f"""
record = client.workspaces.list()[0].model_dump(mode="json", by_alias=True)
names = [f"workspace-{{at:05}}" for at in range({WORKSPACES})]
many = [record | {{"id": 10_000 + at, "name": name}} for at, name in enumerate(names)]
listed = responses.RequestsMock(assert_all_requests_are_fired=False)
listed.add_passthru("http://127.0.0.1")
address = client.settings.url


def large():
    # Only in this kernel: the service lists ten thousand workspaces from now on.
    listed.start()
    listed.upsert("POST", address + "/v1/api/workspaces/list", json={{"workspaces": many}})
    return ww.WorkspaceBrowser(ww.connect())


def drift():
    client = ww.connect()
    client.assays.run = lambda *arguments, **options: AssayResults(windows({WINDOWS}))
    return ww.AssayChart(client, client.pipelines.get(4, "housepricepipe"))


whole = house_price_model(1)
with open("small.onnx", "wb") as file:
    file.write(whole)
with open("large.onnx", "wb") as file:
    # A very long name of the producer: 768 MiB.
    file.write(whole + b"\\x12\\x80\\x80\\x80\\x80\\x03" + bytes(3 * 2**28))
workspace = client.workspaces.create("bench")
model = client.models.upload(workspace, "price", "small.onnx")
pipeline = client.pipelines.create(workspace, "price", models=model)
client.pipelines.wait_until_running(client.pipelines.deploy(pipeline))
houses = pl.DataFrame({{"tensor": np.random.default_rng(1).random(({ROWS}, 17), dtype="float32")}})

uploader = ww.ModelUploader(client, workspace)
uploader.state.picked, uploader.state.name = "large.onnx", "large"
slow = ww.connect()
real = slow.pipelines.status
slow.pipelines.status = lambda of: real(of).model_copy(update={{"status": "Starting"}})
deployer = ww.PipelineDeployer(slow, workspace, pipeline)
browser = ww.WorkspaceBrowser(client)
trial = ww.PipelineDeployer(client, workspace, pipeline)
beside = ww.LoginPanel()
beside.state.way = "Password"
used = dict(uploader=uploader, deployer=deployer, trial=trial, beside=beside, browser=browser)
for name, panel in used.items():
    panel.add_class("use-" + name)
widgets.VBox([*starters, starter("large", large), starter("drift", drift), floor, *used.values()])
"""
CLICK = """
// Click, then tell when the page last changed below an element, once `done` holds and all is quiet.
([click, below, done, quiet]) => new Promise((tell, fail) => {
  const root = document.querySelector(below);
  const start = performance.now();
  let last = 0;
  const watch = new MutationObserver(() => (last = performance.now()));
  watch.observe(root, { childList: true, subtree: true, attributes: true, characterData: true });
  const look = () => {
    const now = performance.now();
    const there = [...root.querySelectorAll(done)].some((each) => each.offsetParent);
    if (last && there && now - last > quiet) {
      watch.disconnect();
      tell(last - start);
    } else if (now - start > 60000) fail(new Error(`${click}: no ${done}`));
    else requestAnimationFrame(look);
  };
  document.querySelector(click).click();
  look();
})
"""
SHOWN = """
// Click on an element with a text, then tell when another one is shown, or gone.
([root, tag, text, doneTag, doneText, shown]) => new Promise((tell, fail) => {
  const find = (tag, text) => [...document.querySelectorAll(`${root} ${tag}`)].find(
    (each) => each.offsetParent && !each.disabled && each.textContent.startsWith(text));
  const wait = (what, then) => {
    const until = performance.now() + 60000;
    const look = () => {
      const found = what();
      if (found) then(found);
      else if (performance.now() > until) fail(new Error(`${root} ${text}: ${doneText}`));
      else requestAnimationFrame(look);
    };
    look();
  };
  wait(() => find(tag, text), (target) => {
    const start = performance.now();
    target.click();
    wait(() => Boolean(find(doneTag, doneText)) === shown, () => tell(performance.now() - start));
  });
})
"""


class Report:
    """Prints figures with their limits and remembers what was missed."""

    def __init__(self) -> None:
        self.missed = 0

    def line(self, what: str, value: float, limit: float, unit: str, note: str = "") -> None:
        """Print one line."""
        is_missed = value > limit
        self.missed += is_missed
        mark = "MISSED" if is_missed else "ok"
        print(f"{what:<62} {value:8.2f} {unit:<5} (limit {limit:g}) {mark} {note}", flush=True)


def main() -> int:
    """Print one line per figure; 1 if a limit is missed."""
    report, sizes = Report(), [0]
    with tempfile.TemporaryDirectory() as folder, running_demo(Path(folder)) as demo:
        demo.write_notebook("bench.ipynb", SETUP, LARGE)
        with chromium() as browser:
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            page.on("websocket", lambda socket: count_bytes(socket, sizes))
            page.goto(demo.address("bench.ipynb"))
            run_all_cells(page)
            expect(page.locator(".use-browser .ww-status")).to_be_visible(timeout=WAIT_MS)
            first_paint(page, report)
            clicks(page, report)
            large(page, report)
            while_busy(page, report)
    # The first chart brings Plotly along.
    bundle, largest = sorted(sizes)[-1:-3:-1]
    note = f"of {len(sizes):,}; the first chart's bundle {bundle / 2**20:.1f} MiB"
    report.line("largest websocket message", largest / 2**20, MESSAGE_MIB, "MiB", note)
    return int(report.missed > 0)


def count_bytes(socket: Any, sizes: list[int]) -> None:
    """Remember how large messages are, in both directions."""
    for event in ("framereceived", "framesent"):
        socket.on(event, lambda data: sizes.append(len(data)))


def first_paint(page: Page, report: Report) -> None:
    """Each panel in turn with its yardstick."""
    for name in PANELS:
        times: dict[str, list[float]] = {name: [], f"bare-{name}": []}
        for _ in range(ROUNDS + 1):
            for css, found in times.items():
                place = f".place-{css}"
                done = ".ww-drawer summary" if css == name else ".widget-button"
                found.append(page.evaluate(CLICK, [f".{css}", place, done, 300]))
        # The first one of each also loads what the others find loaded.
        own, other = (statistics.median(found[1:]) for found in times.values())
        note = f"{own:.0f} ms against {other:.0f} ms, the very first {times[name][0]:.0f} ms"
        report.line(f"first paint of {name}", own / other, FIRST_PAINT, "times", note)


def clicks(page: Page, report: Report) -> None:
    """Clicks that need no server, from the click until the answer is on the screen."""
    floor = [page.evaluate(SHOWN, each) for _ in range(ROUNDS) for each in pair_of(FLOOR)]
    print(f"the same with two bare widgets: median {statistics.median(floor):.0f} ms")
    for name, clicked in CLICKS.items():
        times = [page.evaluate(SHOWN, each) for _ in range(ROUNDS) for each in pair_of(clicked)]
        note = f"first {times[0]:.0f} ms, slowest {max(times):.0f} ms"
        report.line(f"a click in {name}, median", statistics.median(times), CLICK_MS, "ms", note)


def pair_of(clicked: Any) -> list[list[Any]]:
    """The arguments of two clicks."""
    root, *pair = clicked
    return [[root, *each] for each in pair]


def large(page: Page, report: Report) -> None:
    """Many windows, many workspaces, and many rows of results."""
    chart = ".js-plotly-plot .svg-container"
    # The first one also brings the plotting library.
    click = [".drift", ".place-drift", chart, 500]
    first, *times = [page.evaluate(CLICK, click) for _ in range(ROUNDS + 1)]
    note = f"slowest {max(times):.0f} ms, the very first {first:.0f} ms"
    report.line(
        f"{WINDOWS:,} windows drawn, median", statistics.median(times), LARGE_MS, "ms", note
    )
    shown = page.evaluate(CLICK, [".large", ".place-large", "tr[data-id]", 500])
    report.line(f"{WORKSPACES:,} workspaces listed", shown, LARGE_MS, "ms")
    left, right = ".place-large .ww-table", ".use-trial .ww-columns > :last-child"
    expect(page.locator(left).first).to_contain_text(f"{WORKSPACES:,} workspaces")
    for what, limit, click in (
        ("sort them", CLICK_MS, [left, "th button", "Workspace", "td", "workspace-09999", True]),
        ("turn a page of them", CLICK_MS, [left, "button", "Next", "td", "workspace-09974", True]),
        (f"{ROWS:,} rows inferred and shown", LARGE_MS, [right, "button", "Send", "td", "0", True]),
        ("turn a page of them", CLICK_MS, [right, "button", "Next", "td", "25", True]),
    ):
        report.line(what, page.evaluate(SHOWN, click), limit, "ms")


def while_busy(page: Page, report: Report) -> None:
    """Clicks in another panel while a file travels and while a deployment starts."""
    for css, verb, busy, done in (
        ("uploader", "Upload", "Uploading", "Version "),
        ("deployer", "Deploy", "is starting", "is running"),
    ):
        panel = page.locator(f".use-{css}")
        panel.get_by_role("button", name=verb, exact=True).click()
        status = panel.get_by_role("status")
        expect(status).to_contain_text(busy, timeout=WAIT_MS)
        times: list[float] = []
        while len(times) < MOST_CLICKS and done not in (status.text_content() or ""):
            times += [page.evaluate(SHOWN, each) for each in pair_of(CLICKS["LoginPanel"])]
        median, slowest = statistics.median(times), max(times)
        note = f"slowest of {len(times)}: {slowest:.0f} ms"
        report.line(f"a click beside {verb.lower()}, median", median, BESIDE_MS, "ms", note)


if __name__ == "__main__":
    sys.exit(main())
