from temporalio import activity

from central_server.auth.ended import EndedSignIns
from central_server.infra.upkeep.batches import delete_in_batches
from central_server.infra.upkeep.specs import DeleteEndedInput, DeleteEndedOutput


class DeleteEndedSignInsActivity:
    """Deletes sign-ins whose time has long been over."""

    def __init__(self, ended: EndedSignIns) -> None:
        self._ended = ended

    @activity.defn(name="auth.delete_login_transactions")
    async def delete_login_transactions(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        """Delete those at providers, up to a bound."""
        return await delete_in_batches(input, self._ended.TX_delete_login_transactions, activity.heartbeat)

    @activity.defn(name="auth.delete_email_codes")
    async def delete_email_codes(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        """Delete those by mailed codes, up to a bound."""
        return await delete_in_batches(input, self._ended.TX_delete_email_codes, activity.heartbeat)
