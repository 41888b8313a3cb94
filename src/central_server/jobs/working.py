import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Final, NamedTuple

from central.errors import CentralError, UnavailableError
from central.jobs.models import JobState
from central.kernel.ids import JobId, TenantId
from central_server.infra.config import Settings
from central_server.infra.logs import component_logger
from central_server.jobs.runs import JobRuns, JobStoppedError, Outcome, Place, Run

_SECONDS_BETWEEN_WRITES: Final = 0.5
_LONGEST_REST: Final = 5.0


class WorkFailedError(Exception):
    """What a job was to do cannot be done: it fails with this code, and what it has done."""

    def __init__(self, code: str, message: str, result: Mapping[str, Any]) -> None:
        super().__init__(code)
        self.outcome = Outcome(result, code, message)


class Ended(NamedTuple):
    """How a job has ended in the transaction of its work, which left nothing to write down."""

    state: JobState


class JobWork:
    """Does jobs, of whichever kind: begins, or goes on where one was; ends it as what came out."""

    def __init__(self, runs: JobRuns) -> None:
        self.runs = runs
        self.log = component_logger(self)

    async def do(
        self, tenant: TenantId, job: JobId, stage: str, work: Callable[[Run], Awaitable[Outcome | Ended]]
    ) -> str | None:
        """Do a job, or what is left of it; gives how it ended, or None when there was nothing to do.

        `stage` is the first one. A `WorkFailedError`, or an error that another attempt would meet as well, is how it
        ends; what is only away for now is raised, for another attempt.
        """
        while (run := await self.runs.TX_begin(tenant, job, stage)) is not None:
            try:
                outcome = await self._outcome(run, work)
                return outcome.state if isinstance(outcome, Ended) else await self.runs.TX_end(run, outcome)
            except JobStoppedError:
                # It is to stop, or another worker got a batch in between: how it stands now decides.
                self.log.info("job stopped", job=job)
        return None

    async def _outcome(self, run: Run, work: Callable[[Run], Awaitable[Outcome | Ended]]) -> Outcome | Ended:
        try:
            return await work(run)
        except WorkFailedError as failure:
            return failure.outcome
        except UnavailableError:
            raise
        except CentralError as error:
            return Outcome((await self.runs.result_of(run)), error.code, error.message)


class Rests:
    """Leaves room to others: before each batch a job rests, in proportion to how long the one before took."""

    def __init__(self, settings: Settings) -> None:
        self.share = settings.job_rest

    def begin(self) -> "Rest":
        """Give the rests of one job, which begins with none."""
        return Rest(self.share)


class Rest:
    """The rests of one job."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._took = 0.0

    @asynccontextmanager
    async def then(self) -> AsyncGenerator[None]:
        """Rest from the batch before, and then do the next one in here."""
        await asyncio.sleep(min(_LONGEST_REST, self._share * self._took))
        began = monotonic()
        yield
        self._took = monotonic() - began


class Pace:
    """Says when progress is worth writing down again: at most twice a second."""

    def __init__(self) -> None:
        self._written = monotonic()

    def is_due(self) -> bool:
        """Whether it is; then it is not for another while."""
        if monotonic() - self._written <= _SECONDS_BETWEEN_WRITES:
            return False
        self._written = monotonic()
        return True


class Tally:
    """Counts what a job has done in its one stage, and writes that down now and then."""

    def __init__(
        self, runs: JobRuns, run: Run, stage: str, total: int | None, result_of: Callable[[int], Mapping[str, Any]]
    ) -> None:
        self.done = 0
        self.run = run
        self._runs = runs
        self._stage = stage
        self._total = total
        self._result_of = result_of
        self._pace = Pace()

    async def TX_add(self, count: int) -> None:
        """Count more; `JobStoppedError` when the job is not to go on."""
        self.done += count
        if self._pace.is_due():
            place = Place(self._stage, 0, self.done, self._total, None, self._result_of(self.done))
            self.run = await self._runs.TX_advance(self.run, place)
