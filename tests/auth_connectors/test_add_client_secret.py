import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from central.errors import ConflictError, NotFoundError, ValidationFailedError
from central_client import AsyncCentral
from central_server.auth_connectors.client_secrets import ClientSecrets
from support.database import superuser
from support.place import Place
from support.provider import Provider
from support.signing_in import Browser, connect_provider, failures, person

NEW = "canary-8d2c-secret"


async def _signs_in(place: Place, provider: Provider, connector: str) -> int:
    async with Browser(place) as browser:
        return (await browser.sign_in(provider, connector)).status_code


async def test_changing_over_without_a_gap(place: Place, provider: Provider) -> None:
    """With both secrets people sign in before and after the provider changes over; without the old one after it."""
    connector = await connect_provider(place, provider, allowed=[place.domain])
    provider.person = person(place.address())
    (old,) = connector.client_secrets
    ends = datetime.now(UTC) + timedelta(days=400)
    both = await place.owner.auth_connectors.add_secret(connector=connector.id, client_secret=NEW, expires_at=ends)
    new, kept = both.client_secrets
    assert (kept, new.expires_at, new.created_by) == (old, ends, place.owner_user.id)
    assert await _signs_in(place, provider, connector.id) == 303
    provider.client_secret = NEW
    assert await _signs_in(place, provider, connector.id) == 303
    await place.owner.auth_connectors.remove_secret(connector=connector.id, secret=old.id)
    assert await _signs_in(place, provider, connector.id) == 303
    provider.client_secret = "another"
    assert await _signs_in(place, provider, connector.id) == 403
    assert await failures(place) == ["token_refused"]


async def test_other_refusals_try_no_other_secret(place: Place, provider: Provider) -> None:
    """A code that is refused is not sent again: only the client's own refusal leads to the other secret."""
    connector = await connect_provider(place, provider, allowed=[place.domain])
    await place.owner.auth_connectors.add_secret(connector=connector.id, client_secret=provider.client_secret or "")
    provider.person, asked = person(place.address()), provider.hits["token"]
    async with Browser(place) as browser:
        url = await browser.begin(provider, connector.id)
        provider._grants.clear()
        assert (await browser.go(url)).status_code == 403
    assert provider.hits["token"] == asked + 1


async def test_two_at_most(place: Place, provider: Provider) -> None:
    """Of many added at once, one is, beside the one that was there."""
    connector = await connect_provider(place, provider)
    results = await asyncio.gather(
        *[
            place.owner.auth_connectors.add_secret(connector=connector.id, client_secret=f"secret-{number}")
            for number in range(20)
        ],
        return_exceptions=True,
    )
    assert [r.code for r in results if isinstance(r, ConflictError)] == ["too_many_secrets"] * 19
    assert len((await place.owner.auth_connectors.get(connector=connector.id)).client_secrets) == 2


async def test_secret_is_sealed(place: Place, provider: Provider) -> None:
    """The added secret is in no row and no answer in plain text, and opens for its connector."""
    connector = await connect_provider(place, provider)
    answer = await place.owner.auth_connectors.add_secret(connector=connector.id, client_secret=NEW)
    assert NEW not in repr(answer)
    async with superuser(place.stack) as connection:
        for table in ("client_secrets", "outbox"):
            rows = await connection.fetch(f"SELECT t.* FROM {table} t WHERE tenant_id = $1", place.tenant.id.uuid)
            assert rows
            assert NEW not in repr([bytes(v) if isinstance(v, memoryview) else v for r in rows for v in r.values()])
        kinds = await connection.fetch(
            "SELECT kind FROM outbox WHERE tenant_id = $1 AND kind LIKE 'auth_connector.secret.%'", place.tenant.id.uuid
        )
    assert [row["kind"] for row in kinds] == ["auth_connector.secret.added"]
    service = await place.stack.central.container.get(ClientSecrets)
    assert await service.open_all(place.tenant.id, connector.id) == [NEW, provider.client_secret]


async def test_settings_with_a_secret_replace_both(place: Place, provider: Provider) -> None:
    """A secret in the settings takes the place of all others."""
    connector = await connect_provider(place, provider)
    await place.owner.auth_connectors.add_secret(connector=connector.id, client_secret="second")
    settings = {"kind": "oidc", "issuer": provider.issuer, "client_id": provider.client_id, "client_secret": "third"}
    changed = await place.owner.auth_connectors.update(connector=connector.id, settings=settings)
    assert len(changed.client_secrets) == 1
    service = await place.stack.central.container.get(ClientSecrets)
    assert await service.open_all(place.tenant.id, connector.id) == ["third"]


async def test_what_takes_no_secret(place: Place, other_tenant: AsyncCentral, provider: Provider) -> None:
    """Mailed codes need none, an empty one is none, and another tenant's connector is not there."""
    (codes,) = [c async for c in place.owner.auth_connectors.list()]
    with pytest.raises(ConflictError) as refusal:
        await place.owner.auth_connectors.add_secret(connector=codes.id, client_secret="x")
    assert refusal.value.code == "no_client_secret"
    connector = await connect_provider(place, provider)
    with pytest.raises(ValidationFailedError):
        await place.owner.auth_connectors.add_secret(connector=connector.id, client_secret="")
    with pytest.raises(NotFoundError):
        await other_tenant.auth_connectors.add_secret(connector=connector.id, client_secret="x")
