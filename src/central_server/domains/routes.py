from central.domains.models import (
    CreateDomainInput,
    DeleteDomainInput,
    Domain,
    GetDomainInput,
    ListDomainsInput,
    ListDomainsResponse,
    UpdateDomainInput,
    VerifyDomainInput,
)
from central.domains.operations import (
    CREATE_DOMAIN,
    DELETE_DOMAIN,
    GET_DOMAIN,
    LIST_DOMAINS,
    UPDATE_DOMAIN,
    VERIFY_DOMAIN,
)
from central_server.domains.service import DomainService
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles


class DomainRoutes:
    """Serves the operations on domains."""

    def __init__(self, domains: DomainService) -> None:
        self.domains = domains

    @handles(CREATE_DOMAIN)
    async def create(self, input: CreateDomainInput, actor: Actor) -> Domain:
        return await self.domains.TX_create_domain(input, actor)

    @handles(LIST_DOMAINS)
    async def list(self, input: ListDomainsInput, actor: Actor) -> ListDomainsResponse:
        return await self.domains.list(input, actor)

    @handles(GET_DOMAIN)
    async def get(self, input: GetDomainInput, actor: Actor) -> Domain:
        return await self.domains.get(input, actor)

    @handles(UPDATE_DOMAIN)
    async def update(self, input: UpdateDomainInput, actor: Actor) -> Domain:
        return await self.domains.TX_update_domain(input, actor)

    @handles(VERIFY_DOMAIN)
    async def verify(self, input: VerifyDomainInput, actor: Actor) -> Domain:
        return await self.domains.TX_verify_domain(input, actor)

    @handles(DELETE_DOMAIN)
    async def delete(self, input: DeleteDomainInput, actor: Actor) -> None:
        await self.domains.TX_delete_domain(input, actor)
