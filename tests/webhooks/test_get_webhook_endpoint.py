import pytest

from central.errors import ForbiddenError, NotFoundError
from central.kernel.ids import WebhookEndpointId
from central_client import AsyncCentral
from support.place import Place


async def test_one(owner: AsyncCentral) -> None:
    """What was made is what is there."""
    made = (await owner.webhooks.create_endpoint(url="https://hooks.example/")).endpoint
    assert await owner.webhooks.get_endpoint(endpoint=made.id) == made


async def test_none(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """One of another tenant is as one that never was."""
    foreign = (await other_tenant.webhooks.create_endpoint(url="https://hooks.example/")).endpoint
    for id in (foreign.id, WebhookEndpointId.new()):
        with pytest.raises(NotFoundError):
            await owner.webhooks.get_endpoint(endpoint=id)


async def test_readers_read(place: Place, member: AsyncCentral) -> None:
    """`webhooks:read` is what it takes, and members have it not."""
    made = (await place.owner.webhooks.create_endpoint(url="https://hooks.example/")).endpoint
    role = await place.owner.roles.create(slug="watch", name="Watch", permissions=["webhooks:read"])
    reader = await place.signed_in("member", role.slug)
    assert (await reader.webhooks.get_endpoint(endpoint=made.id)).url == made.url
    with pytest.raises(ForbiddenError):
        await reader.webhooks.ping(endpoint=made.id)
    with pytest.raises(ForbiddenError):
        await member.webhooks.get_endpoint(endpoint=made.id)
