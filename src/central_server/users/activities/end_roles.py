from temporalio import activity

from central_server.infra.upkeep.telling import PAGE, tell_page
from central_server.users.role_ends import RoleEnds
from central_server.users.specs import EndRolesInput, EndRolesOutput


class EndRolesActivity:
    """Tells of roles whose time has come, a page of them at a time."""

    def __init__(self, ends: RoleEnds) -> None:
        self._ends = ends

    @activity.defn(name="users.end_roles")
    async def tell(self, input: EndRolesInput) -> EndRolesOutput:
        """Tell of a page of them; what was told before is not told again."""
        due = await self._ends.TX_list_due(PAGE)
        told, is_last = await tell_page(due, self._ends.TX_end, activity.heartbeat)
        return EndRolesOutput(told=input.told + told, is_last=is_last)
