import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from central.errors import (
    CentralError,
    ConflictError,
    ForbiddenError,
    GoneError,
    RateLimitedError,
    UnavailableError,
)
from central.kernel.ids import UserId
from central_client import AsyncCentral
from support.database import superuser
from support.place import Place
from support.provider import Provider
from support.signing_in import connect_provider, provider, run_sql, sign_in_by_code
from support.tools import approved_device, start_device, tool_sessions

__all__ = ["provider"]


async def _poll(client: AsyncCentral, device_code: str) -> str:
    try:
        await client.auth.poll_device(device_code=device_code)
    except CentralError as error:
        return error.code
    return "signed in"


async def _later(place: Place, started: Any, seconds: int) -> None:
    """Let so much time pass since the last poll."""
    await run_sql(
        place,
        "UPDATE tool_sign_ins SET polled_at = polled_at - make_interval(secs => $2) WHERE id = $1",
        started.sign_in.uuid,
        seconds,
    )


async def test_the_session_is_the_approvers_and_says_which_tool(place: Place, member: AsyncCentral) -> None:
    """It stands in their list under the tool's name and machine, from the tool's address, and can be ended there."""
    tool = place.anonymous()
    started = await approved_device(place, member)
    signed_in = await tool.auth.poll_device(device_code=started.device_code)
    assert signed_in.session.user_agent == "central CLI 1.2.3 on ada-laptop"
    listed = {session.id: session async for session in member.sessions.list_mine()}
    mine = listed[signed_in.session.id]
    assert (mine.user_agent, mine.address, mine.current) == (signed_in.session.user_agent, "127.0.0.1", False)
    assert mine.device == "central CLI 1.2.3 on ada-laptop"
    (other,) = listed.keys() - {mine.id}
    assert listed[other].expires_at - listed[other].created_at == mine.expires_at - mine.created_at
    await member.sessions.revoke_mine(session=mine.id)
    with pytest.raises(CentralError):
        await tool.users.me()


async def test_a_tool_without_a_version_or_a_machine(place: Place, member: AsyncCentral) -> None:
    """Its session has the name alone."""
    tool = place.anonymous()
    started = await tool.auth.start_device(application="Notebook")
    await member.auth.approve_device(user_code=started.user_code)
    assert (await tool.auth.poll_device(device_code=started.device_code)).session.user_agent == "Notebook"


async def test_waiting_is_said_and_polling_too_often_slows_down(place: Place, anonymous: AsyncCentral) -> None:
    """Pending at the interval; five seconds more after each poll before it, a minute at most (RFC 8628, 3.5)."""
    started = await start_device(anonymous)
    with pytest.raises(ConflictError) as pending:
        await anonymous.auth.poll_device(device_code=started.device_code)
    assert pending.value.code == "authorization_pending"
    for interval in (8, 13):
        with pytest.raises(RateLimitedError) as slower:
            await anonymous.auth.poll_device(device_code=started.device_code)
        assert (slower.value.code, slower.value.retry_after) == ("slow_down", interval)
    await _later(place, started, 12)
    assert await _poll(anonymous, started.device_code) == "slow_down"
    await _later(place, started, 18)
    assert await _poll(anonymous, started.device_code) == "authorization_pending"
    for _ in range(12):
        await _poll(anonymous, started.device_code)
    async with superuser(place.stack) as connection:
        query = "SELECT interval_seconds FROM tool_sign_ins WHERE id = $1"
        assert await connection.fetchval(query, started.sign_in.uuid) == 60


async def test_an_approval_is_found_by_the_next_poll(place: Place, member: AsyncCentral) -> None:
    """Also by one that comes too soon."""
    tool = place.anonymous()
    started = await start_device(tool)
    assert await _poll(tool, started.device_code) == "authorization_pending"
    await member.auth.approve_device(user_code=started.user_code)
    assert await _poll(tool, started.device_code) == "signed in"


