"""Changing roles of one's own."""

import asyncio
from datetime import timedelta

import pytest

from central.kernel.ids import UserId
from central_client import AsyncCentral, ConflictError, ForbiddenError, NotFoundError
from central_server.auth.issuing import SessionIssuer
from central_server.infra.actor import Caller, Cookies
from central_server.infra.db import Database
from support.database import superuser
from support.place import Place
from support.sessions import change_sessions, is_signed_in
from support.signing_in import run_sql


async def test_change_counts_from_the_next_request(place: Place) -> None:
    """Whoever holds the role may do what it allows now, in the session that they have."""
    await place.owner.roles.create(slug="desk", name="Desk", permissions=["users:read"])
    client = await place.signed_in("desk")
    await client.users.list().first_page()
    await place.owner.roles.update(role="desk", permissions=["sessions:read"])
    with pytest.raises(ForbiddenError):
        await client.users.list().first_page()
    assert (await client.users.me()).permissions == ["sessions:read"]


async def test_only_what_is_named_changes(owner: AsyncCentral) -> None:
    """Absent fields stay, null clears the description, and each change counts a version."""
    await owner.roles.create(slug="desk", name="Desk", description="For now", permissions=["users:read"])
    named = await owner.roles.update(role="desk", name="Front desk")
    assert (named.name, named.description, named.permissions) == ("Front desk", "For now", ["users:read"])
    cleared = await owner.roles.update(role="desk", description=None)
    assert (cleared.name, cleared.description, cleared.version) == ("Front desk", None, 3)


async def test_stale_version_is_refused(owner: AsyncCentral) -> None:
    """Who read an older version changes nothing."""
    await owner.roles.create(slug="desk", name="Desk", permissions=[])
    await owner.roles.update(role="desk", name="Front desk", expected_version=1)
    with pytest.raises(ConflictError) as refusal:
        await owner.roles.update(role="desk", name="Back desk", expected_version=1)
    assert refusal.value.code == "version_conflict"


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
async def test_built_in_roles_never_change(owner: AsyncCentral, role: str) -> None:
    """What is built in is the same in every tenant."""
    for attempt in (owner.roles.update(role=role, permissions=[]), owner.roles.delete(role=role)):
        with pytest.raises(ConflictError) as refusal:
            await attempt
        assert refusal.value.code == "role_built_in"


async def test_nobody_changes_a_role_beyond_their_own(place: Place, admin: AsyncCentral) -> None:
    """A role that allows more than the actor may is neither changed, emptied nor deleted by them."""
    await place.owner.roles.create(slug="boss", name="Boss", permissions=["tenant:write"])
    await place.owner.roles.create(slug="desk", name="Desk", permissions=[])
    for attempt in (
        admin.roles.update(role="boss", name="Servant"),
        admin.roles.update(role="boss", permissions=[]),
        admin.roles.update(role="desk", permissions=["tenant:write"]),
        admin.roles.delete(role="boss"),
    ):
        with pytest.raises(ForbiddenError) as refusal:
            await attempt
        assert refusal.value.code == "permission_not_held"
    assert (await admin.roles.update(role="desk", name="Front desk")).name == "Front desk"


async def test_absent_role_is_not_found(owner: AsyncCentral) -> None:
    """There is nothing to change."""
    with pytest.raises(NotFoundError) as refusal:
        await owner.roles.update(role="nobody", name="Nobody")
    assert refusal.value.code == "role_not_found"


async def _desk(place: Place, role: str = "desk") -> AsyncCentral:
    """Sign in somebody who holds a role that only reads, and whose session may therefore last."""
    await place.owner.roles.create(slug=role, name="Desk", permissions=["users:read"])
    return await place.signed_in(role)


async def _lasts(client: AsyncCentral) -> timedelta:
    session = (await client.sessions.list_mine().first_page()).items[0]
    return session.expires_at - session.created_at


async def _is_powerful(place: Place, user: UserId) -> list[bool]:
    async with superuser(place.stack) as connection:
        rows = await connection.fetch("SELECT powerful FROM sessions WHERE user_id = $1", user.uuid)
    return [row["powerful"] for row in rows]


