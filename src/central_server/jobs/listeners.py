from typing import TypeVar

from central.jobs.events import JobCancelRequested, JobRequested
from central_server.infra.outbox import BatchListener, WorkflowListener
from central_server.infra.temporal.spec import WorkflowSpec
from central_server.jobs.handlers import StopJob
from central_server.jobs.specs import JOB_RUNNER, RunJobInput, RunJobOutput

E = TypeVar("E", bound=JobRequested)


def runs_job(event: type[E], spec: WorkflowSpec[RunJobInput, RunJobOutput]) -> WorkflowListener[E, RunJobInput]:
    """Give the listener that has a job run by its kind's workflow when its event comes."""

    def make_input(asked: E) -> RunJobInput:
        return RunJobInput(event_id=asked.id, tenant_id=asked.tenant_id, job_id=asked.job_id)

    return WorkflowListener(JOB_RUNNER, event, spec, make_input)


LISTENERS = (BatchListener("jobs.stop", JobCancelRequested, StopJob),)
