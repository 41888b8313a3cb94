"""How long a session lives, and what is written of its use."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from central.errors import UnauthenticatedError
from central_client import AsyncCentral
from central_server.infra.db import Database
from central_server.sessions.touches import SessionTouches
from support.database import superuser
from support.place import Place
from support.sessions import change_sessions, write_uses

_LIFETIMES = {
    "owner": (timedelta(hours=1), timedelta(hours=24)),
    "admin": (timedelta(hours=1), timedelta(hours=24)),
    "member": (timedelta(days=7), timedelta(days=30)),
}


_UNUSED = {"last_used_at": "now() - interval '2 minutes'"}


async def _last_used(place: Place, user: str):
    async with superuser(place.stack) as connection:
        return await connection.fetchval("SELECT last_used_at FROM sessions WHERE user_id = $1", user.uuid)


@pytest.mark.parametrize("role", _LIFETIMES)
async def test_powerful_users_have_shorter_sessions(place: Place, role: str) -> None:
    """Owners and admins sign in every day, members every month; unused sessions end much earlier."""
    client = await place.signed_in(role)
    session = (await client.sessions.list_mine().first_page()).items[0]
    idle, absolute = _LIFETIMES[role]
    assert session.expires_at - session.created_at == absolute
    async with superuser(place.stack) as connection:
        stored = await connection.fetchval("SELECT idle_seconds FROM sessions WHERE id = $1", session.id.uuid)
    assert stored == idle.total_seconds()


@pytest.mark.parametrize(
    ("aged", "alive"),
    [
        ({"last_used_at": "now() - interval '59 minutes'"}, True),
        ({"last_used_at": "now() - interval '60 minutes'"}, False),
        ({"expires_at": "now() + interval '5 seconds'"}, True),
        ({"expires_at": "now()"}, False),
        ({"last_used_at": "now()", "expires_at": "now() - interval '1 second'"}, False),
        ({"ended_at": "now()"}, False),
    ],
)  # fmt: skip
async def test_idle_and_absolute_ends(place: Place, aged: dict[str, str], *, alive: bool) -> None:
    """A session ends when it was not used for its idle time, and at its absolute end however much it is used."""
    user = await place.user("admin")
    client = await place.sign_in(user)
    await change_sessions(place, user.id, **aged)
    if alive:
        await client.users.me()
    else:
        with pytest.raises(UnauthenticatedError):
            await client.users.me()
    listed = (await place.owner.sessions.list(user=user.id).first_page()).items
    assert len(listed) == (1 if alive else 0)


async def test_use_does_not_move_the_absolute_end(place: Place) -> None:
    """Being used keeps a session from its idle end only."""
    user = await place.user()
    client = await place.sign_in(user)
    before = (await client.sessions.list_mine().first_page()).items[0].expires_at
    await change_sessions(place, user.id, **_UNUSED)
    await client.users.me()
    await write_uses(place)
    assert (await client.sessions.list_mine().first_page()).items[0].expires_at == before


async def test_last_use_is_written_once_a_minute(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a minute of the last time nothing is written; after it once, however often the session is used."""
    touches = await place.stack.central.container.get(SessionTouches)
    flush = touches.flush

    async def rest() -> None:
        """Take the turn of the writer in the background, so that only this test writes."""

    monkeypatch.setattr(touches, "flush", rest)
    user = await place.user()
    client = await place.sign_in(user)
    fresh = await _last_used(place, user.id)
    await client.users.me()
    await flush()
    assert await _last_used(place, user.id) == fresh
    await change_sessions(place, user.id, last_used_at="now() - interval '61 seconds'")
    old = await _last_used(place, user.id)
    await asyncio.gather(*(client.users.me() for _ in range(10)))
    assert await _last_used(place, user.id) == old
    await flush()
    written = await _last_used(place, user.id)
    assert written > fresh
    await client.users.me()
    await flush()
    assert await _last_used(place, user.id) == written


