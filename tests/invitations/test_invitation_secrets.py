"""Where the link of an invitation is not: logs, events, tables, and answers that are not its maker's."""

import io
import json

from central_server.app import Central
from central_server.infra.config import Settings
from central_server.infra.logs import configure_logging
from central_server.infra.vault import Vault, associated_data
from central_server.infra.vault.keyring import KeyRing, generate_key
from central_server.invitations.service import InvitationService
from support.asgi import JSON_HEADER, ask
from support.database import superuser, tenant_tables
from support.inviting import invite, invite_by_hand, mail
from support.place import Place
from support.raw import cookie_of
from support.signing_in import run_sql


async def test_token_is_nowhere_in_the_database(place: Place) -> None:
    """Neither a mailed nor a handed token is in any table, event or kept answer, as text or as bytes."""
    mailed, handed = await invite(place, "ada@example.com"), await invite_by_hand(place, "eve@example.com")
    await mail(place, mailed.id)
    await place.anonymous().invitations.accept(token=handed.token)
    async with superuser(place.stack) as connection:
        for table in await tenant_tables(connection):
            found = await connection.fetch(f"SELECT to_jsonb(t)::text AS row FROM {table} t")
            everything = "\n".join(row["row"] for row in found)
            for invited in (mailed, handed):
                assert invited.token not in everything, table
                assert invited.token.encode().hex() not in everything, table


async def test_token_is_in_no_log_line(place: Place) -> None:
    """At the most talkative level, neither making, nor showing, nor accepting, nor failing to accept logs a link."""
    stream = io.BytesIO()
    configure_logging("debug", stream)
    central = Central(Settings.model_validate({**dict(place.stack.settings), "database_pool_size": 2}))
    await central.start()
    try:
        base = f"/v1/tenants/{place.tenant.slug}"
        body = json.dumps({"email": "ada@example.com", "send": False}).encode()
        headers = [cookie_of(place.owner), JSON_HEADER, ("idempotency-key", "k")]
        made = await ask(central, "POST", f"{base}/invitations", headers, body)
        token = made.json()["link"].rpartition("/")[2]
        for name in ("invitation", "invitation/accept", "invitation/accept", "invitation"):
            body = json.dumps({"token": token}).encode()
            await ask(central, "POST", f"{base}/auth/{name}", [JSON_HEADER], body)
        wrong = json.dumps({"token": f"{token}!"}).encode()
        refused = await ask(central, "POST", f"{base}/auth/invitation", [JSON_HEADER], wrong)
    finally:
        await central.stop()
        configure_logging("error")
    assert refused.status == 422
    assert token not in refused.body.decode()
    logged = stream.getvalue().decode()
    assert "invitations.accept" in logged
    assert token not in logged
    assert "ada@example.com" not in logged


async def test_waiting_tokens_follow_the_keys(place: Place) -> None:
    """Rotating the vault's keys wraps tokens that wait to be mailed anew, and they open without the old key."""
    invited = await invite(place, "ada@example.com")
    service = await place.stack.central.container.get(InvitationService)
    old, new = place.stack.settings.vault_keys.get_secret_value(), f"new:{generate_key()}"
    links = service.links
    both, only = Vault(KeyRing.parse(f"{new},{old}")), Vault(KeyRing.parse(new))
    await run_sql(place, "UPDATE invitations SET token = NULL WHERE id <> $1", invited.id.uuid)
    before = links.vault
    try:
        links.vault = both
        assert await service.TX_rewrap_tokens(10) == 1
        assert await service.TX_rewrap_tokens(10) == 0
    finally:
        links.vault = before
    async with superuser(place.stack) as connection:
        sealed = await connection.fetchval("SELECT token FROM invitations WHERE id = $1", invited.id.uuid)
    place_of = associated_data(place.tenant.id, "invitations", "token", invited.id)
    assert only.open(sealed, place_of).decode() == invited.token
