import asyncio
from collections.abc import Callable

import pytest

from central.domains.models import Domain
from central.errors import CentralError, ConflictError, ForbiddenError, NotFoundError
from central.kernel.ids import DomainId
from central_client import AsyncCentral
from central_server.domains.service import DomainService
from central_server.infra.dns import TxtResolver, parse_server
from support.database import superuser
from support.dns_server import DnsServer, Value
from support.domains import events, pass_time, publish, verify_domain, withdraw
from support.place import Place, make_place

Found = tuple[str, str]


def _found(domain: Domain) -> Found:
    assert domain.last_check is not None
    return domain.state, domain.last_check.outcome


async def test_proof_makes_a_domain_verified(place: Place, admin: AsyncCentral) -> None:
    """A claim whose record is published is verified, from then on and with an event that says by whom."""
    domain = await place.owner.domains.create(name=place.domain)
    publish(place, domain)
    verified = await admin.domains.verify(domain=domain.id)
    assert _found(verified) == ("verified", "proven")
    assert verified.verified_at is not None
    assert verified.checked_at is not None
    assert (verified.failing_since, verified.version) == (None, 2)
    again = await admin.domains.verify(domain=domain.id)
    assert (again.verified_at, again.state) == (verified.verified_at, "verified")
    assert await events(place, domain) == ["domain.created", "domain.verified"]
    async with superuser(place.stack) as connection:
        actor = await connection.fetchval(
            "SELECT payload ->> 'actor' FROM outbox WHERE kind = 'domain.verified' AND tenant_id = $1",
            place.tenant.id.uuid,
        )
    assert actor == (await admin.users.me()).id


@pytest.mark.parametrize(
    "values",
    [
        lambda token: [token],
        lambda token: [token.upper()],
        lambda token: [f' "{token}" '],
        lambda token: ["v=spf1 -all", "other=1", token, "z"],
        lambda token: [[token[:7].encode(), token[7:8].encode(), b"", token[8:].encode()]],
        lambda token: [[b"\xff\x00\xfe"], token],
        lambda token: [*(f"{number}" * 80 for number in range(10, 50)), token],
    ],
    ids=["alone", "capitals", "quoted", "among others", "in several strings", "beside bytes", "in a long answer"],
)
async def test_record_counts_however_it_is_served(place: Place, values: Callable[[str], list[Value]]) -> None:
    """The proof is found among others, in whatever pieces and case, also in an answer that needs TCP."""
    domain = await place.owner.domains.create(name=place.domain)
    records = values(domain.txt_record.value)
    place.stack.dns.publish(domain.txt_record.name, *records)
    before = place.stack.dns.by_tcp
    assert _found(await place.owner.domains.verify(domain=domain.id)) == ("verified", "proven")
    assert place.stack.dns.by_tcp - before == (len(records) > 40)


