"""Jobs that are watched: asked for again and again, less and less often while nothing changes."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol

from central_client.core import Core
from central_client.errors import JobFailedError
from central_client.messages import Flow, Wait
from central_client.plan import Plan

if TYPE_CHECKING:
    from central.jobs.models import Job

ENDED: Final = frozenset({"succeeded", "failed", "cancelled"})
_FIRST, _LAST, _GROWTH = 0.1, 2.0, 1.5
"""Between two looks, in seconds: at least, at most, and how fast it grows."""


class Screen(Protocol):
    """What shows a job's progress."""

    def show(self, job: "Job") -> None:
        """Show how it stands."""
        ...

    def close(self) -> None:
        """Leave the screen as it is."""
        ...


class Poll:
    """Looks at one job: when, and whether it has changed since."""

    def __init__(self, plan: "Plan[Job]", job: str, tenant: str | None) -> None:
        self._plan = plan
        self._given = {"job": job} if tenant is None else {"job": job, "tenant": tenant}
        self._version: int | None = None
        self._delay = _FIRST
        self._begun = False

    def next_change(self, core: Core[Any], until: float | None = None) -> "Flow[Job]":
        """Give the job as soon as it has changed; the first time, as it is. `TimeoutError` after `until`."""
        given = self._plan.check(self._given)
        while True:
            if self._begun:
                yield Wait(self._pause(until))
            self._begun = True
            job = yield from core.call(self._plan, given)
            if job.version != self._version:
                self._version, self._delay = job.version, _FIRST
                return job
            if until is not None and monotonic() >= until:
                raise TimeoutError(f"The job is still {job.state}; it goes on, and can be waited for again.")

    def _pause(self, until: float | None) -> float:
        pause = self._delay if until is None else max(0.0, min(self._delay, until - monotonic()))
        self._delay = min(_LAST, self._delay * _GROWTH)
        return pause


def wait_flow(core: Core[Any], poll: Poll, timeout: float | None, screen: Screen | None) -> "Flow[Job]":
    """Wait until a job has succeeded; `JobFailedError` when it ends otherwise, `TimeoutError` when it takes longer."""
    until = None if timeout is None else monotonic() + timeout
    try:
        while True:
            job = yield from poll.next_change(core, until)
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
