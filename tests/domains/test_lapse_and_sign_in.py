"""A domain that lapses while people sign in: who comes later is not let in by it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from central.domains.models import Domain
from central.errors import CentralError
from central_server.domains.service import DomainService
from central_server.infra.db import Database
from support.database import holds_up, superuser
from support.domains import pass_time, verify_domain, withdraw
from support.place import Place
from support.provider import Provider
from support.signing_in import Browser, connect_provider, count_sessions, failures, mailed_code, person
from support.waiting import until

Sign = Callable[[], Awaitable[str]]
LAPSE = "UPDATE domains SET state = 'lapsed', verified_at = NULL, failing_since = NULL WHERE id = $1"


@asynccontextmanager
async def _lapsing(place: Place, domain: Domain) -> AsyncIterator[Any]:
    """Let a domain lapse in a transaction that commits at the end."""
    async with superuser(place.stack) as connection, connection.transaction():
        await connection.execute(LAPSE, domain.id.uuid)
        yield connection


async def _by_provider(place: Place, provider: Provider) -> tuple[Sign, Browser]:
    connector = await connect_provider(place, provider, allowed=[place.domain], verified=False)
    provider.person = person(place.address())
    browser = Browser(place)
    url = await browser.begin(provider, connector.id)

    async def sign_in() -> str:
        answer = await browser.go(url)
        return "" if answer.status_code == 303 else answer.json()["code"]

    return sign_in, browser


async def _by_code(place: Place) -> Sign:
    (connector,) = [c async for c in place.owner.auth_connectors.list() if c.kind == "email_code"]
    provisioning = {"just_in_time": True, "allowed_domains": [place.domain]}
    await place.owner.auth_connectors.update(connector=connector.id, provisioning=provisioning)
    client = place.anonymous()
    started = await client.auth.start_email_code(email=place.address())
    code = await mailed_code(place, started.sign_in)

    async def sign_in() -> str:
        try:
            await client.auth.verify_email_code(sign_in=started.sign_in, code=code)
        except CentralError as error:
            return error.code
        return ""

    return sign_in


async def test_sign_in_that_comes_after_the_lapse_waits_and_is_refused(place: Place, provider: Provider) -> None:
    """Who signs in while the lapse is not committed yet is not let in by the row as it was before."""
    domain = await verify_domain(place)
    sign_in, browser = await _by_provider(place, provider)
    async with _lapsing(place, domain) as connection:
        coming = asyncio.create_task(sign_in())
        await until(lambda: holds_up(connection))
    assert await coming == "domain_not_verified"
    assert await failures(place) == ["domain_not_verified"]
    assert await count_sessions(place) == 0
    assert len([user async for user in place.owner.users.list()]) == 1
    await browser.aclose()


async def test_code_that_comes_after_the_lapse_waits_and_makes_nobody(place: Place) -> None:
    """The same holds for a mailed code."""
    domain = await verify_domain(place)
    sign_in = await _by_code(place)
    async with _lapsing(place, domain) as connection:
        coming = asyncio.create_task(sign_in())
        await until(lambda: holds_up(connection))
    assert await coming == "wrong_code"
    assert len([user async for user in place.owner.users.list()]) == 1


async def test_lapse_waits_for_a_sign_in(place: Place, domains: DomainService) -> None:
    """What a sign-in counts on is not taken away before it has ended."""
    domain = await verify_domain(place)
    withdraw(place, domain)
    await place.owner.domains.verify(domain=domain.id)
    await pass_time(place.stack, domain, failing_since="8 days")
    database = await place.stack.central.container.get(Database)
    async with database.write(place.tenant.id) as tx:
        assert await domains.hold_verified_for(place.tenant.id, place.address(), tx)
        lapsing = asyncio.create_task(domains.TX_recheck_domain(place.tenant.id, domain.id))
        async with superuser(place.stack) as connection:

            async def waits() -> bool:
                query = (
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND wait_event_type = 'Lock' AND query LIKE '%domains%'"
                )
                return await connection.fetchval(query) > 0

            await until(waits)
        assert not lapsing.done()
        assert (await place.owner.domains.get(domain=domain.id)).state == "failing"
    assert await lapsing
    assert (await place.owner.domains.get(domain=domain.id)).state == "lapsed"


@pytest.mark.parametrize("ends", ["lapses", "is deleted"])
async def test_sign_ins_beside_the_end_of_a_domain(
    place: Place, provider: Provider, domains: DomainService, ends: str
) -> None:
    """Whichever comes first, a sign-in is whole or nothing at all; and once the domain has ended it is refused."""
    for number in range(15):
        domain = (
            await verify_domain(place, place.domain) if number == 0 or ends == "is deleted" else await _again(place)
        )
        sign_in, browser = await _by_provider(place, provider)
        if ends == "lapses":
            withdraw(place, domain)
            await place.owner.domains.verify(domain=domain.id)
            await pass_time(place.stack, domain, failing_since="8 days")
            end: Awaitable[Any] = domains.TX_recheck_domain(place.tenant.id, domain.id)
        else:
            end = place.owner.domains.delete(domain=domain.id)
        before = len([user async for user in place.owner.users.list(limit=200)])
        outcome, _ = await asyncio.gather(sign_in(), end)
        after = len([user async for user in place.owner.users.list(limit=200)])
        assert (outcome, after - before) in {("", 1), ("domain_not_verified", 0)}
        assert (browser.session is not None) == (outcome == "")
        await browser.aclose()
        late, browser = await _by_provider(place, provider)
        assert await late() == "domain_not_verified"
        await browser.aclose()


async def _again(place: Place) -> Domain:
    """Verify a domain that has lapsed."""
    (domain,) = [one async for one in place.owner.domains.list()]
    place.stack.dns.publish(domain.txt_record.name, domain.txt_record.value)
    return await place.owner.domains.verify(domain=domain.id)


async def test_who_was_let_in_stays(place: Place, provider: Provider) -> None:
    """A person who has a user already signs in as before when the domain has ended: they are known by more."""
    connector = await connect_provider(place, provider, allowed=[place.domain])
    provider.person = person(place.address())
    async with Browser(place) as browser:
        assert (await browser.sign_in(provider, connector.id)).status_code == 303
    (domain,) = [one async for one in place.owner.domains.list()]
    await place.owner.domains.delete(domain=domain.id)
    async with Browser(place) as browser:
        assert (await browser.sign_in(provider, connector.id)).status_code == 303


async def test_deleting_the_connector_beside_mailed_codes(place: Place, provider: Provider) -> None:
    """Locks are taken in one order: the connector, then the domain that points at it; nobody waits in a ring."""
    (codes,) = [c async for c in place.owner.auth_connectors.list()]
    await connect_provider(place, provider)
    await verify_domain(place, connector=codes.id)
    sign_ins = [await _by_code(place) for _ in range(5)]
    outcomes = await asyncio.gather(
        *(sign_in() for sign_in in sign_ins), place.owner.auth_connectors.delete(connector=codes.id)
    )
    assert set(outcomes) <= {"", "sign_in_ended", "connector_disabled", None}
