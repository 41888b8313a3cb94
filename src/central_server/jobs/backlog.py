import asyncio
from collections.abc import Sequence

from central.errors import UnavailableError
from central_server.infra.db import Database
from central_server.infra.logs import component_logger
from central_server.infra.waiting import wait_for_any
from central_server.jobs.queries import COUNT_JOBS
from central_server.jobs.tables import DBJobCount


class JobBacklog:
    """The jobs of all tenants by kind and state, counted every `seconds` beside a worker."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.seconds = 15.0
        self.counts: Sequence[DBJobCount] = ()
        self.log = component_logger(self)

    async def run(self, stop: asyncio.Event) -> None:
        """Count until `stop` is set; while the database is away the last counts stay."""
        while not stop.is_set():
            try:
                await self.measure()
            except UnavailableError:
                self.log.debug("jobs not counted: the database is away")
            await wait_for_any(stop, seconds=self.seconds)

    async def measure(self) -> Sequence[DBJobCount]:
        """Count them now."""
        async with self.db.platform_read("jobs are counted", routine=True) as reader:
            self.counts = await reader.all(COUNT_JOBS)
        return self.counts
