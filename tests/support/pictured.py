"""Tenants with pictures, and what lies in the object store of one."""

from central.kernel.ids import TenantId
from central_server.infra.object_store import Bucket, ObjectStore
from support.picturing import ready
from support.place import Place, Stack, make_place

Objects = dict[str, bytes]


async def pictured(stack: Stack) -> Place:
    """Make a tenant with a logo, whose owner has an avatar and a picture for a page."""
    place = await make_place(stack)
    await place.owner.users.set_avatar_image(user=place.owner_user.id, image=await ready(place, "avatar"))
    await place.owner.tenants.set_logo_image(image=await ready(place, "logo"))
    await ready(place, "content")
    return place


async def objects_of(stack: Stack, tenant: TenantId) -> Objects:
    """Give all that lies in the object store of a tenant, by where it lies."""
    store = await stack.central.container.get(ObjectStore)
    found = Objects()
    for bucket in Bucket:
        async for key in store.list(bucket, tenant):
            content = await store.get(bucket, tenant, key)
            assert content is not None
            found[f"{bucket}/{key}"] = b"".join([piece async for piece in content])
    return found


async def forget(stack: Stack, tenant: TenantId, key: str) -> None:
    """Delete a file of a picture, as if nobody had noticed."""
    await (await stack.central.container.get(ObjectStore)).delete(Bucket.USER_CONTENT, tenant, key)
