import asyncio
from contextlib import suppress

from central.errors import CentralError
from central.kernel.ids import SessionId, TenantId
from central_server.infra.config import Settings
from central_server.infra.db import Database
from central_server.infra.logs import component_logger
from central_server.infra.telemetry import Traces
from central_server.sessions.inputs import SessionLimits
from central_server.sessions.queries import TOUCH_SESSIONS


class SessionTouches:
    """Writes the times of last use: once a minute for a session at most, in batches, off the path of requests.

    A session that has ended by then, also by being too long unused for what its tenant allows meanwhile, stays so.
    """

    def __init__(self, db: Database, settings: Settings, traces: Traces, seconds: float = 5.0) -> None:
        self._db = db
        self._traces = traces
        self._limits = SessionLimits.of(settings).parameters()
        self._seconds = seconds
        self._due: set[tuple[TenantId, SessionId]] = set()
        self._task: asyncio.Task[None] | None = None
        self._log = component_logger(self)

    def add(self, tenant: TenantId, session: SessionId) -> None:
        """Note that a session was used."""
        self._due.add((tenant, session))

    async def start(self) -> None:
        """Begin to write in the background."""
        self._task = asyncio.create_task(self._run(), name="session touches")

    async def close(self) -> None:
        """Write what is noted, and stop."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self.flush()

    async def flush(self) -> None:
        """Write what is noted; what cannot be written is noted again."""
        due, self._due = self._due, set()
        if not due:
            return
        tenants, sessions = [t.uuid for t, _ in due], [s.uuid for _, s in due]
        try:
            with self._traces.working("note last use") as work:
                work.found(sessions=len(due))
                await self._db.unscoped().scalar(TOUCH_SESSIONS, tenants=tenants, sessions=sessions, **self._limits)
        except CentralError as error:
            self._due |= due
            self._log.warning("times of last use not written", sessions=len(due), code=error.code)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            await self.flush()
