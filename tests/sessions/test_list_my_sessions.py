import pytest

from central.errors import UnauthenticatedError
from central_client import AsyncCentral
from support.place import Place


async def test_own_sessions_newest_first(place: Place) -> None:
    """A user sees their live sessions, newest first, and which of them asks."""
    user = await place.user()
    clients = [await place.sign_in(user) for _ in range(5)]
    listed = [session async for session in clients[1].sessions.list_mine(limit=2)]
    assert [session.current for session in listed] == [False, False, False, True, False]
    assert [session.created_at for session in listed] == sorted((s.created_at for s in listed), reverse=True)
    newest = (await clients[4].sessions.list_mine(limit=1).first_page()).items[0]
    assert (newest.id, newest.current) == (listed[0].id, True)
    assert (newest.address, newest.user_agent) == ("127.0.0.1", "tests")


async def test_sessions_of_others_are_not_mine(place: Place, owner: AsyncCentral, member: AsyncCentral) -> None:
    """Nobody else's session is in the list, nor one that has ended."""
    assert len((await member.sessions.list_mine().first_page()).items) == 1
    user = await place.user()
    first, second = await place.sign_in(user), await place.sign_in(user)
    await first.auth.sign_out()
    listed = (await second.sessions.list_mine().first_page()).items
    assert [session.current for session in listed] == [True]


async def test_list_never_shows_a_token(place: Place, owner: AsyncCentral) -> None:
    """Nothing in the list would let anybody in."""
    shown = repr((await owner.sessions.list_mine().first_page()).model_dump())
    token = owner.session_token
    assert token is not None
    assert token.get_secret_value() not in shown
    assert "token" not in shown


async def test_nobody_has_sessions(anonymous: AsyncCentral) -> None:
    """Without a session there is none to list."""
    with pytest.raises(UnauthenticatedError):
        await anonymous.sessions.list_mine().first_page()
