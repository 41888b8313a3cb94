import asyncio

import pytest

from central.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from central.kernel.ids import UserId
from central_client import AsyncCentral
from support.place import Place


async def test_sessions_of_a_disabled_user_are_refused_at_once(owner: AsyncCentral, place: Place) -> None:
    """All sessions of the user end with the call, and nobody else's."""
    user = await place.user()
    clients = [await place.sign_in(user) for _ in range(3)]
    disabled = await owner.users.disable(user=user.id)
    assert (disabled.state, disabled.version) == ("disabled", 2)
    assert disabled.disabled_at is not None
    for client in clients:
        with pytest.raises(UnauthenticatedError):
            await client.users.me()
    assert (await owner.sessions.list(user=user.id).first_page()).items == []
    await owner.users.me()


async def test_disabled_user_gets_no_session(owner: AsyncCentral, place: Place) -> None:
    """The one gate of all sessions refuses them."""
    user = await place.user()
    await owner.users.disable(user=user.id)
    with pytest.raises(ForbiddenError) as refusal:
        await place.sign_in(user)
    assert refusal.value.code == "user_disabled"


async def test_sign_in_beside_a_disabling_gives_no_living_session(owner: AsyncCentral, place: Place) -> None:
    """A session that is issued while the user is being disabled does not outlive it, in every round."""
    user = await place.user()
    for _ in range(15):
        signed_in, _ = await asyncio.gather(
            place.sign_in(user), owner.users.disable(user=user.id), return_exceptions=True
        )
        await owner.users.enable(user=user.id)
        if isinstance(signed_in, AsyncCentral):
            with pytest.raises(UnauthenticatedError):
                await signed_in.users.me()
        else:
            assert isinstance(signed_in, ForbiddenError)


async def test_disabling_twice_changes_nothing(owner: AsyncCentral, place: Place) -> None:
    """A disabled user stays as they are."""
    user = await place.user()
    assert await owner.users.disable(user=user.id) == await owner.users.disable(user=user.id)


async def test_admins_do_not_disable_owners(admin: AsyncCentral, place: Place) -> None:
    """Only an owner disables an owner."""
    other_owner = await place.user("owner")
    with pytest.raises(ForbiddenError) as refusal:
        await admin.users.disable(user=other_owner.id)
    assert refusal.value.code == "owner_needed"


async def test_absent_user_is_not_found(owner: AsyncCentral) -> None:
    """There is nobody to disable."""
    with pytest.raises(NotFoundError):
        await owner.users.disable(user=UserId.new())
