from central.user_exports.events import UserExportRequested
from central_server.infra.outbox import Listener
from central_server.jobs.specs import RunJobInput
from central_server.user_exports.specs import EXPORT_USERS

LISTENERS = (
    Listener(
        UserExportRequested,
        EXPORT_USERS,
        lambda event: RunJobInput(event_id=event.id, tenant_id=event.tenant_id, job_id=event.job_id),
    ),
)
