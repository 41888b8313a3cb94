from collections.abc import Iterator, Sequence
from typing import Any

from central.access import Access, UnitPermission, UnitPlace
from central.errors import ForbiddenError, ValidationFailedError
from central.explain.models import ExplainAccessInput, ExplainAccessResponse, UnitWay
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
        for named in (input.unit, input.parent):
            if named is not None:
                unit = await reader.first(units.GET_UNIT, tenant_id=actor.tenant_id, unit=named)
                found(unit)
        access = operation_named(input.operation).access
        if input.parent is not None and not _goes_somewhere(access):
            raise ValidationFailedError.of("parent", "This operation puts no unit below another one", code="no_parent")
        if told.allowed or input.unit is None or told.permission is None or not isinstance(access, UnitPermission):
            return told
        ways = [
            await self._explained(access.permission, end, unit, place, input.user, actor.tenant_id, reader)
            for end, unit, place in _ends(access, input)
        ]
        return _judged(told, ways)

    async def _explained(
        self,
        permission: str,
        end: str,
        unit: UnitId | None,
        place: UnitPlace,
        user: UserId,
        tenant: TenantId,
        reader: ReadExecutor,
    ) -> UnitWay:
        """Say by which assignment somebody may do their part at one end."""
        way = await self._way(permission, unit, place, user, tenant, reader)
        if way is None:
            return UnitWay(end=end, unit_id=unit, allowed=False)
        return UnitWay(
            end=end,
            unit_id=unit,
            allowed=True,
            by_role=way["role"],
            by_assignment=way["id"],
            by_unit=way["unit_id"],
            until=way["ends_at"],
        )

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


def _goes_somewhere(access: Access) -> bool:
    return isinstance(access, UnitPermission) and any(name == "parent" for name, _ in access.where[1:])


def _ends(access: UnitPermission, input: ExplainAccessInput) -> Iterator[tuple[str, UnitId | None, UnitPlace]]:
    """Give the ends that are judged: the unit in question, whatever the operation calls it, and where it would go."""
    (_, place), *others = access.where
    yield "unit", input.unit, place
    for name, of_other in others:
        yield name, input.parent, of_other


def _judged(told: ExplainAccessResponse, ways: Sequence[UnitWay]) -> ExplainAccessResponse:
    """Say that all ends must be allowed, and by which ways they are."""
    missing = [way for way in ways if not way.allowed]
    if missing:
        return told.model_copy(update={"ways": list(ways), "reason": _lacking(told, ways, missing[0])})
    first = ways[0]
    ends = [way.until for way in ways if way.until is not None]
    return told.model_copy(
        update={
            "allowed": True,
            "reason": f"The user may, {' and '.join(map(_told, ways))}.",
            "by_roles": list(dict.fromkeys(way.by_role for way in ways)),
            "by_assignment": first.by_assignment,
            "by_unit": first.by_unit,
            "until": min(ends, default=None),
            "ways": list(ways),
        }
    )


def _lacking(told: ExplainAccessResponse, ways: Sequence[UnitWay], missing: UnitWay) -> str:
    if len(ways) == 1:
        return told.reason
    if missing.end == "unit":
        return f"{told.reason} No role in a unit lets them take {missing.unit_id} from where it is."
    where = "to the top" if missing.unit_id is None else f"below {missing.unit_id}"
    return f"{told.reason} No role in a unit lets them move anything {where}."


def _told(way: UnitWay) -> str:
    which = "this unit" if way.end == "unit" else "the one to go below"
    return f"as {way.by_role} in {which if way.by_unit == way.unit_id else f'{way.by_unit}, which is above {which}'}"
