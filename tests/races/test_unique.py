"""What may be there once is there once, however many ask for it at the same moment."""

import ast
import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from central.errors import ConflictError
from central_client import AsyncCentral
from central_server.infra.db import errors
from support.archives import another_server, archive_of, imported
from support.counts import count
from support.database import superuser
from support.domains import publish
from support.place import Place, Stack, make_place
from support.provider import Provider
from support.races import CALLERS, ROUNDS, Arena, tally
from support.signing_in import connect_provider
from support.units import check_paths

# Which race is for which constraint whose violation means something to callers. A new one goes here, with its race.
RACES = {
    "uq_tenants_slug": "test_slug",
    "pk_tenants": "test_one_archive_imported_by_many",
    "pk_tenant_slugs": "test_slug_of_many_renames",
    "uq_tenant_slugs_skeleton": "test_slugs_that_look_alike",
    "uq_user_emails_email": "test_email",
    "uq_user_emails_primary": "test_email_of_many_changes",
    "uq_user_external_ids_value": "test_name_of_ones_own",
    "uq_roles_slug": "test_name_of_ones_own",
    "uq_auth_connectors_name": "test_name_of_ones_own",
    "uq_auth_connectors_email_code": "test_name_of_ones_own",
    "uq_invitations_pending": "test_invitation_of_one_address",
    "uq_units_code": "test_name_of_ones_own",
    "pk_unit_paths": "test_units_moved_below_each_other",
    "ex_unit_assignments_person": "test_place_in_a_unit",
    "ex_unit_assignments_holder": "test_place_in_a_unit",
    "uq_domains_name": "test_name_of_ones_own",
    "uq_domains_verified_name": "test_domain_of_many_tenants",
    "uq_identities_subject": "test_first_sign_in_of_one_person",
    "uq_identities_user": "test_first_sign_in_of_one_person",
}


def test_every_constraint_that_callers_run_into_is_raced_for() -> None:
    """A constraint with an error of its own is refused by this test until a race for it is named."""
    registered = {name for name in errors._conflicts if name.startswith(("uq_", "pk_", "ex_"))}
    assert registered == set(RACES), "name its race in RACES"
    written = {
        node.name
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.AsyncFunctionDef)
    }
    assert set(RACES.values()) <= written


async def _count(arena: Arena, query: str, *arguments: object) -> int:
    async with superuser(arena.stack) as connection:
        found: int = await connection.fetchval(query, *arguments)
    return found


def _create(client: AsyncCentral, slug: str) -> Any:
    return partial(client.tenants.create, slug=slug, name="Acme", owner_email=f"o@{slug}.example")


async def test_slug(arena: Arena, record_property: Any) -> None:
    """A hundred tenants of one slug at once: one is made, ninety-nine are told that it is taken, nothing is left."""
    tenants = "SELECT count(*) FROM tenants"
    users = "SELECT count(*) FROM users"
    for _ in range(ROUNDS):
        before = await _count(arena, tenants), await _count(arena, users)
        slug = f"t{secrets.token_hex(8)}"
        clients = arena.clients(await arena.stack.sign_in_operator(), None, CALLERS)
        outcomes = await arena.run((_create(client, slug) for client in clients), crowd_at="tenants")
        assert tally(outcomes) == {"done": 1, "slug_taken": CALLERS - 1}
        assert {type(outcome) for outcome in outcomes if isinstance(outcome, Exception)} == {ConflictError}
        assert (await _count(arena, tenants), await _count(arena, users)) == (before[0] + 1, before[1] + 1)
    count(record_property, "rounds: slug", ROUNDS)


def _look_alikes(word: str, number: int) -> list[str]:
    """Write a word in this many ways that count as the same: with and without a hyphen in each gap."""
    made: set[str] = set()
    while len(made) < number:
        gaps = [*(random.choice(("", "-")) for _ in word[1:]), ""]
        made.add("".join(letter + gap for letter, gap in zip(word, gaps, strict=True)))
    return sorted(made)


async def test_slugs_that_look_alike(arena: Arena, record_property: Any) -> None:
    """A hundred slugs that look the same, at once: one is taken, and the look with it."""
    for _ in range(ROUNDS):
        slugs = _look_alikes(f"cornmill{secrets.token_hex(6)}", CALLERS)
        clients = arena.clients(await arena.stack.sign_in_operator(), None, CALLERS)
        calls = (_create(client, slug) for client, slug in zip(clients, slugs, strict=True))
        outcomes = await arena.run(calls, crowd_at="tenant_slugs")
        assert tally(outcomes) == {"done": 1, "slug_taken": CALLERS - 1}
    count(record_property, "rounds: slugs that look alike", ROUNDS)