async def test_last_use_is_written_off_the_path(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request does not write of itself: it opens no transaction, and answers while times cannot be written."""
    database = await place.stack.central.container.get(Database)
    user = await place.user()
    client = await place.sign_in(user)
    await change_sessions(place, user.id, **_UNUSED)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a request to read opened a transaction")

    monkeypatch.setattr(database, "write", refuse)
    monkeypatch.setattr(database, "autocommit", refuse)
    monkeypatch.setattr(database, "platform_write", refuse)
    await client.users.me()


async def test_touch_does_not_revive_an_ended_session(place: Place) -> None:
    """What was noted before a revoke and written after it changes nothing."""
    touches = await place.stack.central.container.get(SessionTouches)
    user = await place.user()
    client = await place.sign_in(user)
    await change_sessions(place, user.id, **_UNUSED)
    await client.users.me()
    before = await _last_used(place, user.id)
    await place.owner.sessions.revoke_all(user=user.id)
    await touches.flush()
    assert await _last_used(place, user.id) == before
    with pytest.raises(UnauthenticatedError):
        await client.users.me()


@pytest.mark.parametrize(
    ("policy", "aged"),
    [
        ({"member_idle_timeout": timedelta(minutes=5)}, {"last_used_at": "now() - interval '6 minutes'"}),
        ({"member_lifetime": timedelta(minutes=5)}, {"created_at": "now() - interval '6 minutes'", **_UNUSED}),
        ({}, {"expires_at": "now()", **_UNUSED}),
    ],
    ids=["idle", "lifetime", "expired"],
)
async def test_touch_does_not_revive_a_session_that_grew_too_old(place: Place, policy: dict, aged: dict) -> None:
    """What was noted before a session ran out, by the tenant's limits or its own, and written after it is no use."""
    user = await place.user()
    client = await place.sign_in(user)
    await change_sessions(place, user.id, **_UNUSED)
    await client.users.me()
    await place.owner.tenants.update_session_policy(**policy)
    await change_sessions(place, user.id, **aged)
    before = await _last_used(place, user.id)
    await write_uses(place)
    assert await _last_used(place, user.id) == before
    with pytest.raises(UnauthenticatedError):
        await client.users.me()


async def test_times_are_written_beside_revokes(place: Place) -> None:
    """Writing times of many sessions and ending the same ones at once disturb each other in no round."""
    touches = await place.stack.central.container.get(SessionTouches)
    user = await place.user()
    for _ in range(5):
        clients = await asyncio.gather(*(place.sign_in(user) for _ in range(12)))
        await change_sessions(place, user.id, **_UNUSED)
        await asyncio.gather(*(client.users.me() for client in clients))
        revoked, _ = await asyncio.gather(place.owner.sessions.revoke_all(user=user.id), touches.flush())
        assert revoked.revoked == 12


async def test_session_that_is_being_changed_holds_up_no_other(place: Place) -> None:
    """Times are written past a row that somebody else has locked, at once; that one's turn comes with its next use."""
    touches = await place.stack.central.container.get(SessionTouches)
    users = [await place.user() for _ in range(2)]
    clients = [await place.sign_in(user) for user in users]
    for user in users:
        await change_sessions(place, user.id, **_UNUSED)
    old = await _last_used(place, users[0].id)
    async with superuser(place.stack) as connection, connection.transaction():
        await connection.execute("SELECT FROM sessions WHERE user_id = $1 FOR UPDATE", users[0].id.uuid)
        await asyncio.gather(*(client.users.me() for client in clients))
        async with asyncio.timeout(1):
            await touches.flush()
        assert await _last_used(place, users[0].id) == old
        assert await _last_used(place, users[1].id) > old + timedelta(minutes=1)
    await clients[0].users.me()
    await touches.flush()
    assert await _last_used(place, users[0].id) > old


async def test_state_of_the_user_counts_at_every_request(place: Place) -> None:
    """A user who is disabled behind the application's back is refused too, though no session of theirs was ended."""
    user = await place.user()
    client = await place.sign_in(user)
    async with superuser(place.stack) as connection:
        await connection.execute("UPDATE users SET state = 'disabled' WHERE id = $1", user.id.uuid)
        with pytest.raises(UnauthenticatedError):
            await client.users.me()
        await connection.execute("UPDATE users SET state = 'active' WHERE id = $1", user.id.uuid)
    await client.users.me()


async def test_one_user_signs_in_many_times_at_once(place: Place) -> None:
    """Thirty sign-ins of one user at the same moment give thirty sessions."""
    user = await place.user()
    clients = await asyncio.gather(*(place.sign_in(user) for _ in range(30)))
    assert {(await client.users.me()).id for client in clients} == {user.id}
    assert (await place.owner.sessions.revoke_all(user=user.id)).revoked == 30


Change = Callable[[Place, AsyncCentral, str], object]
_CHANGES: dict[str, Change] = {
    "revoke": lambda place, _, user: place.owner.sessions.revoke_all(user=user),
    "disable": lambda place, _, user: place.owner.users.disable(user=user),
    "demote": lambda place, _, user: place.owner.users.update(user=user, roles=["member"]),
    "delete": lambda place, _, user: place.owner.users.delete(user=user),
    "suspend": lambda place, operator, _: operator.tenants.suspend(tenant=place.tenant.id),
    "delete the tenant": lambda place, *_: place.begin_deletion(),
    "sign out": lambda place, client, _: client.auth.sign_out(),
}


@pytest.mark.parametrize("change", _CHANGES)
async def test_nothing_works_after_the_end_is_acknowledged(place: Place, operator: AsyncCentral, change: str) -> None:
    """Of requests under way all the time, none that starts after the answer to a revoke is served."""
    user = await place.user("admin")
    token = await place.stack.session_of(place.tenant.id, user.id)
    client = place.stack.client(place.tenant.slug, token)
    ended = asyncio.Event()

    async def keep_asking() -> int:
        served_after = 0
        for _ in range(40):
            after = ended.is_set()
            try:
                await client.users.me()
            except UnauthenticatedError:
                continue
            served_after += after
        return served_after

    async def end() -> None:
        await asyncio.sleep(0.02)
        actor = place.stack.client(place.tenant.slug, token) if change == "sign out" else operator
        await _CHANGES[change](place, actor, user.id)
        ended.set()

    served, _, _ = await asyncio.gather(keep_asking(), keep_asking(), end())
    assert served == 0
    with pytest.raises(UnauthenticatedError):
        await client.users.me()
