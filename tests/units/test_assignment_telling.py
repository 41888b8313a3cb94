"""That an assignment begins or ends is told when the moment comes: once, and only if it was not put off meanwhile."""

import asyncio
from datetime import UTC, datetime

from temporalio.testing import ActivityEnvironment

from central.units.assignments import UnitAssignment
from central_client import AsyncCentral
from central_server.units.activities.tell_assignments import TellAssignmentsActivity
from central_server.units.specs import TellAssignmentsInput, TellAssignmentsOutput
from support.place import Place, Stack
from support.signing_in import run_sql
from support.units import DAY, told


async def _tell(stack: Stack) -> TellAssignmentsOutput:
    activity = await stack.central.container.get(TellAssignmentsActivity)
    return await ActivityEnvironment().run(activity.tell, TellAssignmentsInput())


async def _planned(place: Place) -> UnitAssignment:
    unit, user = await place.owner.units.create(name="Sales"), await place.user()
    begins = datetime.now(UTC) + DAY
    return await place.owner.units.assign(unit=unit.id, user=user.id, starts_at=begins, ends_at=begins + DAY)


async def _pass_time(place: Place, days: int) -> None:
    """Move the assignments of a tenant into the past."""
    await run_sql(
        place,
        "UPDATE unit_assignments SET starts_at = starts_at - $2::interval, ends_at = ends_at - $2::interval"
        " WHERE tenant_id = $1",
        place.tenant.id.uuid,
        days * DAY,
    )


async def test_beginning_and_end_are_told_once(place: Place) -> None:
    """Many looks at once tell of each moment once, by nobody, when it has come and not before."""
    made = await _planned(place)
    await _tell(place.stack)
    assert await told(place, "unit.assignment_started") == []
    await _pass_time(place, 1)
    await asyncio.gather(*(_tell(place.stack) for _ in range(4)))
    assert await told(place, "unit.assignment_ended") == []
    await _pass_time(place, 1)
    await asyncio.gather(*(_tell(place.stack) for _ in range(4)))
    assert (await _tell(place.stack)).is_last
    for kind in ("started", "ended"):
        (event,) = await told(place, f"unit.assignment_{kind}")
        assert (event["assignmentId"], event["actor"]) == (made.id, None)


async def test_end_that_is_put_off_is_told_again(place: Place, owner: AsyncCentral) -> None:
    """One whose end was told, and which goes on after all, ends a second time."""
    made = await _planned(place)
    await _pass_time(place, 2)
    await _tell(place.stack)
    await owner.units.update_assignment(assignment=made.id, ends_at=datetime.now(UTC) + DAY)
    await _pass_time(place, 1)
    await _tell(place.stack)
    assert len(await told(place, "unit.assignment_started")) == 1
    assert len(await told(place, "unit.assignment_ended")) == 2
