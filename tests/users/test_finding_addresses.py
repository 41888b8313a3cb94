"""How addresses, and who shows a picture, are found: by an index, under row-level security too, however many there are.

Row-level security keeps whatever might leak a row from being looked up in an index, such as `lower(email)`.
"""

from typing import Any

import pytest

from central.kernel.ids import ImageId, UserId
from central_server.auth.queries.sign_ins import LIST_SHARED_CODES
from central_server.infra.db import Query
from central_server.invitations.queries import LOCK_PENDING
from central_server.users.queries.avatars import FORGET_AVATAR
from central_server.users.queries.batches import FIND_NAMES
from central_server.users.queries.lists import UserFilterShape, list_users
from central_server.users.queries.people import GET_USER_BY_EMAIL
from support.database import application, superuser
from support.place import Place, Stack, make_place

_ONE = {"email": "ada@example.com"}
_NEXT = {"after_key": "ada@example.com", "after_id": UserId.new(), "count": 50}
_BY_ADDRESS: dict[str, tuple[Query[Any], dict[str, Any]]] = {
    "whose it is": (GET_USER_BY_EMAIL, _ONE),
    "its codes": (LIST_SHARED_CODES, _ONE),
    "its invitation": (LOCK_PENDING, _ONE),
    "a page of a list": (list_users(UserFilterShape(), "email", goes_on=True), _NEXT),
    "a page of a list, backwards": (list_users(UserFilterShape(), "-email", goes_on=True), _NEXT),
}


@pytest.fixture(scope="module")
async def place(stack: Stack) -> Place:
    """A tenant with so many people that no plan reads them all by choice."""
    made = await make_place(stack)
    new = "FROM generate_series(1, 2000) AS number"
    who = "md5(number::text)::uuid, 'person' || number || '@example.com'"
    async with superuser(stack) as connection, connection.transaction():
        users = f"INSERT INTO users (tenant_id, id, email, display_name) SELECT $1, {who}, '' {new}"
        await connection.execute(users, made.tenant.id.uuid)
        addresses = f"INSERT INTO user_emails (tenant_id, user_id, email) SELECT $1, {who} {new}"
        await connection.execute(addresses, made.tenant.id.uuid)
        shown = "UPDATE users SET avatar = jsonb_build_object('image_id', id::text) WHERE tenant_id = $1"
        await connection.execute(shown, made.tenant.id.uuid)
    async with superuser(stack) as connection:
        await connection.execute("ANALYZE users, user_emails")
    return made


@pytest.mark.parametrize("what", _BY_ADDRESS)
async def test_addresses_are_found_by_an_index(place: Place, what: str) -> None:
    """The address itself is what the index is searched for, and no other of the tenant is read."""
    query, values = _BY_ADDRESS[what]
    lines = await _plan_of(place, query, {"tenant_id": place.tenant.id, **values})
    assert any("Index Cond:" in line and "email_key" in line for line in lines), "\n".join(lines)


async def test_who_shows_a_picture_is_found_by_an_index(place: Place) -> None:
    """When a picture was deleted, nobody is read but those who show it."""
    lines = await _plan_of(place, FORGET_AVATAR, {"of_tenant": place.tenant.id, "image": ImageId.new()})
    assert any("Index Cond:" in line and "avatar_image_id" in line for line in lines), "\n".join(lines)


async def test_names_of_an_import_are_found_by_an_index(place: Place) -> None:
    """However a tenant has grown since it was analyzed, the names of a batch are looked up, and no others are read."""
    people = "SELECT tenant_id, id, 'hr', email FROM users WHERE tenant_id = $1 AND email LIKE 'person%'"
    name = f"INSERT INTO user_external_ids (tenant_id, user_id, source, external_id) {people} ORDER BY id"
    async with superuser(place.stack) as connection:
        await connection.execute(f"{name} LIMIT 50", place.tenant.id.uuid)
        await connection.execute("ANALYZE user_external_ids")
        await connection.execute(f"{name} OFFSET 50", place.tenant.id.uuid)
    asked = {"sources": ["hr"] * 200, "names": [f"new{number}" for number in range(200)]}
    lines = await _plan_of(place, FIND_NAMES, {"tenant_id": place.tenant.id, **asked})
    assert any("Index Cond:" in line and "external_id" in line for line in lines), "\n".join(lines)


async def _plan_of(place: Place, query: Query[Any], values: dict[str, Any]) -> list[str]:
    """Ask the database as the application how it would go about a statement, where no way is too dear."""
    arguments = query.plan.arguments(values, None)
    async with application(place.stack, place.tenant.id) as connection:
        await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        return [row[0] for row in await connection.fetch(f"EXPLAIN {query.plan.text}", *arguments)]
