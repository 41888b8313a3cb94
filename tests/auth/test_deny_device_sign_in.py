import pytest

from central.errors import ConflictError, ForbiddenError, UnauthenticatedError
from central_client import AsyncCentral
from support.database import superuser
from support.place import Place
from support.tools import grow_stale, start_device, tool_sessions


async def test_a_refused_tool_is_told_and_gets_nothing(place: Place, member: AsyncCentral) -> None:
    """Every poll says so, an approval that comes after changes nothing, and the refusal is told."""
    tool = place.anonymous()
    started = await start_device(tool)
    await member.auth.deny_device(user_code=started.user_code)
    for _ in range(2):
        with pytest.raises(ForbiddenError) as refusal:
            await tool.auth.poll_device(device_code=started.device_code)
        assert refusal.value.code == "access_denied"
    with pytest.raises(ConflictError):
        await member.auth.approve_device(user_code=started.user_code)
    assert await tool_sessions(place) == []
    async with superuser(place.stack) as connection:
        kinds = await connection.fetch("SELECT kind FROM outbox WHERE payload ->> 'signInId' = $1", started.sign_in)
    assert [row["kind"] for row in kinds] == ["auth.tool_sign_in.denied"]


async def test_refusing_needs_a_session_and_no_fresh_one(
    place: Place, member: AsyncCentral, anonymous: AsyncCentral
) -> None:
    """Whoever sees a tool that they did not start can refuse it at once."""
    started = await start_device(anonymous)
    with pytest.raises(UnauthenticatedError):
        await anonymous.auth.deny_device(user_code=started.user_code)
    await grow_stale(place, (await member.users.me()).id)
    await member.auth.deny_device(user_code=started.user_code)
