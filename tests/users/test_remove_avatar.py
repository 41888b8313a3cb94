"""`users.remove_avatar`, and the initials of who has no picture."""

import pytest

from central.errors import NotFoundError
from central.kernel.ids import UserId
from central.users.initials import initials_of, initials_path
from central_client import AsyncCentral
from support.picturing import made
from support.place import Place


async def test_it_goes(place: Place, member: AsyncCentral) -> None:
    """A picture that is taken away is deleted; who has none is left as they are."""
    me, image = (await member.users.me()).id, await made(place, member)
    await member.users.set_avatar_image(user=me, image=image.id)
    removed = await member.users.remove_avatar(user=me)
    assert removed.avatar is None
    assert await member.users.remove_avatar(user=me) == removed
    with pytest.raises(NotFoundError):
        await member.images.get(image=image.id)


async def test_those_of_others(place: Place, admin: AsyncCentral, member: AsyncCentral) -> None:
    """The picture of another takes `users:write`."""
    me, image = (await member.users.me()).id, await made(place, member)
    await member.users.set_avatar_image(user=me, image=image.id)
    with pytest.raises(NotFoundError):
        await (await place.signed_in("member")).users.remove_avatar(user=me)
    assert (await admin.users.remove_avatar(user=me)).avatar is None


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("ada", "A"),
        ("  ", "?"),
        ("<script> x", "SX"),
        ("Émile Zola-X", "ÉZ"),
        ("李 小龍", "李小"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    """The first letters of the first and the last word stand for a name."""
    assert initials_of(name) == letters


async def test_initials_are_drawn(place: Place, owner: AsyncCentral) -> None:
    """Whoever has no picture has their initials, as an SVG that can be nothing but a picture, kept for ever."""
    user = await owner.users.create(email=place.address(), display_name="Ada Lovelace")
    async with place.stack.http() as http:
        reply = await http.get(user.picture_path)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "image/svg+xml"
    assert reply.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert ">AL</text>" in reply.text
    assert initials_path("Ada Lovelace", user.id) == user.picture_path
    assert initials_path("Ada Lovelace", UserId.new()).startswith("/initials/AL/")


@pytest.mark.parametrize(
    "path", ["%3Cb/1", "A%22/1", "ABC/1", "A/360", "A/-1", "A/1e1", "A/%D9%A1", "%26/1", "A/0001", "%00/1", "A%0A/1"]
)
async def test_what_are_no_initials(path: str, place: Place) -> None:
    """Nothing but letters and a colour gets into the picture."""
    async with place.stack.http() as http:
        assert (await http.get(f"/initials/{path}")).status_code == 404
