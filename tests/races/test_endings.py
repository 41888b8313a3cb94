"""Whatever ends somebody's access wins over every sign-in and request of the same moment."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from central.auth_connectors.models import AuthConnector
from central.errors import UnauthenticatedError
from central.kernel.ids import SessionId
from central.users.models import User
from central_client import AsyncCentral
from support.counts import count
from support.database import superuser
from support.place import Place
from support.provider import Provider
from support.races import ROUNDS, Arena
from support.signing_in import Browser, connect_provider, mailed_code, person, run_sql

_SIGN_INS = 10  # of each kind
_REFUSED = {
    "user_disabled",
    "tenant_suspended",
    "tenant_deleting",
    "connector_disabled",
    "wrong_code",
    "user_unknown",
    "access_ended",
    "try_again",
}

Entrance = Callable[[], Awaitable[str | None]]
Ending = Callable[[Place, User, AuthConnector], Awaitable[object]]


async def _by_code(place: Place, user: User) -> Entrance:
    """Ask for a code; gives what signs in with it and gives the session's token, or None when that is refused."""
    client = place.anonymous()
    started = await client.auth.start_email_code(email=user.email)
    code = await mailed_code(place, started.sign_in)
    await run_sql(place, "DELETE FROM rate_buckets")  # so many codes are mailed to nobody otherwise

    async def enter() -> str | None:
        await client.auth.verify_email_code(sign_in=started.sign_in, code=code)
        assert client.session_token is not None
        return client.session_token.get_secret_value()

    return enter


async def _by_provider(place: Place, provider: Provider, connector: AuthConnector) -> Entrance:
    """Go to the provider; gives what comes back from there."""
    browser = Browser(place)
    url = await browser.begin(provider, connector.id)

    async def enter() -> str | None:
        answer = await browser.go(url)
        assert answer.status_code == 303 or answer.json()["code"] in _REFUSED, answer.text
        return browser.session

    return enter


async def _entrances(
    arena: Arena, place: Place, user: User, provider: Provider, connector: AuthConnector
) -> list[Entrance]:
    provider.person = person(user.email)
    by_provider = [await _by_provider(arena.at(place, i), provider, connector) for i in range(_SIGN_INS)]
    return [*by_provider, *[await _by_code(arena.at(place, i), user) for i in range(_SIGN_INS)]]


ENDINGS: dict[str, Ending] = {
    "the user is disabled": lambda place, user, _: place.owner.users.disable(user=user.id),
    "the user is deleted": lambda place, user, _: place.owner.users.delete(user=user.id),
    "the tenant is suspended": lambda place, *_: place.suspend(),
    "the tenant is deleted": lambda place, *_: place.begin_deletion(),
}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_sign_ins_at_the_same_time(arena: Arena, provider: Provider, ending: str, record_property: Any) -> None:
    """Twenty sign-ins of somebody whose access ends meanwhile: afterwards no session of theirs works."""
    for _ in range(ROUNDS):
        place = await arena.place()
        user = await place.user(email=place.address("ada"))
        connector = await connect_provider(place, provider, trusted=[place.domain])
        entrances = await _entrances(arena, place, user, provider, connector)
        end = partial(ENDINGS[ending], arena.at(place, 1), user, connector)
        outcomes = await arena.run(entrances, crowd_at="outbox", then=end)
        tokens = [outcome for outcome in outcomes if isinstance(outcome, str)]
        codes = {getattr(outcome, "code", "") for outcome in outcomes if isinstance(outcome, Exception)}
        assert codes <= _REFUSED, codes
        for token in tokens:
            with pytest.raises(UnauthenticatedError):
                await place.stack.client(place.tenant.id, token).users.me()
        if not ending.startswith("the tenant"):
            assert await _live(place, user) == 0
    count(record_property, f"rounds: sign-ins while {ending}", ROUNDS)


async def _live(place: Place, user: User) -> int:
    query = "SELECT count(*) FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND ended_at IS NULL"
    async with superuser(place.stack) as connection:
        found: int = await connection.fetchval(query, place.tenant.id.uuid, user.id.uuid)
    return found


