"""How often one may ask: by user, tenant and address, in one process and in several."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from time import monotonic

import pytest
from httpx import AsyncClient
from prometheus_client import CollectorRegistry, generate_latest

from central.errors import CentralError, RateLimitedError, UnauthenticatedError
from central_client import AsyncCentral
from central_server.app import Central
from central_server.infra.config import Settings, SettingsError, load_settings
from central_server.infra.http.addresses import ClientAddresses
from central_server.infra.rate_limits.keys import place_of
from support.asgi import assert_problem
from support.limits import client_from, http_from
from support.logs import captured_logs
from support.place import BASE_URL, RATE_LIMITS, Place, Stack
from support.provider import Provider
from support.raw import cookie_of
from support.signing_in import connect_provider, mailed_code, provider, wrong

__all__ = ["provider"]
Serve = Callable[..., Awaitable[Place]]
STORES = pytest.mark.parametrize("store", ["postgres", "memory"])


@pytest.fixture
async def serve(place: Place) -> AsyncIterator[Serve]:
    """Start APIs with settings of their own on the same database, as processes do; gives the test's tenant there."""
    async with AsyncExitStack() as running:

        async def start(**changed: str) -> Place:
            settings = Settings.model_validate({**dict(place.stack.settings), "database_pool_size": 4, **changed})
            central = Central(settings)
            await central.start()
            running.push_async_callback(central.stop)
            stack = Stack(central, settings, place.stack.superuser_url, place.stack.dns)
            return Place(stack, place.tenant, place.owner_user, stack.client(place.tenant.slug, _token(place.owner)))

        yield start


def _token(client: AsyncCentral) -> str:
    assert client.session_token is not None
    return client.session_token.get_secret_value()


def _somewhere() -> str:
    """Give an address that no other test comes from."""
    return f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(256)}"


