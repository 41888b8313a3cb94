from temporalio import activity

from central_server.infra.upkeep.batches import delete_in_batches
from central_server.infra.upkeep.specs import DeleteEndedInput, DeleteEndedOutput
from central_server.tool_sign_ins.ended import EndedToolSignIns


class DeleteEndedToolSignInsActivity:
    """Deletes sign-ins of tools whose time has long been over."""

    def __init__(self, ended: EndedToolSignIns) -> None:
        self._ended = ended

    @activity.defn(name="tool_sign_ins.delete_ended")
    async def delete(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        """Delete them, up to a bound."""
        return await delete_in_batches(input, self._ended.TX_delete_ended, activity.heartbeat)
