"""`tenants.remove_logo`."""

import pytest

from central.errors import ForbiddenError
from central_client import AsyncCentral


async def test_who_removes_it(owner: AsyncCentral, admin: AsyncCentral) -> None:
    """It takes `tenant:write`; a tenant without a logo is left as it is."""
    with pytest.raises(ForbiddenError):
        await admin.tenants.remove_logo()
    assert (await owner.tenants.remove_logo()).version == (await owner.tenants.get()).version
