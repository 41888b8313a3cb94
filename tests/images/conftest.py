import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from central_server.images.files import ImageFiles
from central_server.infra.object_store import Bucket, ObjectStore
from support.buckets import SERVERS
from support.place import Place, Stack, make_stack
from support.servers import shared_postgres


@asynccontextmanager
async def bucket_stack(provider: str, folder: Path) -> AsyncIterator[Stack]:
    """Make an API whose files are in a provider's bucket, to which callers send them by themselves."""
    async with shared_postgres() as postgres, SERVERS[provider](folder) as server:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in server.variables.items():
                patch.setenv(name, value)
            settings = {"object_store_url": server.url, "presigned_uploads": True}
            database = f"presigned_{secrets.token_hex(6)}"
            async with make_stack(postgres, database, folder / "mailbox", **settings) as stack:
                yield stack


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
