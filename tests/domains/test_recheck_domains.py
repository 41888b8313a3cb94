"""Verified domains are looked for again every day, those of all tenants."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from central.domains.models import Domain
from central_server.domains.activities import recheck_domains
from central_server.domains.activities.recheck_domains import RecheckDomainsActivity
from central_server.domains.service import DomainService
from central_server.domains.specs import RecheckDomainsInput, RecheckDomainsOutput
from support.database import superuser
from support.domains import events, pass_time, publish, verify_domain, withdraw
from support.place import Place, Stack, make_place


@pytest.fixture(autouse=True)
async def _nothing_else_is_due(stack: Stack) -> None:
    """Put off what other tests have left behind."""
    async with superuser(stack) as connection:
        await connection.execute("UPDATE domains SET next_check_at = next_check_at + interval '1 year'")


async def _recheck(domains: DomainService, input: RecheckDomainsInput | None = None) -> RecheckDomainsOutput:
    """Run the activity as a worker does, page after page."""
    input, activity = input or RecheckDomainsInput(), RecheckDomainsActivity(domains)
    while True:
        output: RecheckDomainsOutput = await ActivityEnvironment().run(activity.recheck, input)
        if output.last is None:
            return output
        input = RecheckDomainsInput(
            after=output.last, checked=output.checked, changed=output.changed, failed=output.failed
        )


async def _next_check(place: Place, domain: Domain) -> timedelta:
    async with superuser(place.stack) as connection:
        left: timedelta = await connection.fetchval(
            "SELECT next_check_at - now() FROM domains WHERE id = $1", domain.id.uuid
        )
    return left


async def _due(place: Place, domain: Domain) -> None:
    await pass_time(place.stack, domain, next_check_at="25 hours")


async def test_verified_domains_are_due_once_a_day(place: Place, other_place: Place, domains: DomainService) -> None:
    """A run takes each domain that is due, of every tenant, once; and none that is not, or is not verified."""
    due = [(one, await verify_domain(one)) for one in (place, other_place)]
    for one, domain in due:
        await _due(one, domain)
    await verify_domain(place, f"fresh.{place.domain}")
    pending = await place.owner.domains.create(name=f"pending.{place.domain}")
    await place.owner.domains.verify(domain=pending.id)
    await _due(place, pending)
    before = len(place.stack.dns.asked)
    assert await _recheck(domains) == RecheckDomainsOutput(checked=2, changed=0, failed=0)
    assert sorted(place.stack.dns.asked[before:]) == sorted(domain.txt_record.name for _, domain in due)
    for one, domain in due:
        seen = await one.owner.domains.get(domain=domain.id)
        assert (seen.state, seen.version) == ("verified", domain.version)
        assert seen.checked_at > domain.checked_at
        assert timedelta(hours=23) < await _next_check(one, domain) <= timedelta(days=1)
    assert (await _recheck(domains)).checked == 0


async def test_lost_proof_fails_and_lapses(place: Place, other_place: Place, domains: DomainService) -> None:
    """A proof that is gone makes its domain fail, and lapse after the grace period, each with an event of nobody's."""
    domain = await verify_domain(place)
    withdraw(place, domain)
    for days, changed, state in ((0, 1, "failing"), (0, 0, "failing"), (6, 0, "failing"), (2, 1, "lapsed")):
        await pass_time(place.stack, domain, failing_since=f"{days} days", next_check_at="25 hours")
        assert await _recheck(domains) == RecheckDomainsOutput(checked=1, changed=changed, failed=0)
        assert (await place.owner.domains.get(domain=domain.id)).state == state
    await pass_time(place.stack, domain, next_check_at="25 hours")
    assert (await _recheck(domains)).checked == 0, "what has lapsed is looked for by its owner alone"
    assert await events(place, domain) == ["domain.created", "domain.verified", "domain.failing", "domain.lapsed"]
    async with superuser(place.stack) as connection:
        actors = await connection.fetch(
            "SELECT payload ->> 'actor' AS actor FROM outbox WHERE kind IN ('domain.failing', 'domain.lapsed')"
            " AND tenant_id = $1",
            place.tenant.id.uuid,
        )
    assert [row["actor"] for row in actors] == [None, None]
    theirs = await other_place.owner.domains.create(name=place.domain)
    publish(other_place, theirs)
    assert (await other_place.owner.domains.verify(domain=theirs.id)).state == "verified"


async def test_proof_that_comes_back_in_time(place: Place, domains: DomainService) -> None:
    """A domain that finds its proof again within the grace period is verified as if nothing had been."""
    domain = await verify_domain(place)
    withdraw(place, domain)
    await _due(place, domain)
    await _recheck(domains)
    publish(place, domain)
    await pass_time(place.stack, domain, failing_since="30 days", next_check_at="25 hours")
    assert (await _recheck(domains)).changed == 1
    seen = await place.owner.domains.get(domain=domain.id)
    assert (seen.state, seen.failing_since, seen.verified_at) == ("verified", None, domain.verified_at)


