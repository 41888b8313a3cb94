from central.tenant_deletions.models import (
    DeleteOwnTenantInput,
    DeleteTenantInput,
    GetTenantDeletionInput,
    ListTenantDeletionsInput,
    ListTenantDeletionsResponse,
    RestoreTenantInput,
    TenantDeletion,
)
from central.tenant_deletions.operations import (
    DELETE_OWN_TENANT,
    DELETE_TENANT,
    GET_TENANT_DELETION,
    LIST_TENANT_DELETIONS,
    RESTORE_TENANT,
)
from central.tenants.models import Tenant
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.tenant_deletions.service import TenantDeletionService


class TenantDeletionRoutes:
    """Serves the operations on deletions of tenants."""

    def __init__(self, deletions: TenantDeletionService) -> None:
        self.deletions = deletions

    @handles(DELETE_TENANT)
    async def delete(self, input: DeleteTenantInput, actor: Actor) -> TenantDeletion:
        return await self.deletions.TX_delete(input, actor)

    @handles(DELETE_OWN_TENANT)
    async def delete_own(self, input: DeleteOwnTenantInput, actor: Actor) -> TenantDeletion:
        return await self.deletions.TX_delete_own(input, actor)

    @handles(RESTORE_TENANT)
    async def restore(self, input: RestoreTenantInput, actor: Actor) -> Tenant:
        return await self.deletions.TX_restore(input, actor)

    @handles(LIST_TENANT_DELETIONS)
    async def list(self, input: ListTenantDeletionsInput, actor: Actor) -> ListTenantDeletionsResponse:
        return await self.deletions.TX_list(input)

    @handles(GET_TENANT_DELETION)
    async def get(self, input: GetTenantDeletionInput, actor: Actor) -> TenantDeletion:
        return await self.deletions.TX_get(input)
