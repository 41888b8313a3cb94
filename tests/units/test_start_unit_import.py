"""Starting an import of units."""

import pytest

from central.errors import ForbiddenError, ValidationFailedError
from central_client import AsyncCentral


async def test_it_waits_for_its_rows(owner: AsyncCentral) -> None:
    """A started import is a job that has done nothing."""
    job = await owner.units.start_import(dry_run=True)
    assert (job.kind, job.state) == ("unit_import", "receiving")


async def test_archiving_has_a_limit(owner: AsyncCentral) -> None:
    """How many may go is said by whoever lets any go, and by nobody else."""
    with pytest.raises(ValidationFailedError):
        await owner.units.start_import(on_missing="archive")
    with pytest.raises(ValidationFailedError):
        await owner.units.start_import(archive_limit=1)


async def test_by_who_may_write_units(member: AsyncCentral) -> None:
    """Whoever may not change units imports none."""
    with pytest.raises(ForbiddenError):
        await member.units.start_import()
