from typing import Any

from central.access import UnitPermission, UnitPlace
from central.errors import ForbiddenError
from central.explain.models import ExplainAccessInput, ExplainAccessResponse
from central.kernel.ids import TenantId, UnitAssignmentId, UnitId, UserId
from central_server.infra.actor import Actor
from central_server.infra.db import Database, ReadExecutor
from central_server.roles.policy import BUILT_IN_ROLES
from central_server.units.mapping import found
from central_server.units.queries import reach, units
from central_server.units.tables import DBWay
from central_server.users.explaining import AccessExplainer, operation_named

_REACH: dict[UnitPlace, dict[str, Any]] = {
    "at": {"least": 0, "direct": True},
    "below": {"least": 0, "direct": False},
    "above": {"least": 1, "direct": False},
}
"""How far above the unit in question a role may be held, and whether one counts that does not reach below."""


class UnitAccess:
    """Who may do what in a unit: by a role in the whole tenant, or by one that they have now in it or above it.

    An archived unit gives nobody anything.
    """

    def __init__(self, db: Database, explainer: AccessExplainer) -> None:
        self.db = db
        self.explainer = explainer

    async def check(self, access: UnitPermission, input: Any, actor: Actor) -> None:
        """Refuse who holds the permission neither in the tenant nor in the units of the input; `ForbiddenError`.

        Whoever lacks it is told so before they learn whether there is such a unit.
        """
        if access.permission in actor.permissions:
            return
        reader = self.db.autocommit(actor.tenant_id)
        for name, place in access.where:
            named = getattr(input, name)
            way = await self._way(access.permission, named, place, actor.user_id, actor.tenant_id, reader)
            if way is None:
                raise ForbiddenError(
                    f"This needs the permission {access.permission}, in the tenant or by a role in the unit.",
                    code="permission_missing",
                )

    async def explain(self, input: ExplainAccessInput, actor: Actor) -> ExplainAccessResponse:
        """Explain, by roles in the tenant and by those in units; `NotFoundError` for what is not there."""
        reader = self.db.read(actor.tenant_id)
        told = await self.explainer.access(input, actor, reader)
        if input.unit is not None:
            unit = await reader.first(units.GET_UNIT, tenant_id=actor.tenant_id, unit=input.unit)
            found(unit)
        access = operation_named(input.operation).access
        if told.allowed or input.unit is None or told.permission is None or not isinstance(access, UnitPermission):
            return told
        _, place = access.where[0]
        way = await self._way(access.permission, input.unit, place, input.user, actor.tenant_id, reader)
        return told if way is None else _allowed(told, way, input.unit)

    async def _way(
        self,
        permission: str,
        named: UnitId | UnitAssignmentId | None,
        place: UnitPlace,
        user: UserId,
        tenant: TenantId,
        reader: ReadExecutor,
    ) -> DBWay | None:
        """Find the assignment by which somebody may do something; to what stands nowhere, no role in a unit reaches."""
        if named is None:
            return None
        which: dict[str, Any] = {
            "tenant_id": tenant,
            "user": user,
            "permission": permission,
            "built_in": [slug for slug, (_, allowed) in BUILT_IN_ROLES.items() if permission in allowed],
            **_REACH[place],
        }
        if isinstance(named, UnitAssignmentId):
            return await reader.first(reach.FIND_WAY_OF_ASSIGNMENT, **which, assignment=named)
        return await reader.first(reach.FIND_WAY, **which, unit=named)


def _allowed(told: ExplainAccessResponse, way: DBWay, unit: UnitId) -> ExplainAccessResponse:
    where = "this unit" if way["unit_id"] == unit else f"{way['unit_id']}, which is above it"
    return told.model_copy(
        update={
            "allowed": True,
            "reason": f"The user may, as {way['role']} in {where}.",
            "by_roles": [way["role"]],
            "by_assignment": way["id"],
            "by_unit": way["unit_id"],
            "until": way["ends_at"],
        }
    )
