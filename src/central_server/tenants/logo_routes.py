from central.tenants.models import RemoveLogoInput, SetLogoImageInput, Tenant
from central.tenants.operations import REMOVE_LOGO, SET_LOGO_IMAGE
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.tenants.logos import TenantLogos


class TenantLogoRoutes:
    """Serves the logos of tenants."""

    def __init__(self, logos: TenantLogos) -> None:
        self.logos = logos

    @handles(SET_LOGO_IMAGE)
    async def set_image(self, input: SetLogoImageInput, actor: Actor) -> Tenant:
        return await self.logos.TX_set(input, actor)

    @handles(REMOVE_LOGO)
    async def remove(self, input: RemoveLogoInput, actor: Actor) -> Tenant:
        return await self.logos.TX_remove(actor)
