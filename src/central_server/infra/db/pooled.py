"""Executors that hold no connection: each statement takes one, and is a transaction of its own."""

from collections.abc import Coroutine, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from central.kernel.ids import TenantId

from .connection import Connection, Record
from .errors import translate
from .executors import ReadExecutor, WriteExecutor, affected
from .pool import Pool
from .query import Plan, Query
from .scope import setting_of
from .sight import Sight
from .transactions import Transaction


def _give_back(pool: Pool, connection: Connection, error: BaseException) -> None:
    """Return a connection after an error, and raise what the error means if that is another one."""
    pool.recover(connection, error)
    if isinstance(error, Exception) and (meaning := translate(error)) is not error:
        raise meaning from error


async def _fetch(pool: Pool, text: str, arguments: list[Any]) -> list[Record]:
    connection = pool.take() or await pool.wait()
    try:
        records = await connection.fetch(text, *arguments)
    except BaseException as error:
        _give_back(pool, connection, error)
        raise
    pool.release(connection)
    return records


async def _fetch_first(pool: Pool, text: str, arguments: list[Any]) -> Record | None:
    connection = pool.take() or await pool.wait()
    try:
        record = await connection.fetchrow(text, *arguments)
    except BaseException as error:
        _give_back(pool, connection, error)
        raise
    pool.release(connection)
    return record


class UnscopedReader(ReadExecutor):
    """Reads without a tenant: row-level security shows nothing but what narrow functions return."""

    __slots__ = ("_pool",)

    def __init__(self, pool: Pool) -> None:
        super().__init__(None)
        self._pool = pool

    def fetch(self, plan: Plan, parameters: Mapping[str, Any]) -> Coroutine[Any, Any, list[Record]]:
        """Give the records of a compiled statement."""
        return _fetch(self._pool, plan.text, plan.arguments(parameters, None))

    def fetch_first(self, plan: Plan, parameters: Mapping[str, Any]) -> Coroutine[Any, Any, Record | None]:
        """Give the first record of a compiled statement."""
        return _fetch_first(self._pool, plan.text, plan.arguments(parameters, None))


class TenantReader(ReadExecutor):
    """Reads for a tenant: the statement that reads sets the tenant first, in one round trip."""

    __slots__ = ("_pool", "_setting")
    tenant: TenantId

    def __init__(self, pool: Pool, tenant: TenantId) -> None:
        self.tenant = tenant
        self._pool = pool
        self._setting = setting_of(tenant)

    def fetch(self, plan: Plan, parameters: Mapping[str, Any]) -> Coroutine[Any, Any, list[Record]]:
        """Give the records of a compiled statement."""
        return _fetch(self._pool, plan.scoped_text, plan.scoped_arguments(parameters, self._setting))

    def fetch_first(self, plan: Plan, parameters: Mapping[str, Any]) -> Coroutine[Any, Any, Record | None]:
        """Give the first record of a compiled statement."""
        return _fetch_first(self._pool, plan.scoped_text, plan.scoped_arguments(parameters, self._setting))


class Autocommit(WriteExecutor):
    """Writes for a tenant, each statement a transaction of its own in one round trip.

    SELECTs are read as `TenantReader` does. INSERTs take the tenant from `tenant_scope()`. UPDATE and DELETE
    look for their rows before any statement could set the tenant: they need a transaction and are refused.
    """

    __slots__ = ("_pool", "_setting")
    tenant: TenantId

    def __init__(self, pool: Pool, tenant: TenantId) -> None:
        self.tenant = tenant
        self._pool = pool
        self._setting = setting_of(tenant)

    async def fetch(self, plan: Plan, parameters: Mapping[str, Any]) -> list[Record]:
        """Give the records of a compiled statement."""
        return await _fetch(self._pool, *self._prepared(plan, parameters))

    async def fetch_first(self, plan: Plan, parameters: Mapping[str, Any]) -> Record | None:
        """Give the first record of a compiled statement."""
        return await _fetch_first(self._pool, *self._prepared(plan, parameters))

    async def execute(self, query: Query[Any], **parameters: Any) -> int:
        """Run an INSERT and give the number of rows that it added."""
        text, arguments = self._prepared(query.plan, parameters)
        connection = self._pool.take() or await self._pool.wait()
        try:
            # asyncpg's own execute() takes the same path through the statement cache when it has arguments.
            status = await connection.execute(text, *arguments)
        except BaseException as error:
            _give_back(self._pool, connection, error)
            raise
        self._pool.release(connection)
        return affected(status)

    async def execute_many(self, query: Query[Any], rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a statement once for each set of parameters, in a transaction."""
        async with self.savepoint() as transaction:
            await transaction.execute_many(query, rows)

    def savepoint(self) -> AbstractAsyncContextManager[Any]:
        """Open a transaction: the part that is undone by itself."""
        return Transaction(self._pool, Sight(self.tenant))

    def _prepared(self, plan: Plan, parameters: Mapping[str, Any]) -> tuple[str, list[Any]]:
        if plan.is_select and not plan.scopes_itself:
            return plan.scoped_text, plan.scoped_arguments(parameters, self._setting)
        if not plan.scopes_itself:
            raise TypeError("outside a transaction a statement that writes reads its tenant from tenant_scope()")
        return plan.text, plan.arguments(parameters, self._setting)
