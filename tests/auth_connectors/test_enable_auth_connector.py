import pytest

from central.errors import NotFoundError
from central_client import AsyncCentral
from support.place import Place
from support.provider import Provider
from support.signing_in import Browser, connect_provider, person


async def test_enabled_connector_signs_in_again(place: Place, provider: Provider) -> None:
    """People are still known by a connector that was disabled for a while; a second time changes nothing."""
    connector = await connect_provider(place, provider, allowed=[place.domain])
    provider.person = person(place.address())
    async with Browser(place) as browser:
        await browser.sign_in(provider, connector.id)
        user = (await browser.client().users.me()).id
    await place.owner.auth_connectors.disable(connector=connector.id)
    enabled = await place.owner.auth_connectors.enable(connector=connector.id, force=True)
    assert (enabled.enabled, enabled.version) == (True, 3)
    assert await place.owner.auth_connectors.enable(connector=connector.id) == enabled
    async with Browser(place) as browser:
        await browser.sign_in(provider, connector.id)
        assert (await browser.client().users.me()).id == user


async def test_foreign_connector_is_not_there(place: Place, other_tenant: AsyncCentral, provider: Provider) -> None:
    """Another tenant's administrators enable nothing here."""
    connector = await connect_provider(place, provider)
    await place.owner.auth_connectors.disable(connector=connector.id)
    with pytest.raises(NotFoundError):
        await other_tenant.auth_connectors.enable(connector=connector.id)
    assert not (await place.owner.auth_connectors.get(connector=connector.id)).enabled
