"""Jobs that are watched: the server answers as soon as one has changed."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol

from central_client.core import Core
from central_client.errors import JobFailedError
from central_client.messages import Flow, Wait
from central_client.options import Options
from central_client.plan import Plan

if TYPE_CHECKING:
    from central.jobs.models import Job

ENDED: Final = frozenset({"succeeded", "failed", "cancelled"})
_LONGEST: Final = 20.0
_SHORTEST, _MOST, _SHARE = 0.1, 1.0, 0.05
"""Seconds between two looks: a twentieth of what the job was watched for, so that one with a thousand batches is not
asked for after each, and the end of one that takes long is heard of soon enough."""


class Screen(Protocol):
    """What shows a job's progress."""

    def show(self, job: "Job") -> None:
        """Show how it stands."""
        ...

    def close(self) -> None:
        """Leave the screen as it is."""
        ...


class Watch:
    """Looks at one job, and waits at the server while it is as it was."""

    def __init__(self, plan: "Plan[Job]", job: str, tenant: str | None) -> None:
        self._plan = plan
        self._given = {"job": job} if tenant is None else {"job": job, "tenant": tenant}
        self._version: int | None = None
        self._since = monotonic()

    def next_change(self, core: Core[Any], until: float | None = None) -> "Flow[Job]":
        """Give the job as soon as it has changed; the first time, as it is. `TimeoutError` after `until`."""
        while True:
            if self._version is not None:
                yield Wait(_left(until, self._pause()))
            given = {**self._given, **self._until_changed(core, until)}
            job = yield from core.call(self._plan, self._plan.check(given))
            if job.version != self._version:
                self._version = job.version
                return job
            if until is not None and monotonic() >= until:
                raise TimeoutError(f"The job is still {job.state}; it goes on, and can be waited for again.")
            if _left(until, 1.0) < 1.0:  # too little for the server to wait, which counts whole seconds
                yield Wait(_left(until, 1.0))

    def _pause(self) -> float:
        return min(_MOST, max(_SHORTEST, _SHARE * (monotonic() - self._since)))

    def _until_changed(self, core: Core[Any], until: float | None) -> dict[str, int]:
        if self._version is None:
            return {}
        return {"known_version": self._version, "wait": int(_left(until, longest_wait(core.options)))}


def longest_wait(options: Options) -> float:
    """Give for how many seconds a server may keep an answer back, so that it comes in time for an attempt."""
    return min(_LONGEST, options.timeout / 2)


def _left(until: float | None, most: float) -> float:
    return most if until is None else max(0.0, min(most, until - monotonic()))


def wait_flow(core: Core[Any], watch: Watch, timeout: float | None, screen: Screen | None) -> "Flow[Job]":
    """Wait until a job has succeeded; `JobFailedError` when it ends otherwise, `TimeoutError` when it takes longer."""
    until = None if timeout is None else monotonic() + timeout
    try:
        while True:
            job = yield from watch.next_change(core, until)
            if screen is not None:
                screen.show(job)
            if job.state in ENDED:
                break
            if until is not None and monotonic() >= until:
                raise TimeoutError(f"The job is still {job.state}; it goes on, and can be waited for again.")
    finally:
        if screen is not None:
            screen.close()
    if job.state != "succeeded":
        raise JobFailedError(job)
    return job


class Changes:
    """A job at each change, until it has ended; to be iterated once."""

    def __init__(self, look: "Callable[[], Job]") -> None:
        self._look = look

    def __iter__(self) -> "Iterator[Job]":
        while True:
            job = self._look()
            yield job
            if job.state in ENDED:
                return


class AsyncChanges:
    """A job at each change, until it has ended; to be iterated once."""

    def __init__(self, look: "Callable[[], Awaitable[Job]]") -> None:
        self._look = look

    async def __aiter__(self) -> "AsyncIterator[Job]":
        while True:
            job = await self._look()
            yield job
            if job.state in ENDED:
                return
