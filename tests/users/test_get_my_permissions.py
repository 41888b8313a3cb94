"""Asking what one may do."""

from central.access import TENANT_PERMISSIONS
from central_client import AsyncCentral
from support.place import Place


async def test_permissions_are_those_of_the_roles(place: Place, member: AsyncCentral) -> None:
    """Owners hold everything, members little, and roles of the tenant's own add to it."""
    mine = await place.owner.users.my_permissions()
    assert (mine.roles, set(mine.permissions), mine.system_permissions) == (["owner"], set(TENANT_PERMISSIONS), [])
    assert (await member.users.my_permissions()).permissions == ["units:read", "users:read"]
    await place.owner.roles.create(slug="auditor", name="Auditor", permissions=["sessions:read"])
    auditor = await place.signed_in("member", "auditor")
    assert (await auditor.users.my_permissions()).permissions == ["sessions:read", "units:read", "users:read"]


async def test_operators_hold_system_permissions(operator: AsyncCentral) -> None:
    """What an operator may do in the whole system is listed apart."""
    assert "tenants:create" in (await operator.users.my_permissions()).system_permissions
