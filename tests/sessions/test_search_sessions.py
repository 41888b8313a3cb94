from datetime import UTC, datetime, timedelta

import pytest

from central.errors import BadRequestError, ForbiddenError
from central.kernel.ids import AuthConnectorId, SessionId, UserId
from central_client import AsyncCentral
from support.asgi import assert_problem
from support.place import Place
from support.raw import Raw
from support.sessions import change_sessions, current_session
from support.signing_in import sign_in_by_code

_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"


async def _found(client: AsyncCentral, **filters: object) -> set[SessionId]:
    return {session.id async for session in client.sessions.search(limit=3, **filters)}


async def _sign_in(place: Place, user: UserId, times: int, address: str = "127.0.0.1") -> set[SessionId]:
    tokens = [await place.stack.session_of(place.tenant.id, user) for _ in range(times)]
    made = {await current_session(place.stack.client(place.tenant.slug, token)) for token in tokens}
    await change_sessions(place, user, address=f"'{address}'")
    return made


async def test_all_sessions_of_the_tenant_newest_first(place: Place, admin: AsyncCentral) -> None:
    """Managers page through every live session of the tenant, newest first, with whose it is."""
    users = [(await place.user()).id for _ in range(3)]
    made = {session for user in users for session in await _sign_in(place, user, 3)}
    listed = [session async for session in admin.sessions.search(limit=4)]
    assert {session.id for session in listed} >= made
    assert len(listed) == len({session.id for session in listed}) == 11
    assert [s.created_at for s in listed] == sorted((s.created_at for s in listed), reverse=True)
    assert {session.user_id for session in listed} > set(users)


async def test_device_and_place(place: Place, owner: AsyncCentral) -> None:
    """A session says which program on which system it is, and where; without a map that is its address."""
    user = await place.user()
    await _sign_in(place, user.id, 1, "2001:db8::7")
    await change_sessions(place, user.id, user_agent=f"'{_FIREFOX}'")
    (session,) = (await owner.sessions.search(user=user.id).first_page()).items
    assert (session.device, session.place, session.address) == ("Firefox on Linux", "2001:db8::7", "2001:db8::7")
    assert session.user_agent == _FIREFOX


async def test_filters_hold_together(place: Place, owner: AsyncCentral) -> None:
    """Each filter takes away, and all that are given must hold; each is kept from page to page."""
    ada, eve, mallory = [(await place.user()).id for _ in range(3)]
    of_ada, of_eve = await _sign_in(place, ada, 4, "192.0.2.7"), await _sign_in(place, eve, 4, "192.0.2.200")
    of_mallory = await _sign_in(place, mallory, 4, "2001:db8:1::1")
    assert await _found(owner, user=ada) == of_ada
    assert await _found(owner, address="192.0.2.7") == of_ada
    assert await _found(owner, address="::ffff:192.0.2.7") == of_ada
    assert await _found(owner, address="192.0.2.0/24") == of_ada | of_eve
    assert await _found(owner, address="192.0.2.128/25") == of_eve
    assert await _found(owner, address="2001:DB8:1::/48") == of_mallory
    assert await _found(owner, address="192.0.2.0/24", user=mallory) == set()
    assert await _found(owner, address="0.0.0.0/0") > of_ada | of_eve
    assert await _found(owner, user=UserId.new()) == set()


async def test_by_connector(place: Place, owner: AsyncCentral, anonymous: AsyncCentral) -> None:
    """Sessions are found by the way they came in; those of the command line came in by none."""
    (connector,) = (await owner.auth_connectors.list().first_page()).items
    signed_in = await sign_in_by_code(place, anonymous, (await place.user()).email)
    assert await _found(owner, connector=connector.id) == {signed_in.session.id}
    assert await _found(owner, connector=AuthConnectorId.new()) == set()


