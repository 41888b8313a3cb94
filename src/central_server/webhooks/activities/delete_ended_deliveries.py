from temporalio import activity

from central_server.infra.upkeep.batches import delete_in_batches
from central_server.infra.upkeep.specs import DeleteEndedInput, DeleteEndedOutput
from central_server.webhooks.ended import EndedDeliveries


class DeleteEndedDeliveriesActivity:
    """Deletes deliveries that nobody looks at any more."""

    def __init__(self, ended: EndedDeliveries) -> None:
        self._ended = ended

    @activity.defn(name="webhooks.delete_deliveries")
    async def delete(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        """Delete them, up to a bound."""
        return await delete_in_batches(input, self._ended.TX_delete_ended, activity.heartbeat)
