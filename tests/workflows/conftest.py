from collections.abc import AsyncGenerator, Generator

import pytest
from workflow_support import Codes, Core, Invitations

from central_server.infra.mail import mailer_from_url
from central_server.infra.temporal.client import TemporalConnection
from support.durable import connection, dispatcher, temporal
from support.outbox_place import Place, outbox_place
from support.smtp import SmtpSink

__all__ = ["connection", "dispatcher", "temporal"]


@pytest.fixture(scope="session")
async def place() -> AsyncGenerator[Place]:
    async with outbox_place("workflows") as place:
        yield place


@pytest.fixture
def sink() -> Generator[SmtpSink]:
    with SmtpSink() as sink:
        yield sink


@pytest.fixture
async def core(place: Place, connection: TemporalConnection, sink: SmtpSink) -> Core:
    await place.empty()
    mailer = mailer_from_url(f"smtp://127.0.0.1:{sink.port}", sender="no-reply@central.example", timeout=2)
    return Core(place, connection, Codes(mailer), Invitations(mailer))
