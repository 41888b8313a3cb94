import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from central.errors import ConflictError, ForbiddenError
from central_client import AsyncCentral
from central_server.app import Central
from central_server.infra.config import Settings
from support.asgi import assert_problem
from support.database import superuser
from support.place import Place, Stack
from support.raw import Raw
from support.sessions import change_sessions, events, grow_stale, is_signed_in, write_uses

HOUR = timedelta(hours=1)


async def test_lifetimes_of_new_sessions(place: Place, owner: AsyncCentral) -> None:
    """A session that begins after the change has the tenant's lifetimes, those of its kind of user."""
    await owner.tenants.update_session_policy(member_lifetime=timedelta(hours=5), admin_lifetime=timedelta(hours=3))
    for role, lifetime in (("member", timedelta(hours=5)), ("admin", timedelta(hours=3))):
        client = await place.signed_in(role)
        session = (await client.sessions.list_mine().first_page()).items[0]
        assert session.expires_at - session.created_at == lifetime


@pytest.mark.parametrize(
    ("policy", "aged"),
    [
        ({"member_idle_timeout": HOUR}, {"last_used_at": "now() - interval '61 minutes'"}),
        ({"member_lifetime": HOUR}, {"created_at": "now() - interval '61 minutes'"}),
    ],
)
async def test_living_sessions_end_at_once(place: Place, owner: AsyncCentral, policy: dict, aged: dict) -> None:
    """A session that lives already ends with the next request when it is older or longer unused than is allowed now."""
    user, other = await place.user(), await place.user()
    client, young = await place.sign_in(user), await place.sign_in(other)
    await change_sessions(place, user.id, **aged)
    assert await is_signed_in(client)
    await write_uses(place)
    await change_sessions(place, user.id, **aged)
    await owner.tenants.update_session_policy(**policy)
    assert [await is_signed_in(one) for one in (client, young, owner)] == [False, True, True]
    assert (await owner.sessions.list(user=user.id).first_page()).items == []
    (ended,) = (await owner.sessions.list(user=user.id, state="ended").first_page()).items
    assert ended.ended_reason == ("idle" if "member_idle_timeout" in policy else "expired")
    assert ended.ended_at is not None
    assert ended.ended_at < datetime.now(UTC) - timedelta(seconds=30)


async def test_each_kind_of_user_has_its_own(place: Place, owner: AsyncCentral) -> None:
    """What is said of members does not touch those who may change things, and the reverse."""
    member, admin = await place.user("member"), await place.user("admin")
    clients = [await place.sign_in(user) for user in (member, admin)]
    for user in (member, admin):
        await change_sessions(place, user.id, last_used_at="now() - interval '20 minutes'")
    await owner.tenants.update_session_policy(admin_idle_timeout=timedelta(minutes=15))
    assert [await is_signed_in(client) for client in clients] == [True, False]
    await write_uses(place)
    await change_sessions(place, member.id, last_used_at="now() - interval '20 minutes'")
    await owner.tenants.update_session_policy(member_idle_timeout=timedelta(minutes=15))
    assert [await is_signed_in(client) for client in clients] == [False, False]


async def test_what_has_ended_stays_so(place: Place, owner: AsyncCentral) -> None:
    """A session that a shorter lifetime has ended does not come back when the lifetime grows."""
    user = await place.user()
    client = await place.sign_in(user)
    await change_sessions(place, user.id, last_used_at="now() - interval '2 hours'")
    await owner.tenants.update_session_policy(member_idle_timeout=HOUR)
    await owner.tenants.update_session_policy(member_idle_timeout=None)
    assert not await is_signed_in(client)
    (ended,) = (await owner.sessions.list(user=user.id, state="ended").first_page()).items
    assert (ended.ended_reason, ended.ended_by) == ("idle", None)
    assert (await owner.tenants.get_session_policy()).member_idle_timeout is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("memberIdleTimeout", "P8D"),
        ("memberLifetime", "P31D"),
        ("adminIdleTimeout", 3601),
        ("adminLifetime", "PT24H1S"),
    ],
)
async def test_nothing_beyond_the_server(place: Place, field: str, value: object) -> None:
    """A tenant may only shorten what the server allows, and is told how much that is."""
    path = f"/v1/tenants/{place.tenant.id}/session-policy"
    problem = assert_problem(await Raw(place.stack, place.owner).send("PATCH", path, {field: value}), 422)
    (error,) = problem["fieldErrors"]
    assert (error["field"], error["code"]) == (field, "longer_than_server")
    assert "at most P" in error["message"]
    assert (await place.owner.tenants.get_session_policy()).version == 1


@pytest.mark.parametrize("value", ["PT4M59S", 0, -1, "P366D", "PT1H0.5S", "soon", True, [], 10**400, "P" + "9" * 400])
async def test_absurd_lifetimes_are_refused(place: Place, value: object) -> None:
    """Less than five minutes, more than a year, parts of seconds and what is no time are refused in words."""
    path = f"/v1/tenants/{place.tenant.id}/session-policy"
    reply = await Raw(place.stack, place.owner).send("PATCH", path, {"memberIdleTimeout": value})
    assert assert_problem(reply, 422)["fieldErrors"][0]["field"] == "memberIdleTimeout"