async def test_callbacks_while_the_connector_is_disabled(
    arena: Arena, provider: Provider, record_property: Any
) -> None:
    """Of callbacks while their connector is disabled no session works afterwards."""
    for _ in range(ROUNDS):
        place = await arena.place()
        user = await place.user(email=place.address("ada"))
        connector = await connect_provider(place, provider, trusted=[place.domain])
        provider.person = person(user.email)
        entrances = [await _by_provider(arena.at(place, i), provider, connector) for i in range(2 * _SIGN_INS)]
        end = partial(arena.at(place, 1).owner.auth_connectors.disable, connector=connector.id)
        outcomes = await arena.run(entrances, crowd_at="outbox", then=end)
        for token in (outcome for outcome in outcomes if isinstance(outcome, str)):
            with pytest.raises(UnauthenticatedError):
                await place.stack.client(place.tenant.id, token).users.me()
        assert await _live(place, user) == 0
    count(record_property, "rounds: callbacks while the connector is disabled", ROUNDS)


@pytest.mark.parametrize(("before", "after"), [("member", "admin"), ("admin", "member")])
async def test_lifetimes_are_those_of_the_roles_that_one_has(
    processes: Arena, provider: Provider, before: str, after: str, record_property: Any
) -> None:
    """Of sign-ins while somebody's roles change, the sessions that live on are of the new roles."""
    idle = {
        "member": processes.stack.settings.member_idle_timeout,
        "admin": processes.stack.settings.admin_idle_timeout,
    }
    for _ in range(ROUNDS):
        place = await processes.place()
        user = await place.user(before, email=place.address("ada"))
        connector = await connect_provider(place, provider, trusted=[place.domain])
        entrances = await _entrances(processes, place, user, provider, connector)
        change = partial(processes.at(place, 1).owner.users.update, user=user.id, roles=[after])
        await processes.run(entrances, crowd_at="outbox", then=change)
        async with superuser(place.stack) as connection:
            rows = await connection.fetch(
                "SELECT idle_seconds FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND ended_at IS NULL",
                place.tenant.id.uuid,
                user.id.uuid,
            )
        assert {row["idle_seconds"] for row in rows} <= {int(idle[after].total_seconds())}
    count(record_property, "rounds: sign-ins while roles change", ROUNDS)


async def _revoke(place: Place, user: User, session: SessionId) -> None:
    await place.owner.sessions.revoke(user=user.id, session=session)


CUTS: dict[str, Callable[[Place, User, SessionId], Awaitable[object]]] = {
    "the session is revoked": _revoke,
    "the user is disabled": lambda place, user, _: place.owner.users.disable(user=user.id),
    "the roles change": lambda place, user, _: place.owner.users.update(user=user.id, roles=["admin"]),
    "the tenant is suspended": lambda place, *_: place.suspend(),
    "the tenant is deleted": lambda place, *_: place.begin_deletion(),
}


@pytest.mark.parametrize("cut", CUTS)
async def test_requests_at_the_same_time(processes: Arena, cut: str, record_property: Any) -> None:
    """Of the requests of twenty that go on all the time, none that begins after the end was confirmed succeeds."""
    for _ in range(ROUNDS):
        place = await processes.place()
        user = await place.user()
        client = await place.sign_in(user)
        (session,) = [s.id async for s in client.sessions.list_mine()]
        ended = asyncio.Event()
        served: list[bool] = []

        async def use(one: AsyncCentral, ended: asyncio.Event = ended, served: list[bool] = served) -> None:
            after = 0
            while after < 3:
                is_after = ended.is_set()
                after += is_after
                try:
                    await one.users.me()
                except UnauthenticatedError:
                    continue
                served.append(is_after)

        async def end(
            place: Place = place, user: User = user, session: SessionId = session, ended: asyncio.Event = ended
        ) -> None:
            await CUTS[cut](processes.at(place, 1), user, session)
            ended.set()

        users = processes.clients(client, place.tenant.id, 20)
        await processes.run(
            [*(partial(use, one) for one in users[:10]), end, *(partial(use, one) for one in users[10:])]
        )
        assert served
        assert not any(served)
    count(record_property, f"rounds: requests while {cut}", ROUNDS)
