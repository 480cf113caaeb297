"""What WorkspaceBrowser reads, without a widget: only what is looked at, in the background."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from wallwidgets.api.client import Client
from wallwidgets.errors import WallwidgetsError
from wallwidgets.panels.parts.job import Job
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.panels.workspace_listing import Item, Listing, with_items
from wallwidgets.panels.workspace_sections import (
    ATTACHABLE,
    PIPELINES,
    SECTIONS,
    USERS,
    WITHIN,
    WORKSPACES,
    Section,
)
from wallwidgets.panels.workspace_selection import LOG_IN_FIRST, BrowserSelection, Key
from wallwidgets.schemas.workspaces import WorkspaceRecord

CHUNK = 50
"""Rows that are completed before they are shown."""


class BrowserReading(BrowserSelection):
    """Reads what is looked at, and nothing else, in a thread of its own.

    Only that thread writes `listings`. Whoever wants something read anew puts its key into the set
    of what is due; what is selected while it reads is read next, without a second thread.

    Args:
        client: Who is logged in; may be given later, as the trait.

    Example:
        >>> state = BrowserReading()
        >>> state.said.text
        'Log in first.'
    """

    def __init__(self, client: Client | None = None):
        super().__init__(LOG_IN_FIRST)
        self.reading = self.new_job()
        self.reading.observe(self._go_on, "busy")
        # Changed in place only, by one call at a time: two threads do.
        self._due: set[Key] = set()
        self._aloud = True
        self.observe(self._logged_in, "client")
        self.observe(lambda change: self._wants(aloud=False), "form")
        self.client = client

    def read_again(self) -> bool:
        """Read everything anew that is shown; what is there stays until then."""
        if self.client is None or self.reading.busy:
            return False
        self._due.update(self.listings, [(None, self.place)])
        self._configured = None
        self._wants()
        return True

    def _logged_in(self, change: Any) -> None:
        self._due.clear()
        self.listings, self._configured = {}, None
        self.workspace = self.user = self.value = self.error = None
        self.form, self.place = "", WORKSPACES
        self._choose(None)
        if self.client is None:
            self.code = ""
            self.said = Said("off", LOG_IN_FIRST)
        self._wants()

    def _moved(self, change: Any) -> None:
        left, new = self.listings.get((None, WORKSPACES)), change["new"]
        if new is not None and not (left and any(item.key == new.id for item in left.items)):
            # Made elsewhere since the list was read, or while it is read.
            self._due.add((None, WORKSPACES))
        super()._moved(change)

    def _wants(self, *, aloud: bool = True) -> None:
        """Read what is missing for what is looked at now, and say so if it was asked for."""
        self._aloud = aloud
        if self.client is None or self._next() is None:
            if aloud:
                self._tell()
            return
        if aloud and not self.job.busy:
            self.said = Said.busy(self._reading_words())
        self.reading.start(self._read, done=self._read_it, failed=self._broke)

    def _go_on(self, change: Any) -> None:
        # Something may have been selected just when the thread was about to end.
        if not change["new"] and self.reading.error is None and self._next() is not None:
            self._wants(aloud=self._aloud)

    def _next(self) -> Callable[[Client], None] | None:
        """What to read next, or None if all that is looked at is there."""
        wanted: list[Key] = [(None, self.place)]
        if self.form == "attach":
            wanted.append((None, ATTACHABLE))
        workspace = self.workspace
        if self.client is None:
            return None
        missing = [key for key in wanted if self._is_missing(key)]
        if missing:
            return partial(self._list, missing, None)
        if workspace is None or self.place != WORKSPACES:
            return None
        # Pipelines cost a call each, so they wait until they are looked at.
        within = [name for name in WITHIN if name != PIPELINES or self.section == PIPELINES]
        missing = [
            key for key in ((workspace.id, name) for name in within) if self._is_missing(key)
        ]
        if missing:
            return partial(self._list, missing, workspace)
        listing = self.listings[workspace.id, self.section]
        if not listing.whole and listing.error is None:
            return partial(self._complete, (workspace.id, self.section))
        if self.model is not None and self._configured != self.model.id:
            return partial(self._configure, self.model)
        return None

    def _is_missing(self, key: Key) -> bool:
        return key in self._due or key not in self.listings

    def _read(self, job: Job) -> float:
        started = time.monotonic()
        while (client := self.client) is not None and (step := self._next()) is not None:
            step(client)
        return time.monotonic() - started

    def _list(self, keys: list[Key], workspace: Any, client: Client) -> None:
        self._due.difference_update(keys)
        with ThreadPoolExecutor(len(keys)) as pool:
            asked = {
                pool.submit(SECTIONS[name].read, client, workspace): (at, name) for at, name in keys
            }
            for future in as_completed(asked):
                key = asked[future]
                old = self.listings.get(key, Listing())
                try:
                    listing = listed(SECTIONS[key[1]], future.result(), old)
                except WallwidgetsError as error:
                    listing = replace(old, error=error, whole=True)
                self._publish(client, key, listing)

    def _complete(self, key: Key, client: Client) -> None:
        """Complete the rows in chunks, for as long as they are looked at."""
        items = self.listings[key].items
        for first in range(0, len(items), CHUNK):
            if key != self.key or key in self._due or client is not self.client:
                return
            listing = self.listings[key]
            try:
                newer = SECTIONS[key[1]].complete(client, items[first : first + CHUNK])
                listing = with_items(listing, newer, whole=first + CHUNK >= len(items))
            except WallwidgetsError as error:
                listing = replace(listing, error=error, whole=True)
            self._publish(client, key, listing)
            if listing.error is not None:
                return

    def _configure(self, version: Any, client: Client) -> None:
        found = None
        try:
            found = client.models.configuration(version)
        except WallwidgetsError as error:
            # The rest of the version can be shown all the same.
            self._aloud = False
            self.said = Said.of_error(error)
        self._configured = version.id
        self.configuration = found

    def _publish(self, client: Client, key: Key, listing: Listing) -> None:
        """Keep what was read, unless somebody else is logged in by now."""
        if client is not self.client:
            return
        here = self.workspace.id if self.workspace is not None else None
        kept = {each: self.listings[each] for each in self.listings if each[0] in (None, here)}
        self.listings = kept | {key: listing}
        if key == (None, WORKSPACES) and self.workspace is not None and listing.error is None:
            found = [item.value for item in listing.items if item.key == self.workspace.id]
            if not found and key not in self._due:
                self.select_workspace(None)
            elif found and found[0] != self.workspace:
                self.workspace = found[0]
        if key == (None, USERS) and self.user is not None:
            known = [item.value for item in listing.items if item.key == self.user.id]
            self.user = known[0] if known else None
            self.value = self.user if self.place == USERS else self.value
        if key == self.key and self.chosen is not None:
            self._choose(self.chosen if self.item is not None else None)
            self.value = self._chosen_record()

    def _read_it(self, elapsed_s: float) -> None:
        if self._aloud and not self.job.busy:
            self._tell(f"read {datetime.now():%H:%M:%S} · {_elapsed(elapsed_s)}")

    def _broke(self, error: Exception) -> None:
        """A fault of ours, which reading on would only repeat."""
        self.error = error
        self.said = Said.of_error(error)

    def _reading_words(self) -> str:
        if self.place == USERS or self.workspace is None:
            return f"Reading the {self.place.lower()} …"
        return f"Reading {self.workspace.name} …"

    def _tell(self, note: str = "") -> None:
        """Say what is looked at, and give the Python that reads it."""
        listing, section = self.listings.get(self.key), SECTIONS[self.key[1]]
        if listing is None:
            return
        self.code = self._code(section)
        if self.is_absent(section) and section.absent:
            self.error, self.said = None, Said("off", f"{section.absent[0]}.", note=note)
        elif listing.error is not None:
            self.error, self.said = listing.error, Said.of_error(listing.error)
        else:
            self.error = None
            self.said = Said("ok", f"{self._counted(section, len(listing.items))}.", note=note)

    def _counted(self, section: Section, count: int) -> str:
        noun = section.noun if count != 1 else section.noun.removesuffix("s")
        where = "" if self.key[0] is None else f" in {self.workspace.name}"
        return f"{count:,} {noun}{where}" if count else f"No {noun}{where}"

    def _code(self, section: Section) -> str:
        lines = [] if self.key[0] is None else [workspace_code(self.workspace)]
        item = self.item
        one = item is not None and self.key[0] is not None and section.one
        lines.append(section.one.format(item=item) if one else section.code)
        return "\n".join(lines)


def listed(section: Section, items: Sequence[Item], old: Listing) -> Listing:
    """A new list; until it is complete, its rows say what they said before."""
    if section.comes_whole or not items:
        return Listing(tuple(items), whole=True)
    known = {item.key: item for item in old.items}
    kept = (
        replace(known[item.key], value=item.value) if item.key in known else item for item in items
    )
    return Listing(tuple(kept))


def workspace_code(workspace: WorkspaceRecord) -> str:
    """The Python that finds a workspace."""
    return f"workspace = client.workspaces.get({workspace.name!r})"


def _elapsed(elapsed_s: float) -> str:
    return f"{elapsed_s * 1000:.0f} ms" if elapsed_s < 1 else f"{elapsed_s:.1f} s"
