import pytest

from central.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from central.kernel.ids import SessionId
from central_client import AsyncCentral
from support.place import Place
from support.raw import Raw

_CLEARED = "central_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"


async def _current(client: AsyncCentral) -> SessionId:
    return next(s.id for s in (await client.sessions.list_mine().first_page()).items if s.current)


async def _is_signed_in(client: AsyncCentral) -> bool:
    try:
        await client.users.me()
    except UnauthenticatedError:
        return False
    return True


async def test_one_of_mine(place: Place) -> None:
    """A user ends one of their sessions, at once, and the others live on."""
    user = await place.user()
    first, second = await place.sign_in(user), await place.sign_in(user)
    ended = await _current(first)
    await second.sessions.revoke_mine(session=ended)
    assert [await _is_signed_in(client) for client in (first, second)] == [False, True]
    with pytest.raises(NotFoundError):
        await second.sessions.revoke_mine(session=ended)


async def test_the_one_that_asks(place: Place, member: AsyncCentral) -> None:
    """A user may end the very session that asks."""
    await member.sessions.revoke_mine(session=await _current(member))
    assert not await _is_signed_in(member)


@pytest.mark.parametrize(("keep", "left"), [(None, True), (True, True), (False, False)])
async def test_all_of_mine(place: Place, *, keep: bool | None, left: bool) -> None:
    """All others end, or all if one says so; other people's stay."""
    user = await place.user()
    clients = [await place.sign_in(user) for _ in range(4)]
    given = {} if keep is None else {"keep_current": keep}
    revoked = await clients[0].sessions.revoke_all_mine(**given)
    assert revoked.revoked == (3 if left else 4)
    assert [await _is_signed_in(client) for client in clients] == [left, False, False, False]
    assert await _is_signed_in(place.owner)


@pytest.mark.parametrize(("query", "clears"), [("?keepCurrent=false", True), ("?keepCurrent=true", False), ("", False)])
async def test_browser_forgets_the_session_that_ends_with_all(place: Place, query: str, *, clears: bool) -> None:
    """Signing out everywhere clears the cookie too; keeping this session keeps it."""
    raw = Raw(place.stack, await place.signed_in("member"))
    reply = await raw.send("DELETE", f"/v1/tenants/{place.tenant.id}/me/sessions{query}")
    assert reply.header("set-cookie") == (_CLEARED if clears else None)


async def test_browser_forgets_the_session_that_ends_itself(place: Place, member: AsyncCentral) -> None:
    """Ending the very session that asks clears the cookie, ending another does not."""
    other = await place.sign_in(await place.owner.users.get(user=(await member.users.me()).id))
    raw, path = Raw(place.stack, member), f"/v1/tenants/{place.tenant.id}/me/sessions"
    mine = await _current(member)
    assert (await raw.send("DELETE", f"{path}/{await _current(other)}")).header("set-cookie") is None
    assert (await raw.send("DELETE", f"{path}/{mine}")).header("set-cookie") == _CLEARED


async def test_client_forgets_it_too(member: AsyncCentral) -> None:
    """After signing out everywhere the client holds no session."""
    await member.sessions.revoke_all_mine(keep_current=False)
    assert member.session_token is None


async def test_one_of_a_user(place: Place, admin: AsyncCentral) -> None:
    """A manager ends one session of a user, and the others live on."""
    user = await place.user()
    first, second = await place.sign_in(user), await place.sign_in(user)
    await admin.sessions.revoke(user=user.id, session=await _current(first))
    assert [await _is_signed_in(client) for client in (first, second)] == [False, True]


async def test_all_of_a_user(place: Place, admin: AsyncCentral) -> None:
    """A manager ends all sessions of a user, and nobody else's."""
    user = await place.user()
    clients = [await place.sign_in(user) for _ in range(3)]
    assert (await admin.sessions.revoke_all(user=user.id)).revoked == 3
    assert [await _is_signed_in(client) for client in clients] == [False] * 3
    assert (await admin.sessions.revoke_all(user=user.id)).revoked == 0
    assert await _is_signed_in(admin)


async def test_members_end_nobody_elses(place: Place, member: AsyncCentral) -> None:
    """A member ends no session of another."""
    theirs = await _current(place.owner)
    with pytest.raises(ForbiddenError):
        await member.sessions.revoke(user=place.owner_user.id, session=theirs)
    with pytest.raises(ForbiddenError):
        await member.sessions.revoke_all(user=place.owner_user.id)
    with pytest.raises(NotFoundError):
        await member.sessions.revoke_mine(session=theirs)
    assert await _is_signed_in(place.owner)


async def test_session_goes_with_its_user(place: Place, owner: AsyncCentral) -> None:
    """The session of one user is not found under another, nor one that never was."""
    user, other = await place.user(), await place.user()
    client = await place.sign_in(user)
    for session in (await _current(client), SessionId.new()):
        with pytest.raises(NotFoundError) as refusal:
            await owner.sessions.revoke(user=other.id, session=session)
        assert refusal.value.code == "session_not_found"
    assert await _is_signed_in(client)


async def test_foreign_sessions_are_not_found(place: Place, other_tenant: AsyncCentral) -> None:
    """Another tenant's owner ends nothing here, whatever ids they know."""
    session, me = await _current(place.owner), await other_tenant.users.me()
    for call in (
        other_tenant.sessions.revoke_mine(session=session),
        other_tenant.sessions.revoke(user=me.id, session=session),
        other_tenant.sessions.revoke(user=place.owner_user.id, session=session),
        other_tenant.sessions.revoke_all(user=place.owner_user.id),
    ):
        with pytest.raises(NotFoundError):
            await call
    assert await _is_signed_in(place.owner)
