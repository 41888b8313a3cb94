"""Waiting for jobs, and watching them, with both clients."""

import asyncio
import pickle
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from central.jobs.models import Job
from central.kernel.ids import JobId
from central_client import AsyncCentral, Central, JobFailedError, NotFoundError
from central_client.progress import describe, screen_for
from support.importing import counted, queued, work_on
from support.place import BASE_URL, Place
from support.served import served
from support.wire import Wire


async def test_wait_for_success(place: Place) -> None:
    """The job is given as it ended, and each change on the way to a function that was given."""
    job = await queued(place, [{"email": place.address()} for _ in range(20)], size=10)
    seen: list[Job] = []
    waiting = asyncio.create_task(place.owner.jobs.wait(job=job.id, timeout=20, progress=seen.append))
    await asyncio.sleep(0.05)
    await work_on(place, job)
    ended = await waiting
    assert (ended.state, counted(ended)) == ("succeeded", {"created": 20})
    assert seen[-1] == ended
    assert [one.version for one in seen] == sorted({one.version for one in seen})


async def test_failure_is_raised(place: Place) -> None:
    """A job that fails raises its error, with the job; it survives a way through another process."""
    job = await queued(place, [{"email": "no"}], all_or_nothing=True)
    await work_on(place, job)
    with pytest.raises(JobFailedError, match="1 of 1 rows have errors") as failure:
        await place.owner.jobs.wait(job=job.id)
    assert (failure.value.code, failure.value.job.state) == ("rows_with_errors", "failed")
    again = pickle.loads(pickle.dumps(failure.value))
    assert (again.code, again.job, str(again)) == (failure.value.code, failure.value.job, str(failure.value))


async def test_time_runs_out(place: Place) -> None:
    """A job that takes longer is a `TimeoutError`, and goes on."""
    job = await place.owner.users.start_import()
    for timeout in (0, 0.3):
        with pytest.raises(TimeoutError, match="still receiving"):
            await place.owner.jobs.wait(job=job.id, timeout=timeout)
    with pytest.raises(NotFoundError):
        await place.owner.jobs.wait(job=JobId.new(), timeout=1)


async def test_follow(place: Place) -> None:
    """Followed, a job is given as it is and at each change, the last time as it ended, however that is."""
    job = await queued(place, [{"email": place.address()}])
    seen = []
    async for one in place.owner.jobs.follow(job=job.id):
        if not seen:
            await place.owner.jobs.cancel(job=job.id)
        seen.append(one.state)
    assert seen == ["queued", "cancelled"]


async def test_the_server_waits(place: Place) -> None:
    """While nothing changes nobody asks again: a change is told by the answer to the one request that waits for it."""
    job, wire = await place.owner.users.start_import(), Wire(place.stack)
    async with httpx.AsyncClient(transport=wire) as http:
        session = place.owner.session_token
        client = AsyncCentral(BASE_URL, tenant=place.tenant.slug, session=session, http_client=http)
        waiting = asyncio.create_task(client.jobs.wait(job=job.id))
        await asyncio.sleep(1.5)
        assert len(wire.to_api) == 2
        await place.owner.jobs.cancel(job=job.id)
        with pytest.raises(JobFailedError):
            await waiting
    assert [urlsplit(sent.url).query for sent in wire.to_api] == ["", f"knownVersion={job.version}&wait=15"]


@pytest.mark.parametrize("changes", [False, True])
async def test_a_job_that_is_asked_for_often(*, changes: bool) -> None:
    """However fast a job changes, or should a server not wait, it is asked for ten times a second and no more."""
    asked: list[float] = []

    def answer(_: httpx.Request) -> httpx.Response:
        asked.append(monotonic())
        return httpx.Response(200, content=_job(version=len(asked) if changes else 2).model_dump_json())

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        client = AsyncCentral(BASE_URL, tenant="acme", session="s", http_client=http)
        with pytest.raises(TimeoutError):
            await client.jobs.wait(job=_job().id, timeout=2)
    assert 5 <= len(asked) <= 21


async def test_blocking_client(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The blocking client imports a file, follows and waits, with a line for each change where nobody sees a bar."""
    path = tmp_path / "people.csv"
    path.write_text(f"email,display_name\n{place.address()},Ada\n{place.address()},\n", encoding="utf-8")
    token = place.owner.session_token
    assert token is not None
    async with served(place.stack) as url:
        with Central(url, tenant=place.tenant.slug, session=token) as client:
            job = await asyncio.to_thread(client.users.import_users, path, wait=False)
            assert job.state == "queued"
            with pytest.raises(TimeoutError):
                await asyncio.to_thread(client.jobs.wait, job=job.id, timeout=0.1)
            waiting = asyncio.create_task(asyncio.to_thread(client.jobs.wait, job=job.id, timeout=20, progress=True))
            await asyncio.sleep(0.1)
            await work_on(place, job)
            assert counted(await waiting) == {"created": 2}
            seen = await asyncio.to_thread(lambda: list(client.jobs.follow(job=job.id)))
    assert [one.state for one in seen] == ["succeeded"]
    assert capsys.readouterr().err.splitlines()[-1] == "user_import succeeded"


def _job(**changes: Any) -> Job:
    wire = {
        "id": "job-01H2XVNZ7C9NXWK3TMCRD9QWMN",
        "kind": "user_import",
        "state": "running",
        "progress": {"stage": "applying", "done": 3000, "total": 10000},
        "createdAt": "2026-01-01T00:00:00Z",
        "version": 2,
    }
    return Job.model_validate(wire | changes)


def test_what_people_are_shown() -> None:
    """A line says what is done, how far, and how it ended, also for kinds and states that are newer."""
    assert describe(_job()) == "user_import applying: 3,000 of 10,000"
    assert describe(_job(progress={"stage": "disabling", "done": 12})) == "user_import disabling: 12"
    assert describe(_job(state="failed", error={"code": "x", "message": "No."})) == "user_import failed: No."
    assert (
        describe(_job(kind="user_export", state="paused", result={"kind": "user_export", "x": 1}))
        == "user_export paused"
    )


def test_bar_in_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """In a terminal a bar is shown; where `rich` is missing, lines are."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    for module, expected in (("rich.progress", "_Lines"), (None, "_Bar")):
        with pytest.MonkeyPatch.context() as patch:
            if module:
                patch.setitem(__import__("sys").modules, module, None)
            screen = screen_for(progress=True)
            assert screen is not None
            assert type(screen).__name__ == expected
            screen.show(_job())
            screen.close()
    assert capsys.readouterr().err.count("3,000 of 10,000") >= 2
    assert screen_for(progress=False) is None
