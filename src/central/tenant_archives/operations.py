from central.access import SystemPermission, TenantPermission
from central.errors import ConflictError, NotFoundError
from central.jobs.models import Job
from central.kernel.operation import Operation
from central.tenant_archives.models import (
    AddTenantImportPartInput,
    RunTenantImportInput,
    StartTenantArchiveInput,
    StartTenantImportInput,
)

START_TENANT_ARCHIVE = Operation(
    "tenants.start_archive",
    "POST",
    "/v1/tenants/{tenant}/archives",
    StartTenantArchiveInput,
    Job,
    access=TenantPermission("tenant:write", fresh=True),
    summary="Archive all that one's own tenant has, as a signed file",
    errors=(NotFoundError,),
    status=201,
    description="The answer is a job; its file is the archive: `client.jobs.wait`, then `client.jobs.download`. "
    "Another server makes the same tenant of it by `client.tenants.import_archive`. Sessions, codes and jobs are not "
    "in it.",
)
START_TENANT_IMPORT = Operation(
    "tenants.start_import",
    "POST",
    "/v1/tenant-imports",
    StartTenantImportInput,
    Job,
    access=SystemPermission("tenants:create", fresh=True),
    summary="Start to import a tenant from an archive: say how",
    status=201,
    description="In Python, `client.tenants.import_archive(…)` does all three steps. The answer is a job of the "
    "operator's own tenant, which waits for the archive.",
)
ADD_TENANT_IMPORT_PART = Operation(
    "tenants.add_import_part",
    "POST",
    "/v1/tenant-imports/{job}/parts",
    AddTenantImportPartInput,
    Job,
    access=SystemPermission("tenants:create"),
    summary="Hand over a part of an archive",
    errors=(NotFoundError, ConflictError),
    description="For whoever started the import. The same part may come again; another one of the same number is a "
    "conflict, `chunk_differs`.",
)
RUN_TENANT_IMPORT = Operation(
    "tenants.run_import",
    "POST",
    "/v1/tenant-imports/{job}/run",
    RunTenantImportInput,
    Job,
    access=SystemPermission("tenants:create", fresh=True),
    summary="Import a tenant whose archive is all there",
    errors=(NotFoundError, ConflictError),
    description="The archive must be signed by this server, or by one of `CENTRAL_TRUSTED_ARCHIVE_KEYS`. It becomes "
    "the tenant as a whole or not at all; a tenant that is there already is not changed (`tenant_exists`). Domains are "
    "to be proven anew. Connectors whose secret is missing come disabled, and the job's result names them.",
)

OPERATIONS = (START_TENANT_ARCHIVE, START_TENANT_IMPORT, ADD_TENANT_IMPORT_PART, RUN_TENANT_IMPORT)
