"""Two tenants behind both walls, behind row-level security alone, and behind the application's filters alone.

The victim's ids are known to everybody; the attackers are of all kinds, and each has a tenant and things of their own.
"""

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import pytest

from central.kernel.ids import TenantId
from central_client import AsyncCentral
from support.asgi import Header, Reply
from support.database import Fingerprints, superuser, tenant_tables
from support.examples import BINDING, Example, Things
from support.place import Place, Stack, make_place, make_stack
from support.places_of_ids import IdPlace
from support.provider import Provider
from support.raw import Raw
from support.servers import shared_postgres
from support.signing_in import run_sql
from support.tenant_predicates import Stripping

Mode: TypeAlias = Literal["both walls", "row-level security alone", "filters alone"]
MODES: tuple[Mode, ...] = get_args(Mode)


@dataclass
class Attacker:
    """Somebody of another tenant, or of none; `permissions` are what they hold in their own."""

    name: str
    place: Place
    things: Things
    client: AsyncCentral | None
    permissions: frozenset[str] = frozenset()
    is_in: bool = True
    is_suspended: bool = False

    async def send(self, example: Example, *, keyed: bool = False) -> Reply:
        """Send a request, from a browser in which sign-ins were begun everywhere."""
        key: list[Header] = [("idempotency-key", secrets.token_hex(8))] if keyed and example.body is not None else []
        return await Raw(self.place.stack, self.client).send(
            example.method, example.target, example.body, BINDING, *key
        )


@dataclass
class World:
    """What the matrix plays in. `former` is a slug that the victim had before."""

    mode: Mode
    stack: Stack
    provider: Provider
    victim: Place
    former: str
    slug: str
    things: Things
    attackers: list[Attacker]
    fingerprints: Fingerprints
    stripping: Stripping = field(default_factory=Stripping)
    _control: Attacker | None = None

    @contextmanager
    def walls(self) -> Iterator[None]:
        """Run what is inside with the walls of the mode."""
        with self.stripping.active() if self.mode == "row-level security alone" else nullcontext():
            yield

    async def control(self, *, changes: bool) -> Attacker:
        """Give an owner with things of their own; new ones, and a new session, for a request that changes them."""
        if self._control is None:
            place = await make_place(self.stack)
            self._control = Attacker("owner", place, await Things.of(place, self.provider), place.owner)
        if changes:
            await self.renew(self._control)
            self._control.client = await self._control.place.sign_in(self._control.place.owner_user)
        return self._control

    async def renew(self, attacker: Attacker) -> None:
        """Give an attacker new things, of a new owner, after a request that was accepted may have used them up."""
        before = attacker.place
        # The session of the owner so far may be what was ended.
        user = await replace(before, owner=await before.sign_in(before.owner_user)).user("owner")
        attacker.place = replace(before, owner_user=user, owner=await before.sign_in(user))
        # The claims and endpoints of the things so far would fill the tenant's room for them.
        for table in ("domains", "webhook_endpoints"):
            await run_sql(before, f"DELETE FROM {table} WHERE tenant_id = $1", before.tenant.id.uuid)
        attacker.things = await Things.of(attacker.place, self.provider)

    def pairs(self, place: IdPlace) -> list[tuple[str, str]]:
        """Give what the victim has for a place, each with what nobody has."""
        if place.kind is TenantId:
            refs = (self.victim.tenant.id, self.slug, self.former)
            absent = (TenantId.new(), *(f"t{secrets.token_hex(8)}" for _ in range(2)))
            pairs = list(zip(refs, absent, strict=True))
            # Both are read whatever the case.
            return [*pairs, (refs[0].lower(), absent[0].lower()), (refs[1].upper(), absent[1].upper())]
        assert place.kind is not None, "a cursor is minted for its list"
        return list(zip(self.things.of_kind(place.kind), Things.absent().of_kind(place.kind), strict=True))


# Each wall alone takes minutes: `nox -s proof`. Each run of the suite shows row-level security table by table
# (tests/http/test_row_level_security.py), and that each statement names its tenant (tests/http/test_walls.py).
_MODES = [pytest.param(mode, marks=() if mode == "both walls" else pytest.mark.endurance) for mode in MODES]


@pytest.fixture(scope="module", params=_MODES)
async def world(
    request: pytest.FixtureRequest, stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """Two tenants, in a database of their own, in each mode; the run's server stays, as others use it."""
    async with make_world(request.param, tmp_path_factory.mktemp("mailbox")) as made:
        yield made


@asynccontextmanager
async def make_world(mode: Mode, mailbox: Path) -> AsyncIterator[World]:
    """Make a database, the API on it, and who plays; then take a wall away, if the mode says so."""
    name = f"world_{secrets.token_hex(6)}"
    async with (
        shared_postgres() as postgres,
        make_stack(postgres, name, mailbox) as stack,
        Provider() as provider,
        superuser(stack) as connection,
    ):
        if mode == "filters alone":
            await _take_down(connection)
        yield await _populate(mode, stack, provider, Fingerprints(connection, await tenant_tables(connection)))


async def _take_down(connection: Any) -> None:
    """Let the application's role see and change the rows of every tenant."""
    walled = "SELECT relname FROM pg_class WHERE relnamespace = 'central'::regnamespace AND relrowsecurity"
    for row in await connection.fetch(walled):
        await connection.execute(f"ALTER TABLE central.{row['relname']} DISABLE ROW LEVEL SECURITY")


async def _populate(mode: Mode, stack: Stack, provider: Provider, fingerprints: Fingerprints) -> World:
    victim = await make_place(stack)
    things = await Things.of(victim, provider)
    slug = f"t{secrets.token_hex(8)}"
    await victim.owner.tenants.rename(slug=slug)
    return World(
        mode,
        stack,
        provider,
        victim,
        victim.tenant.slug,
        slug,
        things,
        [*await _people(stack, provider), await _suspended(stack, provider)],
        fingerprints,
    )


async def _people(stack: Stack, provider: Provider) -> list[Attacker]:
    """One of each role in one tenant, nobody, a disabled admin and one whose session has ended."""
    place = await make_place(stack)
    things = await Things.of(place, provider)
    attackers = [Attacker("anonymous", place, things, None, is_in=False)]
    for role in ("owner", "admin", "member"):
        client = await place.signed_in(role)
        held = frozenset(map(str, (await client.users.me()).permissions))
        attackers.append(Attacker(role, place, things, client, held))
    disabled_user = await place.user("admin")
    disabled = await place.sign_in(disabled_user)
    await place.owner.users.disable(user=disabled_user.id)
    ended = await place.signed_in("admin")
    token = ended.session_token
    assert token is not None
    gone = stack.client(place.tenant.slug, token.get_secret_value())
    await ended.auth.sign_out()
    return [
        *attackers,
        Attacker("disabled admin", place, things, disabled, is_in=False),
        Attacker("admin whose session ended", place, things, gone, is_in=False),
    ]


async def _suspended(stack: Stack, provider: Provider) -> Attacker:
    place = await make_place(stack)
    things = await Things.of(place, provider)
    await place.suspend()
    return Attacker("owner of a suspended tenant", place, things, place.owner, is_in=False, is_suspended=True)