async def _outcomes(calls: list[Awaitable[object]]) -> list[str]:
    """Run calls at once; gives the code of each error, or `ok`."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, CentralError):
            raise result
    return [result.code if isinstance(result, CentralError) else "ok" for result in results]


@STORES
async def test_answers_say_what_is_left(serve: Serve, store: str) -> None:
    """Each answer names the limit, what remains of it and when it is whole; then comes 429 with `Retry-After`."""
    place = await serve(rate_limits=store, rate_limit_per_user="3/1h")
    seen = []
    async with place.stack.http() as http:
        for _ in range(4):
            answer = await http.get(f"/v1/tenants/{place.tenant.slug}/me", headers=[cookie_of(place.owner)])
            seen.append([answer.headers[f"ratelimit-{name}"] for name in ("limit", "remaining")])
    assert seen == [["3", "2"], ["3", "1"], ["3", "0"], ["3", "0"]]
    assert answer.headers["ratelimit-reset"] == "3600"
    problem = assert_problem(answer, 429, code="rate_limited")
    assert answer.headers["retry-after"] == "1200"
    assert problem["detail"] == "Too many requests: the limit per_user is 3/1h. Try again in 1200 seconds."


@STORES
async def test_one_user_leaves_others_alone(serve: Serve, place: Place, store: str) -> None:
    """A user who asks too often is refused with any of their sessions, and nobody else is."""
    there = await serve(rate_limits=store, rate_limit_per_user="5/1h")
    ada, bob = await place.user(), await place.user()
    tokens = [await place.stack.session_of(place.tenant.id, ada.id) for _ in range(2)]
    sessions = [there.stack.client(place.tenant.slug, token) for token in tokens]
    outcomes = await _outcomes([sessions[number % 2].users.me() for number in range(12)])
    assert outcomes.count("ok") == 5
    assert outcomes.count("rate_limited") == 7
    other = there.stack.client(place.tenant.slug, await place.stack.session_of(place.tenant.id, bob.id))
    assert (await other.users.me()).id == bob.id


@STORES
async def test_one_tenant_leaves_others_alone(serve: Serve, place: Place, other_place: Place, store: str) -> None:
    """The users of a tenant share its limit, whichever operation they call, and another tenant has its own."""
    there = await serve(rate_limits=store, rate_limit_per_tenant="6/1h")
    users = [await place.user() for _ in range(4)]
    tokens = [await place.stack.session_of(place.tenant.id, user.id) for user in users]
    clients = [there.stack.client(place.tenant.slug, token) for token in tokens]
    outcomes = await _outcomes([call() for one in clients for call in (one.users.me, one.users.me, one.users.me)])
    assert outcomes.count("ok") == 6
    foreign = there.stack.client(other_place.tenant.slug, _token(other_place.owner))
    assert (await foreign.users.me()).id == other_place.owner_user.id


async def test_processes_share_what_there_is(serve: Serve) -> None:
    """Two APIs together let no more through than the limit and their two shares, a twentieth of it each."""
    places = [await serve(rate_limit_per_user="40/1h") for _ in range(2)]
    outcomes = await _outcomes([places[number % 2].owner.users.me() for number in range(120)])
    assert 40 <= outcomes.count("ok") <= 40 + 2 * 2


@STORES
async def test_addresses_without_a_session_are_counted_apart(serve: Serve, store: str) -> None:
    """Who is not signed in is counted by address; other addresses, and sessions from the same one, go on."""
    place = await serve(rate_limits=store, rate_limit_per_address="4/1h")
    here = _somewhere()
    outcomes = await _outcomes([client_from(place, here).tenants.get_public() for _ in range(9)])
    assert outcomes.count("ok") == 4
    await client_from(place, _somewhere()).tenants.get_public()
    assert (await client_from(place, here, _token(place.owner)).users.me()).id == place.owner_user.id


@pytest.mark.parametrize(
    ("addresses", "places"),
    [
        (["2001:db8:7:1::1", "2001:db8:7:1:ffff::2", "2001:DB8:7:1:0:0:0:3"], 1),
        (["2001:db8:7:2::1", "2001:db8:7:3::1"], 2),
        (["203.0.113.9", "::ffff:203.0.113.9", "::ffff:cb00:7109"], 1),
        (["203.0.113.10", "203.0.113.11"], 2),
        (["fe80::1%eth0", "fe80::2%eth1"], 1),
        (["not an address"], 1),
    ],
)
def test_places_are_what_one_subscriber_has(addresses: list[str], places: int) -> None:
    """A /64 of IPv6 is one place, an IPv4 address is one however it is written."""
    assert len({place_of(address) for address in addresses}) == places


async def test_whole_network_of_one_subscriber_is_one_place(serve: Serve) -> None:
    """Changing the address within a /64 helps nobody."""
    place, network = await serve(rate_limit_per_address="4/1h"), f"2001:db8:{random.randrange(65536):x}:1"
    calls = [client_from(place, f"{network}::{number:x}").tenants.get_public() for number in range(1, 12)]
    assert (await _outcomes(calls)).count("ok") == 4


async def test_made_up_proxies_help_nobody(serve: Serve) -> None:
    """`X-Forwarded-For` of whoever is no trusted proxy counts for nothing."""
    place = await serve(rate_limit_per_address="4/1h")
    async with http_from(place.stack, _somewhere()) as http:
        statuses = [await _public(http, place, forwarded=_somewhere()) for _ in range(9)]
    assert statuses.count(200) == 4


async def test_what_clients_add_before_a_trusted_proxy_helps_nobody(serve: Serve) -> None:
    """Behind a trusted proxy the last address counts that it wrote itself, and its clients are counted apart."""
    place = await serve(rate_limit_per_address="4/1h", trusted_proxies="192.0.2.0/24")
    ada, bob = _somewhere(), _somewhere()
    async with http_from(place.stack, "192.0.2.7") as http:
        statuses = [await _public(http, place, forwarded=f"{_somewhere()}, {ada}") for _ in range(9)]
        assert statuses.count(200) == 4
        assert await _public(http, place, forwarded=bob) == 200


async def _public(http: AsyncClient, place: Place, *, forwarded: str) -> int:
    path = f"/v1/tenants/{place.tenant.slug}/public"
    return (await http.get(path, headers={"x-forwarded-for": forwarded})).status_code


@pytest.mark.parametrize("limited", ["user", "tenant"])
async def test_look_ups_are_counted_exactly_over_processes(
    serve: Serve, place: Place, other_place: Place, limited: str
) -> None:
    """Of twenty looks for a proof in two processes at once, five ask the DNS; other requests and tenants go on."""
    places = [await serve(**{f"rate_limit_look_ups_per_{limited}": "5/1h"}) for _ in range(2)]
    domain = await place.owner.domains.create(name=place.domain)
    users = [place.owner_user] * 4 if limited == "user" else [place.owner_user, *[await place.user("admin")] * 3]
    tokens = [await place.stack.session_of(place.tenant.id, user.id) for user in users]
    clients = [places[n % 2].stack.client(place.tenant.slug, token) for n, token in enumerate(tokens)]
    outcomes = await _outcomes([clients[n % 4].domains.verify(domain=domain.id) for n in range(20)])
    assert (outcomes.count("ok"), outcomes.count("rate_limited")) == (5, 15)
    assert (await clients[0].domains.get(domain=domain.id)).id == domain.id
    others = await other_place.owner.domains.create(name=place.domain)
    foreign = places[0].stack.client(other_place.tenant.slug, _token(other_place.owner))
    assert (await foreign.domains.verify(domain=others.id)).state == "pending"


async def test_who_may_not_look_up_uses_nothing_up(serve: Serve, place: Place) -> None:
    """A member, whom the permission is missing, takes nothing from those who have it."""
    there = await serve(rate_limit_look_ups_per_tenant="2/1h")
    domain = await place.owner.domains.create(name=place.domain)
    token = await place.stack.session_of(place.tenant.id, (await place.user()).id)
    member = there.stack.client(place.tenant.slug, token)
    assert await _outcomes([member.domains.verify(domain=domain.id) for _ in range(4)]) == ["permission_missing"] * 4
    assert (await there.owner.domains.verify(domain=domain.id)).id == domain.id


async def test_sign_ins_are_counted_exactly_over_processes(serve: Serve, provider: Provider, place: Place) -> None:
    """Of thirty sign-ins begun from one address in two processes at once, by code and at a provider, five begin."""
    connector = await connect_provider(place, provider)
    places = [await serve(rate_limit_sign_ins="5/1h") for _ in range(2)]
    here = _somewhere()

    async def begin(number: int) -> object:
        client = client_from(places[number % 2], here)
        if number % 3:
            return await client.auth.start_email_code(email=f"{number}@example.com")
        return await client.auth.start_provider(connector=connector.id)

    outcomes = await _outcomes([begin(number) for number in range(30)])
    assert outcomes.count("ok") == 5
    assert outcomes.count("rate_limited") == 25
    async with http_from(places[0].stack, here) as http:
        base = f"/v1/tenants/{place.tenant.slug}/auth-connectors/{connector.id}"
        for verb in ("start", "callback"):
            assert_problem(await http.get(f"{base}/{verb}"), 429, code="rate_limited")


@STORES
async def test_only_wrong_codes_are_counted(serve: Serve, store: str) -> None:
    """Any number of people may sign in from one address, and wrong codes there are few, for whichever sign-ins."""
    place, here = await serve(rate_limits=store, rate_limit_code_failures="2/1h"), _somewhere()
    for _ in range(4):
        await _sign_in(place, here)
    for _ in range(2):
        with pytest.raises(UnauthenticatedError):
            await _sign_in(place, here, right=False)
    for right in (False, True):
        with pytest.raises(RateLimitedError):
            await _sign_in(place, here, right=right)
    await _sign_in(place, _somewhere())


async def _sign_in(place: Place, address: str, *, right: bool = True) -> None:
    user, client = await place.user(), client_from(place, address)
    started = await client.auth.start_email_code(email=user.email)
    code = await mailed_code(place, started.sign_in)
    await client.auth.verify_email_code(sign_in=started.sign_in, code=code if right else wrong(code))


async def test_limits_can_be_off(serve: Serve) -> None:
    """Without limits nothing is counted and no answer speaks of them."""
    place = await serve(rate_limits="off", **dict.fromkeys(RATE_LIMITS, "1/1d"))
    for _ in range(5):
        await place.owner.users.me()
        await client_from(place, "10.0.0.1").tenants.get_public()
    async with place.stack.http() as http:
        answer = await http.get(f"/v1/tenants/{place.tenant.slug}/public")
    assert not [name for name in answer.headers if name.startswith("ratelimit")]


async def test_probes_are_not_counted_and_pages_are(serve: Serve) -> None:
    """Whoever watches the server may ask as often as they like; pages are counted by address."""
    place = await serve(rate_limit_per_address="3/1h")
    async with http_from(place.stack, _somewhere()) as http:
        assert [(await http.get("/meta/liveness-probe")).status_code for _ in range(9)] == [200] * 9
        assert [(await http.get("/openapi.json")).status_code for _ in range(5)] == [200, 200, 200, 429, 429]


async def test_who_has_no_address_is_not_counted_by_it(serve: Serve) -> None:
    """Over a local socket nobody knows where a request comes from, and callers do not pay for each other."""
    assert ClientAddresses(()).find(None, b"203.0.113.9") is None
    place = await serve(rate_limit_per_address="1/1h")
    async with http_from(place.stack, None) as http:
        assert [(await http.get("/openapi.json")).status_code for _ in range(3)] == [200] * 3


def test_proxy_that_is_not_trusted_is_told_of_once() -> None:
    """A neighbour that speaks for others hints at a missing setting, as all its clients share one limit then."""
    with captured_logs() as logs:
        addresses = ClientAddresses(())
        for peer in ("93.184.216.34", "10.0.0.1", "10.0.0.2"):
            assert addresses.find(peer, b"198.51.100.1") == peer
    assert [line["proxy"] for line in logs] == ["10.0.0.1"]


async def test_pages_of_allowed_origins_can_read_what_is_left(serve: Serve) -> None:
    """The headers are exposed to scripts (Fetch standard, CORS-safelisted response headers)."""
    place = await serve(allowed_origins="https://app.example.com")
    async with place.stack.http() as http:
        answer = await http.get("/openapi.json", headers={"origin": "https://app.example.com"})
    exposed = set(answer.headers["access-control-expose-headers"].split(", "))
    assert {"retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"} <= exposed


async def test_client_waits_as_long_as_it_is_told(serve: Serve) -> None:
    """The typed client obeys `Retry-After` and then succeeds; without retries it hands the time on."""
    place = await serve(rate_limit_per_user="1/1s")
    patient = AsyncCentral(
        BASE_URL, tenant=place.tenant.slug, session=_token(place.owner), http_client=place.stack.http(), max_retries=1
    )
    await patient.users.me()
    with pytest.raises(RateLimitedError) as refusal:
        await place.owner.users.me()
    assert refusal.value.retry_after == 1
    begun = monotonic()
    await patient.users.me()
    assert monotonic() - begun >= 1


async def test_refusals_are_counted_by_bucket(serve: Serve) -> None:
    """The metrics tell which limit refused how often."""
    place = await serve(rate_limit_per_user="1/1h")
    await _outcomes([place.owner.users.me() for _ in range(4)])
    registry = await place.stack.central.container.get(CollectorRegistry)
    assert b'central_rate_limited_total{bucket="per_user"} 3.0' in generate_latest(registry)


@pytest.mark.parametrize("name", RATE_LIMITS)
def test_wrong_limit_is_one_clear_line(name: str, monkeypatch: pytest.MonkeyPatch, stack: Stack) -> None:
    """A limit that is none stops the start, with its variable and how one is written."""
    variable = f"CENTRAL_{name.upper()}"
    monkeypatch.setenv("CENTRAL_ENVIRONMENT", "development")
    for needed in ("database_url", "vault_keys", "signing_keys", "mail_url"):
        monkeypatch.setenv(f"CENTRAL_{needed.upper()}", getattr(stack.settings, needed).get_secret_value())
    monkeypatch.setenv("CENTRAL_PUBLIC_URL", BASE_URL)
    monkeypatch.setenv("CENTRAL_MAIL_FROM", "a@b.example")
    monkeypatch.setenv(variable, "12/5m")
    assert str(getattr(load_settings(), name)) == "12/5m"
    monkeypatch.setenv(variable, "many")
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    assert str(refusal.value) == f"{variable}: expected a count and a time like 6000/1m (s, m, h or d), not 'many'"
