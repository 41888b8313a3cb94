from collections.abc import Callable
from datetime import timedelta
from typing import Final

from central_server.images import queries
from central_server.images.files import ImageFiles
from central_server.images.links import ImagePlace
from central_server.infra.db import Database

_STRAY_AGE: Final = timedelta(hours=2)
"""When a file that was sent may be looked at as one that nobody needs: its row is long there, and its link dead."""

_MOST_STRAYS: Final = 1_000
"""What is left waits for the next time."""


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

    async def delete_strays(self, heartbeat: Callable[[], None]) -> int:
        """Delete files, of all tenants, whose picture has ended or was deleted; gives how many.

        No row leads to them: they came, by a link that was still good, when the picture was made already.
        """
        deleted = 0
        async for place in self.files.list_old_sent(_STRAY_AGE):
            heartbeat()
            if deleted >= _MOST_STRAYS:
                break
            if not await self._is_needed(place):
                await self.files.delete_sent(place.tenant, place.image)
                deleted += 1
        return deleted

    async def _is_needed(self, place: ImagePlace) -> bool:
        found = await self.db.read(place.tenant).first(queries.GET_IMAGE, tenant_id=place.tenant, id=place.image)
        return found is not None and found["state"] not in {"ready", "failed"}
