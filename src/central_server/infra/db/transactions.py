"""Transactions on one connection, and savepoints in them."""

from collections.abc import Awaitable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, TypeVar

from .connection import Connection, Record
from .errors import translate
from .executors import WriteExecutor, affected
from .pool import Pool
from .query import Plan, Query
from .sight import Sight

_T = TypeVar("_T")


class Stack:
    """The open parts of one transaction; a part may be used while no other sight is open inside it.

    `broken` says that a statement was cancelled or a part was left by cancellation: its state is unknown.
    """

    __slots__ = ("_connection", "broken", "parts")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.parts: list[TransactionExecutor] = []
        self.broken = False

    def push(self, sight: Sight) -> "TransactionExecutor":
        """Open the next inner part."""
        executor = TransactionExecutor(self, sight)
        self.parts.append(executor)
        return executor

    def pop(self, executor: "TransactionExecutor") -> None:
        """Close the innermost part; `RuntimeError`, and broken, if tasks have mixed theirs."""
        executor.is_open = False
        if self.parts.pop() is not executor:
            self.broken = True
            raise RuntimeError("parts of one transaction were opened by several tasks")

    def connection(self, executor: "TransactionExecutor") -> Connection:
        """Give the connection for a part to use; `RuntimeError` when it may not now."""
        if self.broken or not executor.is_open or self.parts[-1].sight != executor.sight:
            raise RuntimeError("this part of the transaction has ended, or one of another tenant is open inside")
        return self._connection

    async def run(self, work: Awaitable[_T]) -> _T:
        """Run one statement; its errors are translated, and being cancelled breaks the transaction."""
        try:
            return await work
        except Exception as error:
            if (meaning := translate(error)) is not error:
                raise meaning from error
            raise
        except BaseException:
            self.broken = True
            raise


class TransactionExecutor(WriteExecutor):
    """Runs statements in a transaction, or in a savepoint of it, for as long as that is open."""

    __slots__ = ("_stack", "is_open", "sight")

    def __init__(self, stack: Stack, sight: Sight) -> None:
        super().__init__(sight.tenant)
        self._stack = stack
        self.sight = sight
        self.is_open = True

    async def fetch(self, plan: Plan, parameters: Mapping[str, Any]) -> list[Record]:
        """Give the records of a compiled statement."""
        stack = self._stack
        arguments = plan.arguments(parameters, self.sight.setting)
        return await stack.run(stack.connection(self).fetch(plan.text, *arguments))

    async def fetch_first(self, plan: Plan, parameters: Mapping[str, Any]) -> Record | None:
        """Give the first record of a compiled statement."""
        stack = self._stack
        arguments = plan.arguments(parameters, self.sight.setting)
        return await stack.run(stack.connection(self).fetchrow(plan.text, *arguments))

    async def execute(self, query: Query[Any], **parameters: Any) -> int:
        """Run a statement and give the number of rows that it touched."""
        stack, plan = self._stack, query.plan
        arguments = plan.arguments(parameters, self.sight.setting)
        return affected(await stack.run(stack.connection(self).execute(plan.text, *arguments)))

    async def execute_many(self, query: Query[Any], rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a statement once for each set of parameters; the first that fails fails the transaction."""
        stack, plan, setting = self._stack, query.plan, self.sight.setting
        arguments = [plan.arguments(row, setting) for row in rows]
        await stack.run(stack.connection(self).executemany(plan.text, arguments))

    def savepoint(self) -> AbstractAsyncContextManager[Any]:
        """Open a part that is undone by itself when it raises, and the rest goes on."""
        return Savepoint(self._stack, self.sight)


class Savepoint:
    """A part of a transaction with a sight of its own; leaving it brings back the sight around it."""

    __slots__ = ("_executor", "_name", "_outer", "_sight", "_stack")

    def __init__(self, stack: Stack, sight: Sight) -> None:
        self._stack = stack
        self._sight = sight

    async def __aenter__(self) -> TransactionExecutor:
        """Set the savepoint."""
        stack = self._stack
        self._outer = stack.parts[-1]
        self._name = f"s{len(stack.parts)}"
        self._executor = stack.push(self._sight)
        change = "" if self._outer.sight == self._sight else ";" + self._sight.change()
        try:
            await self._execute(f"SAVEPOINT {self._name}{change}")
        except BaseException:
            stack.broken = True
            stack.pop(self._executor)
            raise
        return self._executor

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Keep what was done, or undo it if there was an error."""
        stack = self._stack
        try:
            if error is None:
                change = "" if self._outer.sight == self._sight else ";" + self._outer.sight.change()
                await self._execute(f"RELEASE SAVEPOINT {self._name}{change}")
            elif isinstance(error, Exception) and not stack.broken:
                # What SET LOCAL changed since the savepoint is undone with the rest.
                await self._execute(f"ROLLBACK TO SAVEPOINT {self._name};RELEASE SAVEPOINT {self._name}")
            else:
                stack.broken = True
        except BaseException:
            stack.broken = True
            raise
        finally:
            stack.pop(self._executor)

    async def _execute(self, statements: str) -> None:
        stack = self._stack
        await stack.run(stack.connection(self._executor).execute(statements))


class Transaction:
    """A transaction as a block: committed at its end, rolled back if it raises."""

    __slots__ = ("_connection", "_executor", "_pool", "_read_only", "_sight", "_snapshot", "_stack")

    def __init__(self, pool: Pool, sight: Sight, *, read_only: bool = False, snapshot: bool = False) -> None:
        self._pool = pool
        self._sight = sight
        self._read_only = read_only
        self._snapshot = snapshot

    async def __aenter__(self) -> TransactionExecutor:
        """Take a connection, begin, and set the tenant, in one round trip."""
        self._connection, self._stack = await begin(
            self._pool, self._sight, read_only=self._read_only, snapshot=self._snapshot
        )
        self._executor = self._stack.push(self._sight)
        return self._executor

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Commit, also if cancelled meanwhile, or roll back."""
        broken = self._stack.broken or (error is not None and not isinstance(error, Exception))
        self._executor.is_open = False
        await end(self._pool, self._connection, commit=error is None, broken=broken)


async def begin(
    pool: Pool, sight: Sight, *, read_only: bool = False, snapshot: bool = False
) -> tuple[Connection, Stack]:
    """Take a connection and open a transaction on it."""
    connection = pool.take() or await pool.wait()
    try:
        await connection.execute(sight.begin(read_only=read_only, snapshot=snapshot))
    except BaseException as error:
        pool.discard(connection)
        if isinstance(error, Exception) and (meaning := translate(error)) is not error:
            raise meaning from error
        raise
    return connection, Stack(connection)


async def end(pool: Pool, connection: Connection, *, commit: bool, broken: bool) -> None:
    """Commit or roll back, and give the connection back; a broken transaction is rolled back by closing it."""
    if broken:
        pool.discard(connection)
        if commit:
            raise RuntimeError("the transaction was cancelled in part and cannot be committed")
        return
    try:
        status = await pool.finish(connection, connection.execute("COMMIT" if commit else "ROLLBACK"))
    except Exception as error:
        if (meaning := translate(error)) is not error:
            raise meaning from error
        raise
    if commit and status != "COMMIT":
        raise RuntimeError("nothing was committed: an error was swallowed outside a savepoint")
