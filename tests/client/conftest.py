"""A server that is a list of answers, and clients that speak to it."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from central_client import AsyncCentral, Central, drivers

TENANT = {
    "__type": "Tenant",
    "id": "tenant-01H2XVNZ7C9NXWK3TMCRD9QWMN",
    "slug": "acme",
    "name": "Acme",
    "state": "active",
    "createdAt": "2026-01-02T03:04:05Z",
    "updatedAt": "2026-01-02T03:04:05Z",
    "version": 1,
}
USER = {
    "__type": "User",
    "id": "user-01H2XVNZ7C9NXWK3TMCRD9QWMN",
    "tenantId": TENANT["id"],
    "email": "ada@example.com",
    "emailVerified": True,
    "displayName": "Ada",
    "roles": ["owner"],
    "state": "active",
    "createdAt": "2026-01-02T03:04:05Z",
    "updatedAt": "2026-01-02T03:04:05Z",
    "version": 1,
}
ME = USER | {"__type": "UserPrivate", "permissions": ["users:read"], "systemPermissions": []}
CONNECTOR = {
    "__type": "AuthConnector",
    "id": "connector-01H2XVNZ7C9NXWK3TMCRD9QWMN",
    "name": "Codes",
    "enabled": True,
    "settings": {"__type": "EmailCodeSettings", "kind": "email_code"},
    "provisioning": {"__type": "ProvisioningPolicy", "justInTime": False, "allowedDomains": []},
    "createdAt": "2026-01-02T03:04:05Z",
    "updatedAt": "2026-01-02T03:04:05Z",
    "version": 1,
}
CHALLENGE = {
    "__type": "StartEmailCodeSignInResponse",
    "signIn": "signin-01H2XVNZ7C9NXWK3TMCRD9QWMN",
    "expiresAt": "2026-01-02T03:14:05Z",
}
SIGNED_IN = {
    "__type": "SignedInPrivate",
    "user": ME,
    "session": {
        "__type": "SessionPrivate",
        "id": "session-01H2XVNZ7C9NXWK3TMCRD9QWMN",
        "createdAt": "2026-01-02T03:04:05Z",
        "lastUsedAt": "2026-01-02T03:04:05Z",
        "expiresAt": "2026-02-02T03:04:05Z",
        "current": True,
    },
}


@dataclass
class FakeServer:
    """Gives its answers in turn, the last one for ever, and keeps the requests."""

    requests: list[httpx.Request] = field(default_factory=list)
    answers: list[Callable[[], httpx.Response]] = field(default_factory=list)

    def answers_with(
        self, body: Any = None, status: int = 200, *, raises: Exception | None = None, **options: Any
    ) -> "FakeServer":
        def answer() -> httpx.Response:
            if raises is not None:
                raise raises
            if isinstance(body, str | bytes) or body is None:
                return httpx.Response(status, content=body or b"", **options)
            return httpx.Response(status, json=body, **options)

        self.answers.append(answer)
        return self

    def fails_with(self, status: int, code: str, *, headers: dict[str, str] | None = None, **more: Any) -> "FakeServer":
        problem = {"type": f"urn:central:problem:{code}", "title": "T", "status": status, "detail": "D", "code": code}
        return self.answers_with(
            json.dumps(problem | more),
            status,
            headers={"content-type": "application/problem+json", **(headers or {})},
        )

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])()

    @property
    def last(self) -> httpx.Request:
        return self.requests[-1]

    @property
    def paths(self) -> list[str]:
        return [request.url.raw_path.decode() for request in self.requests]

    @property
    def last_body(self) -> Any:
        return json.loads(self.last.content)


@pytest.fixture(autouse=True)
def _nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CENTRAL_URL", "CENTRAL_TENANT", "CENTRAL_SESSION", "CENTRAL_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CENTRAL_CONFIG", str(tmp_path / "profiles.toml"))


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the clients would have slept; they do not."""
    taken: list[float] = []

    async def nap(seconds: float) -> None:
        taken.append(seconds)

    monkeypatch.setattr(drivers, "time", SimpleNamespace(sleep=taken.append))
    monkeypatch.setattr("asyncio.sleep", nap)
    return taken


@pytest.fixture
def http_client(server: FakeServer) -> Iterator[httpx.Client]:
    with httpx.Client(transport=httpx.MockTransport(server)) as client:
        yield client


@pytest.fixture
def client(http_client: httpx.Client) -> Central:
    return Central("https://central.test", tenant="acme", http_client=http_client)


@pytest.fixture
async def async_client(server: FakeServer) -> AsyncIterator[AsyncCentral]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as http_client:
        yield AsyncCentral("https://central.test", tenant="acme", http_client=http_client)


@pytest.fixture
def bodies() -> SimpleNamespace:
    return SimpleNamespace(
        tenant=TENANT, user=USER, me=ME, connector=CONNECTOR, challenge=CHALLENGE, signed_in=SIGNED_IN
    )
