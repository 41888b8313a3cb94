import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from temporalio import activity

_SECONDS_BETWEEN_BEATS: Final = 2.0


@asynccontextmanager
async def beating() -> AsyncGenerator[None]:
    """Say again and again that somebody is at it; where a job stands is in the database."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(_SECONDS_BETWEEN_BEATS)

    beats = asyncio.create_task(beat())
    try:
        yield
    finally:
        beats.cancel()
