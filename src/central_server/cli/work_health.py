"""What `doctor` says of queues, and of the jobs in them."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from central_server.infra.temporal.pollers import QueueState
from central_server.jobs.tables import DBEndedJobCount, DBJobCount

_PATIENCE_FOR_TASKS: Final = timedelta(minutes=5)
_PATIENCE: Final = {"queued": 600.0, "running": 3600.0, "cancelling": 3600.0}


class WorkHealth(NamedTuple):
    """What is wrong and what to do about it, or None; and what there is."""

    wrong: str | None
    detail: str


def judge_queues(states: Sequence[QueueState]) -> WorkHealth:
    """Judge who serves the queues."""
    detail = ", ".join(f"{state.name} has {_count(state.workers, 'worker')}" for state in states)
    return WorkHealth("; ".join(_faults_of_queues(states)) or None, detail)


def judge_jobs(counts: Sequence[DBJobCount], ended: Sequence[DBEndedJobCount]) -> WorkHealth:
    """Judge jobs as counted just now; those that still receive their rows wait for their caller, and nobody else.

    One that failed is its starter's trouble, who is told why; here it is only counted.
    """
    under_way = sum(row["count"] for row in counts)
    failed = sum(row["count"] for row in ended if row["state"] == "failed")
    detail = f"{under_way} under way, {failed} failed in the last hour"
    return WorkHealth("; ".join(_faults_of_jobs(counts)) or None, detail)


def _faults_of_queues(states: Sequence[QueueState]) -> Iterator[str]:
    for state in states:
        if not state.workers:
            yield f"nobody serves {state.name}: start `central-server worker {state.name}`"
        elif state.oldest > _PATIENCE_FOR_TASKS:
            seconds = state.oldest.total_seconds()
            yield f"{_count(state.waiting, 'task')} of {state.name} wait, the oldest for {seconds:.0f} s: add workers"


def _faults_of_jobs(counts: Sequence[DBJobCount]) -> Iterator[str]:
    for row in counts:
        if row["rests"] > _PATIENCE.get(row["state"], float("inf")):
            what = "waits" if row["state"] == "queued" else f"is {row['state']} and has not moved"
            yield f"a job of {row['kind']} {what} for {row['rests']:.0f} s: see the log of the core worker"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
