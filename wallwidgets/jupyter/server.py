"""The server extension: what a hub's admin sets once for everybody.

It has no handlers. What the panels may know they find in the environment of their kernels, which
inherit it from the server; a variable that is set already wins.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from typing import Any

from traitlets import Int, Unicode
from traitlets.config import Configurable

from wallwidgets.settings import TOKEN_ENV

MIB = 2**20
SLACK_BYTES = MIB


class Wallwidgets(Configurable):
    """Defaults for the panels of all users of a Jupyter server; never a secret.

    Example:
        >>> environ: dict[str, str] = {}
        >>> Wallwidgets(url="https://wallaroo.example").tell(environ)
        >>> environ["WALLAROO_URL"]
        'https://wallaroo.example'
    """

    url = Unicode(help="Address of the Wallaroo instance, as WALLAROO_URL.").tag(config=True)
    auth_url = Unicode(
        help="Address of its login service, where that is another, as WALLAROO_AUTH_URL."
    ).tag(config=True)
    client_id = Unicode(help="Client of the login service, as WALLAROO_CLIENT_ID.").tag(config=True)
    token_env = Unicode(
        help="Name of the variable that holds a user's access token, such as a hub's"
        " auth_state_hook sets; the panel in the side bar is then logged in already."
    ).tag(config=True)
    upload_limit = Int(
        100 * MIB, min=1, help="Bytes of the largest file that may come through the browser."
    ).tag(config=True)

    def tell(self, environ: MutableMapping[str, str]) -> None:
        """Put the settings where kernels that start later find them."""
        environ.setdefault("WALLWIDGETS_DROP_LIMIT", str(self.upload_limit))
        if self.url and environ.setdefault("WALLAROO_URL", self.url) != self.url:
            # The others belong to this instance: a login for another one must not go by them.
            return
        said = {
            "WALLAROO_AUTH_URL": self.auth_url,
            "WALLAROO_CLIENT_ID": self.client_id,
            TOKEN_ENV: self.token_env,
        }
        for name, text in said.items():
            if text:
                environ.setdefault(name, text)


def load(app: Any) -> None:
    """Begin with a Jupyter server: take its configuration, and let larger messages through."""
    wallwidgets = Wallwidgets(parent=app)
    wallwidgets.tell(os.environ)
    settings = app.web_app.settings
    # The upload widget of ipywidgets sends a file in one message; above 10 MiB Jupyter hangs up.
    needed = wallwidgets.upload_limit + SLACK_BYTES
    settings["websocket_max_message_size"] = max(
        needed, settings.get("websocket_max_message_size", 0)
    )
