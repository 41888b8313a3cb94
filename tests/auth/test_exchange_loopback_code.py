import asyncio
import secrets

import pytest

from central.errors import ConflictError, ForbiddenError, GoneError
from central_client import AsyncCentral
from support.database import superuser
from support.place import Place
from support.signing_in import query_of, run_sql
from support.tools import (
    LoopbackTool,
    actor_of,
    challenge_of,
    decisions,
    grow_stale,
    loopback_code,
    tool_sessions,
)


async def _gone(tool: LoopbackTool, code: str, **changes: str) -> None:
    with pytest.raises(GoneError) as refusal:
        await tool.exchange(code, **changes)
    assert refusal.value.code == "expired_token"


async def test_the_code_and_the_verifier_give_a_session(place: Place, member: AsyncCentral) -> None:
    """The session is the approver's, and says which tool has it."""
    client = place.anonymous()
    tool = LoopbackTool(client)
    code = await loopback_code(place, tool, member)
    signed_in = await client.auth.exchange_loopback_code(
        code=code, code_verifier=tool.verifier, redirect_uri=tool.redirect_uri
    )
    assert signed_in.user.id == (await member.users.me()).id == (await client.users.me()).id
    assert signed_in.session.user_agent == "central CLI 1.2.3 on ada-laptop"


async def test_the_browser_brings_code_and_state_to_the_address_of_the_start(
    place: Place, member: AsyncCentral
) -> None:
    """Nothing else is in the address; only the code's hash is kept."""
    tool = LoopbackTool(place.anonymous(), redirect_uri="http://[::1]:1/callback")
    started = await tool.start()
    service = await decisions(place.stack)
    address = await service.TX_approve_loopback(started.user_code, await actor_of(place.stack, member))
    query = query_of(address)
    assert address.partition("?")[0] == tool.redirect_uri
    assert query == {"code": query["code"], "state": tool.state}
    async with superuser(place.stack) as connection:
        row = await connection.fetchval(
            "SELECT to_jsonb(t)::text FROM tool_sign_ins t WHERE id = $1", started.sign_in.uuid
        )
        seconds = await connection.fetchval(
            "SELECT extract(epoch FROM code_expires_at - now()) FROM tool_sign_ins WHERE id = $1", started.sign_in.uuid
        )
    assert query["code"] not in row
    assert 50 < seconds <= 60


async def test_a_refusal_reaches_the_tool(place: Place, member: AsyncCentral) -> None:
    """By the browser too, without a code."""
    tool = LoopbackTool(place.anonymous())
    started = await tool.start()
    service = await decisions(place.stack)
    address = await service.TX_deny(started.user_code, await actor_of(place.stack, member))
    assert query_of(address or "") == {"error": "access_denied", "state": tool.state}
    with pytest.raises(ConflictError):
        await service.TX_approve_loopback(started.user_code, await actor_of(place.stack, member))


async def test_approving_needs_a_fresh_sign_in_in_ones_own_name(place: Place, member: AsyncCentral) -> None:
    """As for tools that poll."""
    tool = LoopbackTool(place.anonymous())
    started = await tool.start()
    service, me = await decisions(place.stack), (await member.users.me()).id
    await grow_stale(place, me)
    with pytest.raises(ForbiddenError) as stale:
        await service.TX_approve_loopback(started.user_code, await actor_of(place.stack, member))
    assert stale.value.code == "reauthentication_required"


async def test_a_code_ends_after_a_minute(place: Place, member: AsyncCentral) -> None:
    """The browser brings it at once, and the tool asks at once."""
    tool = LoopbackTool(place.anonymous())
    code = await loopback_code(place, tool, member)
    await run_sql(place, "UPDATE tool_sign_ins SET code_expires_at = now() WHERE tenant_id = $1", place.tenant.id.uuid)
    await _gone(tool, code)
    assert await tool_sessions(place) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "v" * 43},
        {"redirect_uri": "http://127.0.0.1:49153/callback"},
        {"redirect_uri": "http://[::1]:49152/callback"},
    ],
)
async def test_a_wrong_proof_is_the_last_try(place: Place, member: AsyncCentral, changes: dict[str, str]) -> None:
    """A code that somebody else tried, without the verifier or from elsewhere, is worth nothing to anybody."""
    tool = LoopbackTool(place.anonymous())
    code = await loopback_code(place, tool, member)
    await _gone(tool, code, **changes)
    await _gone(tool, code)
    assert await tool_sessions(place) == []


async def test_the_challenge_itself_proves_nothing(place: Place, member: AsyncCentral) -> None:
    """Whoever saw the start cannot answer with the challenge, as the method `plain` would let them."""
    tool = LoopbackTool(place.anonymous())
    code = await loopback_code(place, tool, member)
    await _gone(tool, code, code_verifier=challenge_of(tool.verifier))


async def test_a_code_of_another_sign_in_or_tenant(place: Place, other_place: Place, member: AsyncCentral) -> None:
    """It goes with its own verifier, in its own tenant."""
    mine, theirs = LoopbackTool(place.anonymous()), LoopbackTool(place.anonymous())
    code = await loopback_code(place, mine, member)
    await loopback_code(place, theirs, member)
    elsewhere = LoopbackTool(other_place.anonymous(), verifier=mine.verifier)
    await _gone(elsewhere, code)
    await _gone(theirs, code)
    await _gone(mine, secrets.token_urlsafe(32))
    assert await tool_sessions(place) == []


async def test_of_fifty_exchanges_at_once_one_gives_a_session(place: Place, member: AsyncCentral) -> None:
    """Whoever is late finds the code used."""
    tool = LoopbackTool(place.anonymous())
    code = await loopback_code(place, tool, member)

    async def exchange() -> str:
        try:
            await LoopbackTool(place.anonymous(), verifier=tool.verifier).exchange(code)
        except GoneError:
            return "gone"
        return "signed in"

    answers = await asyncio.gather(*[exchange() for _ in range(50)])
    assert (answers.count("signed in"), answers.count("gone")) == (1, 49)
    assert len(await tool_sessions(place)) == 1


async def test_what_ends_between_approval_and_exchange_gives_no_session(place: Place) -> None:
    """A user who is disabled or signed out meanwhile has approved nothing."""
    for number in range(2):
        user = await place.user()
        approver = await place.sign_in(user)
        tool = LoopbackTool(place.anonymous())
        code = await loopback_code(place, tool, approver)
        if number:
            await approver.auth.sign_out()
            await _gone(tool, code)
        else:
            await place.owner.users.disable(user=user.id)
            with pytest.raises(ForbiddenError):
                await tool.exchange(code)
    assert await tool_sessions(place) == []
