from central.tenant_archives.events import TenantArchiveRequested, TenantImportRequested
from central_server.jobs.listeners import runs_job
from central_server.tenant_archives.specs import ARCHIVE_TENANT, IMPORT_TENANT

LISTENERS = (runs_job(TenantArchiveRequested, ARCHIVE_TENANT), runs_job(TenantImportRequested, IMPORT_TENANT))
