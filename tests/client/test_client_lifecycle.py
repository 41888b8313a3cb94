"""Opening, sharing and closing."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from central_client import AsyncCentral, Central, gather, transport


def test_after_closing_calls_are_a_clear_error(client, server, bodies):
    """The client, its views and what was bound before: none of them sends anything."""
    server.answers_with(bodies.me)
    view, bound = client.tenant("acme"), client.users.me
    with client:
        bound()
    client.close()
    for call in (bound, view.users.me, client.with_options(timeout=1).users.me, client.users.list().first_page):
        with pytest.raises(RuntimeError, match="This client is closed"):
            call()
    assert len(server.requests) == 1


async def test_after_closing_the_asynchronous_client(async_client, server, bodies):
    """As the blocking one."""
    server.answers_with(bodies.me)
    async with async_client:
        await async_client.users.me()
    await async_client.aclose()
    with pytest.raises(RuntimeError, match="This client is closed"):
        await async_client.users.me()


def test_a_client_that_never_called_can_be_closed():
    """There is nothing to close then."""
    with Central("https://central.test"):
        pass


def test_our_own_connections_are_closed_and_the_callers_are_not(respx_mock, http_client, client, server, bodies):
    """Who opens closes."""
    respx_mock.get("https://central.test/v1/tenants/acme/me").respond(json=bodies.me)
    with Central("https://central.test", tenant="acme") as own:
        own.users.me()
        connections = own._caller.shared.transport()._own
    assert connections.is_closed
    server.answers_with(bodies.me)
    with client:
        client.users.me()
    assert not http_client.is_closed


def test_views_share_the_connections(respx_mock, bodies):
    """However many views there are, connections are opened once."""
    respx_mock.get(path="/v1/tenants/acme/me").respond(json=bodies.me)
    with Central("https://central.test", tenant="acme") as client:
        client.users.me()
        client.with_options(timeout=1).tenant("acme").users.me()
        shared = client._caller.shared
        assert shared is client.tenant("globex").with_options(timeout=3)._caller.shared


def test_one_tls_context_serves_the_process():
    """It is what makes a client expensive."""
    assert transport.tls_context() is transport.tls_context()


def test_threads_share_a_client(bodies):
    """Eight threads that begin at the same moment get their own answers, over one set of connections."""
    opened, barrier = [], threading.Barrier(8)

    def echo(request):
        opened.append(1)
        return httpx.Response(200, json=bodies.user | {"id": request.url.path.rpartition("/")[2]})

    ids = [f"user-01H2XVNZ7C9NXWK3TMCRD{n:05d}" for n in range(8)]
    with httpx.Client(transport=httpx.MockTransport(echo)) as http_client:
        client = Central("https://central.test", tenant="acme", session="t", http_client=http_client)

        def work(user):
            barrier.wait()
            return [client.users.get(user=user).id for _ in range(25)]

        with ThreadPoolExecutor(8) as pool:
            assert [[user] * 25 for user in ids] == list(pool.map(work, ids))
    assert len(opened) == 200


def test_an_asynchronous_client_stays_on_its_loop(server, bodies):
    """On another event loop its connections would hang: the error says so instead."""
    server.answers_with(bodies.me)
    client = AsyncCentral(
        "https://central.test", tenant="acme", http_client=httpx.AsyncClient(transport=httpx.MockTransport(server))
    )

    async def call():
        await client.users.me()

    asyncio.run(call())
    with pytest.raises(RuntimeError, match="another event loop"):
        asyncio.run(call())
    assert len(server.requests) == 1


async def test_calls_of_many_tasks_do_not_mix(bodies):
    """Fifty tasks on one client each get their own answer."""

    async def echo(request):
        await asyncio.sleep(0)
        return httpx.Response(200, json=bodies.user | {"id": request.url.path.rpartition("/")[2]})

    ids = [f"user-01H2XVNZ7C9NXWK3TMCRD{n:05d}" for n in range(50)]
    async with httpx.AsyncClient(transport=httpx.MockTransport(echo)) as http_client:
        client = AsyncCentral("https://central.test", tenant="acme", http_client=http_client)
        users = await client.gather([client.users.get(user=user) for user in ids], limit=10)
    assert ids == [user.id for user in users]


async def test_a_call_makes_a_task(async_client, server, bodies):
    """What a call gives is a coroutine, which `create_task` takes."""
    server.answers_with(bodies.me)
    assert (await asyncio.create_task(async_client.users.me())).display_name == "Ada"


async def test_a_cancelled_call_leaves_the_client_usable(async_client, server, bodies):
    """Giving up on one call does not spoil the next."""
    server.fails_with(503, "x", headers={"retry-after": "30"}).answers_with(bodies.me)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await async_client.users.me()
    assert (await async_client.users.me()).display_name == "Ada"


async def test_gather_never_runs_more_than_its_limit():
    """Results keep the order of the calls, and a generator is read no faster than calls are made."""
    running, most, made = 0, 0, 0

    async def call(number):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001 * (number % 3))
        running -= 1
        return number

    def calls():
        nonlocal made
        for number in range(30):
            made += 1
            assert made - 1 - most <= number
            yield call(number)

    assert list(range(30)) == await gather(calls(), limit=4)
    assert most == 4


@pytest.mark.parametrize("lazily", [True, False])
async def test_gather_raises_the_first_error_and_leaves_nothing_running(lazily):
    """The others are cancelled, and those that never began are closed without a warning."""
    ended = []

    async def call(number):
        try:
            await asyncio.sleep(0 if number == 1 else 10)
        finally:
            ended.append(number)
        raise ZeroDivisionError

    calls = (call(number) for number in range(20))
    async with asyncio.timeout(5):
        with pytest.raises(ZeroDivisionError):
            await gather(calls if lazily else list(calls), limit=3)
    assert {0, 1, 2} == set(ended)


async def test_gather_of_nothing_and_with_no_limit():
    """No calls give no results; a limit below one is an error."""
    assert await gather([]) == []
    with pytest.raises(ValueError, match="at least 1"):
        await gather([], limit=0)
