from typing import Final

from temporalio import activity

from central_server.images.staged import EndedUploads
from central_server.infra.upkeep.batches import delete_in_batches
from central_server.infra.upkeep.specs import DeleteEndedInput, DeleteEndedOutput

_FILES_AT_ONCE: Final = 20


class DeleteStagedFilesActivity:
    """Deletes files that were sent and that nobody needs any more."""

    def __init__(self, ended: EndedUploads) -> None:
        self._ended = ended

    @activity.defn(name="images.delete_staged")
    async def delete(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        """Delete them, up to a bound; those that rows lead to first."""
        done = await delete_in_batches(input, self._ended.TX_delete_staged, activity.heartbeat, batch=_FILES_AT_ONCE)
        if not done.is_last:
            return done
        strays = await self._ended.delete_strays(activity.heartbeat)
        return DeleteEndedOutput(deleted=done.deleted + strays, is_last=True)
