from central.images.events import ImageDeleted
from central_server.tenants.logos import TenantLogos


class ForgetLogo:
    """Takes pictures that were deleted from tenants whose logo they were."""

    def __init__(self, logos: TenantLogos) -> None:
        self._logos = logos

    async def handle(self, event: ImageDeleted) -> None:
        """Take it away; it may be no logo."""
        await self._logos.TX_forget(event.tenant_id, event.image_id)
