"""Whether somebody who is signed in may call an operation, by what it declares."""

from central.access import SystemPermission, TenantPermission, UnitPermission
from central.errors import ForbiddenError
from central.kernel.operation import AnyOperation
from central_server.infra.actor import Actor


def check_access(operation: AnyOperation, actor: Actor) -> None:
    """Refuse who lacks the permission, acts in another's name where that is refused, or signed in too long ago."""
    match operation.access:
        case UnitPermission():
            pass  # the input says in which units; see `UnitJudge`
        case TenantPermission(permission) if permission not in actor.permissions:
            raise ForbiddenError(f"This needs the permission {permission}.", code="permission_missing")
        case SystemPermission(permission) if permission not in actor.system_permissions:
            raise ForbiddenError(f"This needs the system permission {permission}.", code="permission_missing")
        case _:
            pass
    if actor.impersonator_id is not None and operation.refuses_impersonation:
        raise ForbiddenError(
            "This is not done in another's name; end the impersonation first.", code="impersonation_refused"
        )
    if operation.needs_fresh:
        actor.check_fresh()
