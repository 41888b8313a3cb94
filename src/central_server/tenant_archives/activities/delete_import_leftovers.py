from typing import Final

from temporalio import activity

from central_server.infra.temporal.beats import beating
from central_server.infra.upkeep.batches import delete_in_batches
from central_server.infra.upkeep.specs import DeleteEndedInput, DeleteEndedOutput
from central_server.tenant_archives.claims import TenantClaims

_IMPORTS_AT_ONCE: Final = 20


class DeleteImportLeftoversActivity:
    """Deletes files that imports have left behind which nobody goes on with."""

    def __init__(self, claims: TenantClaims) -> None:
        self._claims = claims

    @activity.defn(name="tenants.delete_import_leftovers")
    async def delete(self, input: DeleteEndedInput) -> DeleteEndedOutput:
        """Delete them, up to a bound."""
        clear = self._claims.TX_clear_abandoned
        async with beating():
            return await delete_in_batches(input, clear, activity.heartbeat, batch=_IMPORTS_AT_ONCE)