async def test_slug_of_many_renames(arena: Arena, record_property: Any) -> None:
    """Twenty tenants that want one slug at once: one has it, and every other keeps its own."""
    places = [await arena.place() for _ in range(20)]
    for _ in range(ROUNDS):
        slug = f"t{secrets.token_hex(8)}"
        outcomes = await arena.run(
            (partial(arena.at(place, i).owner.tenants.rename, slug=slug) for i, place in enumerate(places)),
            crowd_at="tenant_slugs",
        )
        assert tally(outcomes) == {"done": 1, "slug_taken": 19}
        assert await _count(arena, "SELECT count(*) FROM tenants WHERE slug = $1", slug) == 1
    count(record_property, "rounds: slug of many renames", ROUNDS)


def _some_case(email: str) -> str:
    return "".join(random.choice((letter.lower(), letter.upper())) for letter in email)


async def test_email(arena: Arena, record_property: Any) -> None:
    """A hundred users of one address in as many spellings, at once: one is made, ninety-nine are told."""
    place = await arena.place()
    for _ in range(ROUNDS):
        email = f"ada.{secrets.token_hex(6)}@example.com"
        clients = arena.clients(place.owner, place.tenant.id, CALLERS)
        calls = (partial(client.users.create, email=_some_case(email)) for client in clients)
        outcomes = await arena.run(calls, crowd_at="user_emails")
        assert tally(outcomes) == {"done": 1, "email_taken": CALLERS - 1}
        for table in ("users", "user_emails"):
            found = await _count(arena, f"SELECT count(*) FROM {table} WHERE lower(email) = $1", email)
            assert found == 1, table
    count(record_property, "rounds: email", ROUNDS)


async def test_email_of_many_changes(arena: Arena, record_property: Any) -> None:
    """Fifty users who take one address at once: one has it, and every other keeps their own."""
    place = await arena.place()
    users = [await place.user() for _ in range(50)]
    clients = arena.clients(place.owner, place.tenant.id, len(users))
    for _ in range(ROUNDS):
        email = f"ada.{secrets.token_hex(6)}@example.com"
        calls = (
            partial(client.users.update, user=user.id, email=_some_case(email))
            for client, user in zip(clients, users, strict=True)
        )
        assert tally(await arena.run(calls, crowd_at="user_emails")) == {"done": 1, "email_taken": 49}
        assert await _count(arena, "SELECT count(*) FROM users WHERE lower(email) = $1", email) == 1
    count(record_property, "rounds: email of many changes", ROUNDS)


async def _external_id(client: AsyncCentral, place: Place, provider: Provider) -> None:
    user = await place.user()
    await client.users.set_external_id(user=user.id, source="hr", value="name")


async def _role(client: AsyncCentral, place: Place, provider: Provider) -> None:
    await client.roles.create(slug="name", name="Role", permissions=[])


async def _connector(client: AsyncCentral, place: Place, provider: Provider) -> None:
    settings = {"kind": "oidc", "issuer": provider.issuer, "client_id": provider.client_id}
    await client.auth_connectors.create(name=_some_case("name"), settings=settings)


async def _email_code(client: AsyncCentral, place: Place, provider: Provider) -> None:
    await client.auth_connectors.create(name=secrets.token_hex(4), settings={"kind": "email_code"})


async def _domain(client: AsyncCentral, place: Place, provider: Provider) -> None:
    await client.domains.create(name=place.domain)


async def _unit_code(client: AsyncCentral, place: Place, provider: Provider) -> None:
    await client.units.create(name="Unit", code=_some_case("name"))


# Who takes what, what the others are told, and the table where they meet.
NAMES: dict[str, tuple[Callable[[AsyncCentral, Place, Provider], Awaitable[None]], str, str]] = {
    "external id": (_external_id, "external_id_taken", "user_external_ids"),
    "role": (_role, "slug_taken", "roles"),
    "code of a unit": (_unit_code, "code_taken", "units"),
    "domain": (_domain, "domain_exists", "domains"),
    "connector": (_connector, "name_taken", "auth_connectors"),
    "connector for mailed codes": (_email_code, "email_code_exists", "auth_connectors"),
}


@pytest.mark.parametrize("what", NAMES)
async def test_name_of_ones_own(arena: Arena, provider: Provider, what: str, record_property: Any) -> None:
    """Twenty who want one name in a tenant, or the one thing of a kind, at once: one has it."""
    take, taken, table = NAMES[what]
    for _ in range(ROUNDS):
        place = await arena.place()
        if what == "connector for mailed codes":
            (first,) = [connector async for connector in place.owner.auth_connectors.list()]
            await connect_provider(place, provider)
            await place.owner.auth_connectors.delete(connector=first.id)
        clients = arena.clients(place.owner, place.tenant.id, 20)
        outcomes = await arena.run((partial(take, client, place, provider) for client in clients), crowd_at=table)
        assert tally(outcomes) == {"done": 1, taken: 19}
    count(record_property, f"rounds: name, {what}", ROUNDS)


