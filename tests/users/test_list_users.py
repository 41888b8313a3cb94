import asyncio
import base64
import random

import pytest

from central.errors import BadRequestError, ValidationFailedError
from central.users.models import User
from central_client import AsyncCentral
from support.asgi import assert_problem
from support.place import Place, make_place
from support.raw import Raw

SORTS = ["created_at", "-created_at", "display_name", "-display_name", "email", "-email"]


@pytest.fixture(scope="module")
async def town(stack) -> Place:
    """A tenant of 120 users: few names, so that there are ties, and every state and role."""
    place = await make_place(stack)

    async def settle(number: int) -> None:
        role = "admin" if number % 10 == 0 else "member"
        email = f"{'U' if number % 2 else 'u'}{(number * 37) % 119:03}@{'Town' if number % 3 else 'hill'}.example"
        user = await place.owner.users.create(email=email, display_name=f"Name {number % 4}", roles=[role])
        if number % 5 == 0:
            await place.owner.users.disable(user=user.id)

    for start in range(0, 119, 17):
        await asyncio.gather(*(settle(number) for number in range(start, start + 17)))
    return place


@pytest.fixture(scope="module")
async def people(town: Place) -> list[User]:
    """All of them, as one large page gives them."""
    page = await town.owner.users.list(limit=200).first_page()
    assert (len(page.items), page.next_cursor) == (120, None)
    return list(page.items)


def _key(sort: str):
    name = sort.removeprefix("-")
    return lambda user: (getattr(user, name).lower() if name == "email" else getattr(user, name), user.id)


@pytest.mark.parametrize("limit", [7, 60])
@pytest.mark.parametrize("sort", SORTS)
async def test_every_order_is_complete(town: Place, people: list[User], sort: str, limit: int) -> None:
    """Every sort, ties and all, gives each user once and in order, page after page."""
    listed = [user async for user in town.owner.users.list(sort=sort, limit=limit)]
    assert listed == sorted(people, key=_key(sort), reverse=sort.startswith("-"))


@pytest.mark.parametrize(
    ("filters", "belongs"),
    [
        ({"state": "disabled"}, lambda user: user.state == "disabled"),
        ({"state": "active"}, lambda user: user.state == "active"),
        ({"role": "admin"}, lambda user: "admin" in user.roles),
        ({"role": "owner"}, lambda user: "owner" in user.roles),
        ({"text": "NAME 3"}, lambda user: user.display_name == "Name 3"),
        ({"text": "town.ex"}, lambda user: "town.ex" in user.email.lower()),
        ({"email": "u001@TOWN.example"}, lambda user: user.email.lower() == "u001@town.example"),
        ({"role": "admin", "state": "disabled"}, lambda user: "admin" in user.roles and user.state == "disabled"),
        ({"text": "hill", "role": "member"}, lambda user: "hill" in user.email and user.roles == ["member"]),
        ({"text": "%"}, lambda _: False),
        ({"text": "u_01"}, lambda _: False),
        ({"text": "\\"}, lambda _: False),
    ],
)  # fmt: skip
async def test_filters_narrow_the_list(town: Place, people: list[User], filters: dict[str, str], belongs) -> None:
    """Every filter, alone and with others, gives those that belong and no others; wildcards stand for themselves."""
    listed = [user async for user in town.owner.users.list(limit=7, **filters)]
    assert listed == [user for user in people if belongs(user)]


@pytest.mark.parametrize("sort", SORTS)
async def test_paging_while_others_are_inserted(place: Place, sort: str) -> None:
    """Who was there before is given once each, whatever comes before, between and after meanwhile."""
    names = [f"{number % 3}" for number in range(45)]
    there = {
        user.id
        for user in await asyncio.gather(
            *(place.owner.users.create(email=f"m{n:02}@a.example", display_name=name) for n, name in enumerate(names))
        )
    }
    seen: list[str] = []
    number = 0
    async for page in place.owner.users.list(sort=sort, limit=7).pages():
        seen += [user.id for user in page.items]
        for letter in "amz":
            number += 1
            if number <= 30:
                await place.owner.users.create(email=f"{letter}{number:03}x@a.example", display_name=f"{number % 3}")
    assert len(seen) == len(set(seen))
    assert there <= set(seen)


async def test_cursor_carries_the_filters(town: Place, people: list[User]) -> None:
    """Page 2, asked for by nothing but its cursor, goes on with the filters and the order of page 1."""
    first = await town.owner.users.list(state="active", text="town", sort="-email", limit=9).first_page()
    second = await town.owner.users.list(cursor=first.next_cursor, limit=200).first_page()
    expected = [user for user in people if user.state == "active" and "town" in user.email.lower()]
    assert [*first.items, *second.items] == sorted(expected, key=_key("email"), reverse=True)


@pytest.mark.parametrize(
    "other", [{"state": "disabled"}, {"text": "hill"}, {"sort": "email"}, {"role": "admin"}, {"email": "a@b.example"}]
)
async def test_cursor_with_other_filters_is_refused(town: Place, other: dict[str, str]) -> None:
    """A cursor goes with its own list, and is not quietly used for another."""
    first = await town.owner.users.list(state="active", text="town", sort="-email", limit=9).first_page()
    assert (
        await town.owner.users.list(
            state="active", text="town", sort="-email", limit=9, cursor=first.next_cursor
        ).first_page()
    ).items
    with pytest.raises(BadRequestError) as refusal:
        await town.owner.users.list(cursor=first.next_cursor, **other).first_page()
    assert refusal.value.code == "cursor_of_other_list"


