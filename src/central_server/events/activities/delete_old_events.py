from temporalio import activity

from central_server.events.retention import EventRetentionService
from central_server.infra.upkeep.batches import delete_in_batches
from central_server.infra.upkeep.specs import DeleteEndedInput, DeleteEndedOutput


class DeleteOldEventsActivity:
    """Deletes events that are older than their tenants keep them."""

    def __init__(self, retention: EventRetentionService) -> None:
        self._retention = retention

    @activity.defn(name="events.delete_old")
    async def delete(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        """Delete them, up to a bound."""
        return await delete_in_batches(input, self._retention.TX_delete_old, activity.heartbeat)
