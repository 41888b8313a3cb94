import pytest

from central.errors import ForbiddenError, ValidationFailedError
from central_client import AsyncCentral
from support.archives import PASSPHRASE
from support.database import superuser
from support.place import Place


async def test_a_job_of_the_operators_own_tenant(operator: AsyncCentral, place: Place) -> None:
    """It waits for the archive, where the operator sees it."""
    job = await operator.tenants.start_import()
    assert (job.kind, job.state, job.started_by) == ("tenant_import", "receiving", place.stack.operator_user.id)
    assert await operator.jobs.get(job=job.id) == job


async def test_the_passphrase_is_sealed(operator: AsyncCentral, place: Place) -> None:
    """In the database it stands sealed alone."""
    job = await operator.tenants.start_import(passphrase=PASSPHRASE)
    async with superuser(place.stack) as connection:
        options = await connection.fetchval("SELECT options::text FROM jobs WHERE id = $1", job.id.uuid)
    assert "passphrase" in options
    assert PASSPHRASE not in options


async def test_a_reserved_slug_is_refused_at_once(operator: AsyncCentral) -> None:
    """A tenant that is imported is called as any other may be."""
    with pytest.raises(ValidationFailedError):
        await operator.tenants.start_import(slug="admin")


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
async def test_no_role_of_a_tenant_imports(place: Place, role: str) -> None:
    """It takes a system permission."""
    client = await place.signed_in(role)
    with pytest.raises(ForbiddenError) as refusal:
        await client.tenants.start_import()
    assert refusal.value.code == "permission_missing"
