from typing import Final

from temporalio import activity

from central_server.infra.upkeep.batches import delete_in_batches
from central_server.infra.upkeep.specs import DeleteEndedInput, DeleteEndedOutput
from central_server.jobs.ended import EndedJobs
from central_server.jobs.files import JobFiles

_FOLDERS_AT_ONCE: Final = 20
_WITH_THEIR_ROWS: Final = 20


class DeleteEndedJobsActivity:
    """Deletes jobs that ended long ago, those that were never run, and files that were to be downloaded before."""

    def __init__(self, ended: EndedJobs, files: JobFiles) -> None:
        self._ended = ended
        self._files = files

    @activity.defn(name="jobs.delete_files")
    async def delete_files(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        """Delete files, up to a bound."""
        delete = self._files.TX_delete_expired
        return await delete_in_batches(input, delete, activity.heartbeat, batch=_FOLDERS_AT_ONCE)

    @activity.defn(name="jobs.delete_ended")
    async def delete_ended(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        """Delete jobs that ended, up to a bound."""
        return await delete_in_batches(input, self._ended.TX_delete_ended, activity.heartbeat)

    @activity.defn(name="jobs.delete_unrun")
    async def delete_unrun(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        """Delete jobs that were never run, with the rows that they were given, up to a bound."""
        delete = self._ended.TX_delete_unrun
        return await delete_in_batches(input, delete, activity.heartbeat, batch=_WITH_THEIR_ROWS)
