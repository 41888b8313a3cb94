from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, overload

from pydantic import SecretStr

from central.jobs.models import Job
from central.tenant_archives import operations as archives
from central.tenant_deletions import operations as deletions
from central.tenants import operations
from central_client.call import IO, Async, Call, PagedCall, Resource, Sync
from central_client.importing import ImportPlans
from central_client.progress import screen_for
from central_client.resources.jobs import Jobs
from central_client.tenant_importing import import_archive_flow


class Tenants(Resource[IO]):
    """The tenants of the system: for operators, and each tenant's own people."""

    create = Call(operations.CREATE_TENANT)
    list = PagedCall(operations.LIST_TENANTS)
    get_public = Call(operations.GET_TENANT_PUBLIC)
    get = Call(operations.GET_TENANT)
    rename = Call(operations.RENAME_TENANT)
    set_branding = Call(operations.SET_TENANT_BRANDING)
    set_logo_image = Call(operations.SET_LOGO_IMAGE)
    remove_logo = Call(operations.REMOVE_LOGO)
    suspend = Call(operations.SUSPEND_TENANT)
    reactivate = Call(operations.REACTIVATE_TENANT)
    delete = Call(deletions.DELETE_TENANT)
    delete_own = Call(deletions.DELETE_OWN_TENANT)
    restore = Call(deletions.RESTORE_TENANT)
    list_deletions = PagedCall(deletions.LIST_TENANT_DELETIONS)
    get_deletion = Call(deletions.GET_TENANT_DELETION)
    start_archive = Call(archives.START_TENANT_ARCHIVE)
    start_import = Call(archives.START_TENANT_IMPORT)
    add_import_part = Call(archives.ADD_TENANT_IMPORT_PART)
    run_import = Call(archives.RUN_TENANT_IMPORT)
    get_session_policy = Call(operations.GET_SESSION_POLICY)
    update_session_policy = Call(operations.UPDATE_SESSION_POLICY)

    @overload
    def import_archive(
        self: "Tenants[Sync]",
        archive: str | Path,
        *,
        slug: str | None = None,
        passphrase: str | SecretStr | None = None,
        wait: bool = True,
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
    ) -> Job: ...
    @overload
    def import_archive(
        self: "Tenants[Async]",
        archive: str | Path,
        *,
        slug: str | None = None,
        passphrase: str | SecretStr | None = None,
        wait: bool = True,
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
    ) -> Coroutine[Any, Any, Job]: ...
    def import_archive(
        self,
        archive: str | Path,
        *,
        slug: str | None = None,
        passphrase: str | SecretStr | None = None,
        wait: bool = True,
        timeout: float | None = None,
        progress: bool | Callable[[Job], None] = False,
    ) -> Any:
        """Make a tenant of the archive in a file, as an operator, as a job of one's own tenant that is waited for.

        `slug` is what it is called here, `passphrase` opens the client secrets of its connectors; `timeout` and
        `progress` are those of `jobs.wait`. Without `wait`, the job that has been queued is given.

        Raises `JobFailedError` when the archive is refused (its `code` says why), `TimeoutError`, `OSError` for a file
        that cannot be read, and what the operations raise.
        """
        given = {"slug": slug, "passphrase": passphrase}
        options = {name: value for name, value in given.items() if value is not None}
        plans = ImportPlans(
            start=Tenants.start_import.plan,
            add=Tenants.add_import_part.plan,
            run=Tenants.run_import.plan,
            get=Jobs.get.plan,
            cancel=Jobs.cancel.plan,
        )
        flow = import_archive_flow(self.caller, plans, archive, options, timeout, screen_for(progress), wait=wait)
        return self.caller.run(flow)
