import pytest

from central.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from central_client import AsyncCentral
from support.database import superuser
from support.place import Place


async def test_deleted_user_is_gone_with_their_sessions(owner: AsyncCentral, place: Place) -> None:
    """Neither the user nor a session of theirs is left, and their address is free."""
    user = await place.user(email="ada@example.com")
    client = await place.sign_in(user)
    await owner.users.delete(user=user.id)
    with pytest.raises(UnauthenticatedError):
        await client.users.me()
    with pytest.raises(NotFoundError):
        await owner.users.get(user=user.id)
    with pytest.raises(NotFoundError):
        await owner.users.delete(user=user.id)
    async with superuser(place.stack) as connection:
        for table in ("sessions", "identities", "idempotency_keys"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table} WHERE user_id = $1", user.id.uuid) == 0
    again = await owner.users.create(email="Ada@example.com")
    assert again.id != user.id


async def test_one_who_has_used_idempotency_keys_can_be_deleted(owner: AsyncCentral, place: Place) -> None:
    """What a user has done before is no reason to keep them."""
    admin = await place.user("admin")
    await (await place.sign_in(admin)).users.create(email="made@example.com")
    await owner.users.delete(user=admin.id)
    assert [user.email async for user in owner.users.list(text="made")] == ["made@example.com"]


async def test_admins_do_not_delete_owners(admin: AsyncCentral, place: Place) -> None:
    """Only an owner deletes an owner."""
    other_owner = await place.user("owner")
    with pytest.raises(ForbiddenError):
        await admin.users.delete(user=other_owner.id)
    await place.owner.users.delete(user=other_owner.id)
