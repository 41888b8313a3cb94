import asyncio
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final

STEP_SECONDS: Final = 0.25


@asynccontextmanager
async def even_time() -> AsyncGenerator[None]:
    """Let what is done inside take a whole number of quarters of a second, so that its time tells nothing.

    Whether an address leads to a tenant decides which rows are written, which is a matter of milliseconds.
    """
    started = monotonic()
    try:
        yield
    finally:
        taken = monotonic() - started
        await asyncio.sleep(math.ceil(taken / STEP_SECONDS) * STEP_SECONDS - taken)
