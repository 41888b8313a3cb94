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
from central.units.operations import (
    ASSIGN_UNIT,
    END_UNIT_ASSIGNMENT,
    GET_UNIT_ASSIGNMENT,
    LIST_UNIT_ASSIGNMENTS,
    REMOVE_UNIT_ASSIGNMENT,
    UPDATE_UNIT_ASSIGNMENT,
)
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.units.assignments import UnitAssignments


class UnitAssignmentRoutes:
    """Serves the operations on assignments to units."""

    def __init__(self, assignments: UnitAssignments) -> None:
        self.assignments = assignments

    @handles(ASSIGN_UNIT)
    async def assign(self, input: AssignUnitInput, actor: Actor) -> UnitAssignment:
        return await self.assignments.TX_assign(input, actor)

    @handles(LIST_UNIT_ASSIGNMENTS)
    async def list(self, input: ListUnitAssignmentsInput, actor: Actor) -> ListUnitAssignmentsResponse:
        return await self.assignments.list(input, actor)

    @handles(GET_UNIT_ASSIGNMENT)
    async def get(self, input: GetUnitAssignmentInput, actor: Actor) -> UnitAssignment:
        return await self.assignments.get(input, actor)

    @handles(UPDATE_UNIT_ASSIGNMENT)
    async def update(self, input: UpdateUnitAssignmentInput, actor: Actor) -> UnitAssignment:
        return await self.assignments.TX_update(input, actor)

    @handles(END_UNIT_ASSIGNMENT)
    async def end(self, input: EndUnitAssignmentInput, actor: Actor) -> UnitAssignment:
        return await self.assignments.TX_end(input, actor)

    @handles(REMOVE_UNIT_ASSIGNMENT)
    async def remove(self, input: RemoveUnitAssignmentInput, actor: Actor) -> None:
        await self.assignments.TX_remove(input, actor)
