from temporalio import activity

from central_server.infra.outbox.receipts import EndedHandovers
from central_server.infra.upkeep.batches import delete_in_batches
from central_server.infra.upkeep.specs import DeleteEndedInput, DeleteEndedOutput


class DeleteReceiptsActivity:
    """Deletes receipts of events that were handled long ago."""

    def __init__(self, ended: EndedHandovers) -> None:
        self._ended = ended

    @activity.defn(name="events.delete_receipts")
    async def delete(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        """Delete them, up to a bound."""
        return await delete_in_batches(input, self._ended.TX_delete_ended, activity.heartbeat)
