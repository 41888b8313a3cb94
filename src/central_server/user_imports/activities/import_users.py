import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from temporalio import activity

from central_server.jobs.specs import RunJobInput, RunJobOutput
from central_server.user_imports.importing import UserImporter

_SECONDS_BETWEEN_BEATS = 2.0


class ImportUsersActivity:
    """Does an import of users, or what an attempt before has left of it."""

    def __init__(self, importer: UserImporter) -> None:
        self._importer = importer

    @activity.defn(name="users.import")
    async def run(self, input: RunJobInput) -> RunJobOutput:
        """Do it; where it stands is in the database, so that a beat says no more than that somebody is at it."""
        async with _beating():
            return RunJobOutput(state=await self._importer.run(input.tenant_id, input.job_id))


@asynccontextmanager
async def _beating() -> AsyncGenerator[None]:
    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(_SECONDS_BETWEEN_BEATS)

    beats = asyncio.create_task(beat())
    try:
        yield
    finally:
        beats.cancel()