async def test_names_are_compared_without_case(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that answers in capitals, as DNS allows, proves as well."""
    monkeypatch.setattr(place.stack.dns, "shouting", True)
    domain = await place.owner.domains.create(name=place.domain)
    publish(place, domain)
    assert _found(await place.owner.domains.verify(domain=domain.id)) == ("verified", "proven")


async def test_alias_is_followed(place: Place) -> None:
    """The record may stand elsewhere, where the domain's owner has its name lead."""
    dns = place.stack.dns
    domain = await place.owner.domains.create(name=place.domain)
    dns.aliases[domain.txt_record.name] = f"proofs.{place.domain}"
    dns.publish(f"proofs.{place.domain}", domain.txt_record.value)
    assert _found(await place.owner.domains.verify(domain=domain.id)) == ("verified", "proven")
    del dns.aliases[domain.txt_record.name]


async def test_wildcard_records(place: Place) -> None:
    """A wildcard proves if it says the token, which only the domain's owner can make it do, and else nothing."""
    dns = place.stack.dns
    domain = await place.owner.domains.create(name=f"eu.{place.domain}")
    dns.publish(f"*.{place.domain}", "v=spf1 -all")
    assert _found(await place.owner.domains.verify(domain=domain.id)) == ("pending", "other_records")
    dns.publish(f"*.{place.domain}", domain.txt_record.value)
    assert _found(await place.owner.domains.verify(domain=domain.id)) == ("verified", "proven")


async def _nothing(dns: DnsServer, domain: Domain) -> None:
    return


async def _no_record(dns: DnsServer, domain: Domain) -> None:
    dns.publish(f"below.{domain.txt_record.name}", "x")


async def _at_the_domain_itself(dns: DnsServer, domain: Domain) -> None:
    dns.publish(domain.name, domain.txt_record.value)


async def _another_token(dns: DnsServer, domain: Domain) -> None:
    token = domain.txt_record.value
    dns.publish(domain.txt_record.name, token[:-1], f"{token}0", f"x {token}", "0" * 40, "")


async def _far_too_many(dns: DnsServer, domain: Domain) -> None:
    dns.publish(domain.txt_record.name, domain.txt_record.value, *(f"{number}" for number in range(120)))


async def _far_too_long(dns: DnsServer, domain: Domain) -> None:
    dns.publish(
        domain.txt_record.name, domain.txt_record.value, *([b"%d" % number, *[b"y" * 250] * 9] for number in range(8))
    )


@pytest.mark.parametrize(
    ("happens", "outcome"),
    [
        (_nothing, "no_such_name"),
        (_no_record, "no_record"),
        (_at_the_domain_itself, "no_such_name"),
        (_another_token, "other_records"),
        (_far_too_many, "too_large"),
        (_far_too_long, "too_large"),
    ],
)
async def test_what_proves_nothing(place: Place, happens: Callable[..., object], outcome: str) -> None:
    """Without the record the claim stays pending, and the answer says what was found, with no event."""
    domain = await place.owner.domains.create(name=place.domain)
    await happens(place.stack.dns, domain)  # type: ignore[misc]
    checked = await place.owner.domains.verify(domain=domain.id)
    assert _found(checked) == ("pending", outcome)
    assert checked.last_check is not None
    assert domain.txt_record.name in checked.last_check.message
    assert checked.checked_at is not None
    assert await place.owner.domains.get(domain=domain.id) == checked
    assert (checked.version, await events(place, domain)) == (1, ["domain.created"])


async def test_found_values_are_shown_short_and_printable(place: Place) -> None:
    """What stands there instead is told: three values at most, of a hundred characters, without control characters."""
    domain = await place.owner.domains.create(name=place.domain)
    long = "a" * 300
    place.stack.dns.publish(domain.txt_record.name, long, [b"b\x00\n\x1b[31m\xff{name}"], "c", "d", "e")
    check = (await place.owner.domains.verify(domain=domain.id)).last_check
    assert check is not None
    assert check.message.isprintable()
    assert f"'{'a' * 99}…', 'b" in check.message
    assert "'c'." in check.message
    assert "'d'" not in check.message


async def test_token_of_another_tenant_proves_nothing(place: Place, other_place: Place) -> None:
    """What proves one tenant's claim proves that one alone; both may stand side by side."""
    mine = await place.owner.domains.create(name=place.domain)
    theirs = await other_place.owner.domains.create(name=place.domain)
    publish(other_place, theirs)
    assert _found(await place.owner.domains.verify(domain=mine.id)) == ("pending", "other_records")
    assert _found(await other_place.owner.domains.verify(domain=theirs.id)) == ("verified", "proven")


async def test_verified_elsewhere_is_told_only_with_the_proof(place: Place, other_place: Place) -> None:
    """Who has no proof learns nothing of other tenants; who has it learns that one is in the way, not which."""
    await verify_domain(other_place, place.domain)
    mine = await place.owner.domains.create(name=place.domain)
    place.stack.dns.withdraw(mine.txt_record.name)
    assert _found(await place.owner.domains.verify(domain=mine.id)) == ("pending", "no_such_name")
    publish(place, mine)
    with pytest.raises(ConflictError) as refusal:
        await place.owner.domains.verify(domain=mine.id)
    assert refusal.value.code == "domain_verified_elsewhere"
    assert other_place.tenant.slug not in str(refusal.value)
    assert other_place.tenant.id not in str(refusal.value)
    assert (await place.owner.domains.get(domain=mine.id)).state == "pending"
    assert await events(place, mine) == ["domain.created"]


@pytest.mark.parametrize("fault", ["SERVFAIL", "REFUSED", "silent"])
async def test_resolver_that_fails_changes_nothing(
    place: Place, fault: str, domains: DomainService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look-up that fails leaves a claim pending, a domain verified, and one that fails failing, grace or none."""
    monkeypatch.setattr(domains.resolver, "timeout", 0.3)
    outcome = "timed_out" if fault == "silent" else "server_failure"
    verify = place.owner.domains.verify
    pending = await place.owner.domains.create(name=f"pending.{place.domain}")
    verified = await verify_domain(place)
    failing = await verify_domain(place, f"failing.{place.domain}")
    withdraw(place, failing)
    failing = await verify(domain=failing.id)
    await pass_time(place.stack, failing, failing_since="30 days")
    with place.stack.dns.fault(place.domain, fault):  # type: ignore[arg-type]
        checked = await asyncio.gather(*(verify(domain=domain.id) for domain in (pending, verified, failing)))
    assert [_found(one) for one in checked] == [(state, outcome) for state in ("pending", "verified", "failing")]
    assert [one.version for one in checked] == [1, 2, 3]
    assert _found(await verify(domain=failing.id)) == ("lapsed", "no_such_name")


async def test_proof_that_goes_and_comes_back(place: Place) -> None:
    """A verified domain whose proof is gone fails; with the proof it is verified again, since the same time."""
    verify = place.owner.domains.verify
    verified = await verify_domain(place)
    withdraw(place, verified)
    failing = await verify(domain=verified.id)
    assert _found(failing) == ("failing", "no_such_name")
    assert failing.failing_since is not None
    assert failing.verified_at == verified.verified_at
    assert (await verify(domain=verified.id)).failing_since == failing.failing_since
    publish(place, verified)
    back = await verify(domain=verified.id)
    assert (back.state, back.failing_since, back.verified_at) == ("verified", None, verified.verified_at)
    assert await events(place, verified) == [
        "domain.created",
        "domain.verified",
        "domain.failing",
        "domain.verified",
    ]


async def test_lapsed_domain_is_anybodys(place: Place, other_place: Place) -> None:
    """After the grace period a domain without its proof lapses; then another tenant may verify it, or the same."""
    verify = place.owner.domains.verify
    mine = await verify_domain(place)
    theirs = await other_place.owner.domains.create(name=place.domain)
    withdraw(place, mine)
    publish(other_place, theirs)
    for since, state in (("0 days", "failing"), ("6 days 23 hours", "failing"), ("2 hours", "lapsed")):
        if state == "failing":
            with pytest.raises(ConflictError):
                await other_place.owner.domains.verify(domain=theirs.id)
            assert (await verify(domain=mine.id)).state == "failing"
        await pass_time(place.stack, mine, failing_since=since)
    lapsed = await verify(domain=mine.id)
    assert (lapsed.state, lapsed.verified_at, lapsed.failing_since) == ("lapsed", None, None)
    assert (await other_place.owner.domains.verify(domain=theirs.id)).state == "verified"
    publish(place, mine)
    with pytest.raises(ConflictError):
        await verify(domain=mine.id)
    await other_place.owner.domains.delete(domain=theirs.id)
    assert (await verify(domain=mine.id)).state == "verified"
    kinds = [kind.removeprefix("domain.") for kind in await events(place, mine)]
    assert kinds == ["created", "verified", "failing", "lapsed", "verified"]


async def _ask(place: Place, domain: Domain) -> str:
    try:
        return (await place.owner.domains.verify(domain=domain.id)).state
    except CentralError as error:
        return error.code


async def test_two_tenants_verify_one_domain_at_once(place: Place, other_place: Place) -> None:
    """Of two tenants that can both prove a domain exactly one gets it, fifty times, asked from both ends at once."""
    winners = set()
    for number in range(50):
        name, claims = f"{number}.{place.domain}", []
        for one in (place, other_place):
            claim = await one.owner.domains.create(name=name)
            publish(one, claim)
            claims.append((one, claim))
        with place.stack.dns.holding():
            asking = [asyncio.create_task(_ask(one, claim)) for one, claim in claims[:: 1 if number % 2 else -1]]
            await place.stack.dns.waits(2)
        assert sorted(await asyncio.gather(*asking)) == ["domain_verified_elsewhere", "verified"]
        states = [(await one.owner.domains.get(domain=claim.id)).state for one, claim in claims]
        assert sorted(states) == ["pending", "verified"]
        winners.add(states.index("verified"))
    assert winners == {0, 1}


async def test_ten_tenants_verify_one_domain_at_once(place: Place) -> None:
    """Of ten tenants, each asking three times at the same moment, one has the domain, with one event."""
    places = [place, *[await make_place(place.stack) for _ in range(9)]]
    claims = [await one.owner.domains.create(name=place.domain) for one in places]
    for one, claim in zip(places, claims, strict=True):
        publish(one, claim)
    with place.stack.dns.holding():
        asking = [
            asyncio.create_task(_ask(one, claim)) for one, claim in zip(places, claims, strict=True) for _ in range(3)
        ]
        await place.stack.dns.waits(30)
    outcomes = [await task for task in asking]
    assert outcomes.count("verified") == 3
    assert outcomes.count("domain_verified_elsewhere") == 27
    told = [await events(one, claim) for one, claim in zip(places, claims, strict=True)]
    assert sorted(len(kinds) for kinds in told) == [1] * 9 + [2]


async def test_the_later_question_has_the_last_word(place: Place) -> None:
    """An answer that comes late, when somebody who asked after it has theirs already, changes nothing."""
    dns = place.stack.dns
    domain = await verify_domain(place)
    withdraw(place, domain)
    with dns.holding():
        early = asyncio.create_task(place.owner.domains.verify(domain=domain.id))
        await dns.waits()
        later = await _answered_at_once(place, domain)
    assert later.state == "verified"
    assert await early == later
    assert await events(place, domain) == ["domain.created", "domain.verified"]


async def _answered_at_once(place: Place, domain: Domain) -> Domain:
    """Verify with a resolver of one's own, to which the proof is known."""
    async with DnsServer() as dns:
        dns.publish(domain.txt_record.name, domain.txt_record.value)
        service = await place.stack.central.container.get(DomainService)
        asked, service.resolver = service.resolver, TxtResolver([parse_server(dns.address)])
        try:
            return await place.owner.domains.verify(domain=domain.id)
        finally:
            service.resolver = asked


async def test_no_transaction_waits_for_the_dns(place: Place) -> None:
    """While resolvers are waited for, nobody's connection is taken and no row is locked."""
    domain = await place.owner.domains.create(name=place.domain)
    with place.stack.dns.holding():
        asking = [asyncio.create_task(place.owner.domains.verify(domain=domain.id)) for _ in range(40)]
        await place.stack.dns.waits(40)
        async with superuser(place.stack) as connection:
            open_ones = await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state LIKE 'idle in transaction%'"
            )
        await asyncio.wait_for(place.owner.domains.update(domain=domain.id, include_subdomains=True), 1)
    await asyncio.gather(*asking)
    assert open_ones == 0


async def test_domain_that_is_deleted_meanwhile(place: Place) -> None:
    """A domain that goes while resolvers are asked is not found, and is not brought back."""
    domain = await place.owner.domains.create(name=place.domain)
    publish(place, domain)
    with place.stack.dns.holding():
        asking = asyncio.create_task(place.owner.domains.verify(domain=domain.id))
        await place.stack.dns.waits()
        await place.owner.domains.delete(domain=domain.id)
    with pytest.raises(NotFoundError):
        await asking
    assert [d async for d in place.owner.domains.list()] == []


async def test_absent_and_foreign_domains_look_the_same(place: Place, other_place: Place, member: AsyncCentral) -> None:
    """Another tenant's domain answers as one that never was, and for neither, nor for a member, anybody is asked."""
    foreign = await other_place.owner.domains.create(name=other_place.domain)
    publish(other_place, foreign)
    before = list(place.stack.dns.asked)
    for domain in (foreign.id, DomainId.new()):
        with pytest.raises(NotFoundError) as refusal:
            await place.owner.domains.verify(domain=domain)
        assert refusal.value.code == "domain_not_found"
        with pytest.raises(ForbiddenError):
            await member.domains.verify(domain=domain)
    assert place.stack.dns.asked == before
    assert (await other_place.owner.domains.get(domain=foreign.id)) == foreign