async def test_by_time(place: Place, owner: AsyncCentral) -> None:
    """A beginning is included, an end is not; the zone does not matter."""
    user = (await place.user()).id
    made = await _sign_in(place, user, 2)
    await change_sessions(place, user, created_at="'2026-11-01T12:00:00Z'", expires_at="now() + interval '1 day'")
    await owner.tenants.get_session_policy()
    moment = datetime(2026, 11, 1, 12, tzinfo=UTC)
    later, elsewhere = moment + timedelta(microseconds=1), "2026-11-01T13:00:00+01:00"
    for filters, expected in (
        ({"created_after": moment, "created_before": later}, made),
        ({"created_after": elsewhere, "created_before": later}, made),
        ({"created_before": moment}, set()),
        ({"created_after": later}, set()),
    ):
        assert await _found(owner, user=user, state="all", **filters) == expected


async def test_ended_sessions_are_kept(place: Place, owner: AsyncCentral, admin: AsyncCentral) -> None:
    """What has ended is found with when, why and by whom: by people, and by the clock."""
    user = await place.user()
    clients = [await place.sign_in(user) for _ in range(5)]
    ids = [await current_session(client) for client in clients]
    await clients[0].auth.sign_out()
    await admin.sessions.revoke(user=user.id, session=ids[1])
    await clients[2].sessions.revoke_mine(session=ids[2])
    for session, column in ((ids[3], "expires_at"), (ids[4], "last_used_at")):
        await change_sessions(
            place,
            user.id,
            **{column: f"CASE WHEN id = '{session.uuid}' THEN now() - interval '9 days' ELSE {column} END"},
        )
    ended = {s.id: s for s in [s async for s in owner.sessions.search(user=user.id, state="ended", limit=2)]}
    who = {session: (ended[session].ended_reason, ended[session].ended_by) for session in ids}
    me = (await admin.users.me()).id
    assert who == {
        ids[0]: ("signed_out", user.id),
        ids[1]: ("revoked", me),
        ids[2]: ("revoked", user.id),
        ids[3]: ("expired", None),
        ids[4]: ("idle", None),
    }
    assert all(session.ended_at is not None for session in ended.values())
    assert await _found(owner, user=user.id) == set()
    assert await _found(owner, user=user.id, state="all") == set(ids)
    mine = place.stack.client(place.tenant.slug, await place.stack.session_of(place.tenant.id, user.id))
    assert {s.id async for s in mine.sessions.list_mine(state="ended")} == set(ids)


@pytest.mark.parametrize(
    "query",
    [
        "address=192.0.2.7/24",
        "address=localhost",
        "address=192.0.2.300",
        "address=fe80::1%25eth0",
        "address=",
        "address=1",
        "createdBefore=2026-01-01",
        "createdBefore=2026-01-01T00:00:00",
        "createdAfter=9999-12-31T23:59:59-12:00",
        "state=dead",
        "user=1",
        "connector=user-01H2XVNZ7C9NXWK3TMCRD9QWMN",
    ],
)
async def test_wrong_filters_are_refused(place: Place, query: str) -> None:
    """A filter that is none is refused by its name, and never taken for no filter."""
    reply = await Raw(place.stack, place.owner).send("GET", f"/v1/tenants/{place.tenant.id}/sessions?{query}")
    assert assert_problem(reply, 422)["fieldErrors"][0]["field"] == query.partition("=")[0]


async def test_cursor_goes_with_its_filters(place: Place, owner: AsyncCentral) -> None:
    """A cursor carries its filters, and is refused with others."""
    user = (await place.user()).id
    await _sign_in(place, user, 3)
    page = await owner.sessions.search(user=user, limit=2).first_page()
    rest = await owner.sessions.search(limit=2, cursor=page.next_cursor).first_page()
    assert [session.user_id for session in rest.items] == [user]
    with pytest.raises(BadRequestError) as refusal:
        await owner.sessions.search(state="all", cursor=page.next_cursor).first_page()
    assert refusal.value.code == "cursor_of_other_list"


async def test_only_managers_and_only_here(place: Place, member: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """A member sees nobody's sessions so; another tenant finds nothing by the ids of this one."""
    with pytest.raises(ForbiddenError):
        await member.sessions.search().first_page()
    (connector,) = (await place.owner.auth_connectors.list().first_page()).items
    for filters in ({"user": place.owner_user.id}, {"connector": connector.id}):
        assert await _found(other_tenant, state="all", **filters) == set()
    theirs = {session.user_id async for session in other_tenant.sessions.search(state="all")}
    assert theirs == {(await other_tenant.users.me()).id}
