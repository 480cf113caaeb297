"""The pictures of panels: every scene in both themes, as wide as a side bar and as a column."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, ViewportSize

from tests.browser.lab import Demo, chromium, set_theme
from tests.browser.scenes_shown import set_widths, show_scenes
from tests.scenes import SCENES

HERE = Path(__file__).parent
FOLDER = HERE / "panels"
WIDTHS_PX = (240, 1200)
ROOM_PX = 8
README_PX = 960
# Higher than the highest panel, and wider than the widest beside the file browser.
VIEWPORT = ViewportSize(width=1700, height=2200)
APART = "[class*=scene-] { margin: 12px 0; }"


def take(demo: Demo) -> None:
    """Write ``panels/<panel>-<state>-<theme>-<width>.png``, and one per panel for the README."""
    FOLDER.mkdir(exist_ok=True)
    with chromium() as browser:
        page = browser.new_page(viewport=VIEWPORT)
        show_scenes(page, demo)
        page.add_style_tag(content=APART)
        for theme in ("light", "dark"):
            set_theme(page, theme.title())
            for width in WIDTHS_PX:
                set_widths(page, width)
                page.mouse.move(0, 0)
                for name in SCENES:
                    shoot(page.locator(f".scene-{name}"), FOLDER / f"{name}-{theme}-{width}.png")
    readme(demo)


def readme(demo: Demo) -> None:
    """The state of each panel that says most, sharper."""
    with chromium() as browser:
        page = browser.new_page(viewport=VIEWPORT, device_scale_factor=1.5)
        names = [name for name in SCENES if name.endswith("-done")]
        show_scenes(page, demo, *names)
        page.add_style_tag(content=APART)
        set_theme(page, "Light")
        set_widths(page, README_PX)
        page.mouse.move(0, 0)
        for name in names:
            shoot(page.locator(f".scene-{name}"), HERE / f"{name.removesuffix('-done')}.png")


def shoot(panel: Locator, path: Path) -> None:
    """Take a picture of a panel and a little around it."""
    panel.evaluate("each => each.scrollIntoView({block: 'center'})")
    # JupyterLab measures the cells that come into view, which may move them once more.
    panel.evaluate("() => new Promise(done => requestIdleCallback(done))")
    box = panel.bounding_box()
    assert box is not None, f"{path.name}: nothing to see"
    clip = {
        "x": box["x"] - ROOM_PX,
        "y": box["y"] - ROOM_PX,
        "width": box["width"] + 2 * ROOM_PX,
        "height": box["height"] + 2 * ROOM_PX,
    }
    panel.page.screenshot(path=path, clip=clip, animations="disabled")
