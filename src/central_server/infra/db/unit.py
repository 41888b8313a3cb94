"""The one transaction of a request that must be answered once."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Self

from central.kernel.ids import TenantId

from .connection import Connection, Record
from .executors import WriteExecutor
from .pool import Pool
from .query import Plan, Query
from .sight import Sight
from .transactions import Savepoint, Stack, TransactionExecutor, begin, end

Step = Callable[[WriteExecutor], Awaitable[None]]


class Unit:
    """A transaction that starts with the first write and that every write of the request joins.

    `on_begin` runs first in it, with the unit's own tenant, and may raise: the unit has then ended. Leaving
    the unit as a context rolls back what was not committed.
    """

    def __init__(self, pool: Pool, tenant: TenantId | None, on_begin: Step | None = None) -> None:
        self._pool = pool
        self._sight = Sight(tenant)
        self._on_begin = on_begin
        self._connection: Connection | None = None
        self._executor: TransactionExecutor | None = None
        self._stack: Stack | None = None
        self._ended = False
        self.started = False

    async def __aenter__(self) -> Self:
        """Do nothing yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Roll back what was not committed."""
        if error is not None and not isinstance(error, Exception) and self._stack is not None:
            self._stack.broken = True
        await self.rollback()

    def part(self, sight: Sight) -> "UnitPart":
        """Give a part of the transaction with a sight of its own; entering it starts the unit if need be."""
        return UnitPart(self, sight)

    async def commit(self, before: Step | None = None) -> None:
        """Run `before` in the transaction with the unit's own tenant, and commit.

        Without `before` a unit that has not started stays so; with it, it starts now.
        """
        if before is not None:
            await self.start()
        if self._executor is not None:
            if before is not None:
                await before(self._executor)
            await self._end(commit=True)
        self._ended = True

    async def rollback(self) -> None:
        """Undo everything, if there is anything; does nothing after a commit."""
        self._ended = True
        await self._end(commit=False)

    async def start(self) -> Stack:
        """Begin, and run `on_begin`, unless that was done."""
        if self._stack is not None:
            return self._stack
        if self._ended:
            raise RuntimeError("the unit has ended")
        self._connection, self._stack = await begin(self._pool, self._sight)
        self._executor = self._stack.push(self._sight)
        self.started = True
        if self._on_begin is not None:
            await self._run_on_begin(self._on_begin, self._executor)
        return self._stack

    async def _run_on_begin(self, on_begin: Step, executor: TransactionExecutor) -> None:
        try:
            await on_begin(executor)
        except BaseException as error:
            await self.__aexit__(type(error), error, None)
            raise

    async def _end(self, *, commit: bool) -> None:
        connection, stack = self._connection, self._stack
        if connection is None or stack is None:
            return
        self._connection = self._stack = self._executor = None
        broken = stack.broken or len(stack.parts) != 1
        for part in stack.parts:
            part.is_open = False
        await end(self._pool, connection, commit=commit, broken=broken)


class UnitPart:
    """A write in a unit: a savepoint with its own tenant, undone by itself when it raises."""

    __slots__ = ("_savepoint", "_sight", "_unit")

    def __init__(self, unit: Unit, sight: Sight) -> None:
        self._unit = unit
        self._sight = sight

    async def __aenter__(self) -> TransactionExecutor:
        """Start the unit if need be, and set the savepoint."""
        self._savepoint = Savepoint(await self._unit.start(), self._sight)
        return await self._savepoint.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Keep what was done, or undo it if there was an error."""
        await self._savepoint.__aexit__(kind, error, traceback)


class UnitAutocommit(WriteExecutor):
    """Runs each statement as a part of its own in a unit."""

    __slots__ = ("_sight", "_unit")

    def __init__(self, unit: Unit, tenant: TenantId) -> None:
        super().__init__(tenant)
        self._unit = unit
        self._sight = Sight(tenant)

    def _part(self) -> UnitPart:
        return UnitPart(self._unit, self._sight)

    async def fetch(self, plan: Plan, parameters: Mapping[str, Any]) -> list[Record]:
        """Give the records of a compiled statement."""
        async with self._part() as part:
            return await part.fetch(plan, parameters)

    async def fetch_first(self, plan: Plan, parameters: Mapping[str, Any]) -> Record | None:
        """Give the first record of a compiled statement."""
        async with self._part() as part:
            return await part.fetch_first(plan, parameters)

    async def execute(self, query: Query[Any], **parameters: Any) -> int:
        """Run a statement and give the number of rows that it touched."""
        async with self._part() as part:
            return await part.execute(query, **parameters)

    async def execute_many(self, query: Query[Any], rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a statement once for each set of parameters, all or none."""
        async with self._part() as part:
            await part.execute_many(query, rows)

    def savepoint(self) -> AbstractAsyncContextManager[Any]:
        """Open a part of the unit."""
        return self._part()
