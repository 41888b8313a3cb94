import pytest
from httpx import AsyncClient

from central.errors import ConflictError, ForbiddenError, UnauthenticatedError
from central_client import AsyncCentral
from central_client.loopback import LoopbackListener, Returned
from support.database import superuser
from support.place import Place
from support.signing_in import query_of
from support.tools import LoopbackTool, grow_stale, start_device, tool_sessions


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


async def test_a_tool_that_polls_waits_for_no_browser(member: AsyncCentral, anonymous: AsyncCentral) -> None:
    """There is nowhere to send anybody: the next poll says it."""
    started = await start_device(anonymous)
    assert (await member.auth.deny_device(user_code=started.user_code)).redirect_url is None


async def test_a_refused_tool_that_listens_is_told(place: Place, member: AsyncCentral) -> None:
    """The answer leads to the tool's own address, as the page does; a browser that goes there ends its waiting."""
    with LoopbackListener() as listener:
        tool = LoopbackTool(place.anonymous(), redirect_uri=listener.redirect_uri, state=listener.state)
        started = await tool.start()
        denied = await member.auth.deny_device(user_code=started.user_code)
        assert denied.redirect_url is not None
        assert denied.redirect_url.startswith(f"{listener.redirect_uri}?")
        assert query_of(denied.redirect_url) == {"error": "access_denied", "state": tool.state}
        async with AsyncClient() as browser:
            assert (await browser.get(denied.redirect_url)).status_code == 200
        assert listener.returned == Returned(None)
    assert await tool_sessions(place) == []
