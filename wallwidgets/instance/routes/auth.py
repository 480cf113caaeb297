"""Keycloak's login endpoints: tokens, device login, log-out, discovery and keys (contract 2.1)."""

from __future__ import annotations

import base64
import binascii
import html
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, Response

from wallwidgets.instance.accounts import CONFIDENTIAL_CLIENT
from wallwidgets.instance.context import Context, Ctx
from wallwidgets.instance.tokens import PUBLIC_CLIENT
from wallwidgets.schemas.auth import DeviceAnswer, OAuthError, TokenAnswer

REALM = "/auth/realms/master"
OIDC = f"{REALM}/protocol/openid-connect"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SCOPES = {"openid", "profile", "email", "offline_access"}
_PAGE = Path(__file__).parents[1] / "device_page.html"
_FORM = "application/x-www-form-urlencoded"

router = APIRouter(tags=["login"])


class Refused(Exception):
    """A login request that fails, with its error of RFC 6749 section 5.2."""

    def __init__(self, error: str, description: str, status: int = 400):
        super().__init__(error)
        self.error, self.description, self.status = error, description, status


def _errors() -> dict[int | str, dict[str, Any]]:
    return {400: {"model": OAuthError}, 401: {"model": OAuthError}}


def _form_schema(*fields: str) -> dict[str, Any]:
    properties = {field: {"type": "string"} for field in fields}
    schema = {"type": "object", "properties": properties}
    return {"requestBody": {"content": {_FORM: {"schema": schema}}}}


@router.post(
    f"{OIDC}/token",
    response_model=TokenAnswer,
    response_model_exclude_none=True,
    responses=_errors(),
    openapi_extra=_form_schema(
        *("grant_type", "username", "password", "refresh_token", "device_code"),
        *("client_id", "client_secret", "scope"),
    ),
)
async def token(request: Request, ctx: Ctx) -> TokenAnswer | JSONResponse:
    """Give tokens for a password, a refresh token, client credentials or a device code."""
    try:
        form = await _form(request)
        # Checking a password takes tens of milliseconds: not on the event loop.
        return await run_in_threadpool(_grant, ctx, request.headers.get("authorization"), form)
    except Refused as refused:
        return _refusal(refused)


@router.post(
    f"{OIDC}/auth/device",
    response_model=DeviceAnswer,
    responses=_errors(),
    openapi_extra=_form_schema("client_id", "client_secret", "scope"),
)
async def device(request: Request, ctx: Ctx) -> DeviceAnswer | JSONResponse:
    """Begin a login that a person approves in a browser."""
    try:
        form = await _form(request)
        client_id = _client(ctx, request.headers.get("authorization"), form)
        return await run_in_threadpool(ctx.device_login.begin, client_id)
    except Refused as refused:
        return _refusal(refused)


@router.post(
    f"{OIDC}/logout",
    status_code=204,
    response_class=Response,
    responses=_errors(),
    openapi_extra=_form_schema("client_id", "client_secret", "refresh_token"),
)
async def logout(request: Request, ctx: Ctx) -> Response:
    """End a login: its refresh token and all that followed from it stop working."""
    try:
        form = await _form(request)
        _client(ctx, request.headers.get("authorization"), form)
        await run_in_threadpool(ctx.tokens.end, _need(form, "refresh_token"))
        return Response(status_code=204)
    except Refused as refused:
        return _refusal(refused)


