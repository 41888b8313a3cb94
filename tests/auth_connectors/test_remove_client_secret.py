import asyncio

import pytest

from central.errors import ConflictError, NotFoundError
from central.kernel.ids import ClientSecretId
from central_client import AsyncCentral
from support.place import Place
from support.provider import Provider
from support.signing_in import connect_provider


async def test_one_remains(place: Place, provider: Provider) -> None:
    """Of two that are removed at once one stays, and the last one is not removed."""
    connector = await connect_provider(place, provider)
    both = await place.owner.auth_connectors.add_secret(connector=connector.id, client_secret="second")
    results = await asyncio.gather(
        *[
            place.owner.auth_connectors.remove_secret(connector=connector.id, secret=secret.id)
            for secret in both.client_secrets
        ],
        return_exceptions=True,
    )
    assert [r.code for r in results if isinstance(r, ConflictError)] == ["last_secret"]
    (left,) = (await place.owner.auth_connectors.get(connector=connector.id)).client_secrets
    assert left in both.client_secrets


async def test_secret_that_is_not_there(place: Place, other_tenant: AsyncCentral, provider: Provider) -> None:
    """Neither one that never was, nor one of another connector, nor another tenant's."""
    connector = await connect_provider(place, provider)
    both = await place.owner.auth_connectors.add_secret(connector=connector.id, client_secret="second")
    other = await connect_provider(place, provider)
    for secret in (ClientSecretId.new(), other.client_secrets[0].id):
        with pytest.raises(NotFoundError):
            await place.owner.auth_connectors.remove_secret(connector=connector.id, secret=secret)
    with pytest.raises(NotFoundError):
        await other_tenant.auth_connectors.remove_secret(connector=connector.id, secret=both.client_secrets[0].id)
    assert await place.owner.auth_connectors.get(connector=connector.id) == both
