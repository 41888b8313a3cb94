"""Who may do what to whom among the users of a tenant."""

from collections.abc import Collection

from central.errors import ConflictError, ForbiddenError
from central_server.infra.actor import Actor

OWNER = "owner"


def check_may_grant(actor: Actor, roles: Collection[str], permissions: Collection[str]) -> None:
    """Refuse to give or take roles that allow more than the actor may; only owners make owners.

    `permissions` are what the roles allow together.
    """
    if OWNER in roles and not actor.is_owner:
        raise ForbiddenError("Only an owner makes owners.", code="owner_needed")
    if missing := sorted(set(permissions) - actor.permissions):
        raise ForbiddenError(
            f"You do not hold {', '.join(missing)} yourself, and cannot give or take it.", code="permission_not_held"
        )


def check_may_change(
    actor: Actor, roles: Collection[str], permissions: Collection[str], system_permissions: Collection[str]
) -> None:
    """Refuse to change somebody who may do more than the actor: whoever has their address could be them."""
    if OWNER in roles and not actor.is_owner:
        raise ForbiddenError("Only an owner changes an owner.", code="owner_needed")
    if not (actor.permissions >= set(permissions) and actor.system_permissions >= set(system_permissions)):
        raise ForbiddenError("This person may do more than you; ask one of them.", code="more_powerful")


def check_owner_remains(owners: Collection[str], leaving: str) -> None:
    """Refuse to let the last active owner without an end date go."""
    if leaving in owners and len(owners) == 1:
        raise ConflictError("This is the tenant's last active owner; make another one first.", code="last_owner")
