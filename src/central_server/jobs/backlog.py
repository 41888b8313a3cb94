import asyncio
from collections.abc import Sequence
from typing import Final

from central.errors import UnavailableError
from central_server.infra.db import Database
from central_server.infra.logs import component_logger
from central_server.infra.waiting import wait_for_any
from central_server.jobs.queries import COUNT_ENDED_JOBS, COUNT_JOBS
from central_server.jobs.tables import DBEndedJobCount, DBJobCount

RECENT_SECONDS: Final = 3600
"""How long a job that has ended is counted: long enough to be seen, and few enough to be counted often."""


class JobBacklog:
    """The jobs of all tenants by kind and state, counted every `seconds` beside a worker.

    `counts` are those that have not ended, `ended` those that have in the last hour.
    """

    def __init__(self, db: Database) -> None:
        self.db = db
        self.seconds = 15.0
        self.counts: Sequence[DBJobCount] = ()
        self.ended: Sequence[DBEndedJobCount] = ()
        self.log = component_logger(self)

    async def run(self, stop: asyncio.Event) -> None:
        """Count until `stop` is set; while the database is away the last counts stay."""
        while not stop.is_set():
            try:
                await self.measure()
            except UnavailableError:
                self.log.debug("jobs not counted: the database is away")
            await wait_for_any(stop, seconds=self.seconds)

    async def measure(self) -> None:
        """Count them now."""
        async with self.db.platform_read("jobs are counted", routine=True) as reader:
            self.counts = await reader.all(COUNT_JOBS)
            self.ended = await reader.all(COUNT_ENDED_JOBS, within_seconds=RECENT_SECONDS)
