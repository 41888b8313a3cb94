"""Getting one role."""

import pytest

from central.access import TENANT_PERMISSIONS
from central_client import AsyncCentral, NotFoundError


async def test_built_in_roles_say_what_they_allow(owner: AsyncCentral) -> None:
    """Every tenant has an owner, who may do everything, an admin and a member."""
    roles = {slug: await owner.roles.get(role=slug) for slug in ("owner", "admin", "member")}
    assert all(role.built_in for role in roles.values())
    assert set(roles["owner"].permissions) == set(TENANT_PERMISSIONS)
    assert set(TENANT_PERMISSIONS) - set(roles["admin"].permissions) == {"tenant:write", "tenant:delete"}
    assert roles["member"].permissions == ["units:read", "users:read"]


async def test_role_of_another_tenant_is_not_found(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """A slug leads to the caller's own role of that name, and to no other."""
    await other_tenant.roles.create(slug="desk", name="Desk", permissions=[])
    with pytest.raises(NotFoundError):
        await owner.roles.get(role="desk")