async def test_seconds_are_the_same_as_iso_8601(place: Place) -> None:
    """A number is seconds; the answer says it as ISO 8601."""
    path = f"/v1/tenants/{place.tenant.id}/session-policy"
    reply = await Raw(place.stack, place.owner).send("PATCH", path, {"memberIdleTimeout": 28800})
    assert (reply.json()["memberIdleTimeout"], reply.json()["effective"]["memberIdleTimeout"]) == ("PT8H", "PT8H")


async def test_absent_fields_are_left_alone(place: Place, owner: AsyncCentral) -> None:
    """Each field changes alone, null clears it, and each change counts and is told of."""
    await owner.tenants.update_session_policy(member_idle_timeout=HOUR, admin_lifetime=HOUR)
    changed = await owner.tenants.update_session_policy(member_idle_timeout=None)
    assert (changed.member_idle_timeout, changed.admin_lifetime, changed.version) == (None, HOUR, 3)
    told = await events(place, "tenant.session_policy_changed")
    assert [event["actor"] for event in told] == [place.owner_user.id] * 2


async def test_stale_version_is_refused(owner: AsyncCentral) -> None:
    """Of thirty who change what they saw, one wins."""
    outcomes = await asyncio.gather(
        *(
            owner.tenants.update_session_policy(member_idle_timeout=timedelta(minutes=10 + n), expected_version=1)
            for n in range(30)
        ),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert [getattr(error, "code", error) for error in refused] == ["version_conflict"] * 29
    with pytest.raises(ConflictError):
        await owner.tenants.update_session_policy(member_idle_timeout=HOUR, expected_version=1)


async def test_owners_only_and_freshly_signed_in(place: Place, owner: AsyncCentral, admin: AsyncCentral) -> None:
    """An admin does not, and an owner whose sign-in is old signs in again first."""
    with pytest.raises(ForbiddenError):
        await admin.tenants.update_session_policy(member_idle_timeout=HOUR)
    await grow_stale(place, place.owner_user.id)
    with pytest.raises(ForbiddenError) as refusal:
        await owner.tenants.update_session_policy(member_idle_timeout=HOUR)
    assert refusal.value.code == "reauthentication_required"


async def test_other_tenants_keep_theirs(place: Place, owner: AsyncCentral, other_place: Place) -> None:
    """Nothing of it reaches another tenant."""
    user = await other_place.user()
    client = await other_place.sign_in(user)
    await change_sessions(other_place, user.id, last_used_at="now() - interval '2 hours'")
    await owner.tenants.update_session_policy(member_idle_timeout=HOUR)
    assert await is_signed_in(client)
    assert (await other_place.owner.tenants.get_session_policy()).member_idle_timeout is None


async def _restarted(stack: Stack, **settings: object) -> Central:
    """Start the API on the same database with other settings."""
    changed = {"database_pool_size": 2, **settings}
    central = Central(Settings.model_validate({**dict(stack.settings), **changed}))
    await central.start()
    return central


async def test_server_that_is_started_with_less_wins(place: Place, owner: AsyncCentral) -> None:
    """Lifetimes that the server allows no longer end sessions that live already, whatever the tenant has said."""
    await owner.tenants.update_session_policy(member_idle_timeout=timedelta(days=2))
    user, young = await place.user(), await place.user()
    clients = [await place.sign_in(one) for one in (user, young)]
    await change_sessions(place, user.id, last_used_at="now() - interval '2 hours'")
    central = await _restarted(place.stack, member_idle_timeout=HOUR)
    try:
        stack = Stack(central, place.stack.settings, place.stack.superuser_url, place.stack.dns)
        there = [stack.client(place.tenant.slug, client.session_token) for client in clients]
        assert [await is_signed_in(client) for client in there] == [False, True]
        policy = await there[1].tenants.get_session_policy()
        assert (policy.member_idle_timeout, policy.effective.member_idle_timeout) == (timedelta(days=2), HOUR)
        assert [await is_signed_in(client) for client in clients] == [True, True]
    finally:
        await central.stop()


async def test_list_and_look_up_agree(place: Place, owner: AsyncCentral) -> None:
    """What a live session is stands in two places, for the look-up and for lists: they agree in every case."""
    await owner.tenants.update_session_policy(
        member_idle_timeout=timedelta(hours=2),
        member_lifetime=timedelta(hours=4),
        admin_idle_timeout=timedelta(minutes=30),
        admin_lifetime=timedelta(hours=3),
    )
    minutes = (1, 29, 31, 119, 121, 179, 181, 239, 241)
    clients = {}
    for role in ("member", "admin"):
        for created in minutes:
            for used in (n for n in minutes if n <= created):
                user = await place.user(role)
                clients[user.id] = await place.sign_in(user)
                async with superuser(place.stack) as connection:
                    await connection.execute(
                        "UPDATE sessions SET created_at = now() - make_interval(mins => $2), expires_at = expires_at"
                        " - make_interval(mins => $2), last_used_at = now() - make_interval(mins => $3)"
                        " WHERE user_id = $1",
                        user.id.uuid,
                        created,
                        used,
                    )
    live = {session.user_id async for session in owner.sessions.search(limit=200)} & clients.keys()
    ended = {session.user_id async for session in owner.sessions.search(state="ended", limit=200)} & clients.keys()
    assert live == {user for user, client in clients.items() if await is_signed_in(client)}
    assert (live | ended, live & ended) == (clients.keys(), set())
    assert 10 < len(live) < len(clients) - 10
