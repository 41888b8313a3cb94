import pytest

from central.errors import ForbiddenError
from support.database import superuser
from support.place import Place
from support.provider import Person, Provider
from support.signing_in import Browser, connect_provider

CANARY = "canary-2f7b-department"


async def test_what_a_provider_said_is_for_oneself(place: Place, provider: Provider) -> None:
    """The person sees what was last said of them; nobody else does, and the database has it sealed."""
    connector = await connect_provider(place, provider, allowed=[place.domain], name="Okta")
    provider.person = Person(
        sub="ada", email=place.address("ada"), claims={"department": CANARY, "nested": {"not": "kept"}, "floor": 3}
    )
    async with Browser(place) as browser:
        await browser.sign_in(provider, connector.id)
        mine = browser.client()
        (identity,) = [i async for i in mine.identities.list_mine()]
        me = await mine.users.me()
    assert (identity.connector_id, identity.connector_name) == (connector.id, "Okta")
    assert (identity.issuer, identity.subject) == (provider.issuer, "ada")
    assert identity.seen_at is not None
    assert (identity.claims["department"], identity.claims["floor"]) == (CANARY, 3)
    assert not {"nonce", "aud", "iss", "nested"} & set(identity.claims)
    others = await place.owner.identities.list(user=me.id).first_page()
    assert CANARY not in repr(others.items)
    async with superuser(place.stack) as connection:
        for table in ("identities", "users", "outbox"):
            rows = await connection.fetch(f"SELECT t.* FROM {table} t WHERE tenant_id = $1", place.tenant.id.uuid)
            assert rows
            assert CANARY not in repr([bytes(v) if isinstance(v, memoryview) else v for r in rows for v in r.values()])


async def test_last_word_counts(place: Place, provider: Provider) -> None:
    """Each sign-in replaces what was said before."""
    connector = await connect_provider(place, provider, allowed=[place.domain])
    async with Browser(place) as browser:
        for department in ("Sales", "Legal"):
            provider.person = Person(sub="ada", email=place.address("ada"), claims={"department": department})
            await browser.sign_in(provider, connector.id)
        (identity,) = [i async for i in browser.client().identities.list_mine()]
    assert identity.claims["department"] == "Legal"


async def test_nobody_sees_it_in_anothers_name(place: Place) -> None:
    """Whoever impersonates is refused."""
    user = await place.user()
    async with place.owner.impersonate(user=user.id, reason="Support") as view:
        with pytest.raises(ForbiddenError):
            await view.identities.list_mine().first_page()


async def test_who_signed_in_by_code_has_none(place: Place) -> None:
    """Codes are no identities."""
    assert [i async for i in place.owner.identities.list_mine()] == []
