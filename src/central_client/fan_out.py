"""Many calls at once, but never too many."""

import asyncio
from collections.abc import Coroutine, Iterable, Sized
from typing import Any, TypeVar

T = TypeVar("T")


async def gather(calls: Iterable[Coroutine[Any, Any, T]], *, limit: int = 16) -> list[T]:
    """Await all calls, at most `limit` at a time, and give their results in the order of the calls.

    The first error is raised, and the calls that still run are cancelled before. A generator of calls is read
    only as fast as they are made, so it may be long.
    """
    if limit < 1:
        raise ValueError("`limit` is at least 1")
    waiting = enumerate(calls)
    results: dict[int, T] = {}

    async def work() -> None:
        for index, call in waiting:
            results[index] = await call

    workers = [asyncio.create_task(work()) for _ in range(limit)]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        if isinstance(calls, Sized):  # they exist already: without this, each would warn that nobody awaited it
            for _, call in waiting:
                call.close()
    return [results[index] for index in range(len(results))]
