"""``wallwidgets doctor`` in real environments, in which one thing after the other is broken."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

import wallwidgets as ww
from tests.api.service import TOKEN, Answer, Service, refused

PACKAGE = Path(ww.__file__).parent
SITE = Path(sysconfig.get_path("purelib"))
LAB_EXTENSIONS = "share/jupyter/labextensions"
OURS = f"{LAB_EXTENSIONS}/wallwidgets"
MANAGER = "@jupyter-widgets/jupyterlab-manager"
CONFIG, FEATURES = "/v1/api/config", "/v1/api/features/list"
JUPYTER = ("jupyter", "notebook", "nbclassic", "voila", "ipykernel")
SERVER_STACK = ("fastapi", "uvicorn", "onnxruntime", "sqlalchemy")
LAB_SIDE = "jupyterlab_widgets"
CANARY = "canary-5e7a"
# As Jupyter's own commands are started where there are no scripts.
MODULES = {
    "labextension": "jupyterlab.labextensions",
    "server": "jupyter_server",
}

Finding = tuple[str, str, str]
"""State, sentence and remedy."""


@dataclass
class Environment:
    """A Python environment of its own, with packages of this one and its own Jupyter."""

    folder: Path

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    @property
    def packages(self) -> Path:
        return next((self.folder / "lib").glob("python*/site-packages"))

    def write(self, path: str, content: Any) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return file

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        done = subprocess.run(
            [self.python, "-P", *command],
            cwd=home,
            env={"PATH": os.environ["PATH"], "HOME": str(home)} | variables,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert "Traceback" not in done.stdout + done.stderr, done
        assert CANARY not in done.stdout + done.stderr
        return done

    def doctor(self, *options: str, **variables: str) -> dict[str, Finding]:
        """What it finds, by name; its exit code says whether there is an error."""
        done = self.run("-m", "wallwidgets.cli", "doctor", "--json", *options, **variables)
        assert done.stderr == ""
        found = json.loads(done.stdout)
        assert done.returncode == any(each["state"] == "error" for each in found)
        return {each["name"]: (each["state"], each["found"], each["remedy"]) for each in found}

    def follow(self, remedy: str) -> None:
        """Do what a remedy says."""
        _jupyter, command, *arguments = shlex.split(remedy)
        done = self.run("-m", MODULES[command], *arguments)
        assert done.returncode == 0, done


def make_environment(folder: Path, without: tuple[str, ...] = ()) -> Environment:
    """Make one without the packages whose files begin in one of these ways."""
    made = Environment(folder)
    venv.create(folder, symlinks=True)
    for entry in SITE.iterdir():
        # What ipywidgets needs begins like JupyterLab.
        kept = entry.name.startswith(LAB_SIDE) and LAB_SIDE not in without
        left_out = entry.name.startswith(without) and not kept
        if not left_out and not (made.packages / entry.name).exists():
            (made.packages / entry.name).symlink_to(entry)
    manager = folder / LAB_EXTENSIONS / MANAGER
    manager.parent.mkdir(parents=True)
    manager.symlink_to(Path(sys.prefix, LAB_EXTENSIONS, MANAGER))
    shutil.copytree(PACKAGE / "jupyter" / "labextension", folder / OURS)
    shutil.copytree(PACKAGE.parent / "jupyter-config", folder / "etc" / "jupyter")
    return made


@pytest.fixture
def make(tmp_path) -> Callable[..., Environment]:
    return lambda *without: make_environment(tmp_path / "env", without)


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Environment:
    """Only what `pip install wallwidgets` brings."""
    folder = tmp_path_factory.mktemp("plain") / "env"
    return make_environment(folder, JUPYTER + SERVER_STACK)


@pytest.fixture
def service() -> Iterator[Service]:
    running = Service()
    running.answers[CONFIG] = {"default_arch": "x86"}
    yield running
    running.close()


def test_all_is_well(make, instance):
    done = make().run(
        "-m",
        "wallwidgets.cli",
        "doctor",
        WALLAROO_URL=instance.url,
        WALLAROO_SDK_CREDENTIALS=str(instance.credentials_file),
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = [re.fullmatch(r"(\S+) +(\S+(?: \S+)*)  +(.+)", x) for x in done.stdout.splitlines()]
    assert len({line.start(3) for line in lines}) == 1
    found = {line[2]: (line[1], line[3]) for line in lines}
    assert found.pop("JupyterHub")[0] in ("ok", "-")
    assert {state for state, _found in found.values()} == {"ok"}
    assert list(found) == [
        "Python",
        "wallwidgets",
        "requirements",
        "widgets",
        "JupyterLab",
        "Notebook",
        "Voila",
        "lab extension",
        "widget manager",
        "server extension",
        "kernel python3",
        "settings",
        "credentials",
        "instance",
        "login",
        "extra instance",
        "extra demo",
    ]
    assert f"{instance.url} answers as a Wallaroo instance" in found["instance"][1]
    assert found["login"][1] == "admin@example.com is logged in."


def test_only_wallwidgets_is_installed(plain):
    found = plain.doctor()
    for name in ("JupyterLab", "Notebook", "Voila", "JupyterHub"):
        assert found[name] == ("-", "Not installed in this environment.", "")
    assert not found.keys() & {"lab extension", "server extension", "kernels"}
    state, said, remedy = found["extra instance"]
    assert (state, remedy) == ("-", f"{plain.python} -m pip install 'wallwidgets[instance]'")
    assert "fastapi, onnxruntime" in said
    assert found["settings"][:2] == ("-", "No WALLAROO_ variable is set.")
    assert found["instance"][:2] == ("-", "No address is set, so nothing was contacted.")
    assert "--url" in found["instance"][2]


def test_what_it_needs_is_missing_or_of_another_version(make):
    broken = make("requests", LAB_SIDE, "pandas-", "fastapi-")
    for name, number in (("pandas", "2.0.0"), ("fastapi", "0.1.0")):
        file = f"{broken.packages.relative_to(broken.folder)}/{name}-{number}.dist-info/METADATA"
        broken.write(file, f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n")
    found = broken.doctor("--url", "http://127.0.0.1:9")
    pip = f"{broken.python} -m pip install"
    assert found["requests"] == (
        "error",
        "requests is not installed.",
        f"{pip} 'requests>=2.32'",
    )
    said = "pandas is 2.0.0; wallwidgets needs >=3.0."
    assert found["pandas"] == ("error", said, f"{pip} 'pandas>=3.0'")
    said = "It cannot be checked, because requests cannot be imported."
    assert found["instance"] == ("error", said, f"{pip} --force-reinstall requests")
    state, said, _remedy = found["extra instance"]
    assert (state, said) == ("warning", "fastapi is 0.1.0; wallwidgets needs >=0.136.")
    said = "jupyterlab_widgets is not installed, so JupyterLab shows no widget."
    assert found["widgets"] == ("error", said, f"{pip} jupyterlab_widgets")
    assert "requirements" not in found


def test_extensions_that_are_missing(make):
    broken = make(*SERVER_STACK)
    for file in (
        f"{OURS}/package.json",
        f"{LAB_EXTENSIONS}/{MANAGER}",
        "etc/jupyter/jupyter_server_config.d/wallwidgets.json",
    ):
        (broken.folder / file).unlink()
    found = broken.doctor()
    pip = f"{broken.python} -m pip install --force-reinstall --no-deps"
    own = f"{pip} wallwidgets=={ww.__version__}"
    said = "JupyterLab does not find the extension wallwidgets."
    assert found["lab extension"] == ("error", said, own)
    said = f"JupyterLab does not find {MANAGER}, so it shows no widget."
    assert found["widget manager"] == ("error", said, f"{pip} jupyterlab_widgets")
    said = "The Jupyter server does not know wallwidgets.jupyter."
    assert found["server extension"] == ("error", said, own)


def test_extensions_that_are_disabled(make):
    broken = make(*SERVER_STACK)
    # As outside of a virtual environment.
    user_first = {"JUPYTER_PREFER_ENV_PATH": "0"}
    off = {"disabledExtensions": {"wallwidgets:plugin": True, MANAGER: True}}
    broken.write("home/.jupyter/labconfig/page_config.json", off)
    off = {"ServerApp": {"jpserver_extensions": {"wallwidgets.jupyter": False}}}
    broken.write("home/.jupyter/jupyter_server_config.d/mine.json", off)
    found = broken.doctor(**user_first)
    remedy = "jupyter labextension enable --level=user"
    said = "wallwidgets:plugin is disabled."
    assert found["lab extension"] == ("warning", said, f"{remedy} wallwidgets:plugin")
    said = f"{MANAGER} is disabled, so JupyterLab shows no widget."
    assert found["widget manager"] == ("error", said, f"{remedy} {MANAGER}")
    said = f"It is disabled in {broken.folder / 'home' / '.jupyter'}."
    remedy = "jupyter server extension enable --user wallwidgets.jupyter"
    assert found["server extension"] == ("warning", said, remedy)

    broken.follow(found["widget manager"][2])
    broken.follow(found["server extension"][2])
    found = broken.doctor(**user_first)
    assert (found["widget manager"][0], found["server extension"][0]) == ("ok", "ok")


def test_extensions_of_another_version(make):
    broken = make("_editable_impl_wallwidgets")
    # This wallwidgets is one that had nothing for the Jupyter server yet.
    older = shutil.ignore_patterns("jupyter", "server.py")
    (broken.packages / "wallwidgets").unlink(missing_ok=True)
    shutil.copytree(PACKAGE, broken.packages / "wallwidgets", ignore=older)
    package = json.loads((broken.folder / OURS / "package.json").read_text())
    file = broken.write("other/labextensions/wallwidgets/package.json", package | {"version": "9"})
    off = {"disabledExtensions": {MANAGER: True}}
    broken.write("config/labconfig/page_config.json", off)
    found = broken.doctor(
        JUPYTER_PATH=str(broken.folder / "other"),
        JUPYTER_CONFIG_PATH=str(broken.folder / "config"),
    )
    state, said, remedy = found["lab extension"]
    wanted = f"The extension in {file.parent} is 9, but wallwidgets is {ww.__version__}."
    assert (state, said) == ("error", wanted)
    assert remedy.startswith(f"Delete that folder, then {broken.python} -m pip install")
    state, _said, remedy = found["widget manager"]
    assert state == "error"
    assert remedy.startswith(f"Take {MANAGER} out of disabledExtensions in the page_config.json")
    state, said, _remedy = found["server extension"]
    wanted = f"It is enabled, but {broken.python} cannot import wallwidgets.jupyter."
    assert (state, said) == ("error", wanted)
    state, said, _remedy = found["extra instance"]
    wanted = "Installed, but wallwidgets.instance.server cannot be imported."
    assert (state, said) == ("warning", wanted)


def test_a_file_of_jupyter_that_is_no_json(make):
    broken = make(*SERVER_STACK)
    broken.write(f"{OURS}/package.json", "{")
    state, said, _remedy = broken.doctor()["lab extension"]
    assert (state, said) == ("error", "The check failed (JSONDecodeError).")


def test_kernels(make, tmp_path):
    here = make(*SERVER_STACK)
    for name in ("without", "older", "broken"):
        venv.create(tmp_path / name, symlinks=True)
    older, broken = Environment(tmp_path / "older"), Environment(tmp_path / "broken")
    (older.packages / "wallwidgets.py").write_text("__version__ = '0.0.9'")
    (broken.packages / "wallwidgets.py").write_text(f"raise ImportError('{CANARY}')")
    without = str(tmp_path / "without" / "bin" / "python")
    gone, module = str(tmp_path / "gone"), ("-m", "ipykernel_launcher", "-f", "{connection_file}")
    for name, argv in {
        "without": [without, *module],
        "older": [older.python, "-Xfrozen_modules=off", *module],
        "broken": [broken.python, *module],
        "gone": [gone, *module],
        "by-shell": ["bash", "-c", "exec python -m ipykernel_launcher"],
        "bare": ["python", *module],
        "by-path": ["/usr/bin/env", here.python, *module],
    }.items():
        spec = {"argv": argv, "display_name": name, "language": "python"}
        here.write(f"share/jupyter/kernels/{name}/kernel.json", spec)
    here.write(
        "share/jupyter/kernels/other/kernel.json",
        {"argv": ["R"], "display_name": "R", "language": "R"},
    )
    # In the folder where one works, there may be another wallwidgets.
    here.write("home/wallwidgets.py", "__version__ = '0.0.1'")

    found = here.doctor()
    kernels = {name[7:]: each for name, each in found.items() if name.startswith("kernel ")}
    own = ww.__version__
    wanted = f"-m pip install wallwidgets=={own}"
    assert kernels == {
        "python3": ("ok", f"wallwidgets {own}, {here.python}", ""),
        "bare": ("ok", f"wallwidgets {own}, {here.python}", ""),
        "by-path": ("ok", f"wallwidgets {own}, /usr/bin/env {here.python}", ""),
        "without": ("warning", f"{without} has no wallwidgets.", f"{without} {wanted}"),
        "older": (
            "warning",
            f"{older.python} -Xfrozen_modules=off has wallwidgets 0.0.9, but this is {own}.",
            f"{older.python} -Xfrozen_modules=off {wanted}",
        ),
        "broken": (
            "warning",
            f"{broken.python} cannot import wallwidgets.",
            f"{broken.python} {wanted}",
        ),
        "gone": (
            "warning",
            f"{gone} cannot be started: No such file or directory.",
            "jupyter kernelspec remove gone",
        ),
        "by-shell": (
            "warning",
            "It starts by bash, which cannot be asked.",
            "Run `import wallwidgets` in a notebook of it.",
        ),
    }


@pytest.mark.parametrize(
    ("variables", "name", "state", "said", "remedy"),
    [
        (
            {"WALLAROO_USER": "ada", "WALLAROO_PASSWORD": CANARY},
            "settings",
            "ok",
            "Set: WALLAROO_PASSWORD, WALLAROO_USER.",
            "",
        ),
        (
            {"WALLAROO_SDK_CREDENTIALS": json.dumps({"username": "ada", "password": CANARY})},
            "credentials",
            "error",
            "WALLAROO_SDK_CREDENTIALS does not name a file.",
            "Set it to the path of a creds.json.",
        ),
        (
            {"REQUESTS_CA_BUNDLE": "/no/such/ca.pem"},
            "settings",
            "error",
            "REQUESTS_CA_BUNDLE names a file that is not there",
            "Correct REQUESTS_CA_BUNDLE, or unset it.",
        ),
        (
            {"WALLAROO_URL": f"https://ada:{CANARY}@wallaroo.example"},
            "instance",
            "error",
            "The address holds a user, a query or a fragment.",
            "Pass the user and password as arguments",
        ),
        (
            {"WALLAROO_URL": f"https://ada:{CANARY}/x@wallaroo.example"},
            "instance",
            "error",
            "The address cannot be read",
            "",
        ),
        (
            {"WALLAROO_URL": "http://wallaroo.example"},
            "instance",
            "error",
            "http:// would send passwords and tokens readably to wallaroo.example.",
            "Use https://",
        ),
    ],
)
def test_settings(plain, variables, name, state, said, remedy):
    found = plain.doctor(**variables)[name]
    assert found[0] == state
    assert found[1].startswith(said)
    assert found[2].startswith(remedy)
    assert bool(found[2]) == bool(remedy)


def test_credentials_files(plain, tmp_path):
    file = tmp_path / "creds.json"
    variables = {"WALLAROO_SDK_CREDENTIALS": str(file)}
    file.write_text(json.dumps({"password": CANARY}))
    state, said, remedy = plain.doctor(**variables)["credentials"]
    assert (state, str(file) in said) == ("error", True)
    file.write_text(json.dumps({"username": "ada", "password": CANARY}))
    file.chmod(0o640)
    state, said, remedy = plain.doctor(**variables)["credentials"]
    assert said == f"Other users of this machine may read or change {file}."
    assert (state, remedy) == ("warning", f"chmod 600 {file}")
    subprocess.run(shlex.split(remedy), check=True)
    assert plain.doctor(**variables)["credentials"][0] == "ok"


def test_nobody_listens(plain):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = plain.doctor(WALLAROO_URL=f"http://127.0.0.1:{port}", WALLAROO_PASSWORD=CANARY)
    said = f"127.0.0.1:{port} refuses connections."
    remedy = "Check the address and that the instance is running."
    assert found["instance"] == ("error", said, remedy)
    assert "login" not in found


def test_a_certificate_that_nobody_knows(plain, tmp_path):
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    secure = Service(lambda listener: context.wrap_socket(listener, server_side=True))
    secure.answers[CONFIG] = {"default_arch": "x86"}
    try:
        state, said, remedy = plain.doctor("--url", secure.url)["instance"]
        assert state == "error"
        assert said.startswith(f"The certificate of 127.0.0.1:{secure.port} is not trusted: ")
        assert "REQUESTS_CA_BUNDLE" in remedy
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        known = plain.doctor("--url", secure.url, REQUESTS_CA_BUNDLE=str(tmp_path / "ca.pem"))
    finally:
        secure.close()
    said = f"{secure.url} answers as a Wallaroo instance (TLS checked)."
    assert known["instance"] == ("ok", said, "")
    assert known["login"][0] == "-"


def test_what_answers_is_no_instance(plain, service):
    service.answers[CONFIG] = Answer(b"<html>hello", headers={"Content-Type": "text/html"})
    state, said, remedy = plain.doctor("--url", service.url)["instance"]
    assert state == "error"
    assert said == f"127.0.0.1:{service.port} answers, but not as a Wallaroo instance does."
    assert remedy.startswith("Check that the address is that of a Wallaroo instance")


def test_an_instance_of_2023_asks_for_a_login(plain, service):
    del service.answers[CONFIG]
    state, said, _remedy = plain.doctor("--url", service.url)["instance"]
    assert state == "error"
    assert said.endswith("answers, but not as a Wallaroo instance does.")
    service.answers[FEATURES] = Answer({"msg": "Unauthorized", "code": 401}, 401)
    state, said, _remedy = plain.doctor("--url", service.url)["instance"]
    assert state == "ok"
    assert said.startswith(f"{service.url} answers and asks for a login")


def test_a_login_of_the_hub(plain, service):
    service.answers[FEATURES] = lambda got: (
        {"features": {}} if got.bearer == CANARY else Answer({"msg": got.bearer, "code": 401}, 401)
    )
    hub = {"WALLAROO_URL": service.url, "WALLWIDGETS_TOKEN_ENV": "HUB_TOKEN"}
    found = plain.doctor(**hub, HUB_TOKEN=CANARY)
    assert found["login"] == ("ok", "The hub's token is accepted.", "")
    assert found["settings"][1] == "Set: WALLAROO_URL, WALLWIDGETS_TOKEN_ENV."
    state, said, _remedy = plain.doctor(**hub, HUB_TOKEN=f"{CANARY}-old")["login"]
    assert (state, said) == ("error", "***")
    state, said, remedy = plain.doctor(**hub)["login"]
    wanted = "WALLWIDGETS_TOKEN_ENV names a variable that is not set, so nobody was logged in."
    assert (state, said) == ("warning", wanted)
    assert "auth_state" in remedy


def test_a_login_that_is_refused(plain, service):
    service.answers[TOKEN] = lambda got: refused(words=f"no: {got.form['password']}\x1b[31m")
    variables = {"WALLAROO_URL": service.url, "WALLAROO_USER": "ada"}
    state, said, remedy = plain.doctor(**variables, WALLAROO_PASSWORD=CANARY)["login"]
    assert (state, said) == ("error", "The login is refused: no: ***[31m (invalid_grant).")
    assert remedy.startswith("Check the user name and password")
    state, said, remedy = plain.doctor(**variables)["login"]
    said_of_settings = "A user name and a password belong together"
    assert (state, said.startswith(said_of_settings)) == ("error", True)
    variables |= {"WALLAROO_PASSWORD": CANARY, "WALLAROO_\x1b[31mÜ": "steers the terminal"}
    printed = plain.run("-m", "wallwidgets.cli", "doctor", **variables, PYTHONIOENCODING="ascii")
    assert "WALLAROO_?[31m?" in printed.stdout
    assert re.search(r"^error +login +The login is refused.*\n +> Check", printed.stdout, re.M)
