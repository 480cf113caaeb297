"""What WorkspaceBrowser says where there is nothing to list, and what to do about it."""

from __future__ import annotations

from wallwidgets.panels.parts import words
from wallwidgets.panels.workspace_browser_state import BrowserState
from wallwidgets.panels.workspace_sections import SECTIONS, USERS, WORKSPACES

NOWHERE = ("No workspace selected", "Choose one, or make a new one.")
NOBODY = ("No user selected", "Choose one, or invite somebody.")
LOGGED_OUT = ("Not logged in", "Log in first; what you may see is listed here then.")


def nothing(state: BrowserState, *, inside: bool) -> list[words.Piece]:
    """The dashed box; ``inside`` a workspace it is about the section that is looked at."""
    if state.client is None:
        return words.empty(*LOGGED_OUT)
    if not inside:
        return _nothing_selected(state)
    section, listing = SECTIONS[state.section], state.listing
    if listing is None or listing.items:
        return []
    if state.is_absent(section) and section.absent:
        return words.empty(*section.absent)
    if listing.error is not None:
        return words.empty(f"{section.name} could not be read", listing.error.message)
    return words.empty(*section.empty)


def _nothing_selected(state: BrowserState) -> list[words.Piece]:
    if state.place == USERS:
        return [] if state.user else words.empty(*NOBODY)
    left = state.left
    is_empty = left is not None and not left.items and left.error is None
    return words.empty(*(SECTIONS[WORKSPACES].empty if is_empty else NOWHERE))
