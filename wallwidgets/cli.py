"""The command line: ``wallwidgets instance``, ``wallwidgets demo`` and ``wallwidgets doctor``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import platformdirs

import wallwidgets
from wallwidgets.errors import SettingsError, WallwidgetsError, missing_extra
from wallwidgets.instance.stopping import Stopping
from wallwidgets.settings import is_loopback

if TYPE_CHECKING:
    from wallwidgets.doctor.finding import Finding
    from wallwidgets.instance.server import Server

_ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  these are refused or named, not bound by default
_Port = click.IntRange(0, 65535)
_File = click.Path(exists=True, dir_okay=False, path_type=Path)


def _says_what_is_wrong(command: Callable[..., None]) -> Callable[..., None]:
    """An error of ours becomes one line and the exit code 1."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except WallwidgetsError as error:
            raise click.ClickException(str(error)) from None

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(wallwidgets.__version__, prog_name="wallwidgets")
def main() -> None:
    """Panels and a small API layer for the Wallaroo MLOps platform."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=_Port, help="0 takes a free one.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps everything; in your user data folder when absent.",
)
@click.option("--demo", is_flag=True, help="Fill a new instance with demo data.")
@click.option("--certfile", type=_File, help="TLS certificate (PEM).")
@click.option("--keyfile", type=_File, help="Private key of the certificate (PEM).")
@click.option(
    "--allowed-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="Name under which the instance is reached, beside the address; may be repeated.",
)
@click.option(
    "--behind-proxy",
    is_flag=True,
    help="A proxy in front of it does TLS; its forwarded headers count.",
)
@_says_what_is_wrong
def instance(
    host: str,
    port: int,
    data: Path | None,
    demo: bool,
    certfile: Path | None,
    keyfile: Path | None,
    allowed_hosts: tuple[str, ...],
    behind_proxy: bool,
) -> None:
    """Run an embedded Wallaroo instance until Ctrl-C."""
    if (certfile is None) != (keyfile is None):
        raise SettingsError("--certfile and --keyfile belong together; one of them is missing.")
    if not is_loopback(host) and certfile is None and not behind_proxy:
        raise SettingsError(
            f"Other machines can reach {host}, and without TLS they could read passwords.",
            remedy="Add --certfile and --keyfile, or --behind-proxy when a proxy does TLS.",
        )
    stopping = Stopping()
    folder = data or Path(platformdirs.user_data_dir("wallwidgets", appauthor=False)) / "instance"
    server, url = _make_server(
        folder,
        host,
        port,
        certificate=(certfile, keyfile) if certfile and keyfile else None,
        allowed_hosts=allowed_hosts,
        behind_proxy=behind_proxy,
    )
    if demo:
        from wallwidgets.instance.demo_data import fill

        if not fill(server.context):
            click.echo(f"{folder} has content of its own; the demo's was not added.", err=True)
    _serve(server, url, stopping)


def _make_server(
    folder: Path,
    host: str,
    port: int,
    *,
    certificate: tuple[Path, Path] | None,
    allowed_hosts: tuple[str, ...],
    behind_proxy: bool,
) -> tuple[Server, str]:
    """A server that listens already, and its address."""
    try:
        from wallwidgets.instance.config import InstanceConfig
        from wallwidgets.instance.server import Certificate, Server, listen
    except ModuleNotFoundError as error:
        raise missing_extra(error) from None
    listener = listen(host, port)
    url = _address(host, listener.getsockname()[1], certificate, allowed_hosts, behind_proxy)
    names = {host.lower(), *(name.lower() for name in allowed_hosts)} - {*_ANY_ADDRESS}
    config = InstanceConfig(
        data=folder, issuer=url, allowed_hosts=InstanceConfig.allowed_hosts | names
    )
    try:
        server = Server(
            config,
            listener,
            certificate=Certificate(*certificate) if certificate else None,
            behind_proxy=behind_proxy,
        )
    except OSError as error:
        raise SettingsError(f"Cannot use {error.filename or folder}: {error.strerror}.") from None
    return server, url


def _address(
    host: str,
    port: int,
    certificate: tuple[Path, Path] | None,
    allowed_hosts: tuple[str, ...],
    behind_proxy: bool,
) -> str:
    """What clients connect to; tokens and inference addresses name it."""
    if allowed_hosts and (behind_proxy or not is_loopback(host)):
        host = allowed_hosts[0]
    elif host in _ANY_ADDRESS:
        host = "localhost"
    if ":" in host:
        host = f"[{host}]"
    if behind_proxy and allowed_hosts:
        return f"https://{host}"
    return f"{'https' if certificate else 'http'}://{host}:{port}"


def _serve(server: Server, url: str, stopping: Stopping) -> None:
    """Run a server beside this thread, which waits for the signal."""
    with ThreadPoolExecutor(1, "instance") as executor:
        serving = executor.submit(server.run)
        serving.add_done_callback(lambda _: stopping.now())
        server.ready.wait()
        if not stopping.wait(0):
            credentials = server.context.accounts.credentials_file
            click.echo(f"wallwidgets instance at {url}, credentials in {credentials}")
        stopping.wait()
        server.stop()
        serving.result()


@main.command()
@click.option("--port", default=0, type=_Port, help="Port of the instance; a free one by default.")
@click.option(
    "--folder",
    default="wallwidgets-demo",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Working folder for the notebooks; those whose cells you change stay there.",
)
@click.option("--no-browser", is_flag=True, help="Print the address, but open no browser.")
@_says_what_is_wrong
def demo(port: int, folder: Path, no_browser: bool) -> None:
    """Run an instance with demo data, and JupyterLab on the walkthrough, until Ctrl-C."""
    from wallwidgets.demo import run_demo

    run_demo(folder, port=port, browser=not no_browser, stopping=Stopping())


@main.command()
@click.option("--url", help="Address of the instance; WALLAROO_URL when absent.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(url: str | None, as_json: bool) -> None:
    """Say what is installed, enabled and reachable, and what to do about the rest.

    Ends with 1 if there is an error; warnings and what is optional do not count.
    """
    from wallwidgets.doctor.checkup import examine
    from wallwidgets.doctor.finding import State

    found = []
    for each in examine(url):
        found.append(each)
        if not as_json:
            _print_finding(each)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], indent=2))
    if any(each.state == State.ERROR for each in found):
        sys.exit(1)


def _print_finding(finding: Finding) -> None:
    """One line, and its remedy on the next."""
    lines = [f"{finding.state:<8} {finding.name:<17} {finding.found}"]
    lines += [f"{'':26} > {finding.remedy}"] if finding.remedy else []
    for line in lines:
        # Names of kernels and words of services could steer the terminal.
        shown = "".join(char if char.isprintable() else "?" for char in line)
        # As bytes, because a terminal may not know every character.
        click.echo(shown.encode(sys.stdout.encoding, "replace"))


if __name__ == "__main__":
    main()
