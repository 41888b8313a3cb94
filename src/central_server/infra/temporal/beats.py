import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from temporalio import activity

_SECONDS_BETWEEN_BEATS = 2.0


@asynccontextmanager
async def beating() -> AsyncGenerator[None]:
    """Tell Temporal again and again that somebody is at an activity; a worker that died is noticed by its silence."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(_SECONDS_BETWEEN_BEATS)

    beats = asyncio.create_task(beat())
    try:
        yield
    finally:
        beats.cancel()
