import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from central.errors import ForbiddenError, NotFoundError, UnavailableError, ValidationFailedError
from central.tool_sign_ins.models import USER_CODE_ALPHABET
from central_client import AsyncCentral
from central_server.tool_sign_ins.policy import UserCode
from support.database import superuser
from support.place import Place
from support.signing_in import run_sql
from support.tools import TOOL, start_device


async def test_a_tool_is_told_what_to_show_and_how_to_poll(place: Place, anonymous: AsyncCentral) -> None:
    """Two codes, the tenant's page with and without the short one, an interval and ten minutes."""
    started = await anonymous.auth.start_device(**TOOL)
    page = f"http://central.test/t/{place.tenant.slug}/device"
    assert re.fullmatch(f"[{USER_CODE_ALPHABET}]{{4}}-[{USER_CODE_ALPHABET}]{{4}}", started.user_code)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", started.device_code)
    assert (started.verification_uri, started.verification_uri_complete) == (page, f"{page}?code={started.user_code}")
    assert started.interval == 3
    assert timedelta(minutes=9) < started.expires_at - datetime.now(UTC) <= timedelta(minutes=10)
    assert started.device_code not in repr(started)


async def test_no_code_is_kept_as_it_is(place: Place, anonymous: AsyncCentral) -> None:
    """The database has the hash of the long code, and of the short one a keyed hash and the first half."""
    started = await start_device(anonymous)
    async with superuser(place.stack) as connection:
        row = await connection.fetchval(
            "SELECT to_jsonb(t)::text FROM tool_sign_ins t WHERE id = $1", started.sign_in.uuid
        )
    assert started.device_code not in row
    assert started.user_code.partition("-")[2] not in row.replace(started.user_code.partition("-")[0], "")


async def test_starting_writes_no_event(place: Place, anonymous: AsyncCentral) -> None:
    """Anybody may start, and fills nobody's audit log by it."""
    async with superuser(place.stack) as connection:
        count = "SELECT count(*) FROM outbox WHERE tenant_id = $1"
        before = await connection.fetchval(count, place.tenant.id.uuid)
        await start_device(anonymous)
        assert await connection.fetchval(count, place.tenant.id.uuid) == before


async def test_a_tenant_that_lets_nobody_in(place: Place, anonymous: AsyncCentral) -> None:
    """A suspended tenant says so, one that never was is not there."""
    await place.suspend()
    with pytest.raises(ForbiddenError) as refusal:
        await start_device(anonymous)
    assert refusal.value.code == "tenant_suspended"
    with pytest.raises(NotFoundError):
        await start_device(place.stack.client("no-such-tenant"))


@pytest.mark.parametrize(
    "changes",
    [
        {"application": ""},
        {"application": "x" * 65},
        {"application": "two\nlines"},
        {"host": "\x1b[2J"},
        {"version": "\u202e" + "x" * 64},
        {"host": "\u2028"},
    ],
)
async def test_names_are_one_short_line(anonymous: AsyncCentral, changes: dict[str, str]) -> None:
    """What a tool calls itself is shown to people: it holds no control characters and no second line."""
    with pytest.raises(ValidationFailedError):
        await anonymous.auth.start_device(**{**TOOL, **changes})


async def test_first_halves_that_are_taken_are_not_given_again(
    place: Place, anonymous: AsyncCentral, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A code whose first half waits already is replaced by another; when all are taken the tool comes back later."""
    drawn = iter([UserCode("BBBB", "CCCC"), UserCode("BBBB", "DDDD"), UserCode("CCCC", "DDDD")])
    monkeypatch.setattr(UserCode, "new", lambda: next(drawn))
    assert (await start_device(anonymous)).user_code == "BBBB-CCCC"
    assert (await start_device(anonymous)).user_code == "CCCC-DDDD"
    monkeypatch.setattr(UserCode, "new", lambda: UserCode("BBBB", "FFFF"))
    with pytest.raises(UnavailableError) as refusal:
        await start_device(anonymous)
    assert refusal.value.code == "codes_exhausted"


async def test_first_halves_are_free_again_after_their_end(
    place: Place, other_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that ended long ago go when the next tool starts, in their own tenant; one that ended just now stays."""
    monkeypatch.setattr(UserCode, "new", lambda: UserCode("BBBB", "CCCC"))
    client = place.anonymous()
    mine, theirs = await start_device(client), await start_device(other_place.anonymous())
    for started, of in ((mine, place), (theirs, other_place)):
        end = "UPDATE tool_sign_ins SET expires_at = now() - interval '9 minutes' WHERE id = $1"
        await run_sql(of, end, started.sign_in.uuid)
    with pytest.raises(UnavailableError):
        await start_device(client)
    for started, of in ((mine, place), (theirs, other_place)):
        end = "UPDATE tool_sign_ins SET expires_at = now() - interval '11 minutes' WHERE id = $1"
        await run_sql(of, end, started.sign_in.uuid)
    assert (await start_device(client)).sign_in != mine.sign_in
    async with superuser(place.stack) as connection:
        ids = [row["id"] for row in await connection.fetch("SELECT id FROM tool_sign_ins")]
    assert mine.sign_in.uuid not in ids
    assert theirs.sign_in.uuid in ids


async def test_fifty_tools_at_once(anonymous: AsyncCentral) -> None:
    """Tools that start at the same moment do not get in each other's way, and have codes of their own."""
    started = await asyncio.gather(*[start_device(anonymous) for _ in range(50)])
    assert len({one.user_code[:4] for one in started}) == 50
