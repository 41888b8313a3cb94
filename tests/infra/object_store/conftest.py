from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central.kernel.ids import TenantId
from central_server.infra.object_store import ObjectStore, object_store_from_url
from support.buckets import SERVERS, BucketServer


@pytest.fixture(scope="module", params=SERVERS)
async def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[BucketServer]:
    """A server of each provider's kind."""
    async with SERVERS[request.param](tmp_path_factory.mktemp("served")) as served:
        yield served


@pytest.fixture(scope="module")
def bucket(server: BucketServer) -> ObjectStore:
    """A store on such a server."""
    return opened(server)


@pytest.fixture(scope="module", params=["folder", *SERVERS])
async def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ObjectStore]:
    """A store in a folder, and one on a server of each provider's kind."""
    folder = tmp_path_factory.mktemp("objects")
    if request.param == "folder":
        yield object_store_from_url(folder.as_uri())
        return
    async with SERVERS[request.param](folder) as served:
        yield opened(served)


def opened(server: BucketServer, url: str | None = None, *, without: str = "", **changed: str) -> ObjectStore:
    """Open a server's bucket, or another URL, by its variables: all but one, or with others."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**server.variables, **changed}.items():
            if not (without and name.endswith(without)):
                patch.setenv(name, value)
        return object_store_from_url(url or server.url, patience=0.1)


@pytest.fixture
def tenant() -> TenantId:
    return TenantId.new()


@pytest.fixture
def folder_store(tmp_path: Path) -> ObjectStore:
    """A store in a folder of the test's own."""
    return object_store_from_url((tmp_path / "objects").as_uri())