async def test_sessions_of_holders_are_shorter_at_once(place: Place, other_place: Place) -> None:
    """With the first permission to do more than read, a session lasts as long as an admin's, and no other's does."""
    client, other, foreign = await _desk(place), await _desk(place, "shop"), await _desk(other_place)
    assert [await _lasts(each) for each in (client, other, foreign)] == [timedelta(days=30)] * 3
    await place.owner.roles.update(role="desk", name="Front desk", permissions=["users:read", "sessions:read"])
    assert await _lasts(client) == timedelta(days=30)
    await place.owner.roles.update(role="desk", permissions=["users:read", "users:write"])
    assert await _lasts(client) == timedelta(hours=24)
    assert [await _lasts(each) for each in (other, foreign)] == [timedelta(days=30)] * 2


@pytest.mark.parametrize("column", ["created_at", "last_used_at"])
async def test_session_that_is_too_old_for_it_ends(place: Place, column: str) -> None:
    """What has lasted, or lain unused, for longer than an admin's session may is over with the next request."""
    client = await _desk(place)
    user = (await client.users.me()).id
    await change_sessions(place, user, **{column: "now() - interval '25 hours'"})
    await place.owner.roles.update(role="desk", permissions=["users:write"])
    assert not await is_signed_in(client)


async def test_who_held_the_role_only_until_now_is_not_concerned(place: Place) -> None:
    """A role that has ended gives nothing, so it shortens nothing."""
    client = await _desk(place)
    user = (await client.users.me()).id
    await run_sql(place, "UPDATE user_roles SET expires_at = now() - interval '1 second' WHERE user_id = $1", user.uuid)
    await place.owner.roles.update(role="desk", permissions=["users:write"])
    assert await _is_powerful(place, user) == [False]


async def test_role_that_is_refused_its_change_shortens_nothing(place: Place, admin: AsyncCentral) -> None:
    """The sessions change with the role or not at all."""
    client = await _desk(place)
    with pytest.raises(ForbiddenError):
        await admin.roles.update(role="desk", permissions=["tenant:write"])
    with pytest.raises(ConflictError):
        await place.owner.roles.update(role="desk", permissions=["users:write"], expected_version=7)
    assert await _lasts(client) == timedelta(days=30)


async def test_sign_in_of_the_same_moment_is_shorter_too(place: Place) -> None:
    """Whoever changes the role waits for a sign-in that is under way, and then finds its session."""
    user = (await (await _desk(place)).users.me()).id
    issuer = await place.stack.central.container.get(SessionIssuer)
    caller = Caller("tests", "127.0.0.1", "tests", Cookies())
    async with (await place.stack.central.container.get(Database)).write(place.tenant.id) as tx:
        await issuer.issue_session(place.tenant.id, user, None, caller, tx)
        change = asyncio.create_task(place.owner.roles.update(role="desk", permissions=["users:write"]))
        await asyncio.wait([change], timeout=0.3)
    await change
    assert await _is_powerful(place, user) == [True, True]


async def test_sign_ins_and_changes_never_wait_in_a_ring(place: Place) -> None:
    """However many sign in anew while the role changes, all succeed, and no session that lasts is left."""
    client = await _desk(place)
    user = (await client.users.me()).id
    await change_sessions(place, user, created_at="now() - interval '1 minute'")
    issuer = await place.stack.central.container.get(SessionIssuer)
    database = await place.stack.central.container.get(Database)

    async def sign_in_anew(token: str) -> None:
        caller = Caller("tests", "127.0.0.1", "tests", Cookies(session=token))
        previous = await issuer.previous_session(caller)
        async with database.write(place.tenant.id) as tx:
            await issuer.issue_session(place.tenant.id, user, None, caller, tx, previous=previous)

    for _ in range(5):
        await place.owner.roles.update(role="desk", permissions=["users:read"])
        tokens = [await place.stack.session_of(place.tenant.id, user) for _ in range(12)]
        await run_sql(place, "UPDATE sessions SET powerful = false WHERE user_id = $1", user.uuid)
        await asyncio.gather(
            *map(sign_in_anew, tokens),
            *(place.owner.roles.update(role="desk", permissions=["users:write"]) for _ in range(4)),
        )
        live = "SELECT powerful FROM sessions WHERE user_id = $1 AND ended_at IS NULL"
        async with superuser(place.stack) as connection:
            assert all(row["powerful"] for row in await connection.fetch(live, user.uuid))
