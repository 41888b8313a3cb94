"""Which verified domain counts for a name: the nearest one, whoever's it is."""

from typing import NamedTuple

import pytest

from central_client import AsyncCentral
from central_server.domains.service import DomainService, Route
from central_server.infra.db import Database
from support.domains import pass_time, verify_domain, withdraw
from support.place import Place
from support.provider import Provider
from support.signing_in import connect_provider


class Held(NamedTuple):
    """A verified domain of one of the two tenants."""

    by: str
    name: str
    with_subdomains: bool = False


CASES: list[tuple[list[Held], dict[str, str | None]]] = [
    ([], {"{d}": None, "eu.{d}": None}),
    ([Held("a", "{d}")], {"{d}": "a", "{D}": "a", "eu.{d}": None, "not{d}": None, "{d}.evil.example": None}),
    ([Held("a", "{d}", True)], {"{d}": "a", "eu.{d}": "a", "x.de.eu.{d}": "a", "not{d}": None, "example": None}),
    ([Held("a", "eu.{d}", True)], {"{d}": None, "eu.{d}": "a", "de.eu.{d}": "a", "us.{d}": None, "xeu.{d}": None}),
    # The nearest decides, also against one above it that includes its subdomains, and also to nobody's good.
    (
        [Held("a", "{d}", True), Held("b", "eu.{d}")],
        {"{d}": "a", "us.{d}": "a", "eu.{d}": "b", "de.eu.{d}": None},
    ),
    (
        [Held("a", "{d}", True), Held("b", "eu.{d}", True), Held("a", "de.eu.{d}")],
        {"{d}": "a", "us.{d}": "a", "eu.{d}": "b", "fr.eu.{d}": "b", "de.eu.{d}": "a", "x.de.eu.{d}": None},
    ),
    ([Held("a", "{d}"), Held("b", "eu.{d}", True)], {"{d}": "a", "us.{d}": None, "eu.{d}": "b", "de.eu.{d}": "b"}),
]


@pytest.mark.parametrize(("held", "expected"), CASES)
async def test_nearest_verified_domain_decides(
    place: Place,
    other_place: Place,
    domains: DomainService,
    held: list[Held],
    expected: dict[str, str | None],
) -> None:
    """For each name one tenant at most has its people, and all three look-ups agree who."""
    places = {"a": place, "b": other_place}
    for one in held:
        name = one.name.format(d=place.domain)
        await verify_domain(places[one.by], name, include_subdomains=one.with_subdomains)
    for name, who in expected.items():
        address = f"Ada.L@{name.format(d=place.domain, D=place.domain.upper())}"
        route = await domains.find_route(address)
        assert (None if route is None else route.tenant_id) == (places[who].tenant.id if who else None), name
        for letter, asking in places.items():
            tenant = asking.tenant.id
            assert await domains.is_verified_for(tenant, address) == (letter == who), name
            async with (await place.stack.central.container.get(Database)).write(tenant) as tx:
                assert await domains.hold_verified_for(tenant, address, tx) == (letter == who), name


@pytest.mark.parametrize("state", ["pending", "failing", "lapsed"])
async def test_states_that_count(place: Place, other_place: Place, domains: DomainService, state: str) -> None:
    """A domain counts through the grace period; unverified, it counts for nothing and hides no other one."""
    await verify_domain(other_place, place.domain, include_subdomains=True)
    name = f"eu.{place.domain}"
    if state == "pending":
        await place.owner.domains.create(name=name)
    else:
        claim = await verify_domain(place, name)
        withdraw(place, claim)
        await place.owner.domains.verify(domain=claim.id)
        if state == "lapsed":
            await pass_time(place.stack, claim, failing_since="8 days")
            await place.owner.domains.verify(domain=claim.id)
    expected = place if state == "failing" else other_place
    assert await domains.find_route(f"a@{name}") == Route(expected.tenant.id, expected.tenant.slug, None)


async def test_subdomains_end_at_public_suffixes(place: Place, domains: DomainService) -> None:
    """What includes its subdomains does not include what others register below a suffix of its own."""
    claim = await verify_domain(place, "amazonaws.com", include_subdomains=True)
    assert await domains.find_route("a@www.amazonaws.com") is not None
    # `*.compute.amazonaws.com` is a public suffix: each name below it is somebody else's.
    for name in ("us-east-1.compute.amazonaws.com", "mine.us-east-1.compute.amazonaws.com"):
        assert await domains.find_route(f"a@{name}") is None
    await place.owner.domains.delete(domain=claim.id)


async def test_route_leads_to_the_connector(
    place: Place, provider: Provider, domains: DomainService, operator: AsyncCentral
) -> None:
    """It names the tenant by its present slug, and the connector while it is enabled; no suspended tenant."""
    connector = await connect_provider(place, provider)
    await verify_domain(place, connector=connector.id)
    address = place.address()
    tenant, slug = place.tenant.id, f"{place.tenant.slug}-new"
    assert await domains.find_route(address) == Route(tenant, place.tenant.slug, connector.id)
    await place.owner.tenants.rename(slug=slug)
    assert await domains.find_route(address) == Route(tenant, slug, connector.id)
    await place.owner.auth_connectors.disable(connector=connector.id)
    assert await domains.find_route(address) == Route(tenant, slug, None)
    await operator.tenants.suspend(tenant=tenant)
    assert await domains.find_route(address) is None
    await operator.tenants.reactivate(tenant=tenant)
    assert await domains.find_route(address) == Route(tenant, slug, None)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "ada",
        "ada@",
        "@nobody.example",
        "ada@localhost",
        "ada@127.0.0.1",
        "ada@[::1]",
        "ada@a..b",
        "ada@" + "a." * 200 + "example",
        "ada@" + "a." * 100 + "example",
        "ada@xn--a.example",
        "ada@☃.example",
        "a\x00b@nobody.example",
        "ada@nobody\x00.example",
        "ada@\ud800.example",
        "ada@" + "x" * 100_000,
    ],
)
async def test_any_text_is_asked_for_in_one_statement(
    domains: DomainService, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is typed leads nowhere, without an error, and costs the one statement that a known address costs."""
    asked = []
    find = domains._find_holder

    async def counting(*arguments: object) -> object:
        asked.append(arguments)
        return await find(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(domains, "_find_holder", counting)
    assert await domains.find_route(address) is None
    assert len(asked) == 1
