import pytest

from central.access import SYSTEM_PERMISSIONS, TENANT_PERMISSIONS
from central.errors import UnauthenticatedError
from central_client import AsyncCentral
from support.place import Place


@pytest.mark.parametrize(
    ("role", "permissions"),
    [
        ("owner", set(TENANT_PERMISSIONS)),
        ("admin", set(TENANT_PERMISSIONS) - {"tenant:write", "tenant:delete"}),
        ("member", {"units:read", "users:read"}),
    ],
)
async def test_everybody_sees_themselves(place: Place, role: str, permissions: set[str]) -> None:
    """A user sees who they are and what they may do."""
    user = await place.user(role)
    me = await (await place.sign_in(user)).users.me()
    assert (me.id, me.email, me.roles, me.state) == (user.id, user.email, [role], "active")
    assert set(me.permissions) == permissions
    assert me.system_permissions == []
    assert me.last_sign_in_at is not None


async def test_operators_see_their_permissions(operator: AsyncCentral) -> None:
    """What an operator may do in the system is shown to them."""
    assert set((await operator.users.me()).system_permissions) == set(SYSTEM_PERMISSIONS)


async def test_nobody_is_nobody(anonymous: AsyncCentral) -> None:
    """Without a session there is no me."""
    with pytest.raises(UnauthenticatedError):
        await anonymous.users.me()
