from central.access import TenantPermission
from central.errors import NotFoundError
from central.jobs.models import Job
from central.kernel.operation import Operation
from central.user_exports.models import StartUserExportInput

START_USER_EXPORT = Operation(
    "users.start_export",
    "POST",
    "/v1/tenants/{tenant}/user-exports",
    StartUserExportInput,
    Job,
    access=TenantPermission("users:read", fresh=True),
    summary="Write users into a file, as a job",
    errors=(NotFoundError,),
    status=201,
    description="In Python, `client.users.export_users(to=…)` starts, waits and downloads. The file has what an import "
    "reads, so that importing it again changes nothing; it has nothing that signs anybody in.",
)

OPERATIONS = (START_USER_EXPORT,)
