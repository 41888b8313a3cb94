"""Tools that ask to be signed in, and people who let them."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any

from central.kernel.ids import UserId
from central.tool_sign_ins.models import StartDeviceSignInResponse, StartLoopbackSignInResponse
from central_client import AsyncCentral
from central_server.auth.gate import SessionGate
from central_server.infra.actor import Actor, Caller, Cookies
from central_server.tool_sign_ins.deciding import ToolDecisions
from support.database import superuser
from support.place import Place, Stack
from support.signing_in import query_of, run_sql

APPLICATION = "central CLI"
TOOL: dict[str, Any] = {"application": APPLICATION, "host": "ada-laptop", "version": "1.2.3"}
REDIRECT = "http://127.0.0.1:49152/callback"


def challenge_of(verifier: str) -> str:
    """Give a verifier's S256 challenge."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


async def start_device(client: AsyncCentral) -> StartDeviceSignInResponse:
    """Begin the sign-in of a tool that polls."""
    return await client.auth.start_device(**TOOL)


async def approved_device(place: Place, approver: AsyncCentral) -> StartDeviceSignInResponse:
    """Begin one, and have it approved."""
    started = await start_device(place.anonymous())
    await approver.auth.approve_device(user_code=started.user_code)
    return started


@dataclass
class LoopbackTool:
    """A tool that listens on its own machine."""

    client: AsyncCentral
    redirect_uri: str = REDIRECT
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    async def start(self) -> StartLoopbackSignInResponse:
        """Begin its sign-in."""
        return await self.client.auth.start_loopback(
            **TOOL, redirect_uri=self.redirect_uri, state=self.state, code_challenge=challenge_of(self.verifier)
        )

    async def exchange(self, code: str, **changes: str) -> Any:
        """Take the session; `changes` replace what is sent."""
        given = {"code": code, "code_verifier": self.verifier, "redirect_uri": self.redirect_uri, **changes}
        return await self.client.auth.exchange_loopback_code(**given)


async def actor_of(stack: Stack, client: AsyncCentral, address: str = "127.0.0.1") -> Actor:
    """Give a signed-in caller as services see them."""
    token = client.session_token
    assert token is not None, "the client is signed in"
    gate = await stack.central.container.get(SessionGate)
    return await gate.admit(Caller("tests", address, "tests", Cookies(session=token.get_secret_value())), None)


async def decisions(stack: Stack) -> ToolDecisions:
    """Give the service that pages decide by."""
    return await stack.central.container.get(ToolDecisions)


async def loopback_code(place: Place, tool: LoopbackTool, approver: AsyncCentral) -> str:
    """Begin a sign-in, approve it as the page does, and give the code that the browser would bring."""
    started = await tool.start()
    service = await decisions(place.stack)
    address = await service.TX_approve_loopback(started.user_code, await actor_of(place.stack, approver))
    assert address.startswith(f"{tool.redirect_uri}?")
    return query_of(address)["code"]


async def grow_stale(place: Place, user: UserId) -> None:
    """Let a user's sign-ins be longer ago than ten minutes."""
    await run_sql(
        place, "UPDATE sessions SET authenticated_at = now() - interval '11 minutes' WHERE user_id = $1", user.uuid
    )


async def tool_sessions(place: Place, agents: str = f"{APPLICATION}%") -> list[Any]:
    """Give the rows of the sessions that tools got in a tenant, by what they are called."""
    async with superuser(place.stack) as connection:
        return await connection.fetch(
            "SELECT * FROM sessions WHERE tenant_id = $1 AND user_agent LIKE $2 ORDER BY created_at",
            place.tenant.id.uuid,
            agents,
        )


def wrong_code(code: str) -> str:
    """Give a code with the same first half that is not this one."""
    return f"{code[:-1]}{'B' if code[-1] != 'B' else 'C'}"
