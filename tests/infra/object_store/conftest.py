from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central.kernel.ids import TenantId
from central_server.infra.object_store import ObjectStore, object_store_from_url
from support.s3 import BUCKET, s3_server


@pytest.fixture(scope="module", params=["folder", "s3"])
async def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ObjectStore]:
    """A store in a folder, and one on a server of S3."""
    folder = tmp_path_factory.mktemp("objects")
    if request.param == "folder":
        yield object_store_from_url(folder.as_uri())
        return
    async with s3_server(folder) as variables:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            made = object_store_from_url(f"s3://{BUCKET}/central")
        yield made


@pytest.fixture
def tenant() -> TenantId:
    return TenantId.new()


@pytest.fixture
def folder_store(tmp_path: Path) -> ObjectStore:
    """A store in a folder of the test's own."""
    return object_store_from_url((tmp_path / "objects").as_uri())