@router.get(f"{REALM}/.well-known/openid-configuration")
async def discovery(ctx: Ctx) -> dict[str, Any]:
    """Where everything is (OpenID Connect Discovery 1.0)."""
    base = f"{ctx.config.issuer}{OIDC}"
    return {
        "issuer": ctx.tokens.issuer,
        "token_endpoint": f"{base}/token",
        "device_authorization_endpoint": f"{base}/auth/device",
        "end_session_endpoint": f"{base}/logout",
        "jwks_uri": f"{base}/certs",
        "grant_types_supported": [*_GRANTS],
        "response_types_supported": ["none"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": sorted(SCOPES),
    }


@router.get(f"{OIDC}/certs")
async def certs(ctx: Ctx) -> dict[str, Any]:
    """The public keys of the tokens (RFC 7517)."""
    return ctx.tokens.jwks()


@router.get(f"{REALM}/device", response_class=HTMLResponse)
async def device_page(user_code: str = "") -> HTMLResponse:
    """The page on which a person approves a device login."""
    return _page("Enter the code that your notebook shows, and log in.", user_code[:20])


@router.post(
    f"{REALM}/device",
    response_class=HTMLResponse,
    responses={status: {"content": {"text/html": {}}} for status in (400, 401)},
    openapi_extra=_form_schema("user_code", "username", "password"),
)
async def approve_device(request: Request, ctx: Ctx) -> HTMLResponse:
    """Approve a device login with the account's password; there are no cookies to steal."""
    try:
        form = await _form(request)
    except Refused as refused:
        return _page(f"{refused.description}.", status=400)
    user_code = form.get("user_code", "")
    account = await run_in_threadpool(
        ctx.accounts.log_in, form.get("username", ""), form.get("password", "")
    )
    if account is None:
        return _page("The user name or the password is wrong.", user_code[:20], status=401)
    if not await run_in_threadpool(ctx.device_login.approve, user_code, account):
        return _page("This code is unknown or has expired.", user_code[:20], status=400)
    return _page("Done. Go back to your notebook; you can close this page.", form=False)


async def _form(request: Request) -> dict[str, str]:
    """The form of a request, each field once (RFC 6749 section 3.2)."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != _FORM:
        raise Refused("invalid_request", f"The body must be {_FORM}")
    try:
        text = (await request.body()).decode()
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError:
        raise Refused("invalid_request", "The form cannot be read") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise Refused("invalid_request", "A form field is there twice")
    return form


def _need(form: dict[str, str], field: str) -> str:
    if not form.get(field):
        raise Refused("invalid_request", f"Missing form parameter: {field}")
    return form[field]


def _client(ctx: Context, authorization: str | None, form: dict[str, str]) -> str:
    """The client that asks: the confidential one proves its secret, the public one has none."""
    client_id, secret = form.get("client_id"), form.get("client_secret")
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() == "basic":
        try:
            basic_id, _, basic_secret = (
                base64.b64decode(encoded, validate=True).decode().partition(":")
            )
        except (binascii.Error, UnicodeDecodeError):
            raise Refused("invalid_client", "The Basic header cannot be read", 401) from None
        client_id, secret = unquote_plus(basic_id), unquote_plus(basic_secret)
    if client_id is None:
        raise Refused("invalid_request", "Missing form parameter: client_id")
    if client_id == PUBLIC_CLIENT:
        return client_id
    if secret is None or not ctx.accounts.is_client_secret(client_id, secret):
        raise Refused("invalid_client", "Invalid client or invalid client credentials", 401)
    return client_id


def _grant(ctx: Context, authorization: str | None, form: dict[str, str]) -> TokenAnswer:
    client_id = _client(ctx, authorization, form)
    grant = _GRANTS.get(_need(form, "grant_type"))
    if grant is None:
        raise Refused("unsupported_grant_type", "Unsupported grant_type")
    if not set(form.get("scope", "").split()) <= SCOPES:
        raise Refused("invalid_scope", "Invalid scopes")
    return grant(ctx, client_id, form)


def _by_password(ctx: Context, client_id: str, form: dict[str, str]) -> TokenAnswer:
    account = ctx.accounts.log_in(_need(form, "username"), _need(form, "password"))
    if account is None:
        raise Refused("invalid_grant", "Invalid user credentials", 401)
    offline = "offline_access" in form.get("scope", "").split()
    return ctx.tokens.for_account(account, client_id, offline=offline)


def _by_refresh_token(ctx: Context, client_id: str, form: dict[str, str]) -> TokenAnswer:
    answer = ctx.tokens.refreshed(_need(form, "refresh_token"), client_id)
    if answer is None:
        raise Refused("invalid_grant", "Token is not active")
    return answer


def _by_client(ctx: Context, client_id: str, form: dict[str, str]) -> TokenAnswer:
    if client_id != CONFIDENTIAL_CLIENT:
        raise Refused("unauthorized_client", "A public client has no service account")
    return ctx.tokens.for_service()


def _by_device_code(ctx: Context, client_id: str, form: dict[str, str]) -> TokenAnswer:
    account = ctx.device_login.poll(_need(form, "device_code"), client_id)
    if isinstance(account, str):
        raise Refused(account, account.replace("_", " ").capitalize())
    return ctx.tokens.for_account(account, client_id, offline=False)


_GRANTS = {
    "password": _by_password,
    "refresh_token": _by_refresh_token,
    "client_credentials": _by_client,
    DEVICE_GRANT: _by_device_code,
}


def _refusal(refused: Refused) -> JSONResponse:
    basic = refused.error == "invalid_client"
    headers = {"WWW-Authenticate": 'Basic realm="master"'} if basic else {}
    body = {"error": refused.error, "error_description": refused.description}
    return JSONResponse(body, refused.status, headers)


def _page(
    message: str, user_code: str = "", *, form: bool = True, status: int = 200
) -> HTMLResponse:
    text = _PAGE.read_text().replace("{message}", html.escape(message))
    if form:
        text = text.replace("{user_code}", html.escape(user_code))
    else:
        text = text[: text.index("<form")] + text[text.index("</form>") :]
    policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"
    headers = {"Content-Security-Policy": f"{policy}; frame-ancestors 'none'"}
    return HTMLResponse(text, status, headers)
