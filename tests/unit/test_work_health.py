"""What is wrong with queues and jobs, and what is not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from central_server.cli.work_health import judge_jobs, judge_queues
from central_server.infra.temporal.pollers import QueueState
from central_server.jobs.tables import DBEndedJobCount, DBJobCount

CORE = QueueState("core", workers=2, waiting=3, oldest=timedelta(seconds=20))
MEDIA = QueueState("media", workers=1, waiting=0, oldest=timedelta(0))


def job(state: str, rests: float, count: int = 1) -> DBJobCount:
    return DBJobCount(kind="user_import", state=state, count=count, rests=rests)


def test_queues_that_are_served():
    """Each has a worker, and nothing has waited for long."""
    assert judge_queues([CORE, MEDIA]) == (None, "core has 2 workers, media has 1 worker")


@pytest.mark.parametrize(
    ("state", "wrong"),
    [
        (replace(MEDIA, workers=0), "nobody serves media: start `central-server worker media`"),
        (
            replace(MEDIA, waiting=40, oldest=timedelta(minutes=6)),
            "40 tasks of media wait, the oldest for 360 s: add workers",
        ),
    ],
)
def test_queues_that_are_not(state: QueueState, wrong: str):
    """One without a worker, or whose workers cannot keep up; the others say no more."""
    assert judge_queues([CORE, state]).wrong == wrong


@pytest.mark.parametrize("row", [job("queued", 599), job("running", 3599), job("receiving", 1e6)])
def test_jobs_that_are_well(row: DBJobCount):
    """A job may wait for a while, rest for longer, and wait for its rows as long as it likes."""
    assert judge_jobs([row], []).wrong is None


def test_jobs_that_failed_are_counted():
    """What ended badly in the last hour is told, and is no fault of the server."""
    ended = [DBEndedJobCount(kind="user_import", state=state, count=2) for state in ("succeeded", "failed")]
    assert judge_jobs([], ended) == (None, "0 under way, 2 failed in the last hour")


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        (job("queued", 601), "a job of user_import waits for 601 s: see the log of the core worker"),
        (
            job("running", 3601),
            "a job of user_import is running and has not moved for 3601 s: see the log of the core worker",
        ),
        (
            job("cancelling", 3601),
            "a job of user_import is cancelling and has not moved for 3601 s: see the log of the core worker",
        ),
    ],
)
def test_jobs_that_are_not(row: DBJobCount, wrong: str):
    """One that waited for more than ten minutes, or has not moved for an hour."""
    assert judge_jobs([job("queued", 1, 2), row], []) == (wrong, "3 under way, 0 failed in the last hour")
