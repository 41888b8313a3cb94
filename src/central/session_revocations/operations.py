from central.access import TenantPermission
from central.errors import NotFoundError
from central.jobs.models import Job
from central.kernel.operation import Operation
from central.session_revocations.models import StartSessionRevocationInput

START_SESSION_REVOCATION = Operation(
    "sessions.start_revocation",
    "POST",
    "/v1/tenants/{tenant}/session-revocations",
    StartSessionRevocationInput,
    Job,
    access=TenantPermission("sessions:write"),
    summary="End any number of a tenant's sessions, as a job",
    errors=(NotFoundError,),
    status=201,
    description="For more than `sessions.revoke_matching` ends at once: batch by batch, each with its events. The "
    "caller's own sessions stay, unless `includeOwn` says otherwise. It runs as whoever started it, and stops between "
    "two batches when they may not do it any more.",
)

OPERATIONS = (START_SESSION_REVOCATION,)
