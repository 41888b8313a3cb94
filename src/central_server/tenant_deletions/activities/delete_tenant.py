from temporalio import activity

from central_server.tenant_deletions.eraser import TenantEraser
from central_server.tenant_deletions.specs import DeleteTenantInput, DeleteTenantOutput


class DeleteTenantActivity:
    """Removes a tenant, or what an attempt before has left of it."""

    def __init__(self, eraser: TenantEraser) -> None:
        self._eraser = eraser

    @activity.defn(name="tenants.delete")
    async def delete(self, input: DeleteTenantInput) -> DeleteTenantOutput:
        """Do it; it beats after each batch, none of which takes long."""
        return DeleteTenantOutput(state=await self._eraser.run(input.deletion_id, activity.heartbeat))
