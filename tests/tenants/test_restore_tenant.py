import asyncio

import pytest

from central.errors import ConflictError, ForbiddenError, NotFoundError, UnauthenticatedError
from central_client import AsyncCentral
from support.database import fingerprint, superuser
from support.deleting import delete_wholly, erase, make_due
from support.place import Place

# What the way there and back leaves: the events, and the tenant's version.
_CHANGES = {"tenants", "outbox", "tenant_deletions"}


async def test_it_is_what_it_was(place: Place, operator: AsyncCentral) -> None:
    """A tenant that is restored has all that it had, sessions among it, and it is told."""
    before = await fingerprint(place.stack, place.tenant.id)
    deletion = await operator.tenants.delete(tenant=place.tenant.id, confirm=place.tenant.slug)
    restored = await operator.tenants.restore(tenant=place.tenant.id)
    assert (restored.state, restored.delete_after) == ("active", None)
    after = await fingerprint(place.stack, place.tenant.id)
    assert {name for name in before if before[name] != after[name]} == _CHANGES
    await place.owner.users.me()
    told = await operator.tenants.get_deletion(deletion=deletion.id)
    assert (told.state, told.restored_by) == ("restored", place.stack.operator_user.id)
    async with superuser(place.stack) as connection:
        query = "SELECT count(*) FROM outbox WHERE tenant_id = $1 AND kind = 'tenant.restored'"
        assert await connection.fetchval(query, place.tenant.id.uuid) == 1


async def test_a_suspended_one_is_suspended_again(place: Place, operator: AsyncCentral) -> None:
    """Deleting and restoring is no way out of a suspension."""
    await operator.tenants.suspend(tenant=place.tenant.id)
    await operator.tenants.delete(tenant=place.tenant.id, confirm=place.tenant.slug)
    assert (await operator.tenants.restore(tenant=place.tenant.slug)).state == "suspended"
    with pytest.raises(UnauthenticatedError):
        await place.owner.users.me()


async def test_it_can_be_deleted_again(place: Place, operator: AsyncCentral) -> None:
    """A later deletion is another one, with its own time."""
    first = await operator.tenants.delete(tenant=place.tenant.id, confirm=place.tenant.slug)
    await operator.tenants.restore(tenant=place.tenant.id)
    second = await operator.tenants.delete(tenant=place.tenant.id, confirm=place.tenant.slug)
    assert second.id != first.id
    assert await erase(place.stack, first.id) is None


async def test_one_that_is_there_stays_as_it_is(place: Place, operator: AsyncCentral) -> None:
    """Restoring what is not to be deleted changes nothing."""
    assert await operator.tenants.restore(tenant=place.tenant.id) == await place.owner.tenants.get()


async def test_too_late(place: Place, operator: AsyncCentral) -> None:
    """When the time has passed it is not restored, begun or not, and in the end it is absent."""
    deletion = await operator.tenants.delete(tenant=place.tenant.id, confirm=place.tenant.slug)
    await make_due(place)
    with pytest.raises(ConflictError) as refusal:
        await operator.tenants.restore(tenant=place.tenant.id)
    assert refusal.value.code == "deletion_begun"
    await erase(place.stack, deletion.id)
    with pytest.raises(NotFoundError):
        await operator.tenants.restore(tenant=place.tenant.id)


async def test_either_it_is_restored_or_it_goes(place: Place, operator: AsyncCentral) -> None:
    """Whoever restores while a worker begins: what is restored is whole."""
    deletion = await operator.tenants.delete(tenant=place.tenant.id, confirm=place.tenant.slug)
    restored, erased = await asyncio.gather(
        operator.tenants.restore(tenant=place.tenant.id), erase(place.stack, deletion.id)
    )
    assert (restored.state, erased) == ("active", None)
    assert (await place.owner.users.me()).id == place.owner_user.id


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
async def test_no_role_of_a_tenant_restores(place: Place, other_place: Place, role: str) -> None:
    """It takes a system permission: whoever could have asked is shut out."""
    client = await place.signed_in(role)
    for ref in (place.tenant.id, other_place.tenant.id, "nobody-here"):
        with pytest.raises(ForbiddenError) as refusal:
            await client.tenants.restore(tenant=ref)
        assert refusal.value.code == "permission_missing"


async def test_a_deleted_one_does_not_come_back(place: Place, operator: AsyncCentral) -> None:
    """What is gone is gone."""
    await delete_wholly(place)
    with pytest.raises(NotFoundError):
        await operator.tenants.restore(tenant=place.tenant.slug)
