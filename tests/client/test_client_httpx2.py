"""A caller's client of httpx2, the API-compatible fork, does as well."""

import pytest

from central_client import AsyncCentral, Central, ConnectionFailedError, NotFoundError

httpx2 = pytest.importorskip("httpx2")


@pytest.fixture
def answers(bodies):
    cookie = {"set-cookie": "__Host-central_session=t; Path=/; Secure"}
    return [
        httpx2.Response(503),
        httpx2.ConnectError("refused"),
        httpx2.Response(200, json=bodies.me, headers=cookie),
        httpx2.Response(200, json=bodies.me),
        httpx2.Response(404, json={"code": "gone_fishing", "detail": "D"}),
        httpx2.ReadTimeout("slow"),
    ]


@pytest.fixture
def transport(answers):
    seen = []

    def answer(request):
        seen.append(request)
        given = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(given, Exception):
            raise given
        return given

    made = httpx2.MockTransport(answer)
    made.seen = seen
    return made


def test_the_blocking_client(transport, naps):
    """Retries, the session, errors and time-outs are those of httpx, and the jar stays clean."""
    with httpx2.Client(transport=transport) as http_client:
        client = Central("https://central.test", tenant="acme", http_client=http_client)
        assert client.users.me().display_name == "Ada"
        client.users.me()
        assert transport.seen[-1].headers["cookie"] == "__Host-central_session=t"
        assert len(http_client.cookies) == 0
        with pytest.raises(NotFoundError):
            client.users.me()
        with pytest.raises(ConnectionFailedError) as caught:
            client.users.me()
        assert caught.value.code == "timeout"
        assert isinstance(transport.seen[-1], httpx2.Request)


async def test_the_asynchronous_client(transport, naps):
    """The same, awaited."""
    async with httpx2.AsyncClient(transport=transport) as http_client:
        client = AsyncCentral("https://central.test", tenant="acme", http_client=http_client)
        assert (await client.users.me()).display_name == "Ada"
        await client.users.me()
        with pytest.raises(NotFoundError):
            await client.users.me()
        with pytest.raises(ConnectionFailedError):
            await client.users.me()
