"""Signing secrets at rest: sealed, each in its own row, and re-wrapped when the vault's keys change."""

import pytest

from central_server.infra.db import Database
from central_server.infra.vault import KeyRing, Vault, VaultError
from central_server.infra.vault.keyring import generate_key
from central_server.webhooks.signing_secrets import SigningSecrets
from support.place import Place
from support.webhooks import Receiver, endpoint_at, make_sender, run_sql, send_due


async def test_the_keys_change(place: Place, receiver: Receiver) -> None:
    """After a rotation every secret opens without the old key; one that has the new key is left alone."""
    endpoint, first = await endpoint_at(place.owner, receiver)
    second = (await place.owner.webhooks.rotate_secret(endpoint=endpoint.id)).secret
    database = await place.stack.central.container.get(Database)
    new, old = f"new:{generate_key()}", place.stack.settings.vault_keys.get_secret_value()
    both = SigningSecrets(database, Vault(KeyRing.parse(f"{new},{old}", "X")))
    try:
        assert await both.TX_rewrap(1000) == 2
        assert await both.TX_rewrap(1000) == 0
        alone = SigningSecrets(database, Vault(KeyRing.parse(new, "X")))
        rows = await alone.list_of(place.tenant.id, [endpoint.id])
        assert [alone.open(row) for row in rows] == [second, first]
    finally:
        await SigningSecrets(database, Vault(KeyRing.parse(f"{old},{new}", "X"))).TX_rewrap(1000)


async def test_a_secret_opens_in_its_row_alone(place: Place, other_place: Place, receiver: Receiver) -> None:
    """One that was moved into another row, or to another tenant, is not opened: nothing is signed with it."""
    await endpoint_at(other_place.owner, receiver)
    (foreign,) = await run_sql(other_place, "SELECT secret FROM webhook_secrets WHERE tenant_id = $1")
    endpoint, _ = await endpoint_at(place.owner, receiver)
    await run_sql(place, "UPDATE webhook_secrets SET secret = $2 WHERE tenant_id = $1", foreign["secret"])
    secrets = await place.stack.central.container.get(SigningSecrets)
    (row,) = await secrets.list_of(place.tenant.id, [endpoint.id])
    with pytest.raises(VaultError):
        secrets.open(row)
    await place.owner.webhooks.ping(endpoint=endpoint.id)
    sender = await make_sender(place.stack)
    await send_due(sender)
    assert (receiver.requests, sender.stats.errors) == ([], 1)
