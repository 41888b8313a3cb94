"""What type checkers say of executors and queries; an ignore that is not needed is an error to mypy."""

from typing import TypedDict, assert_type

from sqlalchemy import select, text

from central.kernel.ids import TenantId
from central_server.infra.db import Database, Query, ReadExecutor, WriteExecutor


class DBThing(TypedDict):
    """A row."""

    n: int


THINGS = Query[DBThing](select(text("n")))


async def writes(executor: WriteExecutor) -> None:
    """Take a writer."""
    await executor.execute(THINGS)


async def reads(executor: ReadExecutor) -> None:
    """Take a reader."""
    assert_type(await executor.all(THINGS), list[DBThing])
    assert_type(await executor.first(THINGS), DBThing | None)


async def uses(database: Database, tenant: TenantId) -> None:
    """Hand each to each."""
    await reads(database.read(tenant))
    async with database.write(tenant) as writer:
        await reads(writer)
        await writes(writer)
        async with writer.savepoint() as part:
            await writes(part)
    await writes(database.autocommit(tenant))
    await writes(database.read(tenant))  # type: ignore[arg-type]  # a reader is no writer
    async with database.platform_read("typing") as reader:
        await writes(reader)  # type: ignore[arg-type]  # a reader is no writer
