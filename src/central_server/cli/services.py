"""The services of the server for a command that ends soon."""

# ruff: noqa: PLC0415  (a command that only shows its help pays for none of this)

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from wireup import AsyncContainer

    from central_server.infra.config import Settings

T = TypeVar("T")


def read_settings() -> "Settings":
    """Read the settings and set up the logs; raises `SettingsError`."""
    from central_server.infra.config import load_settings
    from central_server.infra.logs import configure_logging

    settings = load_settings()
    configure_logging(settings.log_level)
    return settings


def with_services(work: "Callable[[AsyncContainer], Coroutine[Any, Any, T]]") -> T:
    """Run work with the container on a database that answers; raises `SettingsError` and `UnavailableError`."""
    from central_server.infra.config import load_settings
    from central_server.infra.logs import configure_logging

    settings = load_settings()
    configure_logging("warning" if settings.log_level == "info" else settings.log_level)
    return asyncio.run(_run(settings, work))


async def _run(settings: "Settings", work: "Callable[[AsyncContainer], Coroutine[Any, Any, T]]") -> T:
    async with services(settings) as container:
        return await work(container)


@asynccontextmanager
async def services(settings: "Settings") -> AsyncGenerator["AsyncContainer"]:
    """Give the container while its database is connected."""
    from central_server.container import build_container
    from central_server.infra.db import Database
    from central_server.infra.outbound import OutboundClient
    from central_server.infra.telemetry import Traces

    container = build_container(settings)
    database = await container.get(Database)
    await database.start()
    try:
        yield container
    finally:
        await (await container.get(OutboundClient)).aclose()
        await database.close()
        await asyncio.to_thread((await container.get(Traces)).close)
