import pytest

from central.errors import ForbiddenError, UnauthenticatedError
from central_client import AsyncCentral
from support.place import Place


async def test_enabled_user_signs_in_anew(owner: AsyncCentral, place: Place) -> None:
    """A user who is enabled again signs in, and the sessions from before stay ended."""
    user = await place.user()
    before = await place.sign_in(user)
    await owner.users.disable(user=user.id)
    enabled = await owner.users.enable(user=user.id)
    assert (enabled.state, enabled.disabled_at, enabled.version) == ("active", None, 3)
    with pytest.raises(UnauthenticatedError):
        await before.users.me()
    await (await place.sign_in(user)).users.me()


async def test_enabling_an_active_user_changes_nothing(owner: AsyncCentral, place: Place) -> None:
    """An active user stays as they are, signed in as well."""
    user = await place.user()
    client = await place.sign_in(user)
    enabled = await owner.users.enable(user=user.id)
    assert (enabled.state, enabled.version) == ("active", 1)
    await client.users.me()


async def test_admins_do_not_enable_owners(owner: AsyncCentral, admin: AsyncCentral, place: Place) -> None:
    """Only an owner brings an owner back."""
    other_owner = await place.user("owner")
    await owner.users.disable(user=other_owner.id)
    with pytest.raises(ForbiddenError):
        await admin.users.enable(user=other_owner.id)
    assert (await owner.users.enable(user=other_owner.id)).state == "active"
