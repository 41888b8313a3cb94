from central.access import TenantPermission
from central.assignment_imports.models import StartAssignmentImportInput
from central.errors import ConflictError, NotFoundError
from central.jobs.models import Job
from central.kernel.operation import Operation
from central.user_imports.models import AddImportRowsInput, RunImportInput

START_ASSIGNMENT_IMPORT = Operation(
    "units.start_assignment_import",
    "POST",
    "/v1/tenants/{tenant}/unit-assignment-imports",
    StartAssignmentImportInput,
    Job,
    access=TenantPermission("units:write"),
    summary="Start an import of who is in which unit: say how",
    errors=(NotFoundError,),
    status=201,
    description="In Python, `client.units.import_assignments(…)` does all three steps. It takes `users:read` as well. "
    "The answer is a job that waits for its rows.",
)
ADD_ASSIGNMENT_IMPORT_ROWS = Operation(
    "units.add_assignment_import_rows",
    "POST",
    "/v1/tenants/{tenant}/unit-assignment-imports/{job}/rows",
    AddImportRowsInput,
    Job,
    access=TenantPermission("units:write"),
    summary="Hand over a chunk of an import's rows",
    errors=(NotFoundError, ConflictError),
    description="For whoever started the import. A row is an object with `unit` (a code or an id), `user` (an address, "
    "an external id or an id), `role`, `startsAt` and `endsAt`. They may come in any order.",
)
RUN_ASSIGNMENT_IMPORT = Operation(
    "units.run_assignment_import",
    "POST",
    "/v1/tenants/{tenant}/unit-assignment-imports/{job}/run",
    RunImportInput,
    Job,
    access=TenantPermission("units:write"),
    summary="Run an import of assignments whose rows are all there",
    errors=(NotFoundError, ConflictError),
    description="For whoever started the import, as whom it runs. Running the same again changes nothing.",
)

OPERATIONS = (START_ASSIGNMENT_IMPORT, ADD_ASSIGNMENT_IMPORT_ROWS, RUN_ASSIGNMENT_IMPORT)
