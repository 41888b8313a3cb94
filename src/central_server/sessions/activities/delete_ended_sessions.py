from temporalio import activity

from central_server.infra.upkeep.batches import delete_in_batches
from central_server.infra.upkeep.specs import DeleteEndedInput, DeleteEndedOutput
from central_server.sessions.ended import EndedSessions


class DeleteEndedSessionsActivity:
    """Deletes sessions that ended longer ago than they are to be kept."""

    def __init__(self, ended: EndedSessions) -> None:
        self._ended = ended

    @activity.defn(name="sessions.delete_ended")
    async def delete(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        """Delete them, up to a bound."""
        return await delete_in_batches(input, self._ended.TX_delete_ended, activity.heartbeat)
