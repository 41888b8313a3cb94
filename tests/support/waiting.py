import asyncio
from collections.abc import Awaitable, Callable


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 15) -> None:
    """Wait for something to become true; `TimeoutError` when it does not."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 (it is in another process, which sets no event here)
            await asyncio.sleep(0.01)
