"""`users.set_avatar_image`, `client.users.set_avatar`, and what shows the picture."""

import pytest

from central.errors import ConflictError, NotFoundError
from central.images.events import ImageDeleted
from central.users.models import User
from central_client import AsyncCentral
from central_server.users.handlers import ForgetAvatar
from support.database import superuser
from support.exporting import while_working
from support.hostile_pictures import photo
from support.picturing import made, unlike_others, uploaded
from support.place import Place


async def me_of(place: Place, client: AsyncCentral) -> User:
    """Give somebody as others see them."""
    return await place.owner.users.get(user=(await client.users.me()).id)


async def test_ones_own(place: Place, member: AsyncCentral) -> None:
    """Everybody gives themselves a picture, which then stands with them in lists; the link shows it."""
    me = await me_of(place, member)
    image = await made(place, member, photo(600, 600))
    changed = await member.users.set_avatar_image(user=me.id, image=image.id)
    assert changed.avatar is not None
    assert changed.avatar.image_id == image.id
    assert changed.version == me.version + 1
    assert changed.picture_path == changed.avatar.path
    listed = [one async for one in place.owner.users.list()]
    assert [one.avatar for one in listed if one.id == me.id] == [changed.avatar]
    async with place.stack.http() as http:
        for path in (changed.avatar.path, changed.avatar.small_path):
            assert (await http.get(path)).headers["content-type"] == "image/webp"
    async with superuser(place.stack) as connection:
        query = "SELECT payload ->> 'version' FROM outbox WHERE kind = 'user.avatar_changed' AND target = $1"
        assert await connection.fetchval(query, me.id) == str(changed.version)


async def test_the_one_before_is_deleted(place: Place, member: AsyncCentral) -> None:
    """A new picture takes the place of the one before; setting the same again changes nothing."""
    me = await me_of(place, member)
    first, second = await made(place, member), await made(place, member)
    await member.users.set_avatar_image(user=me.id, image=first.id)
    changed = await member.users.set_avatar_image(user=me.id, image=second.id)
    assert await member.users.set_avatar_image(user=me.id, image=second.id) == changed
    with pytest.raises(NotFoundError):
        await member.images.get(image=first.id)
    assert (await member.images.get(image=second.id)).state == "ready"


async def test_those_of_others(place: Place, admin: AsyncCentral, member: AsyncCentral) -> None:
    """Others take `users:write`; nobody takes a picture that they do not see, nor one of another tenant's."""
    theirs, mine = await me_of(place, admin), await me_of(place, member)
    image = await made(place, member)
    with pytest.raises(NotFoundError, match="user"):
        await member.users.set_avatar_image(user=theirs.id, image=image.id)
    given = await admin.users.set_avatar_image(user=mine.id, image=(await made(place, admin)).id)
    assert given.avatar is not None
    with pytest.raises(NotFoundError, match="image"):
        await member.users.set_avatar_image(user=mine.id, image=(await made(place, admin)).id)


async def test_pictures_that_are_none(place: Place, owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """A picture must be ready, and an avatar."""
    me = place.owner_user.id
    with pytest.raises(ConflictError) as raised:
        await owner.users.set_avatar_image(user=me, image=(await uploaded(place, owner, unlike_others())).id)
    assert raised.value.code == "image_not_ready"
    with pytest.raises(ConflictError) as raised:
        await owner.users.set_avatar_image(user=me, image=(await made(place, owner, usage="logo")).id)
    assert raised.value.code == "other_usage"
    assert (await owner.users.get(user=me)).avatar is None


async def test_a_deleted_picture_is_forgotten(place: Place, member: AsyncCentral) -> None:
    """Whoever had a picture that was deleted has none, and everybody else keeps theirs."""
    me, image = await me_of(place, member), await made(place, member)
    await member.users.set_avatar_image(user=me.id, image=image.id)
    await place.owner.users.set_avatar_image(user=place.owner_user.id, image=(await made(place, place.owner)).id)
    await member.images.delete(image=image.id)
    handler = await place.stack.central.container.get(ForgetAvatar)
    await handler.handle(ImageDeleted(tenant_id=place.tenant.id, image_id=image.id))
    assert (await me_of(place, member)).avatar is None
    assert (await place.owner.users.get(user=place.owner_user.id)).avatar is not None
    async with superuser(place.stack) as connection:
        nothing = "SELECT avatar IS NULL FROM users WHERE id = $1"
        assert await connection.fetchval(nothing, me.id.uuid), "a null of JSON is not nothing"


async def test_in_one_call(place: Place) -> None:
    """`client.users.set_avatar` does it all, for oneself or for somebody else, and gives the picture."""
    other = await place.user()
    for user in (None, other.id):
        image = await while_working(place, place.owner.users.set_avatar(photo(300, 300), user=user))
        shown = (await place.owner.users.get(user=user or place.owner_user.id)).avatar
        assert shown is not None
        assert shown.image_id == image.id
        assert "<img" in (image._repr_html_() or "")
