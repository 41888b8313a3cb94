from central.user_imports.events import UserImportRequested
from central_server.infra.outbox import WorkflowListener
from central_server.jobs.specs import JOB_RUNNER, RunJobInput
from central_server.user_imports.specs import IMPORT_USERS

LISTENERS = (
    WorkflowListener(
        JOB_RUNNER,
        UserImportRequested,
        IMPORT_USERS,
        lambda event: RunJobInput(event_id=event.id, tenant_id=event.tenant_id, job_id=event.job_id),
    ),
)
