import asyncio
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from central.errors import ConflictError, ForbiddenError, NotFoundError, UnauthenticatedError
from central_client import AsyncCentral
from support.database import superuser
from support.deleting import delete_wholly, make_due
from support.place import Place, make_settings


async def _told(place: Place, kind: str) -> int:
    async with superuser(place.stack) as connection:
        query = "SELECT count(*) FROM outbox WHERE tenant_id = $1 AND kind = $2"
        found: int = await connection.fetchval(query, place.tenant.id.uuid, kind)
    return found


async def test_everybody_is_shut_out_at_once(place: Place, operator: AsyncCentral) -> None:
    """From the answer on no session works and nobody signs in; everything is there still."""
    clients = [place.owner, await place.signed_in("member")]
    deletion = await operator.tenants.delete(tenant=place.tenant.slug, confirm=place.tenant.slug)
    assert (deletion.state, deletion.done, deletion.by_operator) == ("scheduled", 0, True)
    assert (deletion.tenant_id, deletion.slug) == (place.tenant.id, place.tenant.slug)
    window = deletion.delete_after - deletion.requested_at
    assert window == place.stack.settings.tenant_undo_window == timedelta(days=14)
    for client in clients:
        with pytest.raises(UnauthenticatedError):
            await client.users.me()
    with pytest.raises(ForbiddenError) as refusal:
        await place.anonymous().auth.start_email_code(email=place.owner_user.email)
    assert refusal.value.code == "tenant_deleting"
    with pytest.raises(ForbiddenError) as refusal:
        await place.sign_in(place.owner_user)
    assert refusal.value.code == "tenant_deleting"
    (listed,) = [t async for t in operator.tenants.list(text=place.tenant.slug, state="deleting")]
    assert (listed.state, listed.delete_after) == ("deleting", deletion.delete_after)


async def test_it_is_told_once(place: Place, operator: AsyncCentral) -> None:
    """Asking again gives the same deletion, and no second event."""
    first = await operator.tenants.delete(tenant=place.tenant.id, confirm=place.tenant.slug)
    assert await operator.tenants.delete(tenant=place.tenant.id, confirm=place.tenant.slug) == first
    assert await _told(place, "tenant.deletion_requested") == 1


async def test_two_at_the_same_time_make_one(place: Place, operator: AsyncCentral) -> None:
    """Of twenty requests at once all get the one deletion."""
    asks = [operator.tenants.delete(tenant=place.tenant.id, confirm=place.tenant.slug) for _ in range(20)]
    assert len({deletion.id for deletion in await asyncio.gather(*asks)}) == 1
    assert await _told(place, "tenant.deletion_requested") == 1


async def test_the_present_slug_confirms_it(place: Place, operator: AsyncCentral) -> None:
    """Neither another's slug nor a former one does, and nothing happens."""
    former = place.tenant.slug
    await place.owner.tenants.rename(slug=f"{former}-new")
    for confirm in (former, "another-slug"):
        with pytest.raises(ConflictError) as refusal:
            await operator.tenants.delete(tenant=place.tenant.id, confirm=confirm)
        assert refusal.value.code == "not_confirmed"
    assert (await place.owner.tenants.get()).state == "active"


async def test_operators_keep_a_way_in(operator: AsyncCentral) -> None:
    """A tenant of operators is not deleted: nobody could undo it."""
    own = await operator.tenants.get()
    with pytest.raises(ConflictError) as refusal:
        await operator.tenants.delete(tenant=own.id, confirm=own.slug)
    assert refusal.value.code == "tenant_of_operators"


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
async def test_no_role_of_a_tenant_deletes_by_it(place: Place, other_place: Place, role: str) -> None:
    """It takes a system permission, for one's own tenant as for another, there or not."""
    client = await place.signed_in(role)
    for ref in (place.tenant.id, other_place.tenant.id, "nobody-here"):
        with pytest.raises(ForbiddenError) as refusal:
            await client.tenants.delete(tenant=ref, confirm=place.tenant.slug)
        assert refusal.value.code == "permission_missing"


async def test_a_tenant_that_is_to_be_deleted_is_neither_suspended_nor_reactivated(
    place: Place, operator: AsyncCentral
) -> None:
    """Reactivating is no way around the deletion; restoring says what was meant."""
    await operator.tenants.delete(tenant=place.tenant.id, confirm=place.tenant.slug)
    for change in (operator.tenants.suspend, operator.tenants.reactivate):
        with pytest.raises(ConflictError) as refusal:
            await change(tenant=place.tenant.id)
        assert refusal.value.code == "tenant_deleting"
    (listed,) = [t async for t in operator.tenants.list(text=place.tenant.slug)]
    assert listed.state == "deleting"


async def test_slugs_stay_taken(place: Place, operator: AsyncCentral) -> None:
    """When all is gone, neither the slug, nor a former one, nor one that looks like it leads anywhere or is free."""
    former, slug = place.tenant.slug, f"{place.tenant.slug}-new"
    await place.owner.tenants.rename(slug=slug)
    await delete_wholly(place)
    for taken in (former, slug, former.replace("t", "t-", 1)):
        with pytest.raises(NotFoundError):
            await operator.tenants.get_public(tenant=taken)
        with pytest.raises(ConflictError) as refusal:
            await operator.tenants.create(slug=taken, name="Another", owner_email="o@another.example")
        assert refusal.value.code == "slug_taken"


async def test_a_deleted_tenant_is_absent(place: Place, operator: AsyncCentral) -> None:
    """Whoever names it then is told what they would be of one that never was."""
    await delete_wholly(place)
    for call in (
        operator.tenants.delete(tenant=place.tenant.id, confirm=place.tenant.slug),
        operator.tenants.restore(tenant=place.tenant.id),
        operator.tenants.suspend(tenant=place.tenant.slug),
        place.anonymous().auth.start_email_code(email=place.owner_user.email),
    ):
        with pytest.raises(NotFoundError):
            await call
    with pytest.raises(UnauthenticatedError):
        await place.owner.users.me()


async def test_absent_tenant_is_not_found(operator: AsyncCentral) -> None:
    """There is nothing to delete."""
    with pytest.raises(NotFoundError):
        await operator.tenants.delete(tenant="nobody-here", confirm="nobody-here")


async def test_it_waits_for_its_time(place: Place, operator: AsyncCentral) -> None:
    """What is due is what can be restored no more."""
    deletion = await operator.tenants.delete(tenant=place.tenant.id, confirm=place.tenant.slug)
    assert deletion.delete_after > datetime.now(UTC)
    await make_due(place)
    assert (await operator.tenants.get_deletion(deletion=deletion.id)).delete_after < datetime.now(UTC)


@pytest.mark.parametrize(("window", "is_right"), [("P1D", True), ("PT23H", False), ("PT0S", False), ("P366D", False)])
def test_the_time_to_restore_outside_development(tmp_path: Path, window: str, *, is_right: bool) -> None:
    """A server for people gives them a day at least, and a year at most; in development it may be nothing."""
    production = {
        "environment": "production",
        "public_url": "https://central.example",
        "mail_url": "smtp://mail.example:587",
    }
    with nullcontext() if is_right else pytest.raises(ValidationError, match="tenant_undo_window"):
        make_settings("postgresql://central_app@db.example/central", tmp_path, **production, tenant_undo_window=window)
    if window == "PT0S":
        make_settings("postgresql://central_app@db.example/central", tmp_path, tenant_undo_window=window)
