"""How jobs are counted for metrics and `doctor`."""

import asyncio

from central_server.jobs.backlog import JobBacklog
from central_server.metrics import JobCollector
from support.database import superuser
from support.importing import imported, queued
from support.place import Place
from support.waiting import until


async def _told(place: Place) -> dict[tuple[str, str], float]:
    """Count, and give what is told of imports, by name and state."""
    backlog = await place.stack.central.container.get(JobBacklog)
    await backlog.measure()
    samples = [sample for family in JobCollector(backlog).collect() for sample in family.samples]
    ours = [sample for sample in samples if sample.labels["kind"] == "user_import"]
    return {(sample.name, sample.labels["state"]): sample.value for sample in ours}


async def test_jobs_of_all_tenants_are_counted(place: Place, other_place: Place):
    """Jobs are counted by kind and state over all tenants; of those under way the one that rests longest is told."""
    before = await _told(place)
    waiting = await queued(place, [{"email": place.address()}])
    await queued(other_place, [{"email": other_place.address()}])
    await imported(other_place, [{"email": other_place.address()}])
    async with superuser(place.stack) as connection:
        query = "UPDATE jobs SET updated_at = now() - interval '1 hour' WHERE tenant_id = $1 AND id = $2"
        await connection.execute(query, place.tenant.id.uuid, waiting.id.uuid)
    after = await _told(place)

    def more(state: str) -> float:
        return after.get(("central_jobs", state), 0) - before.get(("central_jobs", state), 0)

    assert (more("queued"), more("succeeded"), more("running")) == (2, 1, 0)
    assert after["central_jobs_rest_seconds", "queued"] >= 3600
    assert ("central_jobs_rest_seconds", "succeeded") not in after


async def test_counting_goes_on_beside_a_worker(place: Place):
    """They are counted at once, and again every few seconds, until the worker stops."""
    backlog = JobBacklog((await place.stack.central.container.get(JobBacklog)).db)
    backlog.seconds = 0.05
    stop = asyncio.Event()
    counting = asyncio.create_task(backlog.run(stop))
    await queued(place, [{"email": place.address()}])

    async def is_counted() -> bool:
        return any(row["state"] == "queued" for row in backlog.counts)

    await until(is_counted)
    stop.set()
    await asyncio.wait_for(counting, 5)
