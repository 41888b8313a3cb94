"""The API of this process on a real port, for programs that are processes of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from central_server.serving import listen
from support.place import Stack


@asynccontextmanager
async def served(stack: Stack) -> AsyncIterator[str]:
    """Serve the API, which has been started, and give its address."""
    sock = listen("127.0.0.1", 0)
    config = uvicorn.Config(stack.central, lifespan="off", log_config=None, access_log=False, proxy_headers=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve([sock]))  # without signal handlers, which are pytest's
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
