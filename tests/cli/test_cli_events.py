"""`events`: what a listener was given in vain."""

import asyncpg

from central.kernel.ids import EventId, TenantId

_DEAD = (
    "INSERT INTO event_handovers (tenant_id, event_id, listener, state, attempts, created_at, give_up_at, last_error)"
    " VALUES ($1, $2, $3, 'dead', 7, now() - interval '1 hour', now(), 'ValueError: no')"
)


async def test_dead_letters(cli, migrated: dict[str, str]) -> None:
    """They are listed with their reason, and driven again by event, by listener, or all."""
    tenant, events = TenantId.new(), [EventId.new() for _ in range(4)]
    connection = await asyncpg.connect(migrated["database_owner_url"], server_settings={"search_path": "central"})
    try:
        for event, listener in zip(events, ("one", "one", "two", "three"), strict=True):
            await connection.execute(_DEAD, tenant.uuid, event.uuid, listener)
        listed = await cli("events", "dead-letters")
        rows = [line.split("\t") for line in listed.out.splitlines()]
        assert rows[0] == ["event", "kind", "tenant", "listener", "attempts", "given up at", "error"]
        assert {row[0] for row in rows[1:]} == set(events)
        assert {(row[2], row[4], row[6]) for row in rows[1:]} == {(tenant, "7", "ValueError: no")}
        one = await cli("events", "dead-letters", "--listener", "one", "--limit", "1")
        assert [line.split("\t")[3] for line in one.out.splitlines()[1:]] == ["one"]
        ill = await cli("doctor")
        assert "one was given 2 in vain: see `central-server events dead-letters`" in " ".join(ill.out.split())
        assert (await cli("events", "redrive", events[0])).out == "1\n"
        assert (await cli("events", "redrive", "--listener", "one")).out == "1\n"
        assert (await cli("events", "redrive", "--all")).out == "2\n"
        left = await connection.fetch("SELECT DISTINCT state, attempts, give_up_at > now() FROM event_handovers")
        assert [tuple(row) for row in left] == [("pending", 0, True)]
    finally:
        await connection.close()


async def test_what_cannot_be_driven(cli, migrated: dict[str, str]) -> None:
    """Who names nothing, no event or nothing that was given up is told so in one line."""
    ran = await cli("events", "redrive")
    assert (ran.status, ran.error_line) == (2, "central-server: Say which: an event, --listener, or --all.")
    ran = await cli("events", "redrive", "user-1")
    assert (ran.status, ran.error_line) == (2, "central-server: 'user-1' is no event's id, which begins with event-.")
    ran = await cli("events", "redrive", "--all")
    assert ran.status == 1
    assert "Nothing that was given up fits" in ran.error_line
