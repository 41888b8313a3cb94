from central.identities.models import (
    ListIdentitiesInput,
    ListIdentitiesResponse,
    ListMyIdentitiesInput,
    ListMyIdentitiesResponse,
    UnlinkIdentityInput,
)
from central.identities.operations import LIST_IDENTITIES, LIST_MY_IDENTITIES, UNLINK_IDENTITY
from central_server.auth.identity_links import IdentityLinks
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles


class IdentityRoutes:
    """Serves who people are at identity providers."""

    def __init__(self, links: IdentityLinks) -> None:
        self.links = links

    @handles(LIST_MY_IDENTITIES)
    async def list_mine(self, input: ListMyIdentitiesInput, actor: Actor) -> ListMyIdentitiesResponse:
        return await self.links.list_mine(input, actor)

    @handles(LIST_IDENTITIES)
    async def list(self, input: ListIdentitiesInput, actor: Actor) -> ListIdentitiesResponse:
        return await self.links.list(input, actor)

    @handles(UNLINK_IDENTITY)
    async def unlink(self, input: UnlinkIdentityInput, actor: Actor) -> None:
        await self.links.TX_unlink(input, actor)
