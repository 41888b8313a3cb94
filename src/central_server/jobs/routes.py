from central.jobs.models import (
    CancelJobInput,
    GetJobInput,
    Job,
    ListJobsInput,
    ListJobsResponse,
    ListRowErrorsInput,
    ListRowErrorsResponse,
)
from central.jobs.operations import CANCEL_JOB, GET_JOB, LIST_JOBS, LIST_ROW_ERRORS
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.jobs.service import JobService
from central_server.jobs.watching import JobWatch


class JobRoutes:
    """Serves the operations on jobs."""

    def __init__(self, jobs: JobService, watch: JobWatch) -> None:
        self.jobs = jobs
        self.watch = watch

    @handles(LIST_JOBS)
    async def list(self, input: ListJobsInput, actor: Actor) -> ListJobsResponse:
        return await self.jobs.list(input, actor)

    @handles(GET_JOB)
    async def get(self, input: GetJobInput, actor: Actor) -> Job:
        return await self.watch.TX_get(input, actor)

    @handles(CANCEL_JOB)
    async def cancel(self, input: CancelJobInput, actor: Actor) -> Job:
        return await self.jobs.TX_cancel_job(input, actor)

    @handles(LIST_ROW_ERRORS)
    async def list_row_errors(self, input: ListRowErrorsInput, actor: Actor) -> ListRowErrorsResponse:
        return await self.jobs.list_row_errors(input, actor)
