"""Jobs in real worker processes: killed in the middle, cancelled in the middle, and with Temporal in between."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from central.jobs.models import Job
from central_client import JobFailedError
from central_server.infra.temporal.client import TemporalConnection
from central_server.jobs.specs import run_event_of
from central_server.worker.parts import WorkerParts
from support.database import superuser
from support.importing import counted, queued
from support.place import Place, Stack, make_place
from support.waiting import until
from support.workers import kill, start_worker

DRAIN_SECONDS = WorkerParts.__dataclass_fields__["drain_seconds"].default

ROWS, CHUNK = 6000, 200
_SECONDS = 120
_TO_END = 10  # for what a process does behind its last activity


def _in_the_middle(job: Job) -> bool:
    return job.progress.stage == "applying" and CHUNK <= job.progress.done < ROWS - CHUNK


async def _reached(place: Place, job: Job, condition: Callable[[Job], bool]) -> Job:
    """Wait until a job is so far."""

    async def is_there() -> bool:
        return condition(await place.owner.jobs.get(job=job.id))

    await until(is_there, _SECONDS)
    return await place.owner.jobs.get(job=job.id)


async def _count(place: Place, query: str) -> int:
    async with superuser(place.stack) as connection:
        found: int = await connection.fetchval(query, place.tenant.id.uuid)
        return found


async def _events(place: Place, kind: str) -> int:
    return await _count(place, f"SELECT count(*) FROM outbox WHERE tenant_id = $1 AND kind = '{kind}'")


@pytest.mark.endurance
async def test_kill_9_in_the_middle(durable: tuple[Stack, TemporalConnection], folder: Path) -> None:
    """A worker that is killed while it imports loses nothing and repeats nothing: another one does the rest."""
    stack, _ = durable
    place = await make_place(stack)
    job = await queued(place, [{"email": f"p{n}@{place.domain}"} for n in range(ROWS)], size=CHUNK)
    async with await start_worker(stack, folder) as first:
        await _reached(place, job, _in_the_middle)
        await kill(first)
    left = await place.owner.jobs.get(job=job.id)
    assert left.state == "running"
    assert _in_the_middle(left)
    made = await _count(place, "SELECT count(*) FROM users WHERE tenant_id = $1")
    assert made == left.progress.done + 1  # the owner
    async with await start_worker(stack, folder):
        ended = await place.owner.jobs.wait(job=job.id, timeout=_SECONDS)
    assert counted(ended) == {"created": ROWS}
    assert await _count(place, "SELECT count(*) FROM users WHERE tenant_id = $1") == ROWS + 1
    assert await _events(place, "user.created") == ROWS + 1
    assert (await _events(place, "job.started"), await _events(place, "job.ended")) == (1, 1)
    assert await _count(place, "SELECT count(*) FROM job_chunks WHERE tenant_id = $1") == 0
    receipt = "SELECT count(*) FROM event_handovers WHERE tenant_id = $1 AND listener = 'jobs.run' AND state = 'done'"
    assert await _count(place, receipt) == 1


@pytest.mark.endurance
async def test_cancelled_in_the_middle(durable: tuple[Stack, TemporalConnection], folder: Path) -> None:
    """A job that runs stops soon after it is cancelled, keeps what it has done, and its workflow ends with it."""
    stack, connection = durable
    place = await make_place(stack)
    job = await queued(place, [{"email": f"c{n}@{place.domain}"} for n in range(ROWS)], size=CHUNK)
    async with await start_worker(stack, folder):
        await _reached(place, job, _in_the_middle)
        asked = await place.owner.jobs.cancel(job=job.id)
        assert asked.state in {"cancelling", "cancelled"}
        with pytest.raises(JobFailedError) as failure:
            await place.owner.jobs.wait(job=job.id, timeout=10)
        assert (failure.value.code, failure.value.job.state) == ("job_cancelled", "cancelled")
        handle = (await connection.client()).get_workflow_handle(str(run_event_of(job.id)))
        assert (await asyncio.wait_for(handle.result(), 30)) is not None
    ended = await place.owner.jobs.get(job=job.id)
    done = counted(ended)["created"]
    assert CHUNK <= done < ROWS
    assert await _count(place, "SELECT count(*) FROM users WHERE tenant_id = $1") == done + 1


@pytest.mark.endurance
async def test_stopped_in_the_middle(durable: tuple[Stack, TemporalConnection], folder: Path) -> None:
    """A worker that gets SIGTERM while it imports ends within its bound, and what it leaves another one does."""
    stack, _ = durable
    place = await make_place(stack)
    job = await queued(place, [{"email": f"s{n}@{place.domain}"} for n in range(ROWS)], size=CHUNK)
    async with await start_worker(stack, folder) as first:
        await _reached(place, job, _in_the_middle)
        first.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(first.process.wait(), DRAIN_SECONDS + _TO_END) == 0
    async with await start_worker(stack, folder):
        ended = await place.owner.jobs.wait(job=job.id, timeout=_SECONDS)
    assert counted(ended) == {"created": ROWS}
    assert await _count(place, "SELECT count(*) FROM users WHERE tenant_id = $1") == ROWS + 1
    assert await _events(place, "user.created") == ROWS + 1
    assert (await _events(place, "job.started"), await _events(place, "job.ended")) == (1, 1)
