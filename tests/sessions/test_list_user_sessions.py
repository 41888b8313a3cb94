import pytest

from central.errors import BadRequestError, ForbiddenError, NotFoundError
from central.kernel.ids import UserId
from central_client import AsyncCentral
from support.place import Place


async def test_managers_see_the_sessions_of_a_user(place: Place, owner: AsyncCentral, admin: AsyncCentral) -> None:
    """Owners and admins see a user's live sessions, page by page."""
    user = await place.user()
    for _ in range(5):
        await place.sign_in(user)
    for client in (owner, admin):
        listed = [session async for session in client.sessions.list(user=user.id, limit=2)]
        assert len({session.id for session in listed}) == 5
        assert {session.user_id for session in listed} == {user.id}


async def test_members_do_not(place: Place, member: AsyncCentral) -> None:
    """A member sees no sessions this way, not even their own."""
    for user in (place.owner_user.id, (await member.users.me()).id):
        with pytest.raises(ForbiddenError):
            await member.sessions.list(user=user).first_page()


async def test_absent_and_foreign_users_are_not_found(place: Place, other_tenant: AsyncCentral) -> None:
    """A user of another tenant has no sessions here, and is not here."""
    for user in (UserId.new(), place.owner_user.id):
        with pytest.raises(NotFoundError) as refusal:
            await other_tenant.sessions.list(user=user).first_page()
        assert refusal.value.code == "user_not_found"


async def test_cursor_of_one_user_is_not_for_another(place: Place, owner: AsyncCentral) -> None:
    """A cursor goes with its user."""
    first, second = await place.user(), await place.user()
    for user in (first, first, second):
        await place.sign_in(user)
    page = await owner.sessions.list(user=first.id, limit=1).first_page()
    rest = await owner.sessions.list(user=first.id, limit=1, cursor=page.next_cursor).first_page()
    assert {session.user_id for session in rest.items} == {first.id}
    with pytest.raises(BadRequestError) as refusal:
        await owner.sessions.list(user=second.id, cursor=page.next_cursor).first_page()
    assert refusal.value.code == "cursor_of_other_list"
