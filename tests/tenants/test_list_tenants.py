import secrets

import pytest

from central.errors import BadRequestError, ForbiddenError, UnauthenticatedError
from central.tenants.models import Tenant
from central_client import AsyncCentral
from support.place import Place


@pytest.fixture(scope="module")
async def family(stack) -> list[Tenant]:
    """Twelve tenants with a word in common, oldest first, the last three suspended."""
    word = f"fam{secrets.token_hex(5)}"
    made, operator = [], await stack.sign_in_operator()
    for number in range(12):
        slug = f"{word}-{(number * 7) % 12:02}"
        tenant = await operator.tenants.create(slug=slug, name=f"Name {number % 3}", owner_email="o@a.example")
        made.append(await operator.tenants.suspend(tenant=slug) if number > 8 else tenant)
    return made


def _word(family: list[Tenant]) -> str:
    return family[0].slug.partition("-")[0]


@pytest.mark.parametrize("limit", [1, 5, 200])
@pytest.mark.parametrize("sort", ["created_at", "-created_at", "slug", "-slug"])
async def test_every_order_is_complete(operator: AsyncCentral, family: list[Tenant], sort: str, limit: int) -> None:
    """Every sort gives each tenant once and in order, whatever the size of the pages."""
    listed = [tenant async for tenant in operator.tenants.list(text=_word(family), sort=sort, limit=limit)]
    key = sort.removeprefix("-")
    expected = sorted(family, key=lambda tenant: getattr(tenant, key), reverse=sort.startswith("-"))
    assert listed == expected


async def test_filters_add_up(operator: AsyncCentral, family: list[Tenant]) -> None:
    """State and text, in name or slug and without case, narrow the list together."""
    word = _word(family)
    suspended = [tenant async for tenant in operator.tenants.list(text=word.upper(), state="suspended", limit=2)]
    assert suspended == family[9:]
    assert [t async for t in operator.tenants.list(text=f"{word}-03", state="suspended")] == [
        t for t in family[9:] if t.slug.endswith("03")
    ]
    assert [t async for t in operator.tenants.list(text=f"{word}%")] == []


async def test_cursor_keeps_the_filters(operator: AsyncCentral, family: list[Tenant]) -> None:
    """Page 2 has the filters of page 1 without naming them, and refuses others."""
    word = _word(family)
    first = await operator.tenants.list(text=word, state="suspended", sort="-slug", limit=2).first_page()
    rest = await operator.tenants.list(cursor=first.next_cursor).first_page()
    assert [tenant.state for tenant in rest.items] == ["suspended"]
    with pytest.raises(BadRequestError) as refusal:
        await operator.tenants.list(cursor=first.next_cursor, state="active").first_page()
    assert refusal.value.code == "cursor_of_other_list"


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
async def test_only_operators_list_tenants(place: Place, role: str) -> None:
    """No role of a tenant shows the others."""
    with pytest.raises(ForbiddenError):
        await (await place.signed_in(role)).tenants.list().first_page()


async def test_nobody_lists_tenants_without_signing_in(anonymous: AsyncCentral) -> None:
    """An anonymous caller is told to sign in."""
    with pytest.raises(UnauthenticatedError):
        await anonymous.tenants.list().first_page()
