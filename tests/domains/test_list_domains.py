import pytest

from central.errors import BadRequestError
from central_client import AsyncCentral
from support.domains import verify_domain
from support.place import Place


async def test_list_is_paged_oldest_first(place: Place, admin: AsyncCentral) -> None:
    """Pages of any size give every domain once, oldest first, whatever its state."""
    names = [f"{letter}.{place.domain}" for letter in "cabed"]
    for name in names:
        await place.owner.domains.create(name=name)
    names.append((await verify_domain(place)).name)
    for limit in (1, 2, 3, 6, 200):
        assert [domain.name async for domain in admin.domains.list(limit=limit)] == names
    page = await admin.domains.list(limit=6).first_page()
    assert page.next_cursor is None


async def test_list_shows_the_own_ones_only(place: Place, other_place: Place) -> None:
    """Neither the list nor a cursor shows another tenant's domains, also of the same name."""
    for owner in (place.owner, other_place.owner):
        await owner.domains.create(name=place.domain)
        await owner.domains.create(name=f"b.{place.domain}")
    page = await place.owner.domains.list(limit=1).first_page()
    assert page.next_cursor is not None
    foreign = await other_place.owner.domains.list(cursor=page.next_cursor).first_page()
    mine = {domain.id async for domain in place.owner.domains.list()}
    assert len(mine) == 2
    assert not {domain.id for domain in foreign.items} & mine
    with pytest.raises(BadRequestError) as refusal:
        await place.owner.domains.list(cursor="nonsense").first_page()
    assert refusal.value.code == "malformed_cursor"
