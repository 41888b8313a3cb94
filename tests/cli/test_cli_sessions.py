"""`sessions`."""

import asyncpg
import pytest

_SIGN_IN = (
    "INSERT INTO sessions (tenant_id, id, user_id, token_hash, expires_at, idle_seconds)"
    " SELECT tenant_id, gen_random_uuid(), id, sha256(gen_random_uuid()::text::bytea), now() + interval '1 day', 3600"
    " FROM users, generate_series(1, $1)"
)
_LIVE = (
    "SELECT slug, count(*) FROM sessions JOIN tenants ON tenants.id = tenant_id WHERE ended_at IS NULL"
    " GROUP BY slug ORDER BY slug"
)


async def test_everybody_is_signed_out(cli, migrated: dict[str, str]) -> None:
    """All sessions of a tenant end, or those of all, each with its event; the second time there is nothing left."""
    for slug in ("globex", "initech"):
        assert (await cli("tenants", "create", slug, "--owner-email", f"eve@{slug}.example")).status == 0
    connection = await asyncpg.connect(migrated["database_owner_url"], server_settings={"search_path": "central"})
    try:
        await connection.execute(_SIGN_IN, 1200)
        ran = await cli("sessions", "revoke-all", "--tenant", "globex")
        assert (ran.status, ran.out) == (0, "1200\n"), ran.err
        assert [tuple(row) for row in await connection.fetch(_LIVE)] == [("initech", 1200)]
        assert (await cli("sessions", "revoke-all", "--all")).out == "1200\n"
        assert await connection.fetch(_LIVE) == []
        assert (await cli("sessions", "revoke-all", "--all")).out == "0\n"
        told = "SELECT sum(jsonb_array_length(payload->'sessionIds')) FROM outbox WHERE kind = 'sessions.ended'"
        assert await connection.fetchval(told) == 2400
        reasons = await connection.fetch("SELECT DISTINCT ended_reason, ended_by FROM sessions")
        assert [tuple(row) for row in reasons] == [("revoked", None)]
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("arguments", "line", "status"),
    [
        ((), "Say which: --tenant, or --all.", 2),
        (("--all", "--tenant", "acme"), "Say which: --tenant, or --all.", 2),
        (("--tenant", "nowhere"), "There is no tenant 'nowhere' here.", 1),
    ],
)
async def test_whose_must_be_said(
    cli, migrated: dict[str, str], arguments: tuple[str, ...], line: str, status: int
) -> None:
    """Nobody is signed out by chance."""
    ran = await cli("sessions", "revoke-all", *arguments)
    assert (ran.status, ran.error_line) == (status, f"central-server: {line}")
