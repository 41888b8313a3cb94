"""Starting an import of who is in which unit."""

import pytest

from central.errors import ForbiddenError, ValidationFailedError
from central_client import AsyncCentral
from support.place import Place


async def test_it_waits_for_its_rows(owner: AsyncCentral) -> None:
    """A started import is a job that has done nothing."""
    job = await owner.units.start_assignment_import(dry_run=True)
    assert (job.kind, job.state) == ("assignment_import", "receiving")


async def test_ending_has_a_limit(owner: AsyncCentral) -> None:
    """How many may end is said by whoever lets any end, and by nobody else."""
    with pytest.raises(ValidationFailedError):
        await owner.units.start_assignment_import(on_missing="end")
    with pytest.raises(ValidationFailedError):
        await owner.units.start_assignment_import(end_limit=1)


async def test_by_who_may_write_units_and_see_people(member: AsyncCentral, owner: AsyncCentral, place: Place) -> None:
    """It takes `units:write`, and `users:read`, as its errors and its plan tell who there is."""
    await owner.roles.create(slug="blind", name="Blind", permissions=["units:write", "units:read"])
    for client in (member, await place.signed_in("blind")):
        with pytest.raises(ForbiddenError) as refusal:
            await client.units.start_assignment_import()
        assert refusal.value.code == "permission_missing"
