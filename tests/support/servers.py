"""One PostgreSQL and one Temporal for all the processes of a test run.

Who comes first starts the server, the others attach to it. It ends, and its folder is deleted, after the last
process that uses it, however that ends.
"""

import os
import tempfile
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from central_server.infra.embedded.postgres import EmbeddedPostgres
from central_server.infra.embedded.temporal import EmbeddedTemporal

RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex


def run_folder(purpose: str) -> Path:
    """Name a folder that belongs to this test run, the same one in all its processes."""
    return Path(tempfile.gettempdir()) / f"central-tests-{RUN}-{purpose}"


@asynccontextmanager
async def shared_postgres() -> AsyncGenerator[EmbeddedPostgres]:
    """Use the run's PostgreSQL, which may lose data in a power cut; `.url()` is its superuser's."""
    async with EmbeddedPostgres(run_folder("postgres"), durable=False, ephemeral=True) as server:
        yield server


@asynccontextmanager
async def shared_temporal() -> AsyncGenerator[EmbeddedTemporal]:
    """Use the run's Temporal; `.address` is where clients connect."""
    async with EmbeddedTemporal(run_folder("temporal"), durable=False, ephemeral=True) as server:
        yield server
