from central.jobs.models import Job
from central.tenant_archives.models import (
    AddTenantImportPartInput,
    RunTenantImportInput,
    StartTenantArchiveInput,
    StartTenantImportInput,
)
from central.tenant_archives.operations import (
    ADD_TENANT_IMPORT_PART,
    RUN_TENANT_IMPORT,
    START_TENANT_ARCHIVE,
    START_TENANT_IMPORT,
)
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.tenant_archives.service import TenantArchiveService


class TenantArchiveRoutes:
    """Serves the operations on archives of tenants."""

    def __init__(self, archives: TenantArchiveService) -> None:
        self.archives = archives

    @handles(START_TENANT_ARCHIVE)
    async def start_archive(self, input: StartTenantArchiveInput, actor: Actor) -> Job:
        return await self.archives.TX_start_archive(input, actor)

    @handles(START_TENANT_IMPORT)
    async def start_import(self, input: StartTenantImportInput, actor: Actor) -> Job:
        return await self.archives.TX_start_import(input, actor)

    @handles(ADD_TENANT_IMPORT_PART)
    async def add_import_part(self, input: AddTenantImportPartInput, actor: Actor) -> Job:
        return await self.archives.TX_add_part(input, actor)

    @handles(RUN_TENANT_IMPORT)
    async def run_import(self, input: RunTenantImportInput, actor: Actor) -> Job:
        return await self.archives.TX_run_import(input, actor)
