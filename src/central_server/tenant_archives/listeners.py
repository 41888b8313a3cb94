from central.tenant_archives.events import TenantArchiveRequested, TenantImportRequested
from central_server.infra.outbox import Listener
from central_server.jobs.specs import RunJobInput
from central_server.tenant_archives.specs import ARCHIVE_TENANT, IMPORT_TENANT

LISTENERS = (
    Listener(
        TenantArchiveRequested,
        ARCHIVE_TENANT,
        lambda event: RunJobInput(event_id=event.id, tenant_id=event.tenant_id, job_id=event.job_id),
    ),
    Listener(
        TenantImportRequested,
        IMPORT_TENANT,
        lambda event: RunJobInput(event_id=event.id, tenant_id=event.tenant_id, job_id=event.job_id),
    ),
)
