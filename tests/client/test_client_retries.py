"""When a call is tried again, and how long that takes."""

import math
from datetime import UTC, datetime

import httpx
import pytest

from central_client import Central, CentralError, ConflictError, ConnectionFailedError, RateLimitedError
from central_client.messages import Outgoing
from central_client.retries import RetryPolicy, parse_retry_after
from central_client.transport import BlockingTransport

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
USER = "user-01H2XVNZ7C9NXWK3TMCRD9QWMN"
NOT_SENT = [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.PoolTimeout("x")]
MAYBE_SENT = [
    httpx.ReadTimeout("x"),
    httpx.WriteTimeout("x"),
    httpx.ReadError("x"),
    httpx.WriteError("x"),
    httpx.RemoteProtocolError("x"),
]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 12 ", 12.0),
        ("1.5", 1.5),
        ("Fri, 02 Jan 2026 03:05:05 GMT", 60.0),
        ("Fri, 02 Jan 2026 03:05:05 -0000", 60.0),
        ("Fri, 02 Jan 2026 03:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("1e9", None),
        ("9" * 400, math.inf),
        ("", None),
        ("٣", None),
    ],
)
def test_reading_retry_after(value, seconds):
    """Seconds or a date; a moment that is over is now, and nonsense says nothing."""
    assert seconds == parse_retry_after(value, NOW)


def test_delays_double_up_to_eight_seconds():
    """Full jitter: anything from 0 to 0.5, 1, 2, 4, 8, 8 … seconds."""
    highest = RetryPolicy(max_retries=100, chance=lambda: 1.0)
    assert [highest.after_failure(n, sent=False, repeatable=True) for n in range(6)] == [0.5, 1, 2, 4, 8, 8]
    assert highest.after_failure(99, sent=False, repeatable=True) == 8
    half = RetryPolicy(chance=lambda: 0.5)
    assert half.after_status(0, 503, retry_after=None, repeatable=True) == 0.25


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("repeatable", [True, False])
def test_what_may_have_arrived_is_repeated_only_if_that_does_no_harm(sent, repeatable):
    """What never left is always sent again."""
    retried = RetryPolicy().after_failure(0, sent=sent, repeatable=repeatable) is not None
    assert retried == (repeatable or not sent)


@pytest.mark.parametrize("status", range(400, 600))
def test_statuses_that_pass(status):
    """429, 502, 503 and 504 pass; 409 does where the server says when."""
    policy = RetryPolicy()
    assert (status in {429, 502, 503, 504}) == (
        policy.after_status(0, status, retry_after=None, repeatable=True) is not None
    )
    assert (status in {409, 429, 502, 503, 504}) == (
        policy.after_status(0, status, retry_after=1, repeatable=True) is not None
    )
    assert policy.after_status(0, status, retry_after=1, repeatable=False) is None


def test_the_servers_delay_is_obeyed_or_refused():
    """Never early, a quarter late at most; too long a delay is none."""
    assert RetryPolicy(chance=lambda: 0.0).after_status(0, 429, retry_after=4, repeatable=True) == 4
    assert RetryPolicy(chance=lambda: 1.0).after_status(0, 429, retry_after=4, repeatable=True) == 5
    assert RetryPolicy(max_retry_after=3).after_status(0, 429, retry_after=4, repeatable=True) is None


def test_a_call_is_repeated_until_it_succeeds(client, server, naps, bodies):
    """Three failures are within the three retries that are the default."""
    server.answers_with(raises=httpx.ConnectError("x")).fails_with(503, "unavailable")
    server.answers_with("<html>", 502).answers_with(bodies.me)
    assert client.users.me().email == "ada@example.com"
    assert len(server.requests) == 4
    assert len(naps) == 3
    assert all(0 <= nap <= top for nap, top in zip(naps, [0.5, 1, 2], strict=True))


@pytest.mark.parametrize("retries", [0, 1, 5])
def test_a_call_gives_up_after_its_retries(client, server, naps, retries):
    """The last error is raised; `max_retries=0` never tries again."""
    server.fails_with(503, "database_unavailable")
    with pytest.raises(CentralError) as caught:
        client.with_options(max_retries=retries).users.me()
    assert caught.value.code == "database_unavailable"
    assert retries + 1 == len(server.requests)
    assert retries == len(naps)


