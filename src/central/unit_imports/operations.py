from central.access import TenantPermission
from central.errors import ConflictError, NotFoundError
from central.jobs.models import Job
from central.kernel.operation import Operation
from central.unit_imports.models import StartUnitImportInput
from central.user_imports.models import AddImportRowsInput, RunImportInput

START_UNIT_IMPORT = Operation(
    "units.start_import",
    "POST",
    "/v1/tenants/{tenant}/unit-imports",
    StartUnitImportInput,
    Job,
    access=TenantPermission("units:write"),
    summary="Start an import of units: say how",
    errors=(NotFoundError,),
    status=201,
    description="In Python, `client.units.import_units(…)` does all three steps. The answer is a job that waits for "
    "its rows.",
)
ADD_UNIT_IMPORT_ROWS = Operation(
    "units.add_import_rows",
    "POST",
    "/v1/tenants/{tenant}/unit-imports/{job}/rows",
    AddImportRowsInput,
    Job,
    access=TenantPermission("units:write"),
    summary="Hand over a chunk of an import's rows",
    errors=(NotFoundError, ConflictError),
    description="For whoever started the import. A row is an object with `code`, `name`, `parent` (a code, or `-` for "
    "the top), `kind`, `description`, `singleHolder`, `attributes` and `tags`. They may come in any order.",
)
RUN_UNIT_IMPORT = Operation(
    "units.run_import",
    "POST",
    "/v1/tenants/{tenant}/unit-imports/{job}/run",
    RunImportInput,
    Job,
    access=TenantPermission("units:write"),
    summary="Run an import whose rows are all there",
    errors=(NotFoundError, ConflictError),
    description="For whoever started the import, as whom it runs. Running the same again changes nothing.",
)

OPERATIONS = (START_UNIT_IMPORT, ADD_UNIT_IMPORT_ROWS, RUN_UNIT_IMPORT)
