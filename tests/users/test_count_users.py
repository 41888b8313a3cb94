"""Counting users, and the conditions that lists and counts share."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from central.kernel.ids import AuthConnectorId
from central_client import AsyncCentral, ValidationFailedError
from support.database import superuser
from support.place import Place, Stack, make_place

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
async def crowd(stack: Stack) -> Place:
    """Users with tags, attributes, external ids and sign-ins of their own."""
    place = await make_place(stack)
    connector = (await place.owner.auth_connectors.list().first_page()).items[0].id
    people: list[dict[str, Any]] = [
        {"tags": {"team": "blue"}, "attributes": {"floor": 3, "remote": True}, "external_ids": {"hr": "1"}},
        {"tags": {"team": "blue", "shift": "late"}, "attributes": {"floor": "3"}},
        {"tags": {"team": "red"}, "attributes": {"floor": 4, "name": "x:y", "nested": {"a": 1}}},
        {},
    ]
    for number, details in enumerate(people):
        user = await place.owner.users.create(email=f"p{number}@example.com", display_name=f"Pilot {number}", **details)
        async with superuser(stack) as connection:
            if number:
                moment = NOON + timedelta(days=number)
                await connection.execute("UPDATE users SET last_sign_in_at = $1 WHERE id = $2", moment, user.id.uuid)
            if number == 2:
                await connection.execute(
                    "INSERT INTO identities (tenant_id, id, user_id, connector_id, issuer, subject)"
                    " VALUES ($1, gen_random_uuid(), $2, $3, 'https://idp.example', 'x')",
                    place.tenant.id.uuid,
                    user.id.uuid,
                    connector.uuid,
                )
    return place


CASES: list[tuple[dict[str, Any], list[str]]] = [
    ({"text": "pilot"}, ["Pilot 0", "Pilot 1", "Pilot 2", "Pilot 3"]),
    ({"tag": ["team:blue"]}, ["Pilot 0", "Pilot 1"]),
    ({"tag": ["team:blue", "shift:late"]}, ["Pilot 1"]),
    ({"tag": ["team:green"]}, []),
    ({"attribute": ["floor:3"]}, ["Pilot 0", "Pilot 1"]),
    ({"attribute": ["remote:true"]}, ["Pilot 0"]),
    ({"attribute": ["floor:3", "remote:true"]}, ["Pilot 0"]),
    ({"attribute": ["name:x:y"]}, ["Pilot 2"]),
    ({"attribute": ['nested:{"a":1}']}, []),
    ({"external": "hr:1"}, ["Pilot 0"]),
    ({"external": "hr:2"}, []),
    ({"email": "P1@EXAMPLE.com"}, ["Pilot 1"]),
    ({"signed_in_after": NOON + timedelta(days=2), "text": "pilot"}, ["Pilot 2", "Pilot 3"]),
    ({"signed_in_before": NOON + timedelta(days=2), "text": "pilot"}, ["Pilot 0", "Pilot 1"]),
    (
        {"signed_in_after": NOON + timedelta(days=1), "signed_in_before": NOON + timedelta(days=3)},
        ["Pilot 1", "Pilot 2"],
    ),
    ({"tag": ["team:blue"], "attribute": ["floor:3"], "state": "active", "role": "member"}, ["Pilot 0", "Pilot 1"]),
]


@pytest.mark.parametrize(("conditions", "expected"), CASES, ids=[str(conditions) for conditions, _ in CASES])
async def test_conditions(crowd: Place, conditions: dict[str, Any], expected: list[str]) -> None:
    """A list and a count see the same users, whatever is asked for, also page by page."""
    users = [user.display_name async for user in crowd.owner.users.list(sort="display_name", limit=1, **conditions)]
    assert users == expected
    assert (await crowd.owner.users.count(**conditions)).count == len(expected)


async def test_by_connector(crowd: Place) -> None:
    """Who signed in by a connector is found by it."""
    connector = (await crowd.owner.auth_connectors.list().first_page()).items[0].id
    assert [user.display_name async for user in crowd.owner.users.list(connector=connector)] == ["Pilot 2"]
    assert (await crowd.owner.users.count(connector=AuthConnectorId.new())).count == 0


@pytest.mark.parametrize("limit", [1, 2, 50])
async def test_sorted_by_last_sign_in(crowd: Place, limit: int) -> None:
    """Who never signed in comes before all others, and last in the other direction, page by page."""
    listed = crowd.owner.users.list(text="pilot", sort="last_sign_in_at", limit=limit)
    assert [user.display_name async for user in listed] == ["Pilot 0", "Pilot 1", "Pilot 2", "Pilot 3"]
    backwards = crowd.owner.users.list(text="pilot", sort="-last_sign_in_at", limit=limit)
    assert [user.display_name async for user in backwards] == ["Pilot 3", "Pilot 2", "Pilot 1", "Pilot 0"]


@pytest.mark.parametrize("conditions", [{"tag": ["team"]}, {"tag": ["a:1", "a:2"]}, {"external": ":x"}, {"tag": [":"]}])
async def test_conditions_that_cannot_be_read(owner: AsyncCentral, conditions: dict[str, Any]) -> None:
    """A condition is a name, a colon and a value, and names nothing twice."""
    with pytest.raises(ValidationFailedError):
        await owner.users.count(**conditions)


async def test_everybody_is_counted(owner: AsyncCentral, place: Place) -> None:
    """Without conditions all users of the tenant are counted, and of no other."""
    await place.user()
    assert (await owner.users.count()).count == 2
