import pytest

from central_server.images.files import ImageFiles
from central_server.infra.object_store import Bucket, ObjectStore
from support.place import Place


class Objects:
    """What lies in the object store of a tenant."""

    def __init__(self, store: ObjectStore, place: Place) -> None:
        self._store = store
        self._tenant = place.tenant.id

    async def sent(self) -> list[str]:
        """Files that were sent."""
        return [key async for key in self._store.list(Bucket.UPLOAD_STAGING, self._tenant)]

    async def shown(self) -> list[str]:
        """Renditions."""
        return [key async for key in self._store.list(Bucket.USER_CONTENT, self._tenant)]


@pytest.fixture
async def objects(place: Place) -> Objects:
    """The objects of the test's tenant."""
    return Objects(await place.stack.central.container.get(ObjectStore), place)


@pytest.fixture
async def files(place: Place) -> ImageFiles:
    """What keeps files of pictures."""
    return await place.stack.central.container.get(ImageFiles)
