from typing import Protocol, TypeVar

from central.jobs.events import JobCancelRequested
from central.kernel.events import Event
from central.kernel.ids import JobId
from central_server.infra.outbox import BatchListener, WorkflowListener
from central_server.infra.temporal.spec import WorkflowSpec
from central_server.jobs.handlers import StopJob
from central_server.jobs.specs import JOB_RUNNER, RunJobInput, RunJobOutput


class AsksForJob(Protocol):
    """An event that asks for a job to be run."""

    @property
    def job_id(self) -> JobId:
        """Which one."""
        ...


E = TypeVar("E", bound=Event)


def runs_job(event: type[E], spec: WorkflowSpec[RunJobInput, RunJobOutput]) -> WorkflowListener[E, RunJobInput]:
    """Give the listener that has a job run by its kind's workflow when its event comes."""

    def make_input(asked: E) -> RunJobInput:
        job: JobId = getattr(asked, "job_id")  # noqa: B009 (which every event that asks for a job has)
        return RunJobInput(event_id=asked.id, tenant_id=asked.tenant_id, job_id=job)

    return WorkflowListener(JOB_RUNNER, event, spec, make_input)


LISTENERS = (BatchListener("jobs.stop", JobCancelRequested, StopJob),)
