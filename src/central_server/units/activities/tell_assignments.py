from temporalio import activity

from central_server.infra.upkeep.telling import PAGE, tell_page
from central_server.units.specs import TellAssignmentsInput, TellAssignmentsOutput
from central_server.units.telling import AssignmentTelling


class TellAssignmentsActivity:
    """Tells of assignments whose moment has come, a page of them at a time."""

    def __init__(self, telling: AssignmentTelling) -> None:
        self._telling = telling

    @activity.defn(name="units.tell_assignments")
    async def tell(self, input: TellAssignmentsInput) -> TellAssignmentsOutput:
        """Tell of a page of them; what was told before is not told again."""
        due = await self._telling.TX_list_due(PAGE)
        told, is_last = await tell_page(due, self._telling.TX_tell, activity.heartbeat)
        return TellAssignmentsOutput(told=input.told + told, is_last=is_last)
