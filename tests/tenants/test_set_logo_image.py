"""`tenants.set_logo_image`, `tenants.remove_logo`, and the logo on the sign-in page."""

import pytest

from central.errors import ForbiddenError, NotFoundError
from central.images.events import ImageDeleted
from central_client import AsyncCentral
from central_server.tenants.handlers import ForgetLogo
from support.database import superuser
from support.picturing import made
from support.place import Place


async def page(place: Place) -> str:
    """Give the sign-in page."""
    async with place.stack.http() as http:
        return (await http.get(f"/t/{place.tenant.slug}", headers={"accept": "text/html"})).text


async def test_a_logo_is_shown(place: Place, owner: AsyncCentral, anonymous: AsyncCentral) -> None:
    """The logo stands with the tenant, for anyone, and on the sign-in page; taken away, it is gone."""
    assert 'class="logo"' not in await page(place)
    image = await made(place, owner, usage="logo")
    tenant = await owner.tenants.set_logo_image(image=image.id)
    assert tenant.logo is not None
    assert (await anonymous.tenants.get_public()).logo == tenant.logo
    assert f'<img class="logo" src="{tenant.logo.path}" alt="">' in await page(place)
    removed = await owner.tenants.remove_logo()
    assert removed.logo is None
    assert await owner.tenants.remove_logo() == removed
    assert 'class="logo"' not in await page(place)
    with pytest.raises(NotFoundError):
        await owner.images.get(image=image.id)
    async with superuser(place.stack) as connection:
        query = "SELECT count(*) FROM outbox WHERE kind = 'tenant.logo_changed' AND tenant_id = $1"
        assert await connection.fetchval(query, place.tenant.id.uuid) == 2


async def test_a_new_one_takes_its_place(place: Place, owner: AsyncCentral) -> None:
    """The logo before is deleted, and setting the same again changes nothing."""
    first, second = [await made(place, owner, usage="logo") for _ in range(2)]
    await owner.tenants.set_logo_image(image=first.id)
    tenant = await owner.tenants.set_logo_image(image=second.id)
    assert await owner.tenants.set_logo_image(image=second.id) == tenant
    with pytest.raises(NotFoundError):
        await owner.images.get(image=first.id)


async def test_who_sets_it(place: Place, owner: AsyncCentral, admin: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """It takes `tenant:write`, and a picture of one's own tenant."""
    image = await made(place, owner, usage="logo")
    with pytest.raises(ForbiddenError):
        await admin.tenants.set_logo_image(image=image.id)
    with pytest.raises(NotFoundError):
        await other_tenant.tenants.set_logo_image(image=image.id)


async def test_a_deleted_picture_is_forgotten(place: Place, owner: AsyncCentral) -> None:
    """A logo whose picture was deleted is none any more; another picture's deletion takes nothing."""
    image, other = [await made(place, owner, usage="logo") for _ in range(2)]
    await owner.tenants.set_logo_image(image=image.id)
    handler = await place.stack.central.container.get(ForgetLogo)
    for one, left in ((other, True), (image, False)):
        await owner.images.delete(image=one.id)
        await handler.handle(ImageDeleted(tenant_id=place.tenant.id, image_id=one.id))
        assert ((await owner.tenants.get()).logo is not None) == left
