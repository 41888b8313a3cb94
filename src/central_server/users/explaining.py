from central.access import SystemPermission, TenantPermission
from central.catalog import CATALOG
from central.errors import NotFoundError
from central.explain.models import ExplainAccessInput, ExplainAccessResponse
from central.kernel.operation import AnyOperation
from central_server.infra.actor import Actor
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.roles.service import RoleService
from central_server.users.mapping import found
from central_server.users.queries import people
from central_server.users.queries import roles as queries
from central_server.users.tables import DBRoleGrant, DBUser

_OPERATIONS: dict[str, AnyOperation] = {operation.name: operation for operation in CATALOG}


def operation_named(name: str) -> AnyOperation:
    """Find an operation; `NotFoundError` when there is none."""
    operation = _OPERATIONS.get(name)
    if operation is None:
        raise NotFoundError.of("operation", name)
    return operation


class AccessExplainer:
    """Says whether somebody may do something, and by which of their roles."""

    def __init__(self, db: Database, roles: RoleService) -> None:
        self.db = db
        self.roles = roles

    async def access(
        self, input: ExplainAccessInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ExplainAccessResponse:
        """Explain by the roles in the tenant; `NotFoundError` for a user or an operation that is not there."""
        operation = operation_named(input.operation)
        reader = executor or self.db.read(actor.tenant_id)
        user = await reader.first(people.GET_USER, tenant_id=actor.tenant_id, id=input.user)
        row = found(user)
        if row["state"] != "active":
            return _no("The user is disabled, and may do nothing.")
        match operation.access:
            case TenantPermission(permission):
                return await self._by_permission(permission, row, actor, reader)
            case SystemPermission(permission):
                held = await reader.scalar(people.GET_SYSTEM_PERMISSIONS, tenant_id=actor.tenant_id, id=input.user)
                if permission in held:
                    return _yes("The user is an operator of the system with this permission.", permission)
                return _no("Only operators of the system with this permission may.", permission)
            case access if access.schemes:
                return _yes("Any signed-in user of the tenant may.")
            case _:
                return _yes("Anyone may, signed in or not.")

    async def _by_permission(
        self, permission: str, row: DBUser, actor: Actor, reader: ReadExecutor
    ) -> ExplainAccessResponse:
        grants = await reader.all(queries.LIST_ROLE_GRANTS, tenant_id=actor.tenant_id, user_id=row["id"])
        holding: list[DBRoleGrant] = [
            grant
            for grant in grants
            if permission in await self.roles.permissions_of(actor.tenant_id, [grant["role"]], reader)
        ]
        if not holding:
            return _no(f"None of the user's roles holds {permission}.", permission)
        ends = [grant["expires_at"] for grant in holding]
        until = None if None in ends else max(end for end in ends if end is not None)
        names = ", ".join(grant["role"] for grant in holding)
        return ExplainAccessResponse(
            allowed=True,
            reason=f"The user may, as {names}.",
            permission=permission,
            by_roles=[grant["role"] for grant in holding],
            until=until,
        )


def _yes(reason: str, permission: str | None = None) -> ExplainAccessResponse:
    return ExplainAccessResponse(allowed=True, reason=reason, permission=permission, by_roles=[])


def _no(reason: str, permission: str | None = None) -> ExplainAccessResponse:
    return ExplainAccessResponse(allowed=False, reason=reason, permission=permission, by_roles=[])
