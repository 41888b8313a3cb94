from central.access import SignedIn
from central.errors import ConflictError, NotFoundError
from central.jobs.models import (
    CancelJobInput,
    GetJobInput,
    Job,
    ListJobsInput,
    ListJobsResponse,
    ListRowErrorsInput,
    ListRowErrorsResponse,
)
from central.kernel.operation import BrowserRoute, Operation

_WHOSE = "Whoever started a job sees and cancels it; others need `jobs:read` to see it and `jobs:write` to cancel it."

LIST_JOBS = Operation(
    "jobs.list",
    "GET",
    "/v1/tenants/{tenant}/jobs",
    ListJobsInput,
    ListJobsResponse,
    access=SignedIn(),
    summary="List jobs, newest first",
    errors=(NotFoundError,),
    description="One's own; with `jobs:read`, all of the tenant.",
)
GET_JOB = Operation(
    "jobs.get",
    "GET",
    "/v1/tenants/{tenant}/jobs/{job}",
    GetJobInput,
    Job,
    access=SignedIn(),
    summary="Get a job: its state, progress and result, and wait for a change",
    errors=(NotFoundError,),
    description=_WHOSE,
)
CANCEL_JOB = Operation(
    "jobs.cancel",
    "POST",
    "/v1/tenants/{tenant}/jobs/{job}/cancel",
    CancelJobInput,
    Job,
    access=SignedIn(),
    summary="Cancel a job",
    errors=(NotFoundError, ConflictError),
    description=f"{_WHOSE} A job that waits ends at once, one that runs after the batch in hand; what it has done "
    "stays. One that has succeeded or failed is a conflict, `job_ended`.",
)
LIST_ROW_ERRORS = Operation(
    "jobs.list_row_errors",
    "GET",
    "/v1/tenants/{tenant}/jobs/{job}/row-errors",
    ListRowErrorsInput,
    ListRowErrorsResponse,
    access=SignedIn(),
    summary="List what was wrong with the rows that a job was given",
    errors=(NotFoundError,),
    description=_WHOSE,
)
DOWNLOAD_FILE = BrowserRoute(
    "jobs.file",
    "GET",
    "/v1/tenants/{tenant}/jobs/{job}/file",
    "The file that a job gives, for who may see the job and holds the permission for what is in it.",
    "signed_in",
    SignedIn(),
)
STREAM_JOB = BrowserRoute(
    "jobs.stream",
    "GET",
    "/v1/tenants/{tenant}/jobs/{job}/stream",
    "A job as server-sent events: as it is, then at each change, until it has ended; for who may see it.",
    "signed_in",
    SignedIn(),
)

OPERATIONS = (LIST_JOBS, GET_JOB, CANCEL_JOB, LIST_ROW_ERRORS)
