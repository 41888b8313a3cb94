from datetime import timedelta

from central.kernel.ids import EventId, JobId, TenantId
from central_server.infra.temporal.spec import Queue, WorkflowModel, WorkflowSpec


class RunJobInput(WorkflowModel):
    """Which job to run, and the event that said so: what it does is in the database."""

    event_id: EventId
    tenant_id: TenantId
    job_id: JobId


class RunJobOutput(WorkflowModel):
    """How the job ended; null where it had ended before, or another worker has it."""

    state: str | None = None


class StopJobInput(WorkflowModel):
    """Which job's workflow to cancel, and the event that said so."""

    event_id: EventId
    tenant_id: TenantId
    job_id: JobId


class StopJobOutput(WorkflowModel):
    """Whether there was one that ran."""

    cancelled: bool


STOP_JOB = WorkflowSpec("jobs.stop", Queue.CORE, StopJobInput, StopJobOutput, run_timeout=timedelta(hours=1))


def run_event_of(job: JobId) -> EventId:
    """Give the id of the event that has a job run, and so of its workflow: the same 128 bits."""
    return EventId.from_uuid(job.uuid)
