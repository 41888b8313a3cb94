import asyncio

import pytest

from central.errors import ConflictError, ForbiddenError, NotFoundError, UnauthenticatedError
from central_client import AsyncCentral
from support.database import superuser
from support.place import Place


async def test_sessions_of_a_suspended_tenant_are_refused_at_once(place: Place, operator: AsyncCentral) -> None:
    """Whoever was signed in is not any more, by the next request; other tenants' people are."""
    clients = [place.owner, await place.signed_in("admin"), await place.signed_in("member")]
    await asyncio.gather(*(client.users.me() for client in clients))
    suspended = await operator.tenants.suspend(tenant=place.tenant.slug)
    assert (suspended.state, suspended.version) == ("suspended", 2)
    for client in clients:
        with pytest.raises(UnauthenticatedError):
            await client.users.me()
    await operator.users.me()


async def test_nobody_signs_in_to_a_suspended_tenant(
    place: Place, anonymous: AsyncCentral, operator: AsyncCentral
) -> None:
    """Neither is a code mailed, nor a session issued, nor one that was mailed before accepted."""
    waiting = await anonymous.auth.start_email_code(email=place.owner_user.email)
    await operator.tenants.suspend(tenant=place.tenant.id)
    with pytest.raises(ForbiddenError) as refusal:
        await anonymous.auth.start_email_code(email=place.owner_user.email)
    assert refusal.value.code == "tenant_suspended"
    with pytest.raises(ForbiddenError):
        await anonymous.auth.verify_email_code(sign_in=waiting.sign_in, code="123456")
    with pytest.raises(ForbiddenError):
        await place.sign_in(place.owner_user)


async def test_sign_in_beside_a_suspension_gives_no_living_session(place: Place, operator: AsyncCentral) -> None:
    """A session that is issued while the tenant is being suspended does not work after it."""
    user = await place.user("member")
    for _ in range(5):
        signed_in, _ = await asyncio.gather(
            place.sign_in(user), operator.tenants.suspend(tenant=place.tenant.id), return_exceptions=True
        )
        if isinstance(signed_in, AsyncCentral):
            with pytest.raises(UnauthenticatedError):
                await signed_in.users.me()
        else:
            assert isinstance(signed_in, ForbiddenError)
        await operator.tenants.reactivate(tenant=place.tenant.id)


async def test_suspending_twice_changes_nothing(place: Place, operator: AsyncCentral) -> None:
    """A suspended tenant stays so, and it is told once."""
    first = await operator.tenants.suspend(tenant=place.tenant.id)
    assert await operator.tenants.suspend(tenant=place.tenant.slug) == first
    async with superuser(place.stack) as connection:
        told = await connection.fetchval(
            "SELECT count(*) FROM outbox WHERE tenant_id = $1 AND kind = 'tenant.suspended'", place.tenant.id.uuid
        )
    assert told == 1


async def test_operator_cannot_suspend_their_own_tenant(operator: AsyncCentral) -> None:
    """An operator who would lock themselves out is refused, by slug and by id."""
    own = await operator.tenants.get()
    for ref in (own.id, own.slug):
        with pytest.raises(ConflictError) as refusal:
            await operator.tenants.suspend(tenant=ref)
        assert refusal.value.code == "own_tenant"


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
async def test_no_role_of_a_tenant_suspends(place: Place, other_place: Place, role: str) -> None:
    """Suspending takes a system permission, for one's own tenant as for another, there or not."""
    client = await place.signed_in(role)
    for ref in (place.tenant.id, other_place.tenant.id, "nobody-here"):
        with pytest.raises(ForbiddenError) as refusal:
            await client.tenants.suspend(tenant=ref)
        assert refusal.value.code == "permission_missing"


async def test_absent_tenant_is_not_found(operator: AsyncCentral) -> None:
    """There is nothing to suspend."""
    with pytest.raises(NotFoundError):
        await operator.tenants.suspend(tenant="nobody-here")
