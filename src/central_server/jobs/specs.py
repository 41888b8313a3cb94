from typing import Final

from central.kernel.ids import EventId, JobId, TenantId
from central_server.infra.temporal.spec import WorkflowModel


class RunJobInput(WorkflowModel):
    """Which job to run, and the event that said so: what it does is in the database."""

    event_id: EventId
    tenant_id: TenantId
    job_id: JobId


class RunJobOutput(WorkflowModel):
    """How the job ended; null where it had ended before, or another worker has it."""

    state: str | None = None


JOB_RUNNER: Final = "jobs.run"
"""The name of the listeners that run jobs, whatever their kind: under it a job's event gets its receipt."""


def run_event_of(job: JobId) -> EventId:
    """Give the id of the event that has a job run, and so of its workflow: the same 128 bits."""
    return EventId.from_uuid(job.uuid)
