from temporalio import activity

from central_server.infra.http.kept_answers import KeptAnswers
from central_server.infra.upkeep.batches import delete_in_batches
from central_server.infra.upkeep.specs import DeleteEndedInput, DeleteEndedOutput


class DeleteAnswersActivity:
    """Deletes answers whose requests are not repeated any more."""

    def __init__(self, ended: KeptAnswers) -> None:
        self._ended = ended

    @activity.defn(name="http.delete_answers")
    async def delete(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        """Delete them, up to a bound."""
        return await delete_in_batches(input, self._ended.TX_delete_ended, activity.heartbeat)
