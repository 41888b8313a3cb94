import pytest

from central.errors import ForbiddenError, NotFoundError
from central.kernel.ids import TenantDeletionId
from central_client import AsyncCentral
from support.deleting import delete_wholly, erase, make_due
from support.place import Place


async def test_receipt(place: Place, operator: AsyncCentral) -> None:
    """In the end it says what went, of which kind how much, when, and who asked for it."""
    for _ in range(3):
        await place.user()
    receipt = await delete_wholly(place)
    assert (receipt.state, receipt.requested_by) == ("deleted", place.stack.operator_user.id)
    removed = {one.kind: one.count for one in receipt.removed}
    assert (removed["users"], removed["user_emails"], removed["tenants"], removed["roles"]) == (4, 4, 1, 3)
    assert removed["outbox"] >= 4
    assert receipt.done == sum(removed.values())
    assert receipt.started_at is not None
    assert receipt.ended_at is not None
    assert receipt.requested_at < receipt.started_at <= receipt.ended_at
    assert await operator.tenants.get_deletion(deletion=receipt.id) == receipt


async def test_on_the_way(place: Place, operator: AsyncCentral) -> None:
    """Between the tenant's end and the last look at what it left it is `deleting`."""
    asked = await operator.tenants.delete(tenant=place.tenant.id, confirm=place.tenant.slug)
    await make_due(place)
    await erase(place.stack, asked.id)
    now = await operator.tenants.get_deletion(deletion=asked.id)
    assert (now.state, now.stage, now.ended_at) == ("deleting", "tenants", None)


async def test_it_holds_nothing_personal(place: Place, operator: AsyncCentral) -> None:
    """Neither names nor addresses are in it."""
    told = (await delete_wholly(place)).model_dump_json()
    for personal in (place.owner_user.email, place.owner_user.display_name, place.tenant.name):
        assert personal not in told


async def test_operators_alone(place: Place, operator: AsyncCentral) -> None:
    """Owners do not see it, not even of their own tenant."""
    deletion = await operator.tenants.delete(tenant=place.tenant.id, confirm=place.tenant.slug)
    await operator.tenants.restore(tenant=place.tenant.id)
    with pytest.raises(ForbiddenError):
        await place.owner.tenants.get_deletion(deletion=deletion.id)


async def test_absent(operator: AsyncCentral) -> None:
    """One that never was is not found."""
    with pytest.raises(NotFoundError):
        await operator.tenants.get_deletion(deletion=TenantDeletionId.new())
