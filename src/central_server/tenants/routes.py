from central.auth_connectors.models import GetTenantAuthConnectorsPublicResponse, ListAuthConnectorsPublicInput
from central.auth_connectors.operations import LIST_AUTH_CONNECTORS_PUBLIC
from central.tenants.models import (
    CreateTenantInput,
    GetSessionPolicyInput,
    GetTenantInput,
    GetTenantPublicInput,
    ListTenantsInput,
    ListTenantsResponse,
    ReactivateTenantInput,
    RenameTenantInput,
    SessionPolicy,
    SetTenantBrandingInput,
    SuspendTenantInput,
    Tenant,
    TenantPublic,
    UpdateSessionPolicyInput,
)
from central.tenants.operations import (
    CREATE_TENANT,
    GET_SESSION_POLICY,
    GET_TENANT,
    GET_TENANT_PUBLIC,
    LIST_TENANTS,
    REACTIVATE_TENANT,
    RENAME_TENANT,
    SET_TENANT_BRANDING,
    SUSPEND_TENANT,
    UPDATE_SESSION_POLICY,
)
from central_server.auth_connectors.service import AuthConnectorService
from central_server.infra.actor import Actor, Caller
from central_server.infra.http.handles import handles
from central_server.tenants.service import TenantService
from central_server.tenants.session_policies import SessionPolicyService


class TenantRoutes:
    """Serves the operations on tenants, and what anyone may see of one."""

    def __init__(
        self, tenants: TenantService, session_policies: SessionPolicyService, auth_connectors: AuthConnectorService
    ) -> None:
        self.tenants = tenants
        self.session_policies = session_policies
        self.auth_connectors = auth_connectors

    @handles(CREATE_TENANT)
    async def create(self, input: CreateTenantInput, actor: Actor) -> Tenant:
        return await self.tenants.TX_create_tenant(input, actor.by, actor.unit)

    @handles(LIST_TENANTS)
    async def list(self, input: ListTenantsInput, actor: Actor) -> ListTenantsResponse:
        return await self.tenants.TX_list_tenants(input)

    @handles(GET_TENANT_PUBLIC)
    async def get_public(self, input: GetTenantPublicInput, caller: Caller) -> TenantPublic:
        return await self.tenants.get_public(input.tenant or "")

    @handles(GET_TENANT)
    async def get(self, input: GetTenantInput, actor: Actor) -> Tenant:
        return await self.tenants.get_own(actor)

    @handles(RENAME_TENANT)
    async def rename(self, input: RenameTenantInput, actor: Actor) -> Tenant:
        return await self.tenants.TX_rename_tenant(input, actor)

    @handles(SET_TENANT_BRANDING)
    async def set_branding(self, input: SetTenantBrandingInput, actor: Actor) -> Tenant:
        return await self.tenants.TX_set_branding(input, actor)

    @handles(SUSPEND_TENANT)
    async def suspend(self, input: SuspendTenantInput, actor: Actor) -> Tenant:
        return await self.tenants.TX_suspend_tenant(input, actor)

    @handles(REACTIVATE_TENANT)
    async def reactivate(self, input: ReactivateTenantInput, actor: Actor) -> Tenant:
        return await self.tenants.TX_reactivate_tenant(input, actor)

    @handles(GET_SESSION_POLICY)
    async def get_session_policy(self, input: GetSessionPolicyInput, actor: Actor) -> SessionPolicy:
        return await self.session_policies.get_own(actor)

    @handles(UPDATE_SESSION_POLICY)
    async def update_session_policy(self, input: UpdateSessionPolicyInput, actor: Actor) -> SessionPolicy:
        return await self.session_policies.TX_update(input, actor)

    @handles(LIST_AUTH_CONNECTORS_PUBLIC)
    async def list_connectors(
        self, input: ListAuthConnectorsPublicInput, caller: Caller
    ) -> GetTenantAuthConnectorsPublicResponse:
        return await self.tenants.with_tenant_by_ref(
            input.tenant or "", lambda tenant: self.auth_connectors.list_public(tenant.id, input)
        )
