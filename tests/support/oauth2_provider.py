"""A provider of OAuth 2.0 without OpenID Connect, shaped as GitHub: real HTTP on 127.0.0.1, and wrong on command."""

import base64
import hashlib
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote_plus, urlencode

import httpx

from support.http_server import HttpServer, Reply, Request


@dataclass
class OAuth2Provider:
    """The provider. `user` and `emails` are what its pages tell; `replies` answers an endpoint by something else."""

    client_id: str = "central-oauth2"
    client_secret: str = "s3cret:/+ %é"
    authentication: str = "form"
    user: Any = field(default_factory=lambda: {"id": 583231, "login": "ada", "name": "Ada Lovelace", "email": None})
    emails: Any = field(default_factory=list)
    replies: dict[str, Reply] = field(default_factory=dict)
    denies: bool = False
    hits: Counter[str] = field(default_factory=Counter)
    seen: dict[str, Request] = field(default_factory=dict)
    _codes: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _tokens: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._server = HttpServer(self._handle)

    @property
    def url(self) -> str:
        return self._server.url

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Give the settings of a connector for it."""
        return {
            "kind": "oauth2",
            "authorization_endpoint": f"{self.url}/login/oauth/authorize",
            "token_endpoint": f"{self.url}/login/oauth/access_token",
            "user_endpoint": f"{self.url}/user",
            "emails_endpoint": f"{self.url}/user/emails",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "scopes": ["read:user", "user:email"],
            **changes,
        }

    def tell(self, email: str, *, verified: Any = True) -> None:
        """Have it tell an address as the primary one, among others."""
        self.emails = [
            {"email": f"other.{email}", "primary": False, "verified": True},
            {"email": email, "primary": True, "verified": verified},
        ]

    async def authorize(self, url: str) -> str:
        """Act as a browser that is sent to `url`: give the callback URL to which the provider sends it back."""
        async with httpx.AsyncClient(trust_env=False) as browser:
            answer = await browser.get(url)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.stop()

    async def _handle(self, request: Request) -> Reply:
        name = request.path.rsplit("/", 1)[-1]
        self.hits[name] += 1
        self.seen[name] = request
        if name in self.replies:
            return self.replies[name]
        match name:
            case "authorize":
                return self._authorize(request.query)
            case "access_token":
                return self._token(request)
            case "user" | "emails" if request.headers.get("authorization", "")[7:] in self._tokens:
                return Reply.json(self.user if name == "user" else self.emails)
            case _:
                return Reply.json({"message": "Requires authentication"}, 401)

    def _authorize(self, asked: Mapping[str, str]) -> Reply:
        assert asked["client_id"] == self.client_id
        answer = {"state": asked["state"]}
        if self.denies:
            answer["error"] = "access_denied"
        else:
            answer["code"] = secrets.token_urlsafe(16)
            self._codes[answer["code"]] = asked
        return Reply(302, headers={"location": f"{asked['redirect_uri']}?{urlencode(answer)}"})

    def _token(self, request: Request) -> Reply:
        """Refuse with status 200, as GitHub does."""
        form = request.form
        if self._client(request) != (self.client_id, self.client_secret):
            return Reply.json({"error": "incorrect_client_credentials"})
        asked = self._codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
        if asked is None or (asked["redirect_uri"], asked["code_challenge"]) != (form["redirect_uri"], challenge):
            return Reply.json({"error": "bad_verification_code"})
        token = secrets.token_urlsafe(16)
        self._tokens.add(token)
        return Reply.json({"access_token": token, "token_type": "bearer", "scope": asked.get("scope", "")})

    def _client(self, request: Request) -> tuple[str | None, str | None]:
        header, form = request.headers.get("authorization", ""), request.form
        if self.authentication == "form":
            return form.get("client_id"), form.get("client_secret")
        user, _, password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
        return unquote_plus(user), unquote_plus(password)
