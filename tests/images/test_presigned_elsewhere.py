"""Files that go straight to Google Cloud Storage and to Azure."""

from collections.abc import AsyncIterator

import httpx
import pytest

from central_client import AsyncCentral
from images.conftest import Objects, bucket_stack
from support.exporting import while_working
from support.hostile_pictures import photo
from support.place import BASE_URL, Place, Stack
from support.wire import Wire


@pytest.fixture(scope="module", params=["google", "azure"])
async def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """An API whose callers send files to such a server."""
    async with bucket_stack(request.param, tmp_path_factory.mktemp(request.param)) as made:
        yield made


async def test_from_the_file_to_the_links(place: Place, objects: Objects) -> None:
    """A picture goes to the bucket, is made, and is shown by links; nothing is left of what was sent."""
    wire, content = Wire(place.stack), photo(300, 200)
    session = place.owner.session_token
    async with httpx.AsyncClient(transport=wire) as http:
        client = AsyncCentral(BASE_URL, tenant=place.tenant.slug, session=session, http_client=http)
        image = await while_working(place, client.images.upload(content, usage="logo"))
    assert [(one.method, one.body) for one in wire.to_others] == [("PUT", content)]
    assert await objects.sent() == []
    async with place.stack.http() as plain:
        assert {(await plain.get(one.url)).status_code for one in image.renditions} == {200}
