"""Real worker processes beside an API of this process, with a Temporal of their own namespace."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

from central_server.infra.temporal.client import TemporalConnection
from support.durable import fresh_connection
from support.place import Stack, make_stack
from support.programs import Running, environment_of, start
from support.servers import shared_postgres, shared_temporal


@asynccontextmanager
async def durable_stack(folder: Path) -> AsyncIterator[tuple[Stack, TemporalConnection]]:
    """Make an API on a database of its own, and a namespace for its workers."""
    async with shared_postgres() as postgres, shared_temporal() as temporal:
        connection = await fresh_connection(temporal)
        names = {"temporal_address": connection.address, "temporal_namespace": connection.namespace}
        async with make_stack(postgres, f"workers_{token_hex(6)}", folder / "mailbox", **names) as stack:
            yield stack, connection


async def start_worker(stack: Stack, folder: Path, queue: str = "core") -> Running:
    """Start a worker."""
    settings = stack.settings
    variables = {
        "ENVIRONMENT": "development",
        "PUBLIC_URL": settings.public_url,
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "VAULT_KEYS": settings.vault_keys.get_secret_value(),
        "SIGNING_KEYS": settings.signing_keys.get_secret_value(),
        "MAIL_URL": f"directory://{quote(str(folder / 'mailbox'))}",
        "MAIL_FROM": settings.mail_from,
        "OBJECT_STORE_URL": settings.object_store_url or "",
        "TEMPORAL_ADDRESS": settings.temporal_address,
        "TEMPORAL_NAMESPACE": settings.temporal_namespace,
        "LOG_LEVEL": "error",
    }
    environment = environment_of(**{f"CENTRAL_{name}": text for name, text in variables.items()})
    return await start("-m", "central_server.cli", "worker", queue, environment=environment)


async def kill(worker: Running) -> None:
    """Kill it as `kill -9` does."""
    worker.process.send_signal(signal.SIGKILL)
    await worker.process.wait()
