"""An embedded instance from Python, in one line."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from wallwidgets.api.client import Client, connect
from wallwidgets.errors import missing_extra

if TYPE_CHECKING:
    from wallwidgets.instance.config import Startup
    from wallwidgets.instance.context import Context


class LocalInstance:
    """A Wallaroo instance in this process, for notebooks, demos and tests.

    Args:
        data: Folder that keeps everything; a temporary one, removed at the end, when absent.
        port: Port to listen on; 0 takes a free one.
        demo: Fill a new instance with the demo's users, workspaces, pipelines and records.
        clock: Gives the time, an aware UTC datetime; the machine's clock when absent.
        startup: What deployments wait for before they run.

    Raises:
        SettingsError: The extra ``instance`` is not installed, or the port is taken.

    Example:
        >>> import wallwidgets as ww
        >>> with ww.LocalInstance() as instance:
        ...     client = instance.connect()
        ...     client.workspaces.create("fraud").name
        'fraud'
    """

    def __init__(
        self,
        data: str | os.PathLike[str] | None = None,
        *,
        port: int = 0,
        demo: bool = False,
        clock: Callable[[], datetime] | None = None,
        startup: Startup | None = None,
    ):
        self._data = data
        self._port = port
        self._demo = demo
        self._options: dict[str, Any] = {
            key: value for key, value in (("clock", clock), ("startup", startup)) if value
        }
        self._thread: threading.Thread | None = None
        self.url = ""

    def start(self) -> LocalInstance:
        """Start it and wait until it answers."""
        if self._thread is not None:
            return self
        try:
            from wallwidgets.instance.config import InstanceConfig
            from wallwidgets.instance.server import Server, listen
        except ModuleNotFoundError as error:
            raise missing_extra(error) from None
        with ExitStack() as undo:
            listener = undo.enter_context(listen("127.0.0.1", self._port))
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            folder = self._data
            if folder is None:
                folder = undo.enter_context(tempfile.TemporaryDirectory(prefix="wallwidgets-"))
            config = InstanceConfig(data=Path(folder), issuer=self.url, **self._options)
            self._server = Server(config, listener)
            if self._demo:
                _fill(self._server.context)
            self._thread = threading.Thread(target=self._server.run, name="instance", daemon=True)
            self._thread.start()
            self._server.ready.wait()
            if self._server.failure is not None:
                self._thread = None
                raise self._server.failure
            self._undo = undo.pop_all()
        return self

    def stop(self) -> None:
        """Stop it; requests under way are finished, a temporary folder is removed."""
        if self._thread is None:
            return
        self._server.stop()
        self._thread.join()
        self._thread = None
        self._undo.close()

    @property
    def context(self) -> Context:
        """The parts of the running instance."""
        return self._server.context

    @property
    def credentials_file(self) -> Path:
        """The creds.json of its administrator and of the confidential client."""
        return self.context.accounts.credentials_file

    def connect(self, **options: Any) -> Client:
        """A client of it, as its administrator unless the options of ``connect`` say else."""
        options = options or {"credentials": self.credentials_file}
        return connect(self.url, **options)

    def __enter__(self) -> LocalInstance:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"LocalInstance({self.url or 'not started'!r})"


def _fill(context: Context) -> None:
    from wallwidgets.instance.demo_data import fill

    try:
        fill(context)
    except BaseException:
        context.close()
        raise
