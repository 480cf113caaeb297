"""Where settings come from, and which are refused."""

from __future__ import annotations

import json

import pytest

from wallwidgets import errors
from wallwidgets.settings import Identity, Secret, check_url, read_credentials, resolve

FIVE = {
    "username": "ada",
    "password": "p",
    "email": "ada@x",
    "confidentialClient": "api-client",
    "confidentialPassword": "s",
}


@pytest.fixture
def creds(tmp_path):
    def make(content):
        path = tmp_path / "creds.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return make


def plain(identity):
    return (
        identity.username,
        identity.password and identity.password.reveal(),
        identity.client_id,
        identity.client_secret and identity.client_secret.reveal(),
    )


def test_an_argument_comes_before_the_environment():
    environ = {"WALLAROO_URL": "https://env", "WALLAROO_REQUEST_TIMEOUT": "5"}
    found = resolve("https://arg/", timeout_s=7, environ=environ)
    assert (found.url, found.timeout_s) == ("https://arg", 7)
    found = resolve(environ=environ)
    assert (found.url, found.auth_url, found.timeout_s) == ("https://env", "https://env", 5)
    assert resolve(environ={}).url == "http://localhost:8080"


HOME = {
    "WALLAROO_URL": "https://api.example/",
    "WALLAROO_AUTH_URL": "https://keycloak.example/",
    "WALLAROO_CLIENT_ID": "hub",
}


def test_the_login_address_of_the_environment_belongs_to_its_instance():
    for url in (None, "https://api.example"):
        assert resolve(url, environ=HOME).auth_url == "https://keycloak.example"
    given = resolve(auth_url="https://other.example", environ=HOME)
    assert given.auth_url == "https://other.example"
    # A password for another instance must not travel there.
    assert resolve("https://else.example", environ=HOME).auth_url == "https://else.example"
    with pytest.raises(errors.SettingsError, match="login address needs a scheme"):
        resolve(environ=HOME | {"WALLAROO_AUTH_URL": "keycloak.example"})


def test_the_client_of_the_environment_is_for_its_users(creds):
    def client(url=None, **options):
        return plain(resolve(url, environ=HOME, **options).identity)[2:]

    user = Identity("ada", Secret("p"))
    assert client(identity=user) == ("hub", None)
    assert client(own_login=True) == ("hub", None)
    assert client(credentials=creds({"username": "ada", "password": "p"})) == ("hub", None)
    assert client(credentials=creds(FIVE)) == ("api-client", "s")
    assert client(identity=Identity(client_id="c", client_secret=Secret("s"))) == ("c", "s")
    assert client("https://else.example", identity=user) == (None, None)
    assert client() == (None, None)


def test_one_source_gives_the_whole_identity(creds):
    file = creds(FIVE)
    environ = {"WALLAROO_USER": "eve", "WALLAROO_PASSWORD": "e", "WALLAROO_SDK_CREDENTIALS": file}
    given = Identity("bob", Secret("b"))
    assert plain(resolve(identity=given, environ=environ).identity) == ("bob", "b", None, None)
    assert plain(resolve(credentials=file, environ=environ).identity) == (
        "ada",
        "p",
        "api-client",
        "s",
    )
    assert plain(resolve(environ=environ).identity) == ("eve", "e", None, None)
    del environ["WALLAROO_USER"], environ["WALLAROO_PASSWORD"]
    assert resolve(environ=environ).identity.username == "ada"


def test_the_password_of_a_named_user_may_be_in_the_environment():
    environ = {"WALLAROO_PASSWORD": "p"}
    assert plain(resolve(identity=Identity("ada"), environ=environ).identity)[1] == "p"
    environ["WALLAROO_USER"] = "eve"
    with pytest.raises(errors.SettingsError, match="password of 'ada' is missing"):
        resolve(identity=Identity("ada"), environ=environ)


def test_an_own_login_does_not_ask_the_environment(creds):
    environ = {"WALLAROO_USER": "eve", "WALLAROO_PASSWORD": "e"}
    assert not resolve(own_login=True, environ=environ).identity
    found = resolve(own_login=True, credentials=creds(FIVE), environ=environ).identity
    assert found.client_id == "api-client"


@pytest.mark.parametrize(
    "identity",
    [
        Identity(password=Secret("p")),
        Identity(client_secret=Secret("s")),
        Identity("ada", Secret("p"), None, Secret("s")),
    ],
)
def test_half_an_identity_is_refused(identity):
    with pytest.raises(errors.SettingsError, match="the arguments"):
        resolve(identity=identity, environ={})


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"WALLAROO_USER": "ada"}, "the environment"),
        ({"WALLAROO_PASSWORD": "p"}, "the environment"),
        ({"WALLAROO_REQUEST_TIMEOUT": "soon"}, "WALLAROO_REQUEST_TIMEOUT"),
        ({"WALLAROO_REQUEST_TIMEOUT": "0"}, "WALLAROO_REQUEST_TIMEOUT"),
        ({"WALLAROO_SDK_CREDENTIALS": "/no/such"}, "cannot be read: No such file"),
    ],
)
def test_an_environment_that_cannot_be_used(environ, words):
    with pytest.raises(errors.SettingsError, match=words):
        resolve(environ=environ)


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"username": 1}', "{}", '{"username": "a"}', "[" * 100_000]
)
def test_credentials_that_cannot_be_used(creds, content):
    with pytest.raises(errors.SettingsError, match=r"creds\.json"):
        read_credentials(creds(content))


def test_credentials_of_the_official_sdk(creds):
    file = creds({"username": "ada", "password": "p", "email": "ada@x"})
    assert plain(read_credentials(file)) == ("ada", "p", None, None)
    file = creds({"confidentialClient": "c", "confidentialPassword": "s"})
    assert plain(read_credentials(file)) == (None, None, "c", "s")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://user:pw@host", "user"),
        ("https://host/#part", "fragment"),
        ("https://host/?a=1", "query"),
        ("https://host\r\nX: 1", "control"),
        ("https://ho st", "blanks"),
        ("host", "scheme"),
        ("ftp://host", "scheme"),
        ("https://", "scheme"),
        ("https://host:port", "cannot be read"),
        ("http://host.example", "readably"),
        ("http://127.0.0.1.evil.example", "readably"),
        ("http://localhost.evil.example", "readably"),
    ],
)
def test_addresses_that_are_refused(url, words):
    with pytest.raises(errors.SettingsError, match=words):
        check_url(url)


def test_a_refused_address_does_not_show_the_password_in_it():
    with pytest.raises(errors.SettingsError) as caught:
        check_url("https://ada:canary/more@host")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://localhost:8080", "http://127.0.0.2", "http://[::1]:80", "https://host/a/b"]
)
def test_addresses_that_are_taken(url):
    assert check_url(f" {url}/ ") == url


def test_http_where_it_is_allowed():
    assert check_url("http://api-lb:8080", allow_http=True) == "http://api-lb:8080"