async def test_a_device_code_works_once(place: Place, member: AsyncCentral) -> None:
    """Whoever comes second, with the same code, gets nothing."""
    started = await approved_device(place, member)
    assert await _poll(place.anonymous(), started.device_code) == "signed in"
    for _ in range(2):
        assert await _poll(place.anonymous(), started.device_code) == "expired_token"
    assert len(await tool_sessions(place)) == 1


async def _poll_until_answered(client: AsyncCentral, device_code: str) -> str:
    """Poll again where the database is too busy, as the client does by itself."""
    while True:
        try:
            await client.auth.poll_device(device_code=device_code)
        except UnavailableError:
            continue
        except CentralError as error:
            return error.code
        return "signed in"


async def test_a_hundred_polls_at_once_give_one_session(place: Place, member: AsyncCentral) -> None:
    """Ninety-nine find it used up."""
    started = await approved_device(place, member)
    clients = [place.anonymous() for _ in range(100)]
    answers = await asyncio.gather(*[_poll_until_answered(client, started.device_code) for client in clients])
    assert (answers.count("signed in"), answers.count("expired_token")) == (1, 99)
    assert len(await tool_sessions(place)) == 1


async def test_a_code_is_that_of_its_own_sign_in(place: Place, member: AsyncCentral) -> None:
    """Approving one tool gives nothing to another that waits beside it."""
    waiting = await start_device(place.anonymous())
    await approved_device(place, member)
    assert await _poll(place.anonymous(), waiting.device_code) == "authorization_pending"


async def test_what_is_no_code_of_here(place: Place, other_place: Place, member: AsyncCentral) -> None:
    """A code that never was, one of another tenant, and one whose time is over answer alike."""
    started = await approved_device(place, member)
    assert await _poll(place.anonymous(), "x" * 43) == "expired_token"
    assert await _poll(other_place.anonymous(), started.device_code) == "expired_token"
    await run_sql(place, "UPDATE tool_sign_ins SET expires_at = now() WHERE id = $1", started.sign_in.uuid)
    with pytest.raises(GoneError):
        await place.anonymous().auth.poll_device(device_code=started.device_code)
    waiting = await start_device(place.anonymous())
    await run_sql(place, "UPDATE tool_sign_ins SET expires_at = now() WHERE id = $1", waiting.sign_in.uuid)
    assert await _poll(place.anonymous(), waiting.device_code) == "expired_token"
    assert await tool_sessions(place) == []


async def test_the_session_before_ends(place: Place, member: AsyncCentral) -> None:
    """A tool that signs in again as the same person gives its former session up."""
    tool = place.anonymous()
    first = await tool.auth.poll_device(device_code=(await approved_device(place, member)).device_code)
    await tool.auth.poll_device(device_code=(await approved_device(place, member)).device_code)
    assert first.session.id not in [session.id async for session in member.sessions.list_mine()]


async def test_the_session_is_as_old_as_the_approvers(place: Place, member: AsyncCentral) -> None:
    """What needs a fresh sign-in is measured from when the person signed in, not from when the tool did."""
    me = await member.users.me()
    started = await approved_device(place, member)
    before = "UPDATE sessions SET authenticated_at = now() - interval '9 minutes' WHERE user_id = $1"
    await run_sql(place, before, me.id.uuid)
    await place.anonymous().auth.poll_device(device_code=started.device_code)
    async with superuser(place.stack) as connection:
        times = await connection.fetch("SELECT authenticated_at FROM sessions WHERE user_id = $1", me.id.uuid)
    assert len({row["authenticated_at"] for row in times}) == 1
    assert len(times) == 2


async def _disable_user(place: Place, user: UserId, client: AsyncCentral) -> None:
    await place.owner.users.disable(user=user)


async def _disable_and_enable_user(place: Place, user: UserId, client: AsyncCentral) -> None:
    await place.owner.users.disable(user=user)
    await place.owner.users.enable(user=user)


async def _delete_user(place: Place, user: UserId, client: AsyncCentral) -> None:
    await place.owner.users.delete(user=user)


