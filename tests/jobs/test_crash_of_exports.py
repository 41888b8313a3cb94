"""Exports and mass revocations in real worker processes: killed and cancelled in the middle, and their memory."""

import asyncio
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from central.jobs.models import Job, SessionRevocationResult, UserExportResult
from central_client import JobFailedError
from central_server.infra.object_store import Bucket, ObjectStore
from central_server.infra.temporal.client import TemporalConnection
from central_server.jobs.files import JobFiles
from central_server.jobs.specs import run_event_of
from support.database import superuser
from support.place import Place, Stack, make_place
from support.waiting import until
from support.workers import kill, start_worker

MANY, SESSIONS = 100_000, 30_000
_SECONDS = 120
_MEBIBYTE = 1024 * 1024
_USERS = """
WITH made AS (
    INSERT INTO users (tenant_id, id, email, display_name, tags)
    SELECT $1, gen_random_uuid(), 'p' || n || '@' || $2, 'Person ' || n, jsonb_build_object('team', 'team ' || n % 50)
    FROM generate_series(1, $3) n
    RETURNING tenant_id, id, email
)
INSERT INTO user_emails (tenant_id, id, user_id, email)
SELECT tenant_id, gen_random_uuid(), id, email FROM made
"""
_OF_SESSIONS = (
    "INSERT INTO sessions (tenant_id, id, user_id, token_hash, idle_seconds, expires_at)"
    " SELECT $1, gen_random_uuid(), $2, sha256(('session ' || n)::bytea), 86400, now() + interval '1 day'"
    " FROM generate_series(1, $3) n"
)


async def _with_users(stack: Stack, count: int) -> Place:
    place = await make_place(stack)
    async with superuser(stack) as connection:
        await connection.execute(_USERS, place.tenant.id.uuid, place.domain, count)
        await connection.execute("ANALYZE users")
    return place


async def _reached(place: Place, job: Job, condition: Callable[[Job], bool]) -> Job:
    """Wait until a job is so far."""

    async def is_there() -> bool:
        return condition(await place.owner.jobs.get(job=job.id))

    await until(is_there, _SECONDS)
    return await place.owner.jobs.get(job=job.id)


def _begun(job: Job) -> bool:
    return job.state == "running" and job.progress.done > 0


async def _count(place: Place, query: str) -> int:
    async with superuser(place.stack) as connection:
        found: int = await connection.fetchval(query, place.tenant.id.uuid)
        return found


async def _content(place: Place, job: Job) -> str:
    target = io.BytesIO()
    await place.owner.jobs.download(job=job.id, to=target)
    return target.getvalue().decode()


@pytest.mark.endurance
async def test_an_export_outlives_its_worker(durable: tuple[Stack, TemporalConnection], folder: Path) -> None:
    """A worker is killed while it writes 100,000 users: another one gives the whole file, with each user once."""
    stack, _ = durable
    place = await _with_users(stack, MANY)
    job = await place.owner.users.start_export()
    async with await start_worker(stack, folder) as first:
        await _reached(place, job, _begun)
        await kill(first)
    left = await place.owner.jobs.get(job=job.id)
    assert (left.state, left.file) == ("running", None)
    assert left.progress.total == MANY + 1
    async with await start_worker(stack, folder):
        ended = await place.owner.jobs.wait(job=job.id, timeout=_SECONDS)
    assert ended.result == UserExportResult(exported=MANY + 1)
    rows = list(csv.DictReader(io.StringIO(await _content(place, ended), newline="")))
    assert len({row["email"] for row in rows}) == len(rows) == MANY + 1
    ending = "SELECT count(*) FROM outbox WHERE tenant_id = $1 AND kind IN ('job.started', 'job.ended')"
    assert await _count(place, ending) == 2
    receipt = "SELECT count(*) FROM event_handovers WHERE tenant_id = $1 AND listener = 'jobs.run' AND state = 'done'"
    assert await _count(place, receipt) == 1


@pytest.mark.endurance
async def test_memory_of_a_large_export(
    durable: tuple[Stack, TemporalConnection], folder: Path, record_property: Any
) -> None:
    """100,000 users take the worker less than 64 MiB more, and progress is written at most twice a second."""
    stack, _ = durable
    place = await _with_users(stack, MANY)
    async with await start_worker(stack, folder) as worker:
        warm = await place.owner.users.start_export(text="nobody at all")
        await place.owner.jobs.wait(job=warm.id, timeout=_SECONDS)
        process = psutil.Process(worker.process.pid)
        before = most = process.memory_info().rss
        job = await place.owner.users.start_export()
        while (now := await place.owner.jobs.get(job=job.id)).state in {"queued", "running"}:
            most = max(most, process.memory_info().rss)
            await asyncio.sleep(0.05)
    assert now.state == "succeeded"
    assert now.started_at is not None
    assert now.ended_at is not None
    took = (now.ended_at - now.started_at).total_seconds()
    grown = (most - before) / _MEBIBYTE
    record_property("growth of the worker's memory in MiB", grown)
    print(f"\n{MANY:,} users in {took:.1f} s; the worker's memory grew by {grown:.1f} MiB")  # noqa: T201 (a figure to quote)
    assert grown < 64
    assert now.version <= 2 * took + 6


