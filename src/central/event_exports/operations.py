from central.access import TenantPermission
from central.errors import NotFoundError
from central.event_exports.models import StartEventExportInput
from central.jobs.models import Job
from central.kernel.operation import Operation

START_EVENT_EXPORT = Operation(
    "events.start_export",
    "POST",
    "/v1/tenants/{tenant}/event-exports",
    StartEventExportInput,
    Job,
    access=TenantPermission("events:read", fresh=True),
    summary="Write what happened into a file, as a job",
    errors=(NotFoundError,),
    status=201,
    description="In Python, `client.events.export_events(to=…)` starts, waits and downloads. Events come by the time "
    "at which they happened, the earliest first.",
)

OPERATIONS = (START_EVENT_EXPORT,)
