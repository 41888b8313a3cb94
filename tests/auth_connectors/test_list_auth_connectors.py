import pytest

from central.errors import BadRequestError
from support.place import Place
from support.provider import Provider
from support.signing_in import connect_provider


async def test_list_is_paged_oldest_first(place: Place, provider: Provider) -> None:
    """Pages of any size give every connector once, oldest first, disabled ones too."""
    made = [(await connect_provider(place, provider, name=f"P{number}")).id for number in range(5)]
    await place.owner.auth_connectors.disable(connector=made[2])
    expected = ["Email", *(f"P{number}" for number in range(5))]
    for limit in (1, 2, 3, 6, 200):
        names = [c.name async for c in place.owner.auth_connectors.list(limit=limit)]
        assert names == expected
    page = await place.owner.auth_connectors.list(limit=6).first_page()
    assert page.next_cursor is None


async def test_cursor_of_another_tenant_opens_nothing(place: Place, other_place: Place, provider: Provider) -> None:
    """A cursor says where to go on, not whose list it is."""
    await connect_provider(place, provider)
    page = await place.owner.auth_connectors.list(limit=1).first_page()
    assert page.next_cursor is not None
    foreign = await other_place.owner.auth_connectors.list(cursor=page.next_cursor).first_page()
    mine = {c.id async for c in place.owner.auth_connectors.list()}
    assert not {c.id for c in foreign.items} & mine
    with pytest.raises(BadRequestError) as refusal:
        await place.owner.auth_connectors.list(cursor="nonsense").first_page()
    assert refusal.value.code == "malformed_cursor"
