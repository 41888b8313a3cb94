"""An OpenID provider of the tests' own: real HTTP on 127.0.0.1, real keys, and misbehaviour on command.

async with Provider() as provider:
    provider.person = Person(sub="ada", email="ada@example.com", email_verified=True)
    callback_url = await provider.authorize(authorization_url)
"""

import asyncio
import base64
import hashlib
import hmac
import html
import json
import secrets
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import httpx
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from support.http_server import HttpServer, Reply, Request

ALL_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
Endpoint = Literal["discovery", "jwks", "authorize", "token", "userinfo", "end_session"]
Signature = Literal[
    "right", "none", "hs256_public_key", "hs256_secret", "broken", "other_key", "retired_key", "missing"
]
Key = RSAKey | ECKey | OKPKey

# The provider is plain http; httpx would load its certificates for every client otherwise.
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

PATHS: dict[str, Endpoint] = {
    "/.well-known/openid-configuration": "discovery",
    "/jwks": "jwks",
    "/authorize": "authorize",
    "/token": "token",
    "/userinfo": "userinfo",
    "/end-session": "end_session",
}

# What a person sees who is sent here by a browser.
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Provider</title><h1>Provider</h1>
<form method="get" action="/authorize">{fields}
<button name="agreed" value="1">Sign in as {who}</button></form></html>"""


@dataclass(frozen=True)
class Person:
    """Who signs in. `claims` go to the ID token and to userinfo; `email_verified` is sent as it is."""

    sub: str = "ada"
    email: str | None = "ada@example.com"
    email_verified: Any = True
    name: str | None = "Ada Lovelace"
    claims: Mapping[str, Any] = field(default_factory=dict)

    @property
    def profile(self) -> dict[str, Any]:
        listed = {"email": self.email, "email_verified": self.email_verified, "name": self.name}
        return {name: value for name, value in listed.items() if value is not None} | dict(self.claims)


@dataclass(frozen=True)
class Misbehaviour:
    """What the provider does wrong; the default is nothing. Mappings replace members, `drop_…` removes them."""

    claims: Mapping[str, Any] = field(default_factory=dict)
    drop_claims: tuple[str, ...] = ()
    header: Mapping[str, Any] = field(default_factory=dict)
    drop_header: tuple[str, ...] = ()
    signature: Literal[
        "right", "none", "hs256_public_key", "hs256_secret", "broken", "other_key", "retired_key", "missing"
    ] = "right"
    payload: bytes | None = None
    id_token: str | None = None
    sign_as: str | None = None
    rotate_before_signing: bool = False
    extra_keys: tuple[Mapping[str, Any], ...] = ()
    keys_without_kid: bool = False
    twin_keys: bool = False
    discovery: Mapping[str, Any] = field(default_factory=dict)
    drop_discovery: tuple[str, ...] = ()
    userinfo: Mapping[str, Any] = field(default_factory=dict)
    drop_userinfo: tuple[str, ...] = ()
    tokens: Mapping[str, Any] = field(default_factory=dict)
    drop_tokens: tuple[str, ...] = ()
    token_error: tuple[int, str] | None = None
    callback: Mapping[str, str] = field(default_factory=dict)
    drop_callback: tuple[str, ...] = ()
    status: Mapping[Endpoint, int] = field(default_factory=dict)
    redirecting: Mapping[Endpoint, str] = field(default_factory=dict)
    slow: Mapping[Endpoint, float] = field(default_factory=dict)
    huge: tuple[Endpoint, ...] = ()
    gzipped: tuple[Endpoint, ...] = ()
    not_json: tuple[Endpoint, ...] = ()


@dataclass(frozen=True)
class _Grant:
    client_id: str
    redirect_uri: str
    nonce: str | None
    challenge: str
    scope: str
    person: Person


@cache
def _key(algorithm: str, generation: int) -> Key:
    """Make each key once a process; RSA keys take long."""
    kid = {"kid": f"{algorithm}-{generation}", "use": "sig", "alg": algorithm}
    if algorithm.startswith("ES"):
        return ECKey.generate_key("P-256", parameters=kid)
    if algorithm == "EdDSA":
        return OKPKey.generate_key("Ed25519", parameters=kid)
    return RSAKey.generate_key(2048, parameters=kid)


class Provider:
    """The provider. `hits` counts requests by endpoint, `seen` holds the last request to each."""

    def __init__(
        self,
        *,
        client_id: str = "central-tests",
        client_secret: str | None = "s3cret:/+ %é",
        algorithm: str = "RS256",
        authentication: str = "client_secret_basic",
        iss_parameter: bool = True,
    ) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self.algorithm = algorithm
        self.authentication = authentication
        self.iss_parameter = iss_parameter
        self.person: Person | None = Person()
        self.misbehaviour = Misbehaviour()
        self.redirect_uris: set[str] | None = None
        self.profile_in_id_token = True
        self.generation = 1
        self.clock_skew = 0.0
        self.has_page = False
        self.ends_sessions = False
        self.asked_at = 0.0
        self.hits: Counter[str] = Counter()
        self.seen: dict[str, Request] = {}
        self._grants: dict[str, _Grant] = {}
        self._access: dict[str, _Grant] = {}
        self._server = HttpServer(self._handle)

    @property
    def issuer(self) -> str:
        return self._server.url

    @property
    def key(self) -> Key:
        return _key(self.algorithm, self.generation)

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.stop()

    def rotate(self) -> None:
        """Sign by a new key from now on, and publish no other."""
        self.generation += 1

    async def authorize(self, url: str) -> str:
        """Act as a browser that is sent to `url`: give the callback URL to which the provider sends it back."""
        async with httpx.AsyncClient(trust_env=False, verify=_NO_TLS) as browser:
            answer = await browser.get(url)
        if answer.status_code != 302:
            raise AssertionError(f"the provider refused to authorize: {answer.status_code} {answer.text}")
        return answer.headers["location"]

    async def _handle(self, request: Request) -> Reply:
        endpoint = PATHS.get(request.path)
        if endpoint is None:
            return Reply(404)
        self.hits[endpoint] += 1
        self.seen[endpoint] = request
        return await self._misbehave(endpoint) or await getattr(self, f"_{endpoint}")(request)

    async def _misbehave(self, endpoint: Endpoint) -> Reply | None:
        wrong = self.misbehaviour
        await asyncio.sleep(wrong.slow.get(endpoint, 0))
        if endpoint in wrong.redirecting:
            return Reply(302, headers={"location": wrong.redirecting[endpoint]})
        if endpoint in wrong.status:
            return Reply.json({"error": "server_error"}, wrong.status[endpoint])
        if endpoint in wrong.huge:
            return Reply(body=_endless())
        if endpoint in wrong.gzipped:
            return Reply(body=b"\x1f\x8b", headers={"content-encoding": "gzip"})
        return Reply(body=b"<html>") if endpoint in wrong.not_json else None

    async def _discovery(self, request: Request) -> Reply:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.algorithm],
            "token_endpoint_auth_methods_supported": [self.authentication],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": self.iss_parameter,
        }
        if self.ends_sessions:
            document["end_session_endpoint"] = f"{self.issuer}/end-session"
        wrong = self.misbehaviour
        return Reply.json(_changed(document, wrong.discovery, wrong.drop_discovery))

    async def _jwks(self, request: Request) -> Reply:
        keys = [self.key.as_dict(private=False)]
        if self.misbehaviour.twin_keys:
            keys.insert(0, _key(self.algorithm, self.generation + 1000).as_dict(private=False))
        if self.misbehaviour.keys_without_kid:
            keys = [{name: value for name, value in key.items() if name != "kid"} for key in keys]
        return Reply.json({"keys": [*self.misbehaviour.extra_keys, *keys]})

    async def _authorize(self, request: Request) -> Reply:
        asked = request.query
        redirect_uri = asked.get("redirect_uri", "")
        if asked.get("client_id") != self.client_id or not self._registered(redirect_uri):
            return Reply(400, b"unknown client or redirect_uri")
        if self.has_page and "agreed" not in asked:
            return self._page(asked)
        answer = {"state": asked["state"]} if "state" in asked else {}
        if self.iss_parameter:
            answer["iss"] = self.issuer
        answer |= self._decide(asked)
        wrong = self.misbehaviour
        query = urlencode(_changed(answer, wrong.callback, wrong.drop_callback))
        return Reply(302, headers={"location": f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}"})

    def _page(self, asked: Mapping[str, str]) -> Reply:
        """Ask the person, as a provider does."""
        fields = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in asked.items()
        )
        who = html.escape(self.person.email or self.person.sub) if self.person else "nobody"
        page = _PAGE.format(fields=fields, who=who).encode()
        return Reply(200, page, {"content-type": "text/html; charset=utf-8"})

    async def _end_session(self, request: Request) -> Reply:
        """End the session here and send the browser back (OpenID Connect RP-Initiated Logout 1.0)."""
        back = request.query.get("post_logout_redirect_uri")
        if back is None:
            return Reply(200, b"signed out")
        state = request.query.get("state")
        return Reply(302, headers={"location": back if state is None else f"{back}?{urlencode({'state': state})}"})

    def _registered(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris if self.redirect_uris is not None else bool(redirect_uri)

    def _decide(self, asked: Mapping[str, str]) -> dict[str, str]:
        if self.person is None:
            return {"error": "access_denied"}
        scopes = asked.get("scope", "").split()
        if asked.get("response_type") != "code" or "openid" not in scopes:
            return {"error": "invalid_request"}
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return {"error": "invalid_request", "error_description": "PKCE with S256 is required"}
        code = secrets.token_urlsafe(16)
        self._grants[code] = _Grant(
            client_id=asked["client_id"],
            redirect_uri=asked["redirect_uri"],
            nonce=asked.get("nonce"),
            challenge=asked["code_challenge"],
            scope=asked["scope"],
            person=self.person,
        )
        if asked.get("prompt") == "login" or "max_age" in asked:
            self.asked_at = time.time()
        return {"code": code}

    async def _token(self, request: Request) -> Reply:
        if self.misbehaviour.token_error is not None:
            status, error = self.misbehaviour.token_error
            return Reply.json({"error": error}, status)
        form = request.form
        if not self._authenticated(request):
            return Reply.json({"error": "invalid_client"}, 401)
        grant = self._grants.pop(form.get("code", ""), None)
        if grant is None or not _redeemable(grant, form):
            return Reply.json({"error": "invalid_grant"}, 400)
        access_token = secrets.token_urlsafe(16)
        self._access[access_token] = grant
        if self.misbehaviour.rotate_before_signing:
            self.rotate()
        tokens = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": grant.scope,
            "id_token": self._id_token(grant, access_token),
        }
        return Reply.json(_changed(tokens, self.misbehaviour.tokens, self.misbehaviour.drop_tokens))

    def _authenticated(self, request: Request) -> bool:
        """Hold the client to the one method that the metadata names."""
        header, form = request.headers.get("authorization"), request.form
        if self.client_secret is None:
            return header is None and form.get("client_id") == self.client_id and "client_secret" not in form
        if self.authentication == "client_secret_post":
            given = (form.get("client_id"), form.get("client_secret"))
            return header is None and given == (self.client_id, self.client_secret)
        if header is None or not header.startswith("Basic ") or "client_secret" in form:
            return False
        user, _, password = base64.b64decode(header[6:]).decode().partition(":")
        return (unquote_plus(user), unquote_plus(password)) == (self.client_id, self.client_secret)

    def _id_token(self, grant: _Grant, access_token: str) -> str:
        wrong, now = self.misbehaviour, int(time.time() + self.clock_skew)
        if wrong.id_token is not None:
            return wrong.id_token
        claims = {
            "iss": self.issuer,
            "sub": grant.person.sub,
            "aud": self.client_id,
            "iat": now,
            "exp": now + 300,
            "nonce": grant.nonce,
            "at_hash": at_hash(access_token, wrong.sign_as or self.algorithm),
            **({"auth_time": int(self.asked_at)} if self.asked_at else {}),
            **(grant.person.profile if self.profile_in_id_token else {}),
        }
        payload = wrong.payload or json.dumps(_changed(claims, wrong.claims, wrong.drop_claims)).encode()
        header = {"alg": wrong.sign_as or self.algorithm, "kid": self.key.kid, "typ": "JWT"}
        return self._signed(_changed(header, wrong.header, wrong.drop_header), payload)

    def _signed(self, header: dict[str, Any], payload: bytes) -> str:
        kind = self.misbehaviour.signature
        if kind == "none":
            return f"{_encode({**header, 'alg': 'none'})}.{_base64(payload)}."
        if kind in {"hs256_public_key", "hs256_secret"}:
            return self._symmetric(header, payload)
        generation = self.generation + {"other_key": 2000, "retired_key": -1}.get(kind, 0)
        key = _key(self.misbehaviour.sign_as or self.algorithm, generation)
        algorithm = JWSRegistry.algorithms[self.misbehaviour.sign_as or self.algorithm]
        signed = f"{_encode(header)}.{_base64(payload)}"
        mac = algorithm.sign(signed.encode(), key)
        if kind == "broken":
            mac = bytes((*mac[:-1], mac[-1] ^ 1))
        return f"{signed}.{'' if kind == 'missing' else _base64(mac)}"

    def _symmetric(self, header: dict[str, Any], payload: bytes) -> str:
        """Sign by HMAC under what the client knows: the provider's public key, or the client's own secret."""
        public = isinstance(self.key, RSAKey) and self.misbehaviour.signature == "hs256_public_key"
        secret = self.key.as_pem(private=False) if public else (self.client_secret or "").encode()
        signed = f"{_encode({**header, 'alg': 'HS256'})}.{_base64(payload)}"
        return f"{signed}.{_base64(hmac.digest(secret, signed.encode(), 'sha256'))}"

    async def _userinfo(self, request: Request) -> Reply:
        grant = self._access.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if grant is None:
            return Reply(401, headers={"www-authenticate": 'Bearer error="invalid_token"'})
        wrong = self.misbehaviour
        return Reply.json(
            _changed({"sub": grant.person.sub, **grant.person.profile}, wrong.userinfo, wrong.drop_userinfo)
        )


def at_hash(access_token: str, algorithm: str) -> str:
    """Give the half hash of an access token that an ID token carries."""
    digest = hashlib.new("sha512" if algorithm == "EdDSA" else "sha256", access_token.encode()).digest()
    return _base64(digest[: len(digest) // 2])


def callback_parameters(callback_url: str) -> dict[str, str]:
    """Read what the provider put on the callback URL."""
    return dict(parse_qsl(urlsplit(callback_url).query, keep_blank_values=True))


def _redeemable(grant: _Grant, form: Mapping[str, str]) -> bool:
    verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return (
        form.get("grant_type") == "authorization_code"
        and form.get("redirect_uri") == grant.redirect_uri
        and _base64(verifier) == grant.challenge
    )


def _changed(members: Mapping[str, Any], changes: Mapping[str, Any], dropped: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if name not in dropped}


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _encode(document: Mapping[str, Any]) -> str:
    return _base64(json.dumps(document).encode())


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield b" " * 65536
        await asyncio.sleep(0)