@pytest.mark.parametrize("fault", ["SERVFAIL", "silent"])
async def test_resolver_that_fails_is_asked_again_within_the_hour(
    place: Place, domains: DomainService, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While resolvers fail nothing changes, however long; the look is repeated in an hour, not in a day."""
    monkeypatch.setattr(domains.resolver, "timeout", 0.2)
    domain = await verify_domain(place)
    withdraw(place, domain)
    for _ in range(3):
        await _due(place, domain)
        with place.stack.dns.fault(place.domain, fault):
            assert await _recheck(domains) == RecheckDomainsOutput(checked=1, changed=0, failed=0)
        assert timedelta(minutes=59) < await _next_check(place, domain) <= timedelta(hours=1)
    assert (await place.owner.domains.get(domain=domain.id)).state == "verified"
    await _due(place, domain)
    assert (await _recheck(domains)).changed == 1


async def test_pages_and_concurrency(place: Place, domains: DomainService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many due domains go page by page, a few at a time, each with a heartbeat, and each once."""
    monkeypatch.setattr(recheck_domains, "_PAGE", 5)
    monkeypatch.setattr(recheck_domains, "_AT_ONCE", 3)
    for number in range(12):
        await _due(place, await verify_domain(place, f"{number}.{place.domain}"))
    running, most, seen, beats = 0, 0, [], []
    look_up = domains.resolver.look_up

    async def counting(name: str) -> Any:
        nonlocal running, most
        running += 1
        most = max(most, running)
        seen.append(name)
        await asyncio.sleep(0.005)
        found = await look_up(name)
        running -= 1
        return found

    monkeypatch.setattr(domains.resolver, "look_up", counting)
    environment, input, pages = ActivityEnvironment(), RecheckDomainsInput(), []
    environment.on_heartbeat = lambda *details: beats.append(details)
    while not pages or pages[-1].last is not None:
        pages.append(await environment.run(RecheckDomainsActivity(domains).recheck, input))
        input = RecheckDomainsInput(after=pages[-1].last, checked=pages[-1].checked)
    assert [page.checked for page in pages] == [5, 10, 12]
    assert (most, len(seen), len(set(seen)), len(beats)) == (3, 12, 12, 12)


async def test_one_that_fails_keeps_no_other_from_its_turn(
    place: Place, domains: DomainService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error with one domain is counted, the others are looked for, and the next run tries it again."""
    monkeypatch.setattr(recheck_domains, "_PAGE", 1)
    claims = [await verify_domain(place, f"{number}.{place.domain}") for number in range(3)]
    for claim in claims:
        await _due(place, claim)
    look_up = domains.resolver.look_up

    async def failing(name: str) -> Any:
        if name == claims[1].txt_record.name:
            raise RuntimeError("a fault of ours")
        return await look_up(name)

    with monkeypatch.context() as patched:
        patched.setattr(domains.resolver, "look_up", failing)
        assert await _recheck(domains) == RecheckDomainsOutput(checked=3, changed=0, failed=1)
    assert await _recheck(domains) == RecheckDomainsOutput(checked=1, changed=0, failed=0)


async def test_domain_that_is_deleted_meanwhile(place: Place, domains: DomainService) -> None:
    """A domain that goes while it is looked for is left alone, and disturbs nothing."""
    domain = await verify_domain(place)
    await _due(place, domain)
    with place.stack.dns.holding():
        running = asyncio.create_task(_recheck(domains))
        await place.stack.dns.waits()
        await place.owner.domains.delete(domain=domain.id)
    assert await running == RecheckDomainsOutput(checked=1, changed=0, failed=0)
    assert await events(place, domain) == ["domain.created", "domain.verified", "domain.deleted"]


async def test_two_runs_at_once_change_a_domain_once(place: Place, domains: DomainService) -> None:
    """However many look for the same domains at the same time, each change is told once."""
    places = [place, *[await make_place(place.stack) for _ in range(4)]]
    claims = [await verify_domain(one) for one in places]
    for one, claim in zip(places, claims, strict=True):
        withdraw(one, claim)
        await _due(one, claim)
    with place.stack.dns.holding():
        runs = [asyncio.create_task(_recheck(domains)) for _ in range(4)]
        await place.stack.dns.waits(20)
    outcomes = await asyncio.gather(*runs)
    assert sum(outcome.changed for outcome in outcomes) == 5
    for one, claim in zip(places, claims, strict=True):
        assert await events(one, claim) == ["domain.created", "domain.verified", "domain.failing"]


async def test_times_are_the_databases(place: Place, domains: DomainService, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock of this process that runs a year ahead makes nothing lapse, and none due."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz or UTC) + timedelta(days=365)

    domain = await verify_domain(place)
    withdraw(place, domain)
    monkeypatch.setattr("central.kernel.events.datetime", Ahead)
    monkeypatch.setattr("time.time", lambda: Ahead.now().timestamp())
    assert (await _recheck(domains)).checked == 0
    await _due(place, domain)
    assert (await _recheck(domains)).changed == 1
    await _due(place, domain)
    assert (await _recheck(domains)).changed == 0
    assert (await place.owner.domains.get(domain=domain.id)).state == "failing"
