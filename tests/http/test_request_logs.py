"""What is written down of requests: one line for each, and never a secret."""

import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from central_server.app import Central
from central_server.infra.config import Settings
from central_server.infra.logs import configure_logging
from central_server.users.directory import UserDirectory
from central_server.users.service import UserService
from support.asgi import JSON_HEADER, Header, Reply, ask
from support.place import Place, Stack
from support.raw import cookie_of


@dataclass
class LoggedApi:
    """The API of a process of its own kind: it logs everything, into memory."""

    central: Central
    stream: io.BytesIO

    def text(self) -> str:
        return self.stream.getvalue().decode()

    def lines(self, request_id: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.text().splitlines()]
        return [line for line in lines if line.get("request_id") == request_id]


@pytest.fixture
async def api(stack: Stack) -> AsyncIterator[LoggedApi]:
    """An API that logs everything into memory, on the same database."""
    stream = io.BytesIO()
    configure_logging("debug", stream)
    central = Central(Settings.model_validate({**dict(stack.settings), "database_pool_size": 2}))
    await central.start()
    yield LoggedApi(central, stream)
    await central.stop()
    configure_logging("error")


async def _send(
    api: LoggedApi, place: Place | None, method: str, path: str, body: bytes = b"", *headers: Header
) -> tuple[Reply, dict[str, Any]]:
    """Send a request, and give the answer and its one line."""
    session = [] if place is None else [cookie_of(place.owner)]
    reply = await ask(api.central, method, path, [*session, JSON_HEADER, *headers], body)
    lines = [line for line in api.lines(reply.header("x-request-id") or "") if line["event"] == "request"]
    assert len(lines) == 1, lines
    return reply, lines[0]


async def test_one_line_for_each_request(api: LoggedApi, place: Place) -> None:
    """A line says which operation, tenant and actor, how it ended and how long it took."""
    tenant = f"/v1/tenants/{place.tenant.slug}"
    me, user = place.owner_user.id, "user-01H2XVNZ7C9NXWK3TMCRD9QWMN"
    for method, path, body, operation, status in (
        ("GET", f"{tenant}/me", b"", "users.me", 200),
        ("GET", f"{tenant}/users/{user}", b"", "users.get", 404),
        ("POST", f"{tenant}/users", b"{}", "users.create", 422),
        ("POST", f"{tenant}/users", b"{", "users.create", 400),
        ("POST", f"{tenant}/users/{me}/disable", b"{}", "users.disable", 409),
        ("POST", "/v1/tenants", b"{}", "tenants.create", 403),
        ("POST", f"{tenant}/auth/sign-out", b"{}", "auth.sign_out", 204),
    ):
        reply, line = await _send(api, place, method, path, body)
        assert (reply.status, line["status"], line["operation"]) == (status, status, operation)
        assert (line["tenant"], line["actor"]) == (place.tenant.id, me), line
        assert 0 < line["ms"] < 10_000
        assert {"event", "level", "timestamp"} <= line.keys()


async def test_line_of_a_replay_names_the_actor(api: LoggedApi, place: Place) -> None:
    """A repetition that was answered from the record is a request like others."""
    body, key = b'{"email":"ada@example.com"}', ("idempotency-key", "k")
    for _ in range(2):
        reply, line = await _send(api, place, "POST", f"/v1/tenants/{place.tenant.id}/users", body, key)
        assert (reply.status, line["status"], line["actor"]) == (201, 201, place.owner_user.id)


async def test_line_of_nobody(api: LoggedApi) -> None:
    """Without a session there is no actor, and a path that leads nowhere has no operation."""
    _, line = await _send(api, None, "GET", "/v1/tenants/nobody-here/me")
    assert (line["status"], line["tenant"], line["actor"]) == (401, None, None)
    _, line = await _send(api, None, "GET", "/nothing")
    assert (line["status"], line["operation"]) == (404, "unrouted")


async def test_fault_is_logged_once_with_its_trace(
    api: LoggedApi, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault has one line with the traceback, found by the request id of the answer."""

    async def fail(*_: object) -> None:
        raise RuntimeError("the cause")

    monkeypatch.setattr(await api.central.container.get(UserDirectory), "list", fail)
    reply, line = await _send(api, place, "GET", f"/v1/tenants/{place.tenant.id}/users")
    assert (reply.status, line["status"]) == (500, 500)
    faults = [found for found in api.lines(reply.json()["requestId"]) if found["level"] == "error"]
    assert len(faults) == 1
    assert "the cause" in faults[0]["exception"]


async def test_no_secret_is_logged(api: LoggedApi, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens, codes, addresses and names of people are in no line, at any level, however a request ends."""
    canary = "canary7f3a"
    tenant, key = f"/v1/tenants/{place.tenant.id}", ("idempotency-key", f"{canary}key")
    body = json.dumps({"email": f"{canary}@example.com", "displayName": f"{canary} name"}).encode()
    await _send(api, place, "POST", f"{tenant}/users", body, key)
    await _send(api, place, "POST", f"{tenant}/users", body)
    await _send(api, place, "POST", f"{tenant}/users", body[:-1])
    await _send(api, place, "POST", f"{tenant}/users", b'{"%s":"%s"}' % (canary.encode(), canary.encode()))
    await _send(api, place, "GET", f"{tenant}/users?email={canary}@example.com&text={canary}")
    await _send(api, place, "GET", f"{tenant}/users?{canary}={canary}")
    await _send(api, place, "GET", f"/{canary}")
    await _send(api, place, "GET", f"{tenant}/me", b"", ("cookie", f"central_session={canary}"))
    await _send(api, place, "GET", f"{tenant}/me", b"", ("authorization", f"Bearer {canary}"), ("user-agent", canary))
    started, _ = await _send(api, None, "POST", f"{tenant}/auth/email-code/start", body[:-1].split(b",")[0] + b"}")
    binding = (started.header("set-cookie") or "").partition(";")[0]
    verify = json.dumps({"signIn": started.json()["signIn"], "code": "918273"}).encode()
    await _send(api, None, "POST", f"{tenant}/auth/email-code/verify", verify, ("cookie", binding))

    async def fail(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(await api.central.container.get(UserService), "create_user", fail)
    reply, _ = await _send(api, place, "POST", f"{tenant}/users", body, ("idempotency-key", f"{canary}other"))
    assert reply.status == 500
    token = cookie_of(place.owner)[1].partition("=")[2]
    for secret in (canary, token, token[:16], binding.partition("=")[2][:16], "918273", place.owner_user.email):
        assert secret not in api.text()


async def test_lines_cannot_be_forged(api: LoggedApi, place: Place) -> None:
    """Line breaks and quotes from a caller make no line of their own: each line is one JSON object."""
    forged = 'x"}\n{"event":"request","status":200}'
    await ask(api.central, "GET", "/v1/tenants/a%0a%22b/me", [("x-request-id", forged), ("user-agent", forged)])
    await _send(api, place, "GET", "/%0a%7b%22event%22%3a1%7d", b"", ("x-request-id", forged))
    for line in api.text().splitlines():
        assert isinstance(json.loads(line), dict)
    assert '"status":200}' not in api.text().replace(" ", "")
