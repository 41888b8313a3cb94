"""`images.delete`."""

import pytest

from central.access import TenantPermissionName
from central.errors import NotFoundError
from central.images.events import ImageDeleted
from central_client import AsyncCentral
from central_server.images.handlers import DeleteImageFiles
from images.conftest import Objects
from support.hostile_pictures import photo
from support.picturing import job_of, made, unlike_others, uploaded, worked_on
from support.place import Place


async def handle(place: Place, image: str) -> None:
    """Do what the event's listener does."""
    handler = await place.stack.central.container.get(DeleteImageFiles)
    await handler.handle(ImageDeleted.model_validate({"tenant_id": place.tenant.id, "image_id": image}))


async def test_it_goes_with_its_files(place: Place, member: AsyncCentral, objects: Objects) -> None:
    """A deleted picture is gone, its files too, and its links lead nowhere; another one stays."""
    image, other = await made(place, member), await made(place, member)
    await member.images.delete(image=image.id)
    with pytest.raises(NotFoundError):
        await member.images.get(image=image.id)
    for _ in range(2):
        await handle(place, image.id)
    assert {key.split("/")[1] for key in await objects.shown()} == {other.id}
    async with place.stack.http() as http:
        assert (await http.get(image.renditions[0].url)).status_code == 404
        assert (await http.get(other.renditions[0].url)).status_code == 200


async def test_who_deletes(place: Place, admin: AsyncCentral, member: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """Nobody deletes a picture that they do not see."""
    image = await made(place, member)
    for stranger in (await place.signed_in("member"), other_tenant):
        with pytest.raises(NotFoundError):
            await stranger.images.delete(image=image.id)
    await admin.images.delete(image=image.id)


@pytest.mark.parametrize("usage", ["avatar", "logo", "content"])
async def test_of_others(usage: str, place: Place, owner: AsyncCentral, admin: AsyncCentral) -> None:
    """Whatever it is for, others see and delete it who hold `users:write`, and nobody else."""
    permissions: list[TenantPermissionName] = ["users:read", "tenant:write"]
    role = await owner.roles.create(slug="fronts", name="Fronts", permissions=permissions)
    other = await place.signed_in("member", role.slug)
    image = await uploaded(place, owner, unlike_others(), usage)
    for refused in (other.images.get(image=image.id), other.images.delete(image=image.id)):
        with pytest.raises(NotFoundError):
            await refused
    assert [one async for one in other.images.list()] == []
    assert [one.id async for one in admin.images.list()] == [image.id]
    await admin.images.delete(image=image.id)
    assert [one async for one in owner.images.list()] == []


async def test_while_it_is_made(
    place: Place, member: AsyncCentral, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture that is deleted while a worker has it leaves no file behind."""
    image = await uploaded(place, member, photo(100, 100))
    stores = "central_server.images.files.ImageFiles.store_renditions"

    from central_server.images.files import ImageFiles

    real = ImageFiles.store_renditions

    async def store_and_delete(self, *given):
        stored = await real(self, *given)
        await member.images.delete(image=image.id)
        await handle(place, image.id)
        return await real(self, *given) and stored

    monkeypatch.setattr(stores, store_and_delete)
    assert await worked_on(place, image) == "failed"
    assert (await objects.sent(), await objects.shown()) == ([], [])
    job = await job_of(member, image)
    assert job.error is not None
    assert job.error.code == "image_deleted"


async def test_before_it_is_made(place: Place, member: AsyncCentral, objects: Objects) -> None:
    """One that is deleted before a worker has it is not made."""
    image = await uploaded(place, member, unlike_others())
    await member.images.delete(image=image.id)
    assert await worked_on(place, image) == "failed"
    assert (await objects.sent(), await objects.shown()) == ([], [])
