from central.images.events import ImageDeleted
from central_server.images.files import ImageFiles


class DeleteImageFiles:
    """Deletes the files of pictures that were deleted."""

    def __init__(self, files: ImageFiles) -> None:
        self._files = files

    async def handle(self, event: ImageDeleted) -> None:
        """Delete them; that they are gone already is no error."""
        await self._files.delete_all(event.tenant_id, event.image_id)
