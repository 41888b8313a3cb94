from temporalio import activity

from central_server.auth_connectors.ended import EndedTests
from central_server.infra.upkeep.batches import delete_in_batches
from central_server.infra.upkeep.specs import DeleteEndedInput, DeleteEndedOutput


class DeleteEndedTestsActivity:
    """Deletes test sign-ins that nobody looks at any more."""

    def __init__(self, ended: EndedTests) -> None:
        self._ended = ended

    @activity.defn(name="auth_connectors.delete_tests")
    async def delete(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        """Delete them, up to a bound."""
        return await delete_in_batches(input, self._ended.TX_delete_ended, activity.heartbeat)
