from central.jobs.models import Job
from central.unit_imports.models import StartUnitImportInput
from central.unit_imports.operations import ADD_UNIT_IMPORT_ROWS, RUN_UNIT_IMPORT, START_UNIT_IMPORT
from central.user_imports.models import AddImportRowsInput, RunImportInput
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.unit_imports.service import UnitImportService


class UnitImportRoutes:
    """Serves the operations on imports of units."""

    def __init__(self, imports: UnitImportService) -> None:
        self.imports = imports

    @handles(START_UNIT_IMPORT)
    async def start(self, input: StartUnitImportInput, actor: Actor) -> Job:
        return await self.imports.TX_start(input, actor)

    @handles(ADD_UNIT_IMPORT_ROWS)
    async def add_rows(self, input: AddImportRowsInput, actor: Actor) -> Job:
        return await self.imports.TX_add_rows(input, actor)

    @handles(RUN_UNIT_IMPORT)
    async def run(self, input: RunImportInput, actor: Actor) -> Job:
        return await self.imports.TX_run(input, actor)
