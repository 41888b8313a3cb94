"""What roles allow, and who may put which permission into whose hands."""

from collections.abc import Collection, Iterable
from functools import lru_cache

from central.access import TENANT_PERMISSIONS
from central.errors import ConflictError, ForbiddenError

BUILT_IN_ROLES: dict[str, tuple[str, frozenset[str]]] = {
    "owner": ("Owner", frozenset(TENANT_PERMISSIONS)),
    "admin": ("Administrator", frozenset(TENANT_PERMISSIONS) - {"tenant:write", "tenant:delete"}),
    "member": ("Member", frozenset({"users:read", "units:read"})),
}
"""The roles of every tenant by their slugs: a name, and what they allow."""


@lru_cache(maxsize=4096)
def permissions_of(roles: tuple[str, ...], granted: tuple[str, ...] = ()) -> frozenset[str]:
    """Give what roles allow together; `granted` is what those among them that are not built in hold."""
    built_in = (BUILT_IN_ROLES[role][1] for role in roles if role in BUILT_IN_ROLES)
    return frozenset(granted).union(*built_in) & frozenset(TENANT_PERMISSIONS)


@lru_cache(maxsize=4096)
def sorted_permissions_of(roles: tuple[str, ...], granted: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Give what roles allow together, in an order that does not change."""
    return tuple(sorted(permissions_of(roles, granted)))


def may_change_things(permissions: Iterable[str]) -> bool:
    """Whether somebody with these permissions may do more than read; their sessions are shorter."""
    return not all(name.endswith(":read") for name in permissions)


def check_holds(held: Collection[str], permissions: Iterable[str]) -> None:
    """Refuse to let somebody hand on what they do not hold themselves."""
    if missing := sorted(set(permissions) - set(held)):
        raise ForbiddenError(
            f"You do not hold {', '.join(missing)} yourself, and cannot give or take it.", code="permission_not_held"
        )


def check_own_role(built_in: bool) -> None:  # noqa: FBT001 (a column of the row)
    """Refuse to change what is the same in every tenant."""
    if built_in:
        raise ConflictError("A built-in role never changes; make one of your own.", code="role_built_in")
