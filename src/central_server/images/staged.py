from central_server.images import queries
from central_server.images.files import ImageFiles
from central_server.infra.db import Database


class EndedUploads:
    """Files that were sent and that nobody needs any more: their pictures are made, or were never completed."""

    def __init__(self, db: Database, files: ImageFiles) -> None:
        self.db = db
        self.files = files

    async def TX_delete_staged(self, count: int) -> int:
        """Delete up to so many of all tenants, with the rows of those that were never completed; gives how many."""
        async with self.db.platform_read("files that were sent go", routine=True) as reader:
            staged = await reader.all(queries.LIST_STAGED, count=count)
        for image in staged:
            # First the file: should it end here, the row leads to it.
            await self.files.delete_sent(image["tenant_id"], image["id"])
            async with self.db.write(image["tenant_id"]) as tx:
                await tx.execute(queries.DELETE_UNFINISHED, tenant_id=image["tenant_id"], id=image["id"])
                await tx.execute(queries.FORGET_STAGED, of_tenant=image["tenant_id"], of_id=image["id"])
        return len(staged)
