"""How jobs are counted for metrics and `doctor`."""

import asyncio
from typing import Any

import pytest

from central_server.infra.db import Query
from central_server.jobs.backlog import JobBacklog
from central_server.jobs.queries import COUNT_ENDED_JOBS, COUNT_JOBS
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

    assert (more("queued"), more("running")) == (2, 0)
    assert after["central_jobs_rest_seconds", "queued"] >= 3600
    assert {name for name, state in after if state == "succeeded"} == {"central_jobs_ended_recently"}


async def test_jobs_that_ended_are_counted_for_an_hour(place: Place):
    """What has ended is told for an hour, by how it ended, and then no more, however long it is kept."""
    before = await _told(place)
    ended = [await imported(place, [{"email": place.address()}]) for _ in range(2)]
    between = await _told(place)
    async with superuser(place.stack) as connection:
        query = "UPDATE jobs SET ended_at = now() - interval '61 minutes' WHERE tenant_id = $1 AND id = $2"
        await connection.execute(query, place.tenant.id.uuid, ended[0].id.uuid)
    after = await _told(place)
    count = ("central_jobs_ended_recently", "succeeded")
    assert between[count] - before.get(count, 0) == 2
    assert between[count] - after[count] == 1


@pytest.mark.parametrize(
    ("query", "parameters", "index"),
    [(COUNT_JOBS, {}, "ix_jobs_open"), (COUNT_ENDED_JOBS, {"within_seconds": 3600}, "ix_jobs_ended_at")],
)
async def test_counting_reads_no_job_of_long_ago(
    place: Place, query: Query[Any], parameters: dict[str, int], index: str
):
    """Among ten thousand jobs that ended long ago those that count are found by an index, as the platform."""
    async with superuser(place.stack) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "INSERT INTO jobs (tenant_id, id, kind, state, options, stage, ended_at)"
            " SELECT $1, gen_random_uuid(), 'user_import', 'succeeded', '{}', 'x', now() - interval '1 day'"
            " FROM generate_series(1, 10000)",
            place.tenant.id.uuid,
        )
        await connection.execute("ANALYZE jobs")
        await connection.execute("SET LOCAL ROLE central_platform")
        plan = query.plan
        lines = await connection.fetch(f"EXPLAIN {plan.text}", *plan.arguments(parameters, None))
        await transaction.rollback()
    text = "\n".join(line[0] for line in lines)
    assert f"Scan on {index}" in text or f"using {index}" in text, text
    assert "Seq Scan" not in text, text


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
