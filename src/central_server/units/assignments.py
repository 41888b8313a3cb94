from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

from central.errors import ConflictError, NotFoundError, ValidationFailedError
from central.kernel.ids import TenantId, UnitAssignmentId, UnitId, UserId
from central.units.assignments import (
    AssignUnitInput,
    EndUnitAssignmentInput,
    GetUnitAssignmentInput,
    ListUnitAssignmentsInput,
    ListUnitAssignmentsResponse,
    RemoveUnitAssignmentInput,
    UnitAssignment,
    UpdateUnitAssignmentInput,
)
from central.units.events import UnitAssignmentCreated, UnitAssignmentRemoved, UnitAssignmentUpdated
from central_server.infra.actor import Actor
from central_server.infra.db import Database, Query, ReadExecutor, WriteExecutor, register_conflict
from central_server.infra.outbox import Outbox
from central_server.infra.paging import next_cursor, open_cursor
from central_server.units.mapping import assignment_from, found
from central_server.units.policy import check_assignable, check_times, collision, has_assignments
from central_server.units.queries import assignments as queries
from central_server.units.queries.assignments import AssignmentListShape
from central_server.units.tables import DBAssignment
from central_server.units.telling import AssignmentTelling
from central_server.users.guard import UserGuard
from central_server.users.policy import Doer
from central_server.users.service import UserService

T = TypeVar("T")
_OVERLAP = "assignment_overlaps"
_HELD = "unit_held"

register_conflict(
    "ex_unit_assignments_person",
    lambda: ConflictError("This person is in this unit already at that time.", code=_OVERLAP),
)
register_conflict(
    "ex_unit_assignments_holder",
    lambda: ConflictError("This unit has a single holder, and somebody else holds it then.", code=_HELD),
)
register_conflict("fk_unit_assignments_unit", has_assignments)
register_conflict("fk_unit_assignments_user", lambda: NotFoundError.of("user"))
register_conflict(
    "fk_unit_assignments_role",
    lambda: ValidationFailedError.of("role", "There is no such role here", code="unknown_role"),
)


