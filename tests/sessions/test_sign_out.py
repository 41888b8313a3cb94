import asyncio

import pytest

from central.errors import UnauthenticatedError
from support.database import superuser
from support.place import Place
from support.raw import Raw


async def test_sign_out_ends_the_session_in_the_database(place: Place) -> None:
    """Signing out ends the row, not only the cookie, and no other session."""
    user = await place.user()
    first, second = await place.sign_in(user), await place.sign_in(user)
    kept = first.session_token
    assert kept is not None
    await first.auth.sign_out()
    with pytest.raises(UnauthenticatedError):
        await place.stack.client(place.tenant.slug, kept.get_secret_value()).users.me()
    await second.users.me()
    async with superuser(place.stack) as connection:
        reasons = await connection.fetch(
            "SELECT ended_reason FROM sessions WHERE user_id = $1 AND ended_at IS NOT NULL", user.id.uuid
        )
    assert [row["ended_reason"] for row in reasons] == ["signed_out"]


async def test_browser_is_told_to_forget_the_cookie(place: Place) -> None:
    """The answer clears the cookie with the attributes it was set with."""
    reply = await Raw(place.stack, place.owner).send("POST", f"/v1/tenants/{place.tenant.id}/auth/sign-out", {})
    assert (reply.status, reply.body) == (204, b"")
    assert reply.header("set-cookie") == "central_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"


async def test_signing_out_many_times_at_once(place: Place) -> None:
    """Of many at once one ends the session; the others find it ended, and nothing fails."""
    raw = Raw(place.stack, await place.signed_in("member"))
    replies = await asyncio.gather(
        *(raw.send("POST", f"/v1/tenants/{place.tenant.id}/auth/sign-out", {}) for _ in range(12))
    )
    statuses = [reply.status for reply in replies]
    assert statuses.count(204) == 1
    assert set(statuses) <= {204, 401, 404}