async def test_domain_of_many_tenants(arena: Arena, record_property: Any) -> None:
    """Ten tenants that can all prove one domain at once: one has it."""
    for _ in range(ROUNDS):
        places = [await arena.place() for _ in range(10)]
        claims = [await one.owner.domains.create(name=places[0].domain) for one in places]
        for one, claim in zip(places, claims, strict=True):
            publish(one, claim)
        owners = [arena.at(one, index).owner for index, one in enumerate(places)]
        calls = [partial(who.domains.verify, domain=claim.id) for who, claim in zip(owners, claims, strict=True)]
        assert tally(await arena.run(calls, crowd_at="domains")) == {"done": 1, "domain_verified_elsewhere": 9}
    count(record_property, "rounds: domain of many tenants", ROUNDS)


async def test_invitation_of_one_address(arena: Arena, record_property: Any) -> None:
    """Twenty who invite one address at once have invited it: one invitation is pending."""
    for _ in range(ROUNDS):
        place = await arena.place()
        clients = arena.clients(place.owner, place.tenant.id, 20)
        calls = [partial(client.invitations.create, email="ada@example.com", roles=["member"]) for client in clients]
        assert tally(await arena.run(calls, crowd_at="invitations")) == {"done": 20}
        query = "SELECT count(*) FROM invitations WHERE tenant_id = $1 AND accepted_at IS NULL AND revoked_at IS NULL"
        assert await _count(arena, query, place.tenant.id.uuid) == 1
    count(record_property, "rounds: invitation of one address", ROUNDS)


async def test_units_moved_below_each_other(arena: Arena, record_property: Any) -> None:
    """Of moves of each of five units below the next, round in a ring, one at least is refused: none closes it."""
    ring = 5
    for _ in range(10 * ROUNDS):
        place = await arena.place()
        units = [await place.owner.units.create(name=str(number)) for number in range(ring)]
        clients = arena.clients(place.owner, place.tenant.id, ring)
        calls = [
            partial(client.units.move, unit=unit.id, parent=units[(number + 1) % ring].id)
            for number, (client, unit) in enumerate(zip(clients, units, strict=True))
        ]
        told = tally(await arena.run(calls, crowd_at="outbox"))
        assert told["unit_cycle"] >= 1
        assert set(told) <= {"done", "unit_cycle", "try_again"}
        await check_paths(place)
        assert len([unit async for unit in place.owner.units.as_of()]) == ring
    count(record_property, "rounds: units moved below each other", 10 * ROUNDS)


@pytest.mark.parametrize(("single_holder", "told"), [(False, "assignment_overlaps"), (True, "unit_held")])
async def test_place_in_a_unit(arena: Arena, single_holder: bool, told: str, record_property: Any) -> None:  # noqa: FBT001 (a case)
    """Of twenty assignments of one person to a unit, or of twenty people to a post, at once, one is made."""
    for _ in range(ROUNDS):
        place = await arena.place()
        unit = await place.owner.units.create(name="Unit", single_holder=single_holder)
        users = [await place.user() for _ in range(20)] if single_holder else [place.owner_user] * 20
        clients = arena.clients(place.owner, place.tenant.id, 20)
        calls = [
            partial(client.units.assign, unit=unit.id, user=user.id)
            for client, user in zip(clients, users, strict=True)
        ]
        assert tally(await arena.run(calls, crowd_at="unit_assignments")) == {"done": 1, told: 19}
        query = "SELECT count(*) FROM unit_assignments WHERE tenant_id = $1"
        assert await _count(arena, query, place.tenant.id.uuid) == 1
    count(record_property, f"rounds: {told}", ROUNDS)


async def test_secrets_of_one_connector(arena: Arena, provider: Provider, record_property: Any) -> None:
    """Of many who add a second secret one does, and the others are told that there are two."""
    for _ in range(ROUNDS):
        place = await arena.place()
        connector = await connect_provider(place, provider)
        clients = arena.clients(place.owner, place.tenant.id, CALLERS)
        calls = [
            partial(client.auth_connectors.add_secret, connector=connector.id, client_secret=f"secret-{number}")
            for number, client in enumerate(clients)
        ]
        assert tally(await arena.run(calls, crowd_at="outbox")) == {"done": 1, "too_many_secrets": CALLERS - 1}
        assert len((await place.owner.auth_connectors.get(connector=connector.id)).client_secrets) == 2
    count(record_property, "rounds: secrets of one connector", ROUNDS)


async def test_one_archive_imported_by_many(stack: Stack, tmp_path: Path) -> None:
    """Of imports of one archive at the same time one makes the tenant; the others hear that it comes or is here."""
    place = await make_place(stack)
    archive = await archive_of(stack, place.tenant.id)
    async with another_server(stack, tmp_path) as elsewhere:
        jobs = await asyncio.gather(*(imported(elsewhere, archive, tmp_path) for _ in range(4)))
    assert sorted(job.state for job in jobs) == ["failed"] * 3 + ["succeeded"]
    told = {job.error.code for job in jobs if job.error is not None}
    assert told <= {"import_under_way", "tenant_exists"}
