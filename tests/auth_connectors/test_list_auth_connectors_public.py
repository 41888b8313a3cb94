import pytest

from central.errors import NotFoundError
from central_client import AsyncCentral
from support.place import Place
from support.provider import Provider
from support.raw import Raw
from support.signing_in import connect_provider


async def test_anybody_sees_names_and_kinds_of_what_is_enabled(
    place: Place, anonymous: AsyncCentral, provider: Provider
) -> None:
    """A sign-in page learns names and kinds, and nothing about disabled connectors or settings."""
    shown, hidden = await connect_provider(place, provider, name="Shown"), await connect_provider(place, provider)
    await place.owner.auth_connectors.disable(connector=hidden.id)
    connectors = [c async for c in anonymous.auth_connectors.list_public()]
    assert [(c.name, c.kind) for c in connectors] == [("Email", "email_code"), ("Shown", "oidc")]
    assert connectors[1].id == shown.id
    reply = await Raw(place.stack).send("GET", f"/v1/tenants/{place.tenant.slug}/auth-connectors/public")
    assert {key for item in reply.json()["authConnectors"] for key in item} == {"__type", "id", "name", "kind"}
    assert provider.issuer not in reply.body.decode()
    assert hidden.id not in reply.body.decode()


async def test_public_list_is_paged(place: Place, anonymous: AsyncCentral, provider: Provider) -> None:
    """Pages of the public list skip what is disabled, and none is short of its size but the last."""
    for number in range(4):
        connector = await connect_provider(place, provider, name=f"P{number}")
        if number % 2:
            await place.owner.auth_connectors.disable(connector=connector.id)
    pages = [[c.name for c in page.items] async for page in anonymous.auth_connectors.list_public(limit=2).pages()]
    assert pages == [["Email", "P0"], ["P2"]]


async def test_absent_tenant(place: Place) -> None:
    """There is no list of a tenant that is not there."""
    with pytest.raises(NotFoundError) as refusal:
        await place.stack.client("no-such-tenant").auth_connectors.list_public().first_page()
    assert refusal.value.code == "tenant_not_found"
