from central.access import TenantPermission
from central.errors import ConflictError, NotFoundError
from central.jobs.models import Job
from central.kernel.operation import Operation
from central.user_imports.models import AddImportRowsInput, RunImportInput, StartUserImportInput

START_USER_IMPORT = Operation(
    "users.start_import",
    "POST",
    "/v1/tenants/{tenant}/user-imports",
    StartUserImportInput,
    Job,
    access=TenantPermission("users:write"),
    summary="Start an import of users: say how",
    errors=(NotFoundError,),
    status=201,
    description="In Python, `client.users.import_users(…)` does all three steps. The answer is a job that waits for "
    "its rows.",
)
ADD_IMPORT_ROWS = Operation(
    "users.add_import_rows",
    "POST",
    "/v1/tenants/{tenant}/user-imports/{job}/rows",
    AddImportRowsInput,
    Job,
    access=TenantPermission("users:write"),
    summary="Hand over a chunk of an import's rows",
    errors=(NotFoundError, ConflictError),
    description="For whoever started the import. The same chunk may come again; another one of the same number is a "
    "conflict, `chunk_differs`. Rows are judged when the import runs, and deleted when it has ended.",
)
RUN_USER_IMPORT = Operation(
    "users.run_import",
    "POST",
    "/v1/tenants/{tenant}/user-imports/{job}/run",
    RunImportInput,
    Job,
    access=TenantPermission("users:write"),
    summary="Run an import whose rows are all there",
    errors=(NotFoundError, ConflictError),
    description="For whoever started the import, as whom it runs: what they may do is judged while it does. An import "
    "changes no owners and no addresses of users who are there.",
)

OPERATIONS = (START_USER_IMPORT, ADD_IMPORT_ROWS, RUN_USER_IMPORT)
