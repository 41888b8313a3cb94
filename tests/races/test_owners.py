"""A tenant always has an active owner, however many take each other away at the same moment."""

import itertools
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from central.kernel.ids import UserId
from central_client import AsyncCentral
from support.counts import count
from support.place import Place
from support.races import ROUNDS, Arena, tally

Removal = Callable[[AsyncCentral, UserId], Awaitable[object]]
REMOVALS: dict[str, Removal] = {
    "demote": lambda client, user: client.users.update(user=user, roles=["member"]),
    "disable": lambda client, user: client.users.disable(user=user),
    "delete": lambda client, user: client.users.delete(user=user),
}
_RING = 10
# Whoever comes too late is told so, or is no owner, or not signed in, or finds nobody, any more.
_TOO_LATE = {"done", "last_owner", "unauthenticated", "not_found", "permission_missing", "more_than_yours"}


async def _owners(arena: Arena, place: Place, number: int) -> tuple[list[UserId], list[AsyncCentral]]:
    """Make a tenant with just this many owners, each signed in at a process of their own as far as there are."""
    users = [place.owner_user.id, *[(await place.user("owner")).id for _ in range(number - 1)]]
    places = [arena.at(place, index) for index in range(number)]
    tokens = [await place.stack.session_of(place.tenant.id, user) for user in users]
    return users, [at.stack.client(place.tenant.id, token) for at, token in zip(places, tokens, strict=True)]


async def _remaining(reader: AsyncCentral) -> int:
    return len([user async for user in reader.users.list(role="owner", state="active")])


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations_with_replacement(REMOVALS, 2)))
async def test_crosswise(arena: Arena, first: str, second: str, record_property: Any) -> None:
    """Two owners who take each other away: one succeeds, and one stays."""
    for _ in range(ROUNDS):
        place = await arena.place()
        reader = await place.signed_in("member")
        (a, b), (owner_a, owner_b) = await _owners(arena, place, 2)
        calls = [partial(REMOVALS[first], owner_a, b), partial(REMOVALS[second], owner_b, a)]
        outcomes = tally(await arena.run(calls, crowd_at="outbox"))
        assert set(outcomes) <= _TOO_LATE
        assert outcomes["done"] == 1
        assert await _remaining(reader) == 1
    count(record_property, "rounds: last owner, crosswise", ROUNDS)


@pytest.mark.parametrize("removal", REMOVALS)
@pytest.mark.parametrize("whom", ["the next", "themselves"])
async def test_ring(arena: Arena, removal: str, whom: str, record_property: Any) -> None:
    """Ten owners who each take away the next, or themselves, all at once: somebody stays."""
    for _ in range(ROUNDS):
        place = await arena.place()
        reader = await place.signed_in("member")
        users, clients = await _owners(arena, place, _RING)
        targets = users if whom == "themselves" else [*users[1:], users[0]]
        calls = [partial(REMOVALS[removal], client, user) for client, user in zip(clients, targets, strict=True)]
        outcomes = tally(await arena.run(calls, crowd_at="outbox"))
        assert set(outcomes) <= _TOO_LATE
        remaining = await _remaining(reader)
        assert remaining >= 1
        assert remaining == _RING - outcomes["done"]
    count(record_property, "rounds: last owner, ten at once", ROUNDS)
