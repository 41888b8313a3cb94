from central.access import TenantPermission
from central.errors import NotFoundError
from central.jobs.models import Job
from central.kernel.operation import Operation
from central.unit_exports.models import StartUnitExportInput

START_UNIT_EXPORT = Operation(
    "units.start_export",
    "POST",
    "/v1/tenants/{tenant}/unit-exports",
    StartUnitExportInput,
    Job,
    access=TenantPermission("units:read", fresh=True),
    summary="Write units into a file, as a job",
    errors=(NotFoundError,),
    status=201,
    description="In Python, `client.units.export_units(to=…)` starts, waits and downloads. The file has the units in "
    "use, in the order of the tree, as an import reads them: importing it again changes nothing.",
)

OPERATIONS = (START_UNIT_EXPORT,)
