from central.access import TenantPermission
from central.errors import NotFoundError
from central.explain.models import ExplainAccessInput, ExplainAccessResponse
from central.kernel.operation import Operation

EXPLAIN_ACCESS = Operation(
    "explain.access",
    "GET",
    "/v1/tenants/{tenant}/explain/access",
    ExplainAccessInput,
    ExplainAccessResponse,
    access=TenantPermission("roles:read"),
    summary="Say whether a user may call an operation, and by which roles",
    errors=(NotFoundError,),
    description="With a `unit` it says whether they may do it there, also by a role that they have in it or above it. "
    "A move is judged at both ends: with `parent` it says whether they may move the unit there.",
)

OPERATIONS = (EXPLAIN_ACCESS,)
