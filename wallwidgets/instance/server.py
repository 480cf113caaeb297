"""The instance behind a socket, in a thread of its own: signals stay with the main thread."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from wallwidgets.errors import SettingsError
from wallwidgets.instance.app import create_app
from wallwidgets.instance.config import InstanceConfig
from wallwidgets.instance.context import Context

GRACE_S = 30


@dataclass(frozen=True)
class Certificate:
    """Files of a TLS certificate and its key, in PEM.

    Raises:
        SettingsError: They cannot be used, or do not belong together.
    """

    certfile: Path
    keyfile: Path

    def __post_init__(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # A password that is surely wrong, instead of a prompt that nobody may see.
            context.load_cert_chain(self.certfile, self.keyfile, password=lambda: "-")
        except OSError as error:
            raise SettingsError(
                f"The certificate {self.certfile} and the key {self.keyfile} cannot be used:"
                f" {error.strerror or error}.",
                remedy="Both must be PEM files, the key unencrypted and that of the certificate.",
            ) from None


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, bound before anything else so that a taken port fails at once.

    Raises:
        SettingsError: The address is not this machine's, or the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {host} port {port}: {error.strerror}.",
            remedy="Choose another one with --port, or 0 for any free port.",
        ) from None


class Server:
    """A server for one instance on a socket that listens already."""

    def __init__(
        self,
        config: InstanceConfig,
        listener: socket.socket,
        *,
        certificate: Certificate | None = None,
        behind_proxy: bool = False,
    ):
        self.ready = threading.Event()
        self.failure: BaseException | None = None
        app = create_app(config)
        self.context: Context = app.state.context
        self._listener = listener
        self._uvicorn = _Uvicorn(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=behind_proxy,
                timeout_graceful_shutdown=GRACE_S,
                ssl_certfile=certificate.certfile if certificate else None,
                ssl_keyfile=certificate.keyfile if certificate else None,
            ),
            self.ready,
        )

    def run(self) -> None:
        """Serve until ``stop``; requests under way are finished."""
        try:
            self.context.start()
            self._uvicorn.run(sockets=[self._listener])
        except BaseException as error:
            self.failure = error
            raise
        finally:
            self.ready.set()
            self._listener.close()
            self.context.close()

    def stop(self) -> None:
        """Ask a running server to finish; returns at once."""
        self._uvicorn.should_exit = True


class _Uvicorn(uvicorn.Server):
    """Uvicorn that says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event):
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # One turn of the loop, so that the socket is being served and not only open.
        await asyncio.sleep(0)
        self._ready.set()
