"""What tests do to sessions behind the API's back, and what they look at there."""

import json
from typing import Any

from central.kernel.ids import SessionId, UserId
from central_client import AsyncCentral
from central_server.sessions.touches import SessionTouches
from support.database import superuser
from support.place import Place

LONG_AGO = "now() - interval '11 minutes'"
"""When a sign-in was that is no longer fresh."""


async def change_sessions(place: Place, user: UserId, **columns: str) -> None:
    """Set columns of all sessions of a user, to SQL."""
    changes = ", ".join(f"{name} = {value}" for name, value in columns.items())
    async with superuser(place.stack) as connection:
        await connection.execute(f"UPDATE sessions SET {changes} WHERE user_id = $1", user.uuid)


async def grow_stale(place: Place, user: UserId) -> None:
    """Let a user's sign-ins be more than ten minutes ago."""
    await change_sessions(place, user, authenticated_at=LONG_AGO)


async def write_uses(place: Place) -> None:
    """Have the times of last use written that were noted until now, so that none comes between what follows."""
    await (await place.stack.central.container.get(SessionTouches)).flush()


async def session_row(place: Place, session: SessionId) -> dict[str, Any]:
    """Give the row of a session."""
    async with superuser(place.stack) as connection:
        row = await connection.fetchrow("SELECT * FROM sessions WHERE id = $1", session.uuid)
    return dict(row)


async def current_session(client: AsyncCentral) -> SessionId:
    """Give the session that a client has."""
    page = await client.sessions.list_mine(limit=200).first_page()
    return next(session.id for session in page.items if session.current)


async def is_signed_in(client: AsyncCentral) -> bool:
    """Whether a client's session is live."""
    try:
        await client.users.me()
    except Exception as error:
        if getattr(error, "status", None) == 401:
            return False
        raise
    return True


async def events(place: Place, kind: str | None = None) -> list[dict[str, Any]]:
    """Give the events of a tenant, in order, all or of a kind."""
    async with superuser(place.stack) as connection:
        rows = await connection.fetch(
            "SELECT payload::text AS payload FROM outbox WHERE tenant_id = $1 AND kind = coalesce($2, kind)"
            " ORDER BY created_at, id",
            place.tenant.id.uuid,
            kind,
        )
    return [json.loads(row["payload"]) for row in rows]
