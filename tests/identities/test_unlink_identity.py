import pytest

from central.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from central.kernel.ids import IdentityId
from central_client import AsyncCentral
from support.database import superuser
from support.place import Place
from support.provider import Person, Provider
from support.signing_in import Browser, connect_provider


async def test_unlinking(place: Place, provider: Provider) -> None:
    """The sessions end, the roles by groups go, and the next sign-in is somebody unknown's."""
    connector = await connect_provider(
        place,
        provider,
        allowed=[place.domain],
        group_claim="groups",
        group_roles=[{"group": "a", "role": "admin"}],
    )
    provider.person = Person(sub="ada", email=place.address("ada"), claims={"groups": ["a"]})
    async with Browser(place) as browser:
        await browser.sign_in(provider, connector.id)
        me = await browser.client().users.me()
        (identity,) = [i async for i in place.owner.identities.list(user=me.id)]
        await place.owner.identities.unlink(user=me.id, identity=identity.id)
        with pytest.raises(UnauthenticatedError):
            await browser.client().users.me()
        answer = await browser.sign_in(provider, connector.id)
    assert (answer.status_code, answer.json()["code"]) == (403, "email_taken")
    assert (await place.owner.users.get(user=me.id)).roles == ["member"]
    async with superuser(place.stack) as connection:
        kinds = await connection.fetch(
            "SELECT kind FROM outbox WHERE tenant_id = $1 AND kind LIKE 'identity.%' ORDER BY created_at",
            place.tenant.id.uuid,
        )
    assert [row["kind"] for row in kinds] == ["identity.linked", "identity.unlinked"]
    with pytest.raises(NotFoundError):
        await place.owner.identities.unlink(user=me.id, identity=identity.id)


async def test_sessions_end_without_roles_too(place: Place, provider: Provider) -> None:
    """Whoever gained nothing by the identity is signed out all the same, and the reason is kept."""
    connector = await connect_provider(place, provider, allowed=[place.domain])
    provider.person = Person(sub="ada", email=place.address("ada"))
    async with Browser(place) as browser:
        await browser.sign_in(provider, connector.id)
        me = await browser.client().users.me()
        (identity,) = [i async for i in place.owner.identities.list(user=me.id)]
        await place.owner.identities.unlink(user=me.id, identity=identity.id)
        with pytest.raises(UnauthenticatedError):
            await browser.client().users.me()
    (session,) = [s async for s in place.owner.sessions.list(user=me.id, state="ended")]
    assert (session.ended_reason, session.ended_by) == ("identity_unlinked", place.owner_user.id)


async def test_who_may_not(place: Place, other_tenant: AsyncCentral, provider: Provider) -> None:
    """Neither an admin for an owner, nor anybody for an identity of another user or tenant."""
    await connect_provider(place, provider, trusted=[place.domain])
    connector = await connect_provider(place, provider, trusted=[place.domain])
    provider.person = Person(sub="owner", email=place.owner_user.email)
    async with Browser(place) as browser:
        assert (await browser.sign_in(provider, connector.id)).status_code == 303
    # The address was proven just now, which ends whatever was there before.
    place.owner = await place.sign_in(place.owner_user)
    (identity,) = [i async for i in place.owner.identities.list(user=place.owner_user.id)]
    admin, other = await place.signed_in("admin"), await place.user()
    with pytest.raises(ForbiddenError):
        await admin.identities.unlink(user=place.owner_user.id, identity=identity.id)
    for client, user, id in (
        (place.owner, other.id, identity.id),
        (place.owner, place.owner_user.id, IdentityId.new()),
        (other_tenant, place.owner_user.id, identity.id),
    ):
        with pytest.raises(NotFoundError):
            await client.identities.unlink(user=user, identity=id)
    assert [i async for i in place.owner.identities.list(user=place.owner_user.id)] == [identity]
