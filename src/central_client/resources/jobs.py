# ruff: noqa: PLC0415  (as in `users`)

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, overload

from central.jobs import operations
from central.jobs.models import Job, JobFile
from central_client.call import IO, Async, Call, PagedCall, Resource, Sync
from central_client.following import AsyncChanges, Changes, Watch, wait_flow
from central_client.progress import bytes_shown, screen_for

if TYPE_CHECKING:
    from central_client.downloading import Target


class Jobs(Resource[IO]):
    """Long work in a tenant."""

    list = PagedCall(operations.LIST_JOBS)
    get = Call(operations.GET_JOB)
    cancel = Call(operations.CANCEL_JOB)
    list_row_errors = PagedCall(operations.LIST_ROW_ERRORS)

    @overload
    def wait(
        self: "Jobs[Sync]",
        *,
        job: str,
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Job: ...
    @overload
    def wait(
        self: "Jobs[Async]",
        *,
        job: str,
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Coroutine[Any, Any, Job]: ...
    def wait(
        self,
        *,
        job: str,
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
        tenant: str | None = None,
    ) -> Any:
        """Wait until a job has succeeded, and give it; the job does not need anybody to wait.

        `timeout` is in seconds. With `progress`, a bar is shown where there is a terminal and `rich` is installed,
        and a line for each change elsewhere, on standard error; a function is called with the job at each change.
        Raises `JobFailedError` when it fails or is cancelled, `TimeoutError` when it has not ended in time, and what
        `jobs.get` raises.
        """
        watch = Watch(Jobs.get.plan, job, tenant)
        return self.caller.run(wait_flow(self.caller, watch, timeout, screen_for(progress)))

    @overload
    def follow(self: "Jobs[Sync]", *, job: str, tenant: str | None = None) -> Changes: ...
    @overload
    def follow(self: "Jobs[Async]", *, job: str, tenant: str | None = None) -> AsyncChanges: ...
    def follow(self, *, job: str, tenant: str | None = None) -> Any:
        """Give a job as it is, and then at each change until it has ended: `for job in client.jobs.follow(job=id)`.

        With `AsyncCentral` it is `async for`. However the job ends, the last one is how. Each step raises what
        `jobs.get` raises.
        """
        return self.caller.follow(Watch(Jobs.get.plan, job, tenant))

    @overload
    def download(
        self: "Jobs[Sync]",
        *,
        job: str,
        to: "Target",
        progress: bool | Callable[[int, int], None] = False,
        tenant: str | None = None,
    ) -> JobFile: ...
    @overload
    def download(
        self: "Jobs[Async]",
        *,
        job: str,
        to: "Target",
        progress: bool | Callable[[int, int], None] = False,
        tenant: str | None = None,
    ) -> Coroutine[Any, Any, JobFile]: ...
    def download(
        self,
        *,
        job: str,
        to: "Target",
        progress: bool | Callable[[int, int], None] = False,
        tenant: str | None = None,
    ) -> Any:
        """Fetch the file that a job gave, and give what it is; it is checked against its SHA-256.

        `to` is a path, which gets the file at the end and as a whole, readable by its owner alone, or something open
        for writing bytes. With `progress`, a bar or a line on standard error shows how far it is; a function is
        called with the bytes that came and those that there are.

        Raises `NotFoundError` for no file, or none any more, `ForbiddenError` without the permission for what is in
        it, `UnreadableAnswerError` when it came otherwise than the server says, `OSError` when it cannot be written.
        """
        from central_client.downloading import download_flow

        shown = bytes_shown(progress)
        return self.caller.run(download_flow(self.caller, Jobs.get.plan, job, tenant, to, shown))
