"""What statements are run with: a reader, or a writer, which is a reader too."""

from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Self, TypeVar, cast

from central.kernel.ids import TenantId

from .connection import Record
from .query import Plan, Query

R = TypeVar("R")


def affected(status: str) -> int:
    """Give the number of rows in a command tag such as `INSERT 0 3`."""
    count = status.rpartition(" ")[2]
    return int(count) if count.isdigit() else 0


class ReadExecutor(ABC):
    """Runs queries that read, seeing the rows of its tenant alone; with no tenant it sees none."""

    __slots__ = ("tenant",)

    def __init__(self, tenant: TenantId | None) -> None:
        self.tenant = tenant

    async def all(self, query: Query[R], **parameters: Any) -> list[R]:
        """Give all rows."""
        plan = query.plan
        return cast("list[R]", plan.rows(await self.fetch(plan, parameters)))

    async def first(self, query: Query[R], **parameters: Any) -> R | None:
        """Give the first row, or `None`."""
        plan = query.plan
        record = await self.fetch_first(plan, parameters)
        return None if record is None else cast("R", plan.row(record))

    async def scalar(self, query: Query[Any], **parameters: Any) -> Any:
        """Give the first column of the first row, or `None` when there is no row."""
        plan = query.plan
        record = await self.fetch_first(plan, parameters)
        return None if record is None else plan.value(record)

    @abstractmethod
    def fetch(self, plan: Plan, parameters: Mapping[str, Any]) -> Coroutine[Any, Any, list[Record]]:
        """Give the records of a compiled statement."""

    @abstractmethod
    def fetch_first(self, plan: Plan, parameters: Mapping[str, Any]) -> Coroutine[Any, Any, Record | None]:
        """Give the first record of a compiled statement."""


class WriteExecutor(ReadExecutor):
    """Runs queries that read or write, for its tenant alone."""

    __slots__ = ()

    @abstractmethod
    async def execute(self, query: Query[Any], **parameters: Any) -> int:
        """Run a statement and give the number of rows that it touched."""

    @abstractmethod
    async def execute_many(self, query: Query[Any], rows: Iterable[Mapping[str, Any]]) -> None:
        """Run a statement once for each set of parameters, all or none."""

    @abstractmethod
    def savepoint(self) -> AbstractAsyncContextManager[Self]:
        """Open a part that is undone by itself when it raises, and the rest goes on."""
