"""Log in to an instance with the official SDK. Runs inside the SDK's own environment.

    python sdk_login.py URL CREDS_JSON

Prints one JSON line per check: {"endpoint", "status", "ok", "detail"}. The line "auth_header"
also carries the "headers" that `wl.auth.auth_header()` gives.
"""

import base64
import contextlib
import hashlib
import importlib.metadata
import json
import os
import sys
import tempfile
import uuid
from pathlib import Path


def report(endpoint, ok, status=None, detail="", **more):
    """Print one result as a JSON line; `ok` is None for what was not tried."""
    line = {"endpoint": endpoint, "status": status, "ok": ok, "detail": str(detail)[:500], **more}
    print(json.dumps(line), flush=True)


@contextlib.contextmanager
def isolated(url, credentials):
    """Point the SDK at one instance, and away from this user's home, settings and proxies."""
    for name in list(os.environ):
        if name.startswith(("WALLAROO_", "XDG_")) or name.lower().endswith("_proxy"):
            del os.environ[name]
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(
            HOME=home,
            MPLCONFIGDIR=sys.prefix,  # matplotlib's font list is slow to make: keep it in the venv
            WALLAROO_URL=url,
            WALLAROO_AUTH_URL=url,  # read by 2023.2.0 only; later SDKs know one address
            WALLAROO_SDK_CREDENTIALS=str(credentials),
        )
        yield


def login():
    """Log in as a user of the SDK would; addresses and credentials come from the environment."""
    import wallaroo  # here, not above: it reads the environment when imported

    return wallaroo.Client(auth_type="user_password", interactive=False)


def token_cache():
    """Where the SDK keeps its tokens: one file for every address and user."""
    import appdirs

    folder = Path(appdirs.user_cache_dir(appname="wallaroo_sdk", appauthor="wallaroo"))
    assert Path(os.environ["HOME"]) in folder.parents, f"{folder} is outside our home"
    return folder / "auth" / "keycloak.json"


def edit_token_cache(**changes):
    cache = token_cache()
    cache.write_text(json.dumps(json.loads(cache.read_text()) | changes))


def who_am_i(wl, headers):
    """Call the instance with these headers; the caller's own user record."""
    import httpx

    me = wl.auth.user_id()
    answer = httpx.post(
        os.environ["WALLAROO_URL"] + "/v1/api/users/query", headers=headers, json={"user_ids": [me]}
    )
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
    return answer.json()["users"][me]


def package_is_unmodified(version):
    """Every file of the installed SDK has the hash that its wheel recorded."""
    sdk = importlib.metadata.distribution("wallaroo")
    assert sdk.version == version, sdk.version
    for file in sdk.files:
        if file.hash and not str(file).startswith(".."):
            digest = hashlib.new(file.hash.mode, file.locate().read_bytes()).digest()
            found = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            assert found == file.hash.value, f"{file} was changed"
    return sdk.version


def first_login(credentials):
    wl = login()
    assert wl.auth.user_email() == credentials["email"], wl.auth.user_email()
    uuid.UUID(wl.auth.user_id())
    assert who_am_i(wl, wl.auth.auth_header())["username"] == credentials["username"]


def refresh():
    """An expired token is exchanged by the refresh grant alone."""
    wl = login()
    old = wl.auth.auth_header()
    wl.auth.fetcher.fetcher.password = "not used"
    edit_token_cache(expiry=0)
    new = wl.auth.auth_header()
    assert new != old, "the token is still the old one"
    who_am_i(wl, new)
    edit_token_cache(expiry=0)
    who_am_i(wl, wl.auth.auth_header())  # the refresh gave a refresh token that works as well


def refresh_refused():
    """A refresh that is refused makes the SDK log in again with the password."""
    wl = login()
    edit_token_cache(expiry=0, refresh_token="not-a-token")
    who_am_i(wl, wl.auth.auth_header())


def second_client():
    """A new client over an expired cache sends the same refresh token twice, and still gets in."""
    login()
    edit_token_cache(expiry=0)
    wl = login()
    who_am_i(wl, wl.auth.auth_header())


def login_refusal():
    """What a login that must fail says."""
    from wallaroo.auth import TokenFetchError

    try:
        login()
    except TokenFetchError as error:
        return str(error)
    return "logged in"


def user_and_password(credentials):
    """WALLAROO_USER and WALLAROO_PASSWORD instead of a file; a wrong password is refused."""
    token_cache().unlink()  # else the cached token is used and nothing is asked
    os.environ.update(WALLAROO_USER=credentials["username"], WALLAROO_PASSWORD="not the password")
    said = login_refusal()
    assert '"invalid_grant"' in said, said
    os.environ.update(WALLAROO_PASSWORD=credentials["password"])
    wl = login()
    who_am_i(wl, wl.auth.auth_header())
    del os.environ["WALLAROO_USER"], os.environ["WALLAROO_PASSWORD"]


def main(url, credentials_file, version):
    credentials = json.loads(Path(credentials_file).read_text())
    checks = {
        "sdk package": lambda: package_is_unmodified(version),
        "login": lambda: first_login(credentials),
        "token refresh": refresh,
        "token refresh refused": refresh_refused,
        "second client": second_client,
        "user and password": lambda: user_and_password(credentials),
    }
    with isolated(url.rstrip("/"), Path(credentials_file).resolve()):
        for name, check in checks.items():
            try:
                report(name, ok=True, detail=check() or "")
            except Exception as error:  # noqa: BLE001 - one failure must not hide the others
                report(name, ok=False, detail=f"{type(error).__name__}: {error}")
        headers = login().auth.auth_header()
        report("auth_header", ok=set(headers) == {"Authorization"}, headers=headers)


if __name__ == "__main__":
    main(*sys.argv[1:])
