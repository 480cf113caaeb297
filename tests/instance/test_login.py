"""Logging in and tokens: contract section 2, security lines H and I."""

from __future__ import annotations

import base64
import hmac
import json
import stat
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import RSAKey

import wallwidgets as ww
from tests.conftest import TOKEN_PATH, Raw, get_token, log_in

REALM = "/auth/realms/master"
OIDC = f"{REALM}/protocol/openid-connect"


class Clock:
    """A clock that tests set forward."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **delta: float) -> None:
        self.now += timedelta(**delta)


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def hs256(head: dict[str, Any], claims: dict[str, Any], key: bytes) -> str:
    """A token signed with a public key as if it were a shared secret, which libraries refuse."""
    parts = [json.dumps(part).encode() for part in ({**head, "alg": "HS256"}, claims)]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(key, signed, "sha256")).rstrip(b"=")
    return (signed + b"." + signature).decode()


def workspaces(url: str, token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{url}/v1/api/workspaces/list", headers=headers, json={}, timeout=60)


def test_the_tutorials_three_tokens(instance: ww.LocalInstance, creds: dict[str, str]) -> None:
    basic = (creds["confidentialClient"], creds["confidentialPassword"])

    def ask(**form: str) -> dict[str, Any]:
        answer = requests.post(instance.url + TOKEN_PATH, auth=basic, data=form, timeout=60)
        assert answer.status_code == 200
        return answer.json()

    user = ask(grant_type="password", username=creds["username"], password=creds["password"])
    assert {"access_token", "expires_in", "refresh_expires_in", "refresh_token", "token_type"} <= {
        *user
    }
    assert (user["expires_in"], user["refresh_expires_in"]) == (3600, 1800)
    claims = claims_of(user["access_token"])
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["email"] == creds["email"]
    assert claims["typ"] == "Bearer"
    assert claims["https://hasura.io/jwt/claims"]["x-hasura-user-id"] == claims["sub"]
    refreshed = ask(grant_type="refresh_token", refresh_token=user["refresh_token"])
    assert refreshed["refresh_token"] != user["refresh_token"]
    assert workspaces(instance.url, refreshed["access_token"]).status_code == 200
    service = ask(grant_type="client_credentials")
    assert "email" not in claims_of(service["access_token"])
    assert workspaces(instance.url, service["access_token"]).status_code == 403


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "telepathy"}, "unsupported_grant_type"),
        ({"grant_type": "password", "username": "u"}, "invalid_request"),
        ({"grant_type": "password", "username": "nobody", "password": "x"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "x.y.z"}, "invalid_grant"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
        ({"grant_type": "client_credentials", "client_id": "stranger"}, "invalid_client"),
        (
            {"grant_type": "client_credentials", "client_id": "api-client", "client_secret": "x"},
            "invalid_client",
        ),
        (
            {"grant_type": "password", "username": "u", "password": "p", "scope": "moon"},
            "invalid_scope",
        ),
    ],
)
def test_refused_logins_say_why(
    instance: ww.LocalInstance, form: dict[str, str], error: str
) -> None:
    answer = get_token(instance.url, **form)
    assert answer.status_code in (400, 401)
    assert answer.json()["error"] == error
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_field_that_is_there_twice_is_refused(instance: ww.LocalInstance) -> None:
    pairs = [("grant_type", "password"), ("grant_type", "refresh_token"), ("client_id", "x")]
    answer = requests.post(instance.url + TOKEN_PATH, data=pairs, timeout=60)
    assert answer.json()["error"] == "invalid_request"


def test_a_replayed_refresh_token_ends_its_whole_family(
    instance: ww.LocalInstance, creds: dict[str, str]
) -> None:
    first = get_token(
        instance.url,
        grant_type="password",
        username=creds["username"],
        password=creds["password"],
    ).json()["refresh_token"]
    second = get_token(instance.url, grant_type="refresh_token", refresh_token=first).json()
    replay = get_token(instance.url, grant_type="refresh_token", refresh_token=first)
    assert replay.json()["error"] == "invalid_grant"
    heir = get_token(
        instance.url, grant_type="refresh_token", refresh_token=second["refresh_token"]
    )
    assert heir.json()["error"] == "invalid_grant"


def test_log_out_ends_the_login(instance: ww.LocalInstance, creds: dict[str, str]) -> None:
    form = {"username": creds["username"], "password": creds["password"]}
    refresh = get_token(instance.url, grant_type="password", **form).json()["refresh_token"]
    ended = requests.post(
        f"{instance.url}{OIDC}/logout",
        data={"client_id": "sdk-client", "refresh_token": refresh},
        timeout=60,
    )
    assert ended.status_code == 204
    again = get_token(instance.url, grant_type="refresh_token", refresh_token=refresh)
    assert again.json()["error"] == "invalid_grant"


def test_forged_and_misused_tokens_are_refused(
    instance: ww.LocalInstance, creds: dict[str, str]
) -> None:
    form = {"username": creds["username"], "password": creds["password"]}
    good = get_token(instance.url, grant_type="password", **form).json()
    claims = claims_of(good["access_token"])
    head = json.loads(base64.urlsafe_b64decode(good["access_token"].split(".")[0] + "=="))
    jwk = requests.get(f"{instance.url}{OIDC}/certs", timeout=60).json()["keys"][0]
    public_pem = RSAKey.import_key(jwk).as_pem(private=False)
    stranger = RSAKey.generate_key(2048)
    own = RSAKey.import_key((instance.credentials_file.parent / "signing-key.pem").read_bytes())

    def signed(key: Any = own, header: dict[str, Any] | None = None, **changes: Any) -> str:
        changed = {key: value for key, value in {**claims, **changes}.items() if value is not None}
        return jwt.encode({**head, **(header or {})}, changed, key)

    assert workspaces(instance.url, signed()).status_code == 200
    now = claims["iat"]
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    forged = {
        "alg none": f"{unsigned}.{good['access_token'].split('.')[1]}.",
        "HS256 with the public key": hs256(head, claims, public_pem),
        "another key": signed(stranger),
        "unknown kid": signed(header={"kid": "other"}),
        "expired": signed(exp=now - 10),
        "not yet valid": signed(nbf=now + 600),
        "no exp": signed(exp=None),
        "wrong issuer": signed(iss="https://elsewhere/auth/realms/master"),
        "wrong audience": signed(aud=["other"]),
        "refresh token": good["refresh_token"],
        "cut short": good["access_token"][:-20],
        "oversized": "a" * 60_000,
        "unknown user": signed(sub="00000000-0000-0000-0000-000000000000"),
    }
    statuses = {name: workspaces(instance.url, token).status_code for name, token in forged.items()}
    assert statuses == dict.fromkeys(forged, 401)


def test_tokens_expire_by_the_instances_clock() -> None:
    clock = Clock()
    with ww.LocalInstance(clock=clock) as instance:
        creds = json.loads(instance.credentials_file.read_text())
        form = {"username": creds["username"], "password": creds["password"]}
        tokens = get_token(instance.url, grant_type="password", **form).json()
        assert workspaces(instance.url, tokens["access_token"]).status_code == 200
        clock.forward(seconds=tokens["expires_in"] + 1)
        expired = workspaces(instance.url, tokens["access_token"])
        assert (expired.status_code, expired.json()["code"]) == (401, 401)
        clock.forward(seconds=tokens["refresh_expires_in"])
        late = get_token(
            instance.url, grant_type="refresh_token", refresh_token=tokens["refresh_token"]
        )
        assert late.json()["error"] == "invalid_grant"


def test_thirty_wrong_passwords_lock_the_account_for_a_while() -> None:
    clock = Clock()
    with ww.LocalInstance(clock=clock) as instance:
        creds = json.loads(instance.credentials_file.read_text())
        right = {"username": creds["username"], "password": creds["password"]}
        for _ in range(30):
            wrong = get_token(
                instance.url, grant_type="password", username=creds["username"], password="wrong"
            )
            assert wrong.json()["error"] == "invalid_grant"
        locked = get_token(instance.url, grant_type="password", **right)
        assert locked.json() == wrong.json()
        clock.forward(minutes=16)
        assert get_token(instance.url, grant_type="password", **right).status_code == 200


def test_unknown_wrong_and_deactivated_users_get_the_same_answer(
    instance: ww.LocalInstance, admin: Raw, new_user: Any
) -> None:
    gone = new_user()
    admin.ok("users/deactivate", {"email": gone.email})
    answers = [
        get_token(instance.url, grant_type="password", username=name, password=password)
        for name, password in [
            ("nobody@example.com", "correct horse"),
            (admin.email, "wrong password"),
            (gone.email, "correct horse"),
        ]
    ]
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1


def test_deactivation_ends_a_live_token_at_its_next_request(admin: Raw, new_user: Any) -> None:
    user = new_user()
    user.ok("workspaces/list", {})
    assert admin.ok("users/deactivate", {"email": user.email}) == {}
    assert user.post("workspaces/list", {}).status_code == 401
    assert admin.ok("users/activate", {"email": user.email}) == {}
    user.ok("workspaces/list", {})


def test_keys_and_accounts_outlive_a_restart(tmp_path: Any) -> None:
    with ww.LocalInstance(tmp_path) as first:
        port = int(first.url.rpartition(":")[2])
        creds = json.loads(first.credentials_file.read_text())
        raw = log_in(first.url, creds["username"], creds["password"])
    for name in ("creds.json", "signing-key.pem"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    with ww.LocalInstance(tmp_path, port=port):
        raw.ok("workspaces/list", {})


def test_device_login(instance: ww.LocalInstance, creds: dict[str, str]) -> None:
    begun = requests.post(
        f"{instance.url}{OIDC}/auth/device", data={"client_id": "sdk-client"}, timeout=60
    ).json()
    poll = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": begun["device_code"],
    }
    assert get_token(instance.url, **poll).json()["error"] == "authorization_pending"
    assert get_token(instance.url, **poll).json()["error"] == "slow_down"
    page = begun["verification_uri_complete"]
    assert begun["user_code"] in requests.get(page, timeout=60).text
    form = {"user_code": begun["user_code"], "username": creds["username"]}
    wrong = requests.post(page, data={**form, "password": "wrong"}, timeout=60)
    assert wrong.status_code == 401
    done = requests.post(page, data={**form, "password": creds["password"]}, timeout=60)
    assert done.status_code == 200
    tokens = get_token(instance.url, **poll).json()
    assert workspaces(instance.url, tokens["access_token"]).status_code == 200
    assert get_token(instance.url, **poll).json()["error"] == "invalid_grant"


def test_the_device_page_shows_hostile_codes_as_text(instance: ww.LocalInstance) -> None:
    hostile = '"><svg/onload=a>'
    page = requests.get(f"{instance.url}{REALM}/device", params={"user_code": hostile}, timeout=60)
    assert hostile not in page.text
    assert "&quot;&gt;&lt;svg" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_discovery_names_endpoints_that_exist(instance: ww.LocalInstance) -> None:
    found = requests.get(
        f"{instance.url}{REALM}/.well-known/openid-configuration", timeout=60
    ).json()
    assert found["issuer"] == instance.url + REALM
    assert requests.get(found["jwks_uri"], timeout=60).json()["keys"][0]["alg"] == "RS256"
    for name in ("token_endpoint", "device_authorization_endpoint", "end_session_endpoint"):
        assert requests.post(found[name], timeout=60).status_code == 400


def test_the_sdks_admin_calls(admin: Raw, new_user: Any) -> None:
    user = new_user()
    users = f"{admin.url}/auth/admin/realms/master/users"
    found = requests.get(users, params={"email": user.email}, headers=admin.headers, timeout=60)
    (person,) = found.json()
    one = requests.get(f"{users}/{person['id']}", headers=admin.headers, timeout=60).json()
    assert one == person
    assert (
        requests.get(users, params={"email": "no@one"}, headers=admin.headers, timeout=60).json()
        == []
    )
    changed = requests.put(
        f"{users}/{person['id']}",
        json={**person, "enabled": False},
        headers=admin.headers,
        timeout=60,
    )
    assert changed.status_code == 204
    assert user.post("workspaces/list", {}).status_code == 401
    refused = requests.get(users, headers=new_user().headers, timeout=60)
    assert refused.status_code == 403
