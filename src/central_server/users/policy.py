"""Who may do what to whom among the users of a tenant."""

from collections.abc import Collection
from functools import cache
from typing import Literal

from central.access import TENANT_PERMISSIONS
from central.errors import ConflictError, ForbiddenError

PERMISSIONS_OF_ROLES: dict[str, frozenset[str]] = {
    "owner": frozenset(TENANT_PERMISSIONS),
    "admin": frozenset(TENANT_PERMISSIONS) - {"tenant:write"},
    "member": frozenset({"users:read"}),
}

Change = Literal["change the roles of", "disable", "delete"]


@cache
def permissions_of(roles: tuple[str, ...]) -> frozenset[str]:
    """Give what roles allow together."""
    return frozenset[str]().union(*(PERMISSIONS_OF_ROLES.get(role, frozenset()) for role in roles))


@cache
def sorted_permissions_of(roles: tuple[str, ...]) -> tuple[str, ...]:
    """Give what roles allow together, in an order that does not change."""
    return tuple(sorted(permissions_of(roles)))


def check_may_grant(granter_is_owner: bool, roles: Collection[str]) -> None:  # noqa: FBT001 (reads well where it is called)
    """Refuse to let anybody but an owner make owners."""
    if "owner" in roles and not granter_is_owner:
        raise ForbiddenError("Only an owner makes owners.", code="owner_needed")


def check_may_change(changer_is_owner: bool, roles: Collection[str]) -> None:  # noqa: FBT001 (as above)
    """Refuse to let anybody but an owner change, disable or delete an owner."""
    if "owner" in roles and not changer_is_owner:
        raise ForbiddenError("Only an owner changes an owner.", code="owner_needed")


def check_owner_remains(owners: Collection[str], leaving: str) -> None:
    """Refuse to let the last active owner go."""
    if leaving in owners and len(owners) == 1:
        raise ConflictError("This is the tenant's last active owner; make another one first.", code="last_owner")
