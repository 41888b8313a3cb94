"""The one way to PostgreSQL."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import structlog
from sqlalchemy import Integer, literal, select

from central.kernel.ids import TenantId

from .connection import Connection, connect
from .executors import ReadExecutor, WriteExecutor
from .listen import Listener
from .pool import Pool, PoolStats
from .pooled import Autocommit, TenantReader, UnscopedReader
from .query import Query
from .sight import Sight
from .transactions import Transaction
from .unit import Step, Unit, UnitAutocommit

_log = structlog.get_logger(__name__)


def _note_platform_access(reason: str, mode: str, *, routine: bool) -> None:
    log = _log.debug if routine else _log.info
    log("platform access", reason=reason, mode=mode)


async def _open_wrapped(
    opening: Callable[[], Awaitable[Connection]], wrap: Callable[[Connection], Connection]
) -> Connection:
    return wrap(await opening())


_PING = Query[int](select(literal(1, Integer, literal_execute=False)))


class Database:
    """Two pools of connections, to the primary and, if there is one, to a replica for reading.

    `url` is a `postgresql://` URL of the application's role. Every method that takes a tenant sees the rows
    of that tenant alone: row-level security is set for the transaction, never for the connection. All raise
    `UnavailableError` when PostgreSQL is away, full or too slow. Sizes are connections per process, times
    are seconds. `wrap` dresses each connection of the pools, for traces.
    """

    def __init__(
        self,
        url: str,
        *,
        replica_url: str | None = None,
        min_size: int = 2,
        max_size: int = 10,
        max_waiting: int = 1000,
        acquire_timeout: float = 2.0,
        max_lifetime: float = 1800.0,
        application_name: str = "central",
        wrap: Callable[[Connection], Connection] | None = None,
    ) -> None:
        def pool(to: str) -> Pool:
            opening = partial(connect, to, application_name=application_name)
            return Pool(
                opening if wrap is None else partial(_open_wrapped, opening, wrap),
                min_size=min_size,
                max_size=max_size,
                max_waiting=max_waiting,
                acquire_timeout=acquire_timeout,
                max_lifetime=max_lifetime,
            )

        self._url = url
        self._application_name = application_name
        self._writing = pool(url)
        self._reading = self._writing if replica_url is None else pool(replica_url)
        self._unscoped = UnscopedReader(self._writing)
        self._listeners: list[Listener] = []

    async def start(self) -> None:
        """Connect; `UnavailableError` when PostgreSQL cannot be reached."""
        await self._writing.start()
        if self._reading is not self._writing:
            await self._reading.start()

    async def close(self) -> None:
        """Let what runs finish, for a few seconds, and close all connections."""
        for listener in self._listeners:
            await listener.close()
        await self._writing.close()
        if self._reading is not self._writing:
            await self._reading.close()

    async def ping(self) -> None:
        """Ask PostgreSQL for an answer."""
        await self._unscoped.scalar(_PING)

    @property
    def stats(self) -> dict[str, PoolStats]:
        """The counters of the pools by name; reading and writing share one where there is no replica."""
        if self._reading is self._writing:
            return {"primary": self._writing.stats}
        return {"primary": self._writing.stats, "replica": self._reading.stats}

    def read(self, tenant: TenantId) -> ReadExecutor:
        """Give a reader for a tenant; each query is a transaction of its own, in one round trip."""
        return TenantReader(self._reading, tenant)

    def snapshot(self, tenant: TenantId) -> AbstractAsyncContextManager[ReadExecutor]:
        """Open a read-only transaction for a tenant in which all is as it was at the first query (REPEATABLE READ)."""
        return Transaction(self._reading, Sight(tenant), read_only=True, snapshot=True)

    def write(self, tenant: TenantId, unit: Unit | None = None) -> AbstractAsyncContextManager[WriteExecutor]:
        """Open a transaction for a tenant, or a part of the unit's."""
        if unit is not None:
            return unit.part(Sight(tenant))
        return Transaction(self._writing, Sight(tenant))

    def autocommit(self, tenant: TenantId, unit: Unit | None = None) -> WriteExecutor:
        """Give a writer whose statements are each a transaction in one round trip, or join the unit.

        It takes SELECT, and INSERT from `tenant_scope()`.
        """
        return Autocommit(self._writing, tenant) if unit is None else UnitAutocommit(unit, tenant)

    def unscoped(self) -> ReadExecutor:
        """Give a reader without a tenant, for the narrow functions that find out which it is."""
        return self._unscoped

    def platform_read(self, reason: str, *, routine: bool = False) -> AbstractAsyncContextManager[ReadExecutor]:
        """Open a read-only transaction that sees all tenants; `reason` is logged, as `platform_write` says."""
        _note_platform_access(reason, "read", routine=routine)
        return Transaction(self._reading, Sight(None, platform=True), read_only=True)

    def platform_write(
        self, reason: str, unit: Unit | None = None, *, routine: bool = False
    ) -> AbstractAsyncContextManager[WriteExecutor]:
        """Open a transaction that sees all tenants, or such a part of the unit's.

        `reason` is logged, at debug for what a process does on its own every few seconds (`routine`).
        """
        _note_platform_access(reason, "write", routine=routine)
        if unit is not None:
            return unit.part(Sight(None, platform=True))
        return Transaction(self._writing, Sight(None, platform=True))

    def unit(self, tenant: TenantId | None, on_begin: Step | None = None) -> Unit:
        """Give the transaction that all writes of a request join; nothing happens until the first."""
        return Unit(self._writing, tenant, on_begin)

    async def listen(self, channel: str, callback: Callable[[str], None]) -> Listener:
        """Call `callback` with the payload of each notification, and with "" after every connecting.

        Notifications sent while the connection was away are lost: "" says to look for oneself.
        """
        listener = Listener(
            partial(connect, self._url, application_name=f"{self._application_name} listen"), channel, callback
        )
        self._listeners.append(listener)
        listener.start()
        return listener
