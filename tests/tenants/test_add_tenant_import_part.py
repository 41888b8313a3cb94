import pytest

from central.errors import ConflictError, NotFoundError, ValidationFailedError
from central.kernel.ids import JobId
from central_client import AsyncCentral
from support.place import Stack


async def test_the_same_part_may_come_again(operator: AsyncCentral) -> None:
    """Sent twice it is there once; another one of its number is refused."""
    job = await operator.tenants.start_import()
    for _ in range(2):
        added = await operator.tenants.add_import_part(job=job.id, part=0, content="UEsF")
        assert added.progress.done == 1
    with pytest.raises(ConflictError) as refusal:
        await operator.tenants.add_import_part(job=job.id, part=0, content="UEsG")
    assert refusal.value.code == "chunk_differs"


@pytest.mark.parametrize("content", ["", "not base64!", "A" * 800_000])
async def test_what_is_no_part(operator: AsyncCentral, content: str) -> None:
    """Parts are base64, of half a mebibyte at most."""
    job = await operator.tenants.start_import()
    with pytest.raises(ValidationFailedError):
        await operator.tenants.add_import_part(job=job.id, part=0, content=content)


async def test_another_operators_import_is_absent(stack: Stack, operator: AsyncCentral) -> None:
    """So is one that never was, and a job of another kind."""
    users = await operator.users.start_import()
    for job in (JobId.new(), users.id):
        with pytest.raises(NotFoundError):
            await operator.tenants.add_import_part(job=job, part=0, content="UEsF")
