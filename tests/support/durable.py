"""Fixtures for what needs Temporal: a conftest imports those it wants."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Protocol

import pytest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest

from central_server.infra.embedded.temporal import EmbeddedTemporal
from central_server.infra.temporal.client import TemporalConnection
from central_server.infra.temporal.dispatcher import TemporalDispatcher
from central_server.infra.temporal.spec import Queue
from central_server.infra.temporal.worker import QueueWorker
from support.sample_specs import SampleActivity
from support.sample_workflows import ClockWorkflow, SampleWorkflow
from support.servers import shared_temporal


@pytest.fixture(scope="session")
async def temporal() -> AsyncGenerator[EmbeddedTemporal]:
    async with shared_temporal() as server:
        yield server


async def fresh_connection(server: EmbeddedTemporal) -> TemporalConnection:
    """Connect to a namespace of one's own (made in milliseconds), where no other process's workers are."""
    connection = TemporalConnection(server.address, namespace=f"tests-{uuid.uuid4().hex[:12]}")
    client = await TemporalConnection(server.address).client()
    request = RegisterNamespaceRequest(namespace=connection.namespace)
    request.workflow_execution_retention_period.FromTimedelta(timedelta(days=1))
    await client.workflow_service.register_namespace(request)
    return connection


@pytest.fixture(scope="module")
async def connection(temporal: EmbeddedTemporal) -> TemporalConnection:
    return await fresh_connection(temporal)


@pytest.fixture(scope="module")
def dispatcher(connection: TemporalConnection) -> TemporalDispatcher:
    return TemporalDispatcher(connection)


class Runs(Protocol):
    async def run(self, stop: asyncio.Event) -> None: ...


@asynccontextmanager
async def running(*runs: Runs) -> AsyncGenerator[asyncio.Event]:
    """Run things that take a stop event, and stop them at the end."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(run.run(stop)) for run in runs]
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 30)


def sample_worker(connection: TemporalConnection, activity: SampleActivity) -> QueueWorker:
    return QueueWorker(
        connection,
        Queue.CORE,
        workflows=[SampleWorkflow, ClockWorkflow],
        activities=[activity],
        first_delay=0.05,
        last_delay=0.2,
    )
