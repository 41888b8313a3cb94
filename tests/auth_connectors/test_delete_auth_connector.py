import pytest

from central.errors import ConflictError, NotFoundError, UnauthenticatedError
from central_client import AsyncCentral
from support.database import superuser
from support.place import Place
from support.provider import Provider
from support.signing_in import Browser, connect_provider, person


async def test_identities_go_and_sessions_end(place: Place, provider: Provider) -> None:
    """With a connector go the links of its people and sign-ins on their way, and its sessions end; users stay."""
    connector = await connect_provider(place, provider, allowed=[place.domain])
    provider.person = person(place.address())
    async with Browser(place) as browser, Browser(place) as late:
        await browser.sign_in(provider, connector.id)
        url = await late.begin(provider, connector.id)
        await place.owner.auth_connectors.delete(connector=connector.id)
        with pytest.raises(UnauthenticatedError):
            await browser.client().users.me()
        assert (await late.go(url)).status_code == 410
    user = (await place.owner.users.list(email=provider.person.email).first_page()).items[0]
    (ended,) = [session async for session in place.owner.sessions.list(user=user.id, state="ended")]
    assert (ended.ended_reason, ended.connector_id) == ("connector_deleted", None)
    async with superuser(place.stack) as connection:
        for table in ("identities", "login_transactions"):
            assert not await connection.fetchval(
                f"SELECT count(*) FROM {table} WHERE connector_id = $1", connector.id.uuid
            )
        told = await connection.fetchval(
            "SELECT count(*) FROM outbox WHERE tenant_id = $1 AND kind = 'auth_connector.deleted'", place.tenant.id.uuid
        )
    assert told == 1
    with pytest.raises(NotFoundError):
        await place.owner.auth_connectors.get(connector=connector.id)


async def test_a_new_connector_for_the_same_provider_knows_nobody(place: Place, provider: Provider) -> None:
    """A connector that was deleted and made again links nobody by itself."""
    first = await connect_provider(place, provider, allowed=[place.domain])
    provider.person = person(place.address())
    async with Browser(place) as browser:
        await browser.sign_in(provider, first.id)
        await place.owner.auth_connectors.delete(connector=first.id)
        second = await connect_provider(place, provider, allowed=[place.domain])
        answer = await browser.sign_in(provider, second.id)
    assert (answer.status_code, answer.json()["code"]) == (403, "email_taken")


async def test_last_enabled_connector_stays(place: Place, provider: Provider) -> None:
    """The last enabled connector is not deleted; a disabled one can be."""
    (email_code,) = [c async for c in place.owner.auth_connectors.list()]
    connector = await connect_provider(place, provider)
    await place.owner.auth_connectors.disable(connector=connector.id)
    with pytest.raises(ConflictError) as refusal:
        await place.owner.auth_connectors.delete(connector=email_code.id)
    assert refusal.value.code == "last_connector"
    await place.owner.auth_connectors.delete(connector=connector.id)
    with pytest.raises(NotFoundError):
        await place.owner.auth_connectors.delete(connector=connector.id)


async def test_foreign_connector_is_not_there(
    place: Place, other_place: Place, other_tenant: AsyncCentral, provider: Provider
) -> None:
    """Another tenant's administrators delete nothing here."""
    connector = await connect_provider(place, provider)
    await connect_provider(other_place, provider)
    with pytest.raises(NotFoundError):
        await other_tenant.auth_connectors.delete(connector=connector.id)
    assert await place.owner.auth_connectors.get(connector=connector.id) == connector