async def test_cursor_of_another_tenant_shows_nobody_of_it(town: Place, people: list[User], place: Place) -> None:
    """A cursor is a position, not a key: taken elsewhere it gives the people of elsewhere."""
    cursor = (await town.owner.users.list(limit=3).first_page()).next_cursor
    page = await place.owner.users.list(cursor=cursor).first_page()
    assert {user.tenant_id for user in page.items} <= {place.tenant.id}


def _encode(*parts: str) -> str:
    return base64.urlsafe_b64encode(("[" + ",".join(parts) + "]").encode()).rstrip(b"=").decode()


_ID = '"01890a5d-ac96-774b-bcce-b302099a8057"'
_ODD_CURSORS = [
    "x", "====", "nonsense", "ä", "A" * 2000, "A" * 5000, _encode(), _encode("{}"), _encode("{}", '"k"', '"no id"'),
    _encode("[]", '"k"', _ID), _encode("{}", "1", _ID), _encode("{}", "null", _ID), _encode("{}", '"no time"', _ID),
    _encode("{}", '"2026-01-01T00:00:00"', _ID), _encode("{}", '"2026-01-01"', _ID), _encode("{}", '"k\\u0000"', _ID),
    _encode("{}", '"0001-01-01T00:00:00+14:00"', _ID), _encode("{}", '"9999-12-31T23:59:59-14:00"', _ID),
    _encode("{}", '"0001-01-01T00:00:00Z"', _ID), _encode("{}", '"9999-12-31T23:59:59.999999Z"', _ID),
    _encode('{"sort":"nope"}', '"k"', _ID), _encode('{"sort":"email"}', '"k\\u0000"', _ID),
    _encode('{"sort":"email"}', '"\\ud800"', _ID), _encode('{"extra":1}', '"2026-01-01T00:00:00Z"', _ID),
    _encode('{"limit":100000}', '"2026-01-01T00:00:00Z"', _ID),
    _encode('{"cursor":"x"}', '"2026-01-01T00:00:00Z"', _ID),
    _encode('{"text":"\\u0000"}', '"2026-01-01T00:00:00Z"', _ID), _encode("{}", '"2026-01-01T00:00:00Z"', '"{}"'),
    _encode("[" * 900 + "]" * 900, '"k"', _ID), _encode('{"tenant":"other"}', '"2026-01-01T00:00:00Z"', _ID),
    _encode("{}", '"2026-01-01T00:00:00+00:00:00.000001"', _ID), _encode("{}", '"' + "9" * 1000 + '"', _ID),
]  # fmt: skip


@pytest.mark.parametrize("cursor", _ODD_CURSORS)
async def test_made_up_cursors_are_refused_or_harmless(place: Place, cursor: str) -> None:
    """Whatever is in a cursor is checked like any input: nothing of it is a fault of the server."""
    from urllib.parse import quote

    path = f"/v1/tenants/{place.tenant.id}/users?cursor={quote(cursor)}"
    reply = await Raw(place.stack, place.owner).send("GET", path)
    if reply.status != 200:
        assert_problem(reply, 400, 422)


async def test_flipped_bits_of_a_cursor_are_no_fault(town: Place) -> None:
    """A cursor with any bit turned is refused, or a position in one's own list."""
    page = await town.owner.users.list(text="town", sort="-display_name", limit=5).first_page()
    raw = Raw(town.stack, town.owner)
    flips = random.Random(5)
    for _ in range(150):
        characters = bytearray((page.next_cursor or "").encode())
        characters[flips.randrange(len(characters))] ^= 1 << flips.randrange(7)
        target = "".join(f"%{byte:02X}" for byte in characters)
        reply = await raw.send("GET", f"/v1/tenants/{town.tenant.id}/users?cursor={target}")
        if reply.status == 200:
            assert {user["tenantId"] for user in reply.json()["users"]} <= {town.tenant.id}
        else:
            assert_problem(reply, 400, 422)


@pytest.mark.parametrize("limit", [0, -1, 201, 10**9])
async def test_limit_is_bounded(owner: AsyncCentral, limit: int) -> None:
    """A page holds 1 to 200 items."""
    with pytest.raises(ValidationFailedError):
        await owner.users.list(limit=limit).first_page()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=201", "limit"), ("limit=x", "limit"), ("limit=1.5", "limit"), ("limit=", "limit"), ("sort=id", "sort"),
        ("state=gone", "state"), ("role=Root", "role"), ("text=", "text"), ("text=%00", "text"), ("email=x", "email"),
        ("state=active&state=disabled", "state"), ("page=2", "page"), ("next_cursor=x", "next_cursor"),
        ("tenant=acme", "tenant"), ("user=x", "user"),
    ],
)  # fmt: skip
async def test_wrong_query_says_which_field(place: Place, query: str, field: str) -> None:
    """Unknown, repeated and malformed fields of the query are named in the answer."""
    reply = await Raw(place.stack, place.owner).send("GET", f"/v1/tenants/{place.tenant.id}/users?{query}")
    assert assert_problem(reply, 422)["fieldErrors"][0]["field"] == field
