"""The three requests, rendered to bytes once."""

from dataclasses import dataclass
from enum import StrEnum

from bench.seed import OWNER, TENANTS, SeededSession, session_of, sessions

SERIAL = b"{{{serial}}}"
"""Stands in a request for twelve digits that are new each time."""


class Kind(StrEnum):
    ME = "me"
    LIST = "list"
    CREATE = "create"

    @property
    def title(self) -> str:
        titles = {
            Kind.ME: "GET /v1/tenants/{tenant}/me",
            Kind.LIST: "GET /v1/tenants/{tenant}/users?limit=50",
            Kind.CREATE: "POST /v1/tenants/{tenant}/users",
        }
        return titles[self]


@dataclass(frozen=True)
class Workload:
    """Requests to send again and again, and the status that each must be answered with."""

    requests: tuple[bytes, ...]
    status: int


def render(method: str, path: str, token: str, body: bytes = b"", *, cookie: str) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "host: 127.0.0.1",
        "user-agent: central-bench",
        "accept: application/json",
        f"cookie: {cookie}={token}",
    ]
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def workload(kind: Kind, cookie: str = "central_session") -> Workload:
    """Render a kind of request for every tenant; `me` also for its second session."""
    if kind is Kind.ME:
        return Workload(tuple(me(session, cookie) for session in sessions()), 200)
    owners = [session_of(tenant, OWNER) for tenant in range(TENANTS)]
    if kind is Kind.LIST:
        path = "/v1/tenants/{}/users?limit=50"
        listed = (render("GET", path.format(owner.slug), owner.token, cookie=cookie) for owner in owners)
        return Workload(tuple(listed), 200)
    return Workload(tuple(_create(owner, cookie) for owner in owners), 201)


def me(session: SeededSession, cookie: str) -> bytes:
    return render("GET", f"/v1/tenants/{session.slug}/me", session.token, cookie=cookie)


def _create(owner: SeededSession, cookie: str) -> bytes:
    body = b'{"email":"new.user.%s@%s.example.com","displayName":"New User"}' % (SERIAL, owner.slug.encode())
    return render("POST", f"/v1/tenants/{owner.slug}/users", owner.token, body, cookie=cookie)
