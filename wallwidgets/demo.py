"""``wallwidgets demo``: an instance with demo data, and JupyterLab on the walkthrough."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

import click

from wallwidgets.errors import SettingsError
from wallwidgets.instance.stopping import Stopping
from wallwidgets.local import LocalInstance

WALKTHROUGH = "01_walkthrough.ipynb"
GRACE_S = 20
LAST_LINES = 20
POLL_S = 0.05
_NOTIFICATIONS = "@jupyterlab/apputils-extension/notification.jupyterlab-settings"


def run_demo(folder: Path, *, port: int, browser: bool, stopping: Stopping) -> None:
    """Run the demo until it is time to stop, then leave nothing behind.

    Args:
        folder: Working folder for copies of the notebooks.
        port: Port of the instance, 0 for a free one.
        browser: Whether to open the walkthrough in the browser.
        stopping: Says when to stop.

    Raises:
        SettingsError: A part is not installed, a port or folder cannot be used, or JupyterLab
            does not start.
    """
    if find_spec("jupyterlab") is None:
        raise SettingsError(
            "The demo needs jupyterlab, which is not installed.",
            remedy="pip install 'wallwidgets[demo]'",
        )
    with (
        tempfile.TemporaryDirectory(prefix="wallwidgets-demo-") as scratch,
        LocalInstance(demo=True, port=port) as instance,
        notebook_copies(folder),
        JupyterLab(folder, Path(scratch), instance, stopping) as lab,
    ):
        if lab.wait_until_it_answers():
            click.echo(f"wallwidgets demo at {lab.url} (Ctrl-C ends it)")
            if browser:
                # A browser of the terminal would not return before it is closed.
                threading.Thread(target=webbrowser.open, args=(lab.url,), daemon=True).start()
            stopping.wait()
        lab.check()


@contextmanager
def notebook_copies(folder: Path) -> Iterator[None]:
    """Copies of the notebooks in a folder, which go again at the end unless a cell was changed.

    What running a notebook adds to it, its outputs, is no change. A file that is there already is
    never touched.
    """
    made: dict[Path, bytes] = {}
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source in sorted(_notebooks().glob("*.ipynb")):
            copy = folder / source.name
            if not copy.exists():
                made[copy] = source.read_bytes()
                copy.write_bytes(made[copy])
    except OSError as error:
        raise SettingsError(f"Cannot use the folder {folder}: {error.strerror}.") from None
    try:
        yield
    finally:
        left = [copy for copy in made if copy.exists()]
        changed = [copy for copy in left if _cells(copy.read_bytes()) != _cells(made[copy])]
        for copy in left:
            if copy not in changed:
                copy.unlink()
        if is_new and not any(folder.iterdir()):
            folder.rmdir()
        if changed:
            names = ", ".join(copy.name for copy in changed)
            click.echo(f"Changed notebooks stay in {folder}: {names}")


def _cells(notebook: bytes) -> object:
    """What a reader can change of a notebook; all of it if it is none."""
    try:
        cells = json.loads(notebook)["cells"]
        return [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    except (ValueError, KeyError, TypeError):
        return notebook


def _notebooks() -> Path:
    """The folder of the notebooks: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "notebooks"
    return installed if installed.is_dir() else package.parent / "notebooks"


class JupyterLab:
    """JupyterLab as a process that keeps its settings in ``scratch`` and asks nobody for news.

    When it ends, it is time to stop.
    """

    def __init__(self, folder: Path, scratch: Path, instance: LocalInstance, stopping: Stopping):
        self._folder = folder.resolve()
        self._scratch = scratch
        self._instance = instance
        self._stopping = stopping
        self._token = secrets.token_urlsafe(24)
        self._port = _free_port()
        self._log = scratch / "jupyterlab.log"
        self.url = f"http://127.0.0.1:{self._port}/lab/tree/{WALKTHROUGH}?token={self._token}"

    def __enter__(self) -> JupyterLab:
        self._write_settings()
        with self._log.open("wb") as log:
            # A session of its own: Ctrl-C in the terminal reaches us only, and we end it in order.
            self._process = subprocess.Popen(  # noqa: S603  our own interpreter and arguments
                [sys.executable, "-m", "jupyterlab", *self._options()],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        threading.Thread(target=self._await_end, name="jupyterlab-end", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it and its kernels."""
        self._process.terminate()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def check(self) -> None:
        """Refuse to go on when it ended by an error.

        Raises:
            SettingsError: With the last lines of its log.
        """
        if code := self._process.poll():
            lines = self._log.read_text(errors="replace").splitlines()[-LAST_LINES:]
            raise SettingsError("\n".join([f"JupyterLab ended with code {code}.", *lines]))

    def wait_until_it_answers(self) -> bool:
        """Whether it came so far; False when it is time to stop before that."""
        while not self._answers():
            if self._stopping.wait(POLL_S):
                return False
        return True

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        headers = {"Authorization": f"token {self._token}"}
        try:
            # It takes our token, so it is not somebody else who was faster to take the port.
            connection.request("GET", "/api/status", headers=headers)
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _await_end(self) -> None:
        self._process.wait()
        self._stopping.now()

    def _write_settings(self) -> None:
        """Else it would ask, over the notebook, whether to fetch news."""
        file = self._scratch / "settings" / _NOTIFICATIONS
        file.parent.mkdir(parents=True)
        file.write_text('{"fetchNews": "false", "checkForUpdates": false}')

    def _options(self) -> list[str]:
        return [
            "--no-browser",
            f"--ServerApp.root_dir={self._folder}",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={self._port}",
            "--ServerApp.port_retries=0",
            # It listens on this machine only and has a token, also in a container, as root.
            "--ServerApp.allow_root=True",
            f"--FileCheckpoints.checkpoint_dir={self._scratch / 'checkpoints'}",
            "--LabApp.extension_manager=readonly",
            # Language servers are not needed, and looking for them writes to the home folder.
            "--ServerApp.jpserver_extensions={'jupyter_lsp': False}",
        ]

    def _environment(self) -> dict[str, str]:
        """Its environment, which its kernels inherit: the demo's instance and no other."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("WALLAROO_")}
        scratch = self._scratch
        return kept | {
            "JUPYTER_CONFIG_DIR": str(scratch / "config"),
            "JUPYTER_DATA_DIR": str(scratch / "data"),
            "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(scratch / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(scratch / "workspaces"),
            "IPYTHONDIR": str(scratch / "ipython"),
            # In the environment, because other users can read a command line.
            "JUPYTER_TOKEN": self._token,
            "WALLAROO_URL": self._instance.url,
            "WALLAROO_SDK_CREDENTIALS": str(self._instance.credentials_file),
        }


def _free_port() -> int:
    """A port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
