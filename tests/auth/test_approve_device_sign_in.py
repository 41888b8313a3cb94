import asyncio
from collections import Counter

import pytest

from central.errors import CentralError, ConflictError, ForbiddenError, NotFoundError, UnauthenticatedError
from central_client import AsyncCentral
from support.database import superuser
from support.place import Place
from support.signing_in import run_sql
from support.tools import (
    LoopbackTool,
    actor_of,
    approved_device,
    decisions,
    grow_stale,
    start_device,
    tool_sessions,
)


async def test_an_approved_tool_gets_a_session(place: Place, member: AsyncCentral) -> None:
    """The tool then acts as whoever approved, and the approval is told."""
    tool = place.anonymous()
    started = await start_device(tool)
    await member.auth.approve_device(user_code=started.user_code)
    assert (await member.auth.get_device(user_code=started.user_code)).state == "approved"
    signed_in = await tool.auth.poll_device(device_code=started.device_code)
    me = await member.users.me()
    assert signed_in.user.id == me.id == (await tool.users.me()).id
    async with superuser(place.stack) as connection:
        rows = await connection.fetch(
            "SELECT kind, payload FROM outbox WHERE payload ->> 'signInId' = $1 ORDER BY created_at, id",
            started.sign_in,
        )
    assert [row["kind"] for row in rows] == ["auth.tool_sign_in.approved", "auth.tool_sign_in.finished"]
    assert [f'"actor": "{me.id}"' in row["payload"] for row in rows] == [True, True]


async def test_nobody_approves_without_a_session(anonymous: AsyncCentral) -> None:
    """Whoever holds both codes has nothing yet."""
    started = await start_device(anonymous)
    with pytest.raises(UnauthenticatedError):
        await anonymous.auth.approve_device(user_code=started.user_code)


async def test_a_sign_in_older_than_ten_minutes_does_not_do(
    place: Place, member: AsyncCentral, anonymous: AsyncCentral
) -> None:
    """A browser left open approves nothing; signing in again lets it."""
    started = await start_device(anonymous)
    me = await member.users.me()
    await grow_stale(place, me.id)
    with pytest.raises(ForbiddenError) as refusal:
        await member.auth.approve_device(user_code=started.user_code)
    assert refusal.value.code == "reauthentication_required"
    assert (await member.auth.get_device(user_code=started.user_code)).state == "pending"


async def test_nobody_approves_in_somebody_elses_name(
    admin: AsyncCentral, member: AsyncCentral, anonymous: AsyncCentral
) -> None:
    """An impersonation, which ends within the hour and changes no credentials, makes no session that outlives it."""
    started = await start_device(anonymous)
    me = await member.users.me()
    async with admin.impersonate(user=me.id, reason="An example") as view:
        with pytest.raises(ForbiddenError) as refusal:
            await view.auth.approve_device(user_code=started.user_code)
    assert refusal.value.code == "impersonation_refused"


async def test_another_tenant_approves_nothing(
    place: Place, other_place: Place, other_tenant: AsyncCentral, anonymous: AsyncCentral
) -> None:
    """Neither under its own path nor under the tool's; and its own approval gives no session elsewhere."""
    started = await start_device(anonymous)
    for tenant in (other_place.tenant.slug, place.tenant.slug):
        with pytest.raises(NotFoundError):
            await other_tenant.auth.approve_device(user_code=started.user_code, tenant=tenant)
    theirs = await approved_device(other_place, other_tenant)
    with pytest.raises(CentralError) as refusal:
        await anonymous.auth.poll_device(device_code=theirs.device_code)
    assert refusal.value.code == "expired_token"
    assert await tool_sessions(place) == []


async def test_the_code_of_a_tool_that_listens_is_not_approved_here(place: Place, member: AsyncCentral) -> None:
    """Its approval brings a code by the browser, which no operation's answer may hold; the page takes no other."""
    listening = await LoopbackTool(place.anonymous()).start()
    with pytest.raises(NotFoundError):
        await member.auth.approve_device(user_code=listening.user_code)
    polling = await start_device(place.anonymous())
    service = await decisions(place.stack)
    with pytest.raises(NotFoundError):
        await service.TX_approve_loopback(polling.user_code, await actor_of(place.stack, member))


async def test_what_has_ended_cannot_be_approved(place: Place, member: AsyncCentral, anonymous: AsyncCentral) -> None:
    """An expired code is not there; one that was decided about, or used, stays as it is."""
    expired, denied, used = [await start_device(anonymous) for _ in range(3)]
    await run_sql(place, "UPDATE tool_sign_ins SET expires_at = now() WHERE id = $1", expired.sign_in.uuid)
    await member.auth.deny_device(user_code=denied.user_code)
    await member.auth.approve_device(user_code=used.user_code)
    await anonymous.auth.poll_device(device_code=used.device_code)
    with pytest.raises(NotFoundError):
        await member.auth.approve_device(user_code=expired.user_code)
    for ended in (denied, used):
        with pytest.raises(ConflictError) as refusal:
            await member.auth.approve_device(user_code=ended.user_code)
        assert refusal.value.code == "already_decided"


async def test_of_approvals_at_once_one_counts(place: Place) -> None:
    """When two people approve and refuse one tool at the same moment, many times, one of them has decided."""
    people = [await place.signed_in("member") for _ in range(2)]
    for _ in range(5):
        tool = place.anonymous()
        started = await start_device(tool)
        await run_sql(place, "UPDATE tool_sign_ins SET tries = -1000 WHERE id = $1", started.sign_in.uuid)

        async def decide(number: int, code: str = started.user_code) -> str:
            auth = people[number % 2].auth
            decision = auth.deny_device if number % 5 == 4 else auth.approve_device
            try:
                await decision(user_code=code)
            except ConflictError:
                return "late"
            return "denied" if number % 5 == 4 else (await people[number % 2].users.me()).id

        answers = await asyncio.gather(*[decide(number) for number in range(20)])
        (first,) = [answer for answer in answers if answer != "late"]
        assert Counter(answers) == {"late": 19, first: 1}
        if first == "denied":
            with pytest.raises(ForbiddenError):
                await tool.auth.poll_device(device_code=started.device_code)
        else:
            assert (await tool.auth.poll_device(device_code=started.device_code)).user.id == first
