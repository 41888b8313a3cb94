# ruff: noqa: PLC0415  (the workers are imported when they run)

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from central_server.cli.services import read_settings
from central_server.cli.texts import add_command

if TYPE_CHECKING:
    from wireup import AsyncContainer

    from central_server.infra.config import Settings


class QueueName(StrEnum):
    """The queues by name, without importing what serves them."""

    CORE = "core"
    MEDIA = "media"


def worker(queue: Annotated[QueueName, typer.Argument(help="The queue to serve.", show_default=False)]) -> None:
    """Serve a queue of Temporal: `core` also relays events and sends webhooks, `media` is for heavy work.

    SIGTERM stops taking work, and lets what runs finish for up to 20 seconds. Run as many as you need.
    """
    settings = read_settings()
    asyncio.run(_serve(queue, settings))


async def _serve(name: QueueName, settings: "Settings") -> None:
    from prometheus_client import CollectorRegistry

    from central_server.connecting import DatabaseStart
    from central_server.container import build_container
    from central_server.infra.db import Database
    from central_server.infra.temporal.spec import Queue
    from central_server.metrics import serve_metrics
    from central_server.worker.making import make_worker_parts
    from central_server.worker.parts import stop_on_signals
    from central_server.worker.run import run_worker

    queue = Queue(name.value)
    stop = stop_on_signals()
    container = build_container(settings)
    parts = await make_worker_parts(queue, container, settings)
    registry = await container.get(CollectorRegistry)
    stop_metrics = serve_metrics(registry, settings.host, settings.metrics_port)
    start = DatabaseStart(await container.get(Database))
    await start.start()
    try:
        await run_worker(queue, parts, stop)
    finally:
        await start.close()
        await _close(container)
        await asyncio.to_thread(stop_metrics)


async def _close(container: "AsyncContainer") -> None:
    """Close what has connections and processes of its own."""
    from central_server.infra.outbound import OutboundClient
    from central_server.infra.pictures.processor import PictureProcessor
    from central_server.infra.telemetry import Traces

    await (await container.get(OutboundClient)).aclose()
    await (await container.get(PictureProcessor)).close()
    await asyncio.to_thread((await container.get(Traces)).close)


def add_to(program: typer.Typer) -> None:
    """Add the command."""
    add_command(program, worker, "central-server worker core", "central-server worker media")
