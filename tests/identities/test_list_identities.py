import pytest

from central.errors import NotFoundError
from central.kernel.ids import UserId
from central_client import AsyncCentral
from support.place import Place
from support.provider import Person, Provider
from support.signing_in import Browser, connect_provider


async def test_identities_of_a_user(place: Place, other_tenant: AsyncCentral, provider: Provider) -> None:
    """Each connector that somebody has signed in by, oldest first, and not those of another tenant."""
    connectors = [
        await connect_provider(place, provider, allowed=[place.domain], trusted=[place.domain], name=name)
        for name in ("One", "Two")
    ]
    provider.person = Person(sub="ada", email=place.address("ada"))
    async with Browser(place) as browser:
        for connector in connectors:
            await browser.sign_in(provider, connector.id)
        me = await browser.client().users.me()
    found = [i async for i in place.owner.identities.list(user=me.id)]
    assert [(i.connector_name, i.subject) for i in found] == [("One", "ada"), ("Two", "ada")]
    for client, user in ((place.owner, UserId.new()), (other_tenant, me.id)):
        with pytest.raises(NotFoundError):
            await client.identities.list(user=user).first_page()
