from collections.abc import AsyncGenerator

import pytest

from central_server.infra.temporal.client import TemporalConnection
from support.durable import connection, dispatcher, running, sample_worker, temporal
from support.sample_specs import SampleActivity

__all__ = ["connection", "dispatcher", "temporal"]


@pytest.fixture
async def sample(connection: TemporalConnection) -> AsyncGenerator[SampleActivity]:
    """Serve the sample workflows; gives the activity that they use."""
    activity = SampleActivity()
    async with running(sample_worker(connection, activity)):
        yield activity
