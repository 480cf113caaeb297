"""Addresses of instances that were used lately; never a user, never a secret."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from pathlib import Path

from platformdirs import user_state_path

from wallwidgets.errors import SettingsError
from wallwidgets.settings import check_url

KEPT = 8

_log = logging.getLogger(__name__)


class RecentAddresses:
    """A small file that only its owner can read.

    Args:
        file: Where; the user's state folder if not given.

    Example:
        >>> import tempfile
        >>> recent = RecentAddresses(Path(tempfile.mkdtemp()) / "recent.json")
        >>> recent.remember("https://wallaroo.example")
        >>> recent.list()
        ['https://wallaroo.example']
    """

    def __init__(self, file: Path | None = None):
        self.file = file or user_state_path("wallwidgets") / "recent.json"

    def list(self) -> list[str]:
        """The addresses, the latest first; none if the file is absent or damaged."""
        try:
            kept = json.loads(self.file.read_bytes())
        except (OSError, ValueError, RecursionError):
            return []
        if not isinstance(kept, list):
            return []
        return [each for each in kept if isinstance(each, str) and _is_address(each)][:KEPT]

    def remember(self, url: str) -> None:
        """Put an address first. A home that cannot be written is no reason to fail a login."""
        kept = [url, *(each for each in self.list() if each != url)][:KEPT]
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # mkstemp makes it 0600 from its first byte; the rename is atomic.
            handle, name = tempfile.mkstemp(dir=self.file.parent, prefix=".recent-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as out:
                    json.dump(kept, out)
                os.replace(name, self.file)
            except OSError:
                os.unlink(name)
                raise
        except OSError as error:
            _log.debug("Recent addresses are not kept: %s", error)


def _is_address(text: str) -> bool:
    try:
        check_url(text, allow_http=True)
    except SettingsError:
        return False
    return True
