from collections.abc import AsyncIterator
from secrets import token_hex

import pytest

from central_server.infra.temporal.client import TemporalConnection
from support.collector import Traced, collecting
from support.durable import connection, temporal
from support.place import make_place, make_stack
from support.servers import shared_postgres

__all__ = ["connection", "temporal"]


@pytest.fixture(scope="module")
async def traced(tmp_path_factory: pytest.TempPathFactory, connection: TemporalConnection) -> AsyncIterator[Traced]:
    """Start an API whose spans go to a collector, as one of OpenTelemetry's own variables says."""
    names = {"temporal_address": connection.address, "temporal_namespace": connection.namespace}
    async with shared_postgres() as postgres, collecting() as collector:
        mailbox = tmp_path_factory.mktemp("mailbox")
        async with make_stack(postgres, f"traced_{token_hex(6)}", mailbox, **names) as stack:
            yield Traced(stack, collector, await make_place(stack))
