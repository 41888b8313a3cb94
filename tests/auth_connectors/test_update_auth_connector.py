import asyncio
from typing import Any

import pytest

from central.auth_connectors.models import OidcSettings
from central.errors import ConflictError, NotFoundError, ValidationFailedError
from central_client import AsyncCentral
from central_server.auth_connectors.client_secrets import ClientSecrets
from support.place import Place
from support.provider import Provider
from support.raw import Raw
from support.signing_in import Browser, connect_provider, person


def _settings(provider: Provider, **changes: Any) -> dict[str, Any]:
    return {"kind": "oidc", "issuer": provider.issuer, "client_id": provider.client_id, **changes}


async def test_absent_fields_are_left_alone(place: Place, provider: Provider) -> None:
    """A change of one field leaves the others, and makes a new version."""
    before = await connect_provider(place, provider, trusted=[place.domain], allowed=[place.domain])
    after = await place.owner.auth_connectors.update(connector=before.id, name="Renamed")
    assert after.name == "Renamed"
    assert after.version == before.version + 1
    assert after.updated_at > before.updated_at
    same = {"name", "version", "updated_at"}
    assert after.model_dump(exclude=same) == before.model_dump(exclude=same)


async def test_settings_are_replaced_and_the_secret_is_kept(place: Place, provider: Provider) -> None:
    """Settings are replaced as a whole; a secret that is not given stays, and a new one takes its place."""
    service = await place.stack.central.container.get(ClientSecrets)
    connector = await connect_provider(place, provider, trusted=[place.domain])
    for given, kept in ((None, provider.client_secret), ("new-secret", "new-secret"), (None, "new-secret")):
        secret = {} if given is None else {"client_secret": given}
        changed = await place.owner.auth_connectors.update(
            connector=connector.id, settings=_settings(provider, scopes=["openid"], **secret)
        )
        settings = changed.settings
        assert isinstance(settings, OidcSettings)
        assert (settings.scopes, settings.trusted_domains, settings.has_client_secret) == (["openid"], [], True)
        assert await service.open_all(place.tenant.id, connector.id) == [kept]


async def test_trust_is_that_of_the_callback_not_of_the_start(place: Place, provider: Provider) -> None:
    """A domain that is no longer trusted or let in does not help who was on their way already."""
    connector = await connect_provider(place, provider, trusted=[place.domain], allowed=[place.domain])
    user = await place.user(email=place.address())
    for email, code in ((user.email, "email_taken"), (place.address("new"), "user_unknown")):
        await place.owner.auth_connectors.update(
            connector=connector.id,
            settings=_settings(provider, trusted_domains=[place.domain]),
            provisioning={"just_in_time": True, "allowed_domains": [place.domain]},
        )
        provider.person = person(email)
        async with Browser(place) as browser:
            url = await browser.begin(provider, connector.id)
            await place.owner.auth_connectors.update(
                connector=connector.id, settings=_settings(provider), provisioning={"just_in_time": False}
            )
            answer = await browser.go(url)
        assert (answer.status_code, answer.json()["code"]) == (403, code)


async def test_kind_and_issuer_never_change(place: Place, provider: Provider) -> None:
    """People are known by issuer and connector, so both stay what they are."""
    connector = await connect_provider(place, provider)
    for settings, field in (
        ({"kind": "email_code"}, "settings.kind"),
        (_settings(provider, issuer=f"{provider.issuer}/"), "settings.issuer"),
        (_settings(provider, issuer="https://other.example"), "settings.issuer"),
    ):
        with pytest.raises(ValidationFailedError) as refusal:
            await place.owner.auth_connectors.update(connector=connector.id, settings=settings)
        assert [(error.field, error.code) for error in refusal.value.field_errors] == [(field, "immutable")]
    assert (await place.owner.auth_connectors.get(connector=connector.id)).version == 1


@pytest.mark.parametrize("field", ["name", "settings", "provisioning", "expectedVersion"])
async def test_nothing_can_be_cleared(place: Place, field: str) -> None:
    """`null` is refused for every field."""
    (connector,) = [c async for c in place.owner.auth_connectors.list()]
    path = f"/v1/tenants/{place.tenant.id}/auth-connectors/{connector.id}"
    reply = await Raw(place.stack, place.owner).send("PATCH", path, {field: None})
    assert (reply.status, reply.json()["fieldErrors"][0]["code"]) == (422, "not_clearable")


async def test_stale_version_is_a_conflict(place: Place) -> None:
    """Of two who saw the same version one changes it; the other is told, and nothing of theirs is stored."""
    (connector,) = [c async for c in place.owner.auth_connectors.list()]
    names = [f"Name {number}" for number in range(10)]
    results = await asyncio.gather(
        *[place.owner.auth_connectors.update(connector=connector.id, name=name, expected_version=1) for name in names],
        return_exceptions=True,
    )
    assert [r.code for r in results if isinstance(r, ConflictError)] == ["version_conflict"] * 9
    after = await place.owner.auth_connectors.get(connector=connector.id)
    assert after.version == 2
    assert after.name in names


async def test_name_of_another_is_taken(place: Place, provider: Provider) -> None:
    """A connector cannot take another's name, but can change the case of its own."""
    connector = await connect_provider(place, provider, name="Google")
    with pytest.raises(ConflictError) as refusal:
        await place.owner.auth_connectors.update(connector=connector.id, name="EMAIL")
    assert refusal.value.code == "name_taken"
    assert (await place.owner.auth_connectors.update(connector=connector.id, name="GOOGLE")).name == "GOOGLE"


async def test_foreign_connector_is_not_there(place: Place, other_tenant: AsyncCentral) -> None:
    """Another tenant's administrators change nothing here."""
    (connector,) = [c async for c in place.owner.auth_connectors.list()]
    with pytest.raises(NotFoundError):
        await other_tenant.auth_connectors.update(connector=connector.id, name="Mine")
    assert await place.owner.auth_connectors.get(connector=connector.id) == connector


async def test_scopes_keep_openid(place: Place, provider: Provider) -> None:
    """The scope `openid` cannot be taken out of a connector."""
    connector = await connect_provider(place, provider)
    with pytest.raises(ValidationFailedError):
        await place.owner.auth_connectors.update(connector=connector.id, settings=_settings(provider, scopes=["email"]))
