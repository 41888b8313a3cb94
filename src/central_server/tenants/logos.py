from typing import Any

from central.errors import NotFoundError
from central.kernel.ids import ImageId, TenantId
from central.tenants.events import TenantLogoChanged
from central.tenants.models import SetLogoImageInput, Tenant
from central_server.images.service import ImageService
from central_server.infra.actor import SYSTEM, Actor, By
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.tenants import queries
from central_server.tenants.service import tenant_from
from central_server.tenants.tables import DBTenant


class TenantLogos:
    """The logos of tenants; what is shown stands in the tenant's row, which every sign-in page reads anyway."""

    def __init__(self, db: Database, outbox: Outbox, images: ImageService) -> None:
        self.db = db
        self.outbox = outbox
        self.images = images

    async def TX_set(self, input: SetLogoImageInput, actor: Actor) -> Tenant:
        """Give the actor's tenant a logo, and delete the one before."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self._lock(actor, tx)
            picture = await self.images.pick(input.image, "logo", actor, tx)
            return tenant_from(before) if before["logo"] == picture else await self._replace(before, picture, actor, tx)

    async def TX_remove(self, actor: Actor) -> Tenant:
        """Take the logo of the actor's tenant away; one without is left as it is."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self._lock(actor, tx)
            return tenant_from(before) if before["logo"] is None else await self._replace(before, None, actor, tx)

    async def TX_forget(self, tenant: TenantId, image: ImageId) -> None:
        """Take a picture that was deleted from the tenant, if it was the logo."""
        async with self.db.write(tenant) as tx:
            row = await tx.first(queries.FORGET_LOGO, of_id=tenant, image=image)
            if row is not None:
                await self._tell(row, SYSTEM, tx)

    async def _lock(self, actor: Actor, tx: WriteExecutor) -> DBTenant:
        row = await tx.first(queries.LOCK_TENANT, id=actor.tenant_id)
        if row is None:
            raise NotFoundError.of("tenant")
        return row

    async def _replace(
        self, before: DBTenant, picture: dict[str, Any] | None, actor: Actor, tx: WriteExecutor
    ) -> Tenant:
        row = await tx.first(queries.SET_LOGO, of_id=actor.tenant_id, new_logo=picture)
        assert row is not None, "it is locked"
        await self.images.delete_replaced(before["logo"], actor, tx)
        await self._tell(row, actor.by, tx)
        return tenant_from(row)

    async def _tell(self, row: DBTenant, by: By, tx: WriteExecutor) -> None:
        image = None if row["logo"] is None else ImageId(row["logo"]["image_id"])
        await self.outbox.add(TenantLogoChanged(tenant_id=row["id"], image_id=image, version=row["version"]), by, tx)