async def _suspend_tenant(place: Place, user: UserId, client: AsyncCentral) -> None:
    await place.suspend()


async def _sign_out(place: Place, user: UserId, client: AsyncCentral) -> None:
    await client.auth.sign_out()


async def _sign_out_everywhere(place: Place, user: UserId, client: AsyncCentral) -> None:
    await client.sessions.revoke_all_mine(keep_current=False)


async def _change_roles(place: Place, user: UserId, client: AsyncCentral) -> None:
    await place.owner.users.update(user=user, roles=["admin"])


async def _disable_connector(place: Place, user: UserId, client: AsyncCentral) -> None:
    (connector,) = [c async for c in place.owner.auth_connectors.list() if c.kind == "email_code"]
    await place.owner.auth_connectors.disable(connector=connector.id)


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (_disable_user, "user_disabled"),
        (_disable_and_enable_user, "expired_token"),
        (_delete_user, "expired_token"),
        (_suspend_tenant, "tenant_suspended"),
        (_sign_out, "expired_token"),
        (_sign_out_everywhere, "expired_token"),
        (_change_roles, "expired_token"),
        (_disable_connector, "connector_disabled"),
    ],
)
async def test_what_ends_between_approval_and_poll_gives_no_session(
    place: Place,
    provider: Provider,
    happens: Callable[[Place, UserId, AsyncCentral], Awaitable[None]],
    code: str,
) -> None:
    """An approval stands on the user, the tenant, the connector and the session that gave it, as they are now."""
    await connect_provider(place, provider)
    user, client = await place.user(), place.anonymous()
    await sign_in_by_code(place, client, user.email)
    started = await approved_device(place, client)
    await happens(place, user.id, client)
    assert await _poll(place.anonymous(), started.device_code) == code
    assert await tool_sessions(place) == []


async def test_a_tool_has_its_approvers_connector(place: Place) -> None:
    """So that it ends with it, and the list says how it came in."""
    user, client = await place.user(), place.anonymous()
    await sign_in_by_code(place, client, user.email)
    tool = place.anonymous()
    signed_in = await tool.auth.poll_device(device_code=(await approved_device(place, client)).device_code)
    (connector,) = [c async for c in place.owner.auth_connectors.list()]
    assert signed_in.session.connector_id == connector.id


async def test_disabling_a_user_beats_a_poll_at_the_same_time(place: Place) -> None:
    """Whichever of the two comes first, the user has no live session afterwards."""
    for _ in range(10):
        user = await place.user()
        started = await approved_device(place, await place.sign_in(user))
        answer, _ = await asyncio.gather(
            _poll(place.anonymous(), started.device_code), place.owner.users.disable(user=user.id)
        )
        assert answer in {"signed in", "user_disabled", "unauthenticated"}
        async with superuser(place.stack) as connection:
            live = "SELECT count(*) FROM sessions WHERE user_id = $1 AND ended_at IS NULL"
            assert await connection.fetchval(live, user.id.uuid) == 0


async def test_deleting_a_user_and_polling_do_not_wait_for_each_other(place: Place) -> None:
    """Neither of the two fails for the other's locks."""
    for _ in range(10):
        user = await place.user()
        started = await approved_device(place, await place.sign_in(user))
        answer, _ = await asyncio.gather(
            _poll(place.anonymous(), started.device_code), place.owner.users.delete(user=user.id)
        )
        assert answer in {"signed in", "expired_token", "user_disabled", "unauthenticated"}


async def test_a_refusal_wins_over_its_own_poll(place: Place, member: AsyncCentral) -> None:
    """A tool that polls while it is refused has no session."""
    tool = place.anonymous()
    started = await start_device(tool)
    await asyncio.gather(_poll(tool, started.device_code), member.auth.deny_device(user_code=started.user_code))
    with pytest.raises(ForbiddenError):
        await tool.auth.poll_device(device_code=started.device_code)
