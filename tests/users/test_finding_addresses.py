"""How addresses are found: by an index, under row-level security too, however many a tenant has.

Row-level security keeps whatever might leak a row from being looked up in an index, such as `lower(email)`.
"""

from typing import Any

import pytest

from central.kernel.ids import UserId
from central_server.auth.queries.sign_ins import LIST_SHARED_CODES
from central_server.infra.db import Query
from central_server.invitations.queries import LOCK_PENDING
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
    async with superuser(stack) as connection:
        await connection.execute("ANALYZE users, user_emails")
    return made


@pytest.mark.parametrize("what", _BY_ADDRESS)
async def test_addresses_are_found_by_an_index(place: Place, what: str) -> None:
    """The address itself is what the index is searched for, and no other of the tenant is read."""
    query, values = _BY_ADDRESS[what]
    arguments = query.plan.arguments({"tenant_id": place.tenant.id, **values}, None)
    async with application(place.stack, place.tenant.id) as connection:
        await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        lines = [row[0] for row in await connection.fetch(f"EXPLAIN {query.plan.text}", *arguments)]
    assert any("Index Cond:" in line and "email_key" in line for line in lines), "\n".join(lines)
