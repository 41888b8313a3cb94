from temporalio import activity

from central_server.infra.upkeep.batches import delete_in_batches
from central_server.infra.upkeep.specs import DeleteEndedInput, DeleteEndedOutput
from central_server.users.ended import EndedVerifications


class DeleteEndedVerificationsActivity:
    """Deletes verifications of addresses whose time has long been over."""

    def __init__(self, ended: EndedVerifications) -> None:
        self._ended = ended

    @activity.defn(name="users.delete_email_verifications")
    async def delete(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        """Delete them, up to a bound."""
        return await delete_in_batches(input, self._ended.TX_delete_ended, activity.heartbeat)
