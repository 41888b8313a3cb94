"""`images.list`."""

from central_client import AsyncCentral
from support.picturing import made, unlike_others, uploaded
from support.place import Place


async def test_ones_own_newest_first(place: Place, owner: AsyncCentral, member: AsyncCentral) -> None:
    """Everybody lists their own pictures, who holds `users:write` all of them; page by page, and by usage."""
    theirs = [(await uploaded(place, member, unlike_others())).id for _ in range(3)]
    logo = (await made(place, owner, usage="logo")).id
    assert [one.id async for one in member.images.list()] == theirs[::-1]
    assert [one.id async for one in owner.images.list(limit=1)] == [logo, *theirs[::-1]]
    assert [one.id async for one in owner.images.list(usage="logo")] == [logo]
    assert [one.id async for one in member.images.list(usage="logo")] == []
    page = await owner.images.list(limit=2, usage="avatar").first_page()
    assert [one.id for one in page.items] == theirs[:0:-1]
