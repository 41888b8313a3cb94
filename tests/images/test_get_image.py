"""`images.get`, and showing renditions."""

from io import BytesIO

import pytest
from PIL import Image

from central.errors import NotFoundError
from central.kernel.ids import ImageId
from central_client import AsyncCentral
from support.hostile_pictures import SCRIPT, photo
from support.picturing import created, made
from support.place import Place


async def test_who_sees_a_picture(
    place: Place, owner: AsyncCentral, admin: AsyncCentral, member: AsyncCentral, other_tenant: AsyncCentral
) -> None:
    """Whoever handed it over sees it, and who holds `users:write`; to all others it is not there."""
    image = await made(place, member)
    assert await member.images.get(image=image.id) == await admin.images.get(image=image.id) == image
    for stranger in (await place.signed_in("member"), other_tenant):
        with pytest.raises(NotFoundError):
            await stranger.images.get(image=image.id)


async def test_an_upload_is_no_picture_yet(member: AsyncCentral) -> None:
    """Before it is complete there is no picture, as there is none that never was."""
    upload = await created(member, b"x")
    for id in (upload.image, ImageId.new()):
        with pytest.raises(NotFoundError):
            await member.images.get(image=id)


async def test_renditions_are_shown_to_who_has_the_link(place: Place, member: AsyncCentral) -> None:
    """A link needs no sign-in; what it gives is a picture to every browser, whatever was sent, and kept for ever."""
    image = await made(place, member, photo(200, 200) + SCRIPT)
    async with place.stack.http() as http:
        for rendition in image.renditions:
            reply = await http.get(rendition.url)
            assert reply.status_code == 200
            assert reply.headers["content-type"] == rendition.content_type
            assert reply.headers["x-content-type-options"] == "nosniff"
            assert reply.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
            assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert reply.headers["content-disposition"].startswith('inline; filename="picture.')
            assert "set-cookie" not in reply.headers
            assert len(reply.content) == rendition.size
            assert SCRIPT not in reply.content
            with Image.open(BytesIO(reply.content)) as shown:
                assert shown.size == (rendition.width, rendition.height)


async def test_other_links_lead_nowhere(place: Place, other_place: Place, member: AsyncCentral) -> None:
    """What is no link of this tenant's picture answers as a picture that never was; nothing else can be had there."""
    image = await made(place, member)
    path = image.renditions[0].url.partition("/pictures/")[2]
    tenant, id, digest, name = path.split("/")
    wrong = [
        f"{other_place.tenant.id}/{id}/{digest}/{name}",
        f"{tenant}/{ImageId.new()}/{digest}/{name}",
        f"{tenant}/{id}/{'0' * 32}/{name}",
        f"{tenant}/{id}/{digest}/1x1.webp",
        f"{tenant}/{id}/{digest}/{name}.html",
        f"{tenant}/{id}/{digest}/..%2f..%2fx",
        f"{place.tenant.slug}/{id}/{digest}/{name}",
        f"{tenant}/{id}/{digest.upper()}x/{name}",
        f"{tenant}/{id}/-/{name}",
        "x/y/z/%00",
    ]
    async with place.stack.http() as http:
        answers = [await http.get(f"http://central.test/pictures/{text}") for text in wrong]
    assert {answer.status_code for answer in answers} == {404}
