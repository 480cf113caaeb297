"""The scenes of ``tests.scenes`` in JupyterLab, for whoever looks at them."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.lab import Demo, run_all_cells
from tests.scenes import SCENES


def show_scenes(page: Page, demo: Demo, *names: str) -> None:
    """Show scenes in one notebook, all if none is named, and wait until each is there."""
    notebook = "scenes.ipynb"
    demo.write_notebook(notebook, f"from tests.scenes import show\n\nshow{names}")
    page.goto(demo.address(notebook))
    run_all_cells(page)
    for name in names or SCENES:
        status = page.locator(f".scene-{name}").get_by_role("status")
        begins = re.compile("^" + re.escape(SCENES[name].said))
        expect(status).to_have_text(begins)


def set_widths(page: Page, width_px: int) -> None:
    """Give every scene a width."""
    page.evaluate(
        """width => document.querySelectorAll("[class*=scene-]").forEach(
            each => (each.style.width = `${width}px`))""",
        width_px,
    )
