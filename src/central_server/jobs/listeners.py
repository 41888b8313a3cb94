from central.jobs.events import JobCancelRequested
from central_server.infra.outbox import Listener
from central_server.jobs.specs import STOP_JOB, StopJobInput

LISTENERS = (
    Listener(
        JobCancelRequested,
        STOP_JOB,
        lambda event: StopJobInput(event_id=event.id, tenant_id=event.tenant_id, job_id=event.job_id),
    ),
)
