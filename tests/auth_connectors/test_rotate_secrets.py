import secrets
from collections.abc import AsyncIterator

import pytest

from central_server.app import Central
from central_server.auth_connectors.client_secrets import ClientSecrets
from central_server.infra.vault import Vault, VaultError
from central_server.infra.vault.keyring import generate_key
from support.database import superuser
from support.place import Place, Stack, make_place, make_settings, make_stack
from support.provider import Provider
from support.servers import shared_postgres
from support.signing_in import Browser, connect_provider, person

OLD, NEW = f"old:{generate_key()}", f"new:{generate_key()}"


@pytest.fixture
async def old_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A system of the test's own, whose vault has one key."""
    async with (
        shared_postgres() as postgres,
        make_stack(
            postgres, f"rotation_{secrets.token_hex(4)}", tmp_path_factory.mktemp("mailbox"), vault_keys=OLD
        ) as stack,
    ):
        yield stack


async def _started(stack: Stack, keys: str, tmp_path_factory: pytest.TempPathFactory) -> Central:
    url = stack.settings.database_url.get_secret_value()
    central = Central(make_settings(url, tmp_path_factory.mktemp("mailbox"), vault_keys=keys))
    await central.start()
    return central


async def test_secrets_move_to_a_new_key(
    old_stack: Stack, provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Re-wrapped in batches, every secret opens without the old key, and people go on signing in."""
    places = [await make_place(old_stack) for _ in range(3)]
    made = [(p, await connect_provider(p, provider, allowed=[p.domain])) for p in places for _ in "ab"]
    both = await _started(old_stack, f"{NEW},{OLD}", tmp_path_factory)
    service = await both.container.get(ClientSecrets)
    late_place, late = places[0], await connect_provider(places[0], provider, allowed=[places[0].domain])
    assert [await service.TX_rewrap(4) for _ in range(3)] == [4, 3, 0]
    await both.stop()

    vault = await both.container.get(Vault)
    async with superuser(old_stack) as connection:
        sealed = await connection.fetch("SELECT secret FROM client_secrets")
    assert len(sealed) == 7
    assert not any(vault.needs_rewrap(row["secret"]) for row in sealed)

    new = await _started(old_stack, NEW, tmp_path_factory)
    service = await new.container.get(ClientSecrets)
    for place, connector in [*made, (late_place, late)]:
        assert await service.open_all(place.tenant.id, connector.id) == [provider.client_secret]
    provider.person = person(places[0].address())
    moved = Stack(new, new.settings, old_stack.superuser_url, old_stack.dns)
    async with Browser(Place(moved, places[0].tenant, places[0].owner_user, places[0].owner)) as browser:
        assert (await browser.sign_in(provider, late.id)).status_code == 303
    await new.stop()

    service = await old_stack.central.container.get(ClientSecrets)
    with pytest.raises(VaultError):
        await service.open_all(late_place.tenant.id, late.id)
