from typing import Final

from temporalio import activity

from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.tenant_deletions.eraser import TenantEraser
from central_server.tenant_deletions.specs import (
    DELETE_TENANT,
    DeleteDueTenantsInput,
    DeleteDueTenantsOutput,
    DeleteTenantInput,
)

_MOST: Final = 100


class StartDueDeletionsActivity:
    """Starts a workflow for each deletion of a tenant that is due, so that a large one holds up no other."""

    def __init__(self, eraser: TenantEraser, dispatcher: TemporalDispatcher) -> None:
        self._eraser = eraser
        self._dispatcher = dispatcher

    @activity.defn(name="tenants.start_due_deletions")
    async def start(self, input: DeleteDueTenantsInput) -> DeleteDueTenantsOutput:  # noqa: ARG002 (an activity takes one input)
        """Start them; one that runs is left alone. The look at what was left behind is a run of its own."""
        due = await self._eraser.TX_list_due(_MOST)
        for one in due:
            id = f"{one['id']}-leftovers" if one["is_gone"] else str(one["id"])
            await self._dispatcher.start(DELETE_TENANT, DeleteTenantInput(deletion_id=one["id"]), id=id)
        return DeleteDueTenantsOutput(started=len(due))
