from central.access import TenantPermission
from central.assignment_exports.models import StartAssignmentExportInput
from central.errors import NotFoundError
from central.jobs.models import Job
from central.kernel.operation import Operation

START_ASSIGNMENT_EXPORT = Operation(
    "units.start_assignment_export",
    "POST",
    "/v1/tenants/{tenant}/unit-assignment-exports",
    StartAssignmentExportInput,
    Job,
    access=TenantPermission("units:read", fresh=True),
    summary="Write who is in which unit into a file, as a job",
    errors=(NotFoundError,),
    status=201,
    description="In Python, `client.units.export_assignments(to=…)` starts, waits and downloads. It takes `users:read` "
    "as well, as people are in the file by their addresses. Without `at` an import reads the file as it is: importing "
    "it again changes nothing.",
)

OPERATIONS = (START_ASSIGNMENT_EXPORT,)