@pytest.mark.parametrize("error", [*NOT_SENT, *MAYBE_SENT])
@pytest.mark.parametrize("verb", ["me", "create", "update", "delete"])
def test_every_method_survives_a_broken_connection(client, server, naps, bodies, error, verb):
    """GET and DELETE are idempotent, POST and PATCH are under a key that stays the same."""
    server.answers_with(raises=error).answers_with(raises=error).answers_with(bodies.me | {"__type": "User"})
    arguments = {"me": {}, "create": {"email": "a@b.de"}}.get(verb, {"user": USER})
    if verb == "me":
        server.answers[-1:] = []
        server.answers_with(bodies.me)
    getattr(client.users, verb)(**arguments)
    assert len(server.requests) == 3
    keys = {request.headers.get("idempotency-key") for request in server.requests}
    assert len(keys) == 1
    assert (verb in {"create", "update"}) == (keys != {None})
    assert len({request.content for request in server.requests}) == 1


@pytest.mark.parametrize("error", [*NOT_SENT, *MAYBE_SENT])
def test_the_transport_knows_what_was_never_sent(server, error):
    """No connection, no request; everything later may have arrived."""
    server.answers_with(raises=error)
    with httpx.Client(transport=httpx.MockTransport(server)) as http_client:
        failure = BlockingTransport(http_client).send(Outgoing("GET", "https://central.test/", (), None, 1.0))
    assert failure.sent == (error in MAYBE_SENT)
    assert failure.timed_out == isinstance(error, httpx.TimeoutException)


@pytest.mark.parametrize("error", [httpx.UnsupportedProtocol("x"), httpx.LocalProtocolError("x")])
def test_what_cannot_work_is_not_repeated(client, server, naps, error):
    """A request that can never be sent fails at once."""
    server.answers_with(raises=error)
    with pytest.raises(ConnectionFailedError):
        client.users.me()
    assert naps == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 500])
def test_definite_errors_are_not_repeated(client, server, naps, status):
    """What the server decided stays decided."""
    server.fails_with(status, "x")
    with pytest.raises(CentralError):
        client.users.create(email="a@b.de")
    assert len(server.requests) == 1


def test_a_call_that_is_still_under_way_is_asked_for_again(client, server, naps, bodies):
    """A 409 with `Retry-After` says that the first attempt still runs: its answer comes later."""
    server.fails_with(409, "in_progress", headers={"retry-after": "1"}).answers_with(bodies.user, 201)
    client.users.create(email="a@b.de")
    assert 1 <= naps[0] <= 1.25
    server.answers[:] = []
    server.fails_with(409, "email_taken")
    with pytest.raises(ConflictError):
        client.users.create(email="a@b.de")


def test_too_long_a_delay_fails_at_once(client, server, naps):
    """A caller who cannot wait an hour is told so, with the delay."""
    server.fails_with(429, "rate_limited", headers={"retry-after": "3600"})
    with pytest.raises(RateLimitedError) as caught:
        client.users.me()
    assert (caught.value.retry_after, naps, len(server.requests)) == (3600.0, [], 1)


def test_a_given_key_goes_with_every_attempt(client, server, naps, bodies):
    """The key of a view is the key of its calls."""
    server.fails_with(503, "x").answers_with(bodies.user, 201)
    client.with_options(idempotency_key="mine").users.create(email="a@b.de")
    assert [request.headers["idempotency-key"] for request in server.requests] == ["mine", "mine"]


async def test_the_asynchronous_client_waits_on_its_loop(async_client, server, naps, bodies):
    """The same policy, without blocking."""
    server.fails_with(503, "x", headers={"retry-after": "2"}).answers_with(raises=httpx.ReadTimeout("x"))
    server.answers_with(bodies.me)
    await async_client.users.me()
    assert 2 <= naps[0] <= 2.5
    assert len(naps) == 2


def test_respx_sees_the_calls(respx_mock, naps, bodies):
    """Users of respx can test what they build on this client."""
    route = respx_mock.get("https://central.test/v1/tenants/acme/me")
    route.side_effect = [httpx.ConnectError, httpx.Response(503), httpx.Response(200, json=bodies.me)]
    with Central("https://central.test", tenant="acme") as client:
        assert client.users.me().display_name == "Ada"
    assert route.call_count == 3