class UnitAssignments:
    """Who is in which unit, from when until when.

    Nobody is in a unit twice at once, and a unit with a single holder has one at a time: constraints say so. Nobody
    gives or takes by an assignment a role beyond what they hold themselves.
    """

    def __init__(
        self, db: Database, outbox: Outbox, guard: UserGuard, users: UserService, telling: AssignmentTelling
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.guard = guard
        self.users = users
        self.telling = telling

    async def get_assignment_by_id(
        self, tenant: TenantId, assignment: UnitAssignmentId, executor: ReadExecutor | WriteExecutor | None = None
    ) -> UnitAssignment | None:
        """Find an assignment."""
        reader = executor or self.db.read(tenant)
        row = await reader.first(queries.GET_ASSIGNMENT, tenant_id=tenant, assignment=assignment)
        return None if row is None else assignment_from(row)

    async def with_assignment_by_id(
        self,
        tenant: TenantId,
        assignment: UnitAssignmentId,
        use: Callable[[UnitAssignment], Awaitable[T]],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> T:
        """Find an assignment and use it; `NotFoundError` when there is none."""
        return await use(found(await self.get_assignment_by_id(tenant, assignment, executor), "assignment"))

    async def get(
        self, input: GetUnitAssignmentInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> UnitAssignment:
        """Give an assignment of the actor's tenant."""
        return found(await self.get_assignment_by_id(actor.tenant_id, input.assignment, executor), "assignment")

    async def list(
        self, input: ListUnitAssignmentsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListUnitAssignmentsResponse:
        """Give a page of the assignments of the actor's tenant, those that begin last first."""
        asked, position = open_cursor(input)
        names = {name: name for name in ("unit", "below", "user", "role", "at", "state")} | {
            "days": "ending_within_days"
        }
        values: dict[str, Any] = {
            name: value for name, field in names.items() if (value := getattr(asked, field)) is not None
        }
        if position is not None:
            values |= {"after_key": position.time, "after_id": position.id}
        shape = AssignmentListShape(
            by_unit="unit" in values,
            by_subtree="below" in values,
            by_user="user" in values,
            by_role="role" in values,
            by_moment="at" in values,
            by_end="days" in values,
            by_state="state" in values,
            goes_on=position is not None,
        )
        rows = await (executor or self.db.read(actor.tenant_id)).all(
            queries.list_assignments(shape), tenant_id=actor.tenant_id, count=asked.limit + 1, **values
        )
        shown = rows[: asked.limit]
        cursor = next_cursor(asked, shown[-1]["starts_at"], shown[-1]["id"]) if len(rows) > asked.limit else None
        return ListUnitAssignmentsResponse(unit_assignments=[assignment_from(row) for row in shown], next_cursor=cursor)

    async def TX_assign(self, input: AssignUnitInput, actor: Actor) -> UnitAssignment:
        """Assign somebody; `ConflictError` when they, or the single holder of the unit, are in it at that time."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return await self.assign(input, actor, tx)

    async def assign(self, input: AssignUnitInput, actor: Doer, executor: WriteExecutor) -> UnitAssignment:
        """Assign somebody as part of more steps."""
        tenant, id = actor.tenant_id, UnitAssignmentId.new()
        check_times(input.starts_at, input.ends_at)
        await self._check_may_give(input.user, input.role, actor, executor)
        held = await executor.first(queries.HOLD_UNIT, tenant_id=tenant, unit=input.unit)
        unit = found(held)
        check_assignable(unit)
        row = await self._write(
            queries.INSERT_ASSIGNMENT,
            {
                "tenant_id": tenant,
                "id": id,
                "unit_id": input.unit,
                "single_holder": unit["single_holder"],
                "user_id": input.user,
                "role": input.role,
                "starts_at": input.starts_at,
                "ends_at": input.ends_at,
                "created_by": actor.by.user,
            },
            (id, input.unit, input.user, input.starts_at, input.ends_at),
            executor,
        )
        created = UnitAssignmentCreated(
            tenant_id=tenant, assignment_id=id, unit_id=input.unit, user_id=input.user, version=1
        )
        await self.outbox.add(created, actor.by, executor)
        await self.telling.tell(tenant, id, actor.by, executor)
        return assignment_from(row)

    async def TX_update(self, input: UpdateUnitAssignmentInput, actor: Actor) -> UnitAssignment:
        """Change when an assignment holds, or its role; `ConflictError` as for `TX_assign`, and for a stale version."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return await self.update(input, actor, tx)

    async def update(self, input: UpdateUnitAssignmentInput, actor: Doer, executor: WriteExecutor) -> UnitAssignment:
        """Change an assignment as part of more steps."""
        before = await self._lock(input.assignment, actor, executor)
        if input.expected_version not in {None, before["version"]}:
            raise ConflictError("Somebody else changed this assignment first; read it again.", code="version_conflict")
        given = {name for name in ("role", "starts_at", "ends_at") if name in input.model_fields_set}
        changes: dict[str, Any] = {name: getattr(input, name) for name in given}
        if changes.get("role") is not None:
            await self._check_may_give(before["user_id"], changes["role"], actor, executor)
        return await self._change(before, changes, actor, executor)

    async def TX_end(self, input: EndUnitAssignmentInput, actor: Actor) -> UnitAssignment:
        """End an assignment; `ConflictError` for one that has not begun, or ended before."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return await self.end(input, actor, tx)

    async def end(self, input: EndUnitAssignmentInput, actor: Doer, executor: WriteExecutor) -> UnitAssignment:
        """End an assignment as part of more steps."""
        before = await self._lock(input.assignment, actor, executor)
        if before["state"] != "current":
            raise ConflictError(f"This assignment is {before['state']}.", code=f"assignment_{before['state']}")
        moment = input.at
        if moment is None:
            now = await executor.first(queries.NOW)
            moment = found(now)["at"]
        return await self._change(before, {"ends_at": moment}, actor, executor)

    async def TX_remove(self, input: RemoveUnitAssignmentInput, actor: Actor) -> None:
        """Take back an assignment that has not begun; `ConflictError` for one that has."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self._lock(input.assignment, actor, tx)
            if before["state"] != "future":
                raise ConflictError("This assignment has begun; end it.", code="assignment_begun")
            await tx.execute(queries.DELETE_ASSIGNMENT, tenant_id=actor.tenant_id, assignment=input.assignment)
            removed = UnitAssignmentRemoved(
                tenant_id=actor.tenant_id,
                assignment_id=input.assignment,
                unit_id=before["unit_id"],
                user_id=before["user_id"],
            )
            await self.outbox.add(removed, actor.by, tx)

    async def _lock(self, assignment: UnitAssignmentId, actor: Doer, tx: WriteExecutor) -> DBAssignment:
        """Lock an assignment whose role the actor may take."""
        of = {"tenant_id": actor.tenant_id, "assignment": assignment}
        seen = await tx.first(queries.GET_ASSIGNMENT, **of)
        await tx.first(queries.HOLD_UNIT, tenant_id=actor.tenant_id, unit=found(seen, "assignment")["unit_id"])
        row = await tx.first(queries.LOCK_ASSIGNMENT, **of)
        before = found(row, "assignment")
        if before["role"] is not None:
            await self.guard.check_may_grant(actor, [before["role"]], tx)
        return before

    async def _check_may_give(self, user: UserId, role: str | None, actor: Doer, tx: WriteExecutor) -> None:
        if await self.users.get_user_by_id(actor.tenant_id, user, tx) is None:
            raise NotFoundError.of("user")
        if role is not None:
            await self.guard.check_may_grant(actor, [role], tx)

    async def _change(
        self, before: DBAssignment, changes: dict[str, Any], actor: Doer, tx: WriteExecutor
    ) -> UnitAssignment:
        tenant, id = actor.tenant_id, before["id"]
        after: dict[str, Any] = {**before, **changes}
        check_times(after["starts_at"], after["ends_at"])
        held = await tx.first(queries.HOLD_UNIT, tenant_id=tenant, unit=before["unit_id"])
        new = {f"new_{name}": after[name] for name in ("role", "starts_at", "ends_at")}
        new["new_single_holder"] = found(held)["single_holder"]
        row = await self._write(
            queries.UPDATE_ASSIGNMENT,
            {"of_tenant": tenant, "assignment": id, **new},
            (id, before["unit_id"], before["user_id"], after["starts_at"], after["ends_at"]),
            tx,
        )
        updated = UnitAssignmentUpdated.between(
            before, row, tenant_id=tenant, assignment_id=id, unit_id=row["unit_id"], user_id=row["user_id"]
        )
        await self.outbox.add(updated, actor.by, tx)
        await self.telling.tell(tenant, id, actor.by, tx)
        return assignment_from(row)

    async def _write(
        self,
        query: Query[DBAssignment],
        values: dict[str, Any],
        asked: tuple[UnitAssignmentId, UnitId, UserId, datetime | None, datetime | None],
        tx: WriteExecutor,
    ) -> DBAssignment:
        """Write an assignment, and say which other one is in its way if one is."""
        try:
            async with tx.savepoint() as part:
                row = await part.first(query, **values)
                return found(row, "assignment")
        except ConflictError as error:
            if error.code not in {_OVERLAP, _HELD}:
                raise
            id, unit, user, starts_at, ends_at = asked
            other = await tx.first(
                queries.FIND_OTHER,
                tenant_id=tx.tenant,
                assignment=id,
                unit=unit,
                user=user,
                starts_at=starts_at,
                ends_at=ends_at,
            )
            raise collision(error, other) from None
