"""Ending a session counts on every process of the API at once: two of them on one database, asked all the time."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from central.errors import UnauthenticatedError, UnavailableError
from central_client import AsyncCentral
from central_server.app import Central
from central_server.infra.config import Settings
from support.place import Place, Stack
from support.sessions import change_sessions, is_signed_in

_ROUNDS = 5
_SESSIONS = 6


@pytest.fixture
async def other_stack(stack: Stack) -> AsyncIterator[Stack]:
    """Another API on the same database, with connections and memory of its own."""
    central = Central(Settings.model_validate({**dict(stack.settings), "database_pool_size": 4}))
    await central.start()
    yield Stack(central, stack.settings, stack.superuser_url, stack.dns)
    await central.stop()


class Poller:
    """Asks who it is, again and again, and counts what is served to requests that began after the end was told."""

    def __init__(self, client: AsyncCentral) -> None:
        self.client = client
        self.ended = False
        self.served = self.served_after = 0
        self.begun = asyncio.Event()

    async def run(self) -> None:
        """Ask until a request that began after the end was refused."""
        while True:
            after = self.ended
            try:
                await self.client.users.me()
            except UnauthenticatedError:
                if after:
                    return
                continue
            except UnavailableError:  # nothing was served: on a busy machine there may be no connection for a while
                continue
            self.begun.set()
            self.served += 1
            self.served_after += after


async def test_no_request_is_served_after_the_answer(place: Place, other_stack: Stack) -> None:
    """Of thirty sessions that are ended under load, each asked for at both APIs, none is served once more."""
    user, stacks = await place.user(), (place.stack, other_stack)
    served = served_after = 0
    for _ in range(_ROUNDS):
        tokens = [await place.stack.session_of(place.tenant.id, user.id) for _ in range(_SESSIONS)]
        pollers = [Poller(stack.client(place.tenant.slug, token)) for token in tokens for stack in stacks]
        polling = asyncio.gather(*(poller.run() for poller in pollers))
        for poller in pollers:
            await poller.begun.wait()
        await place.owner.sessions.revoke_matching(user=user.id)
        for poller in pollers:
            poller.ended = True
        async with asyncio.timeout(120):
            await polling
        served += sum(poller.served for poller in pollers)
        served_after += sum(poller.served_after for poller in pollers)
    assert served >= _ROUNDS * _SESSIONS * 2
    assert served_after == 0


async def test_policy_counts_on_every_process(place: Place, other_stack: Stack) -> None:
    """A tenant's shorter lifetime ends sessions on a process that did not hear of it."""
    user = await place.user()
    token = await place.stack.session_of(place.tenant.id, user.id)
    there = other_stack.client(place.tenant.slug, token)
    await change_sessions(place, user.id, last_used_at="now() - interval '1 hour'")
    assert await is_signed_in(there)
    await place.owner.tenants.update_session_policy(member_idle_timeout=1800)
    assert not await is_signed_in(there)
