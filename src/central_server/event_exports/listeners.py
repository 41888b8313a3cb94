from central.event_exports.events import EventExportRequested
from central_server.event_exports.specs import EXPORT_EVENTS
from central_server.infra.outbox import Listener
from central_server.jobs.specs import RunJobInput

LISTENERS = (
    Listener(
        EventExportRequested,
        EXPORT_EVENTS,
        lambda event: RunJobInput(event_id=event.id, tenant_id=event.tenant_id, job_id=event.job_id),
    ),
)
