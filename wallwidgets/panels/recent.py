"""Addresses of instances and of their login services; never a user, never a secret."""

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
        >>> recent.remember("https://api.example", "https://keycloak.example")
        >>> recent.read()
        {'https://api.example': 'https://keycloak.example', 'https://wallaroo.example': ''}
    """

    def __init__(self, file: Path | None = None):
        self.file = file or user_state_path("wallwidgets") / "recent.json"

    def read(self) -> dict[str, str]:
        """The addresses, the latest first, each with that of its login service, or "".

        Empty if the file is absent or damaged.
        """
        try:
            kept = json.loads(self.file.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        pairs = [_pair(each) for each in kept] if isinstance(kept, list) else []
        found = {url: auth for url, auth in pairs if _is_address(url)}
        return {url: auth if _is_address(auth) else "" for url, auth in list(found.items())[:KEPT]}

    def remember(self, url: str, auth_url: str = "") -> None:
        """Put an address first. A home that cannot be written is no reason to fail a login."""
        others = [(each, auth) for each, auth in self.read().items() if each != url]
        # One that has no login service of its own is a text, as it always was.
        kept = [(each, auth) if auth else each for each, auth in [(url, auth_url), *others][:KEPT]]
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


def _pair(entry: object) -> tuple[str, str]:
    match entry:
        case str():
            return entry, ""
        case [str(url), str(auth)]:
            return url, auth
    return "", ""


def _is_address(text: str) -> bool:
    try:
        check_url(text, allow_http=True)
    except SettingsError:
        return False
    return True
