"""Processes that start whether or not PostgreSQL is there."""

import asyncio
from contextlib import suppress

from central.errors import UnavailableError
from central_server.infra.db import Database
from central_server.infra.logs import component_logger


class DatabaseStart:
    """Connects a database now or, where it is away, as soon as it is back; until then it answers `UnavailableError`.

    `seconds` is the time between two attempts.
    """

    def __init__(self, database: Database, seconds: float = 0.5) -> None:
        self._database = database
        self._seconds = seconds
        self._task: asyncio.Task[None] | None = None
        self._log = component_logger(self)

    async def start(self) -> None:
        """Try to connect once, and leave the rest to the background."""
        if (error := await self._try()) is not None:
            self._log.warning("starting without the database", error=_reason(error))
            self._task = asyncio.create_task(self._keep_trying(), name="database start")

    async def close(self) -> None:
        """Stop trying, and close the database."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._database.close()

    async def _keep_trying(self) -> None:
        while await self._try() is not None:  # noqa: ASYNC110 (the database sends no event)
            await asyncio.sleep(self._seconds)
        self._log.info("database connected")

    async def _try(self) -> UnavailableError | None:
        try:
            await self._database.start()
        except UnavailableError as error:
            return error
        return None


def _reason(error: UnavailableError) -> str:
    cause = error.__cause__
    return error.message if cause is None else f"{error.message} {type(cause).__name__}: {cause}"