@pytest.mark.endurance
async def test_an_export_is_cancelled(durable: tuple[Stack, TemporalConnection], folder: Path) -> None:
    """An export that is cancelled while it is written stops soon, gives no file, and its workflow ends with it."""
    stack, connection = durable
    place = await _with_users(stack, MANY)
    job = await place.owner.users.start_export(format="ndjson")
    async with await start_worker(stack, folder):
        await _reached(place, job, _begun)
        await place.owner.jobs.cancel(job=job.id)
        with pytest.raises(JobFailedError) as failure:
            await place.owner.jobs.wait(job=job.id, timeout=10)
        assert (failure.value.code, failure.value.job.file) == ("job_cancelled", None)
        handle = (await connection.client()).get_workflow_handle(str(run_event_of(job.id)))
        assert (await asyncio.wait_for(handle.result(), 30)) is not None
    await (await stack.central.container.get(JobFiles)).TX_delete_expired(1000)
    store = await stack.central.container.get(ObjectStore)
    assert [key async for key in store.list(Bucket.CORE, place.tenant.id)] == []


@pytest.mark.endurance
async def test_an_export_of_events_outlives_its_worker(durable: tuple[Stack, TemporalConnection], folder: Path) -> None:
    """The same of events: every one that was there is in the file, once."""
    stack, _ = durable
    place = await make_place(stack)
    async with superuser(stack) as connection:
        payload = (
            "jsonb_build_object('id', 'event-01H2XVNZ7C9NXWK3TMCRD9QWMN', 'tenant_id', $2::text,"
            " 'kind', 'user.created', 'user_id', 'user-01H2XVNZ7C9NXWK3TMCRD9QWMN', 'occurred_at', now(), 'number', n)"
        )
        await connection.execute(
            "INSERT INTO outbox (id, tenant_id, kind, payload, created_at) SELECT gen_random_uuid(), $1,"
            f" 'user.created', {payload}, now() - interval '1 hour' FROM generate_series(1, {MANY}) n",
            place.tenant.id.uuid,
            place.tenant.id,
        )
    job = await place.owner.events.start_export(kind=["user.created"])
    async with await start_worker(stack, folder) as first:
        await _reached(place, job, _begun)
        await kill(first)
    assert (await place.owner.jobs.get(job=job.id)).state == "running"
    async with await start_worker(stack, folder):
        ended = await place.owner.jobs.wait(job=job.id, timeout=_SECONDS)
    numbers = [json.loads(line).get("number") for line in (await _content(place, ended)).splitlines()]
    assert sorted(number for number in numbers if number) == list(range(1, MANY + 1))


@pytest.mark.endurance
async def test_a_revocation_outlives_its_worker(durable: tuple[Stack, TemporalConnection], folder: Path) -> None:
    """A worker is killed while it ends sessions: another one ends the rest, and each is told of once."""
    stack, _ = durable
    place = await make_place(stack)
    user = await place.user()
    async with superuser(stack) as connection:
        await connection.execute(_OF_SESSIONS, place.tenant.id.uuid, user.id.uuid, SESSIONS)
    job = await place.owner.sessions.start_revocation(everybody=True)
    async with await start_worker(stack, folder) as first:
        await _reached(place, job, lambda now: _begun(now) and now.progress.done < SESSIONS)
        await kill(first)
    left = await place.owner.jobs.get(job=job.id)
    assert left.state == "running"
    ended = "SELECT count(*) FROM sessions WHERE tenant_id = $1 AND ended_at IS NOT NULL"
    assert await _count(place, ended) == left.progress.done
    async with await start_worker(stack, folder):
        done = await place.owner.jobs.wait(job=job.id, timeout=_SECONDS)
    assert done.result == SessionRevocationResult(matched=SESSIONS, revoked=SESSIONS)
    told = (
        "SELECT coalesce(sum(jsonb_array_length(payload->'session_ids')), 0)::int FROM outbox"
        " WHERE tenant_id = $1 AND kind = 'sessions.ended'"
    )
    camel = told.replace("session_ids", "sessionIds")
    assert SESSIONS in {await _count(place, told), await _count(place, camel)}
    assert await _count(place, ended) == SESSIONS
