"""Every way to a session, with everything that can end meanwhile: no way leaves out a check that another makes."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from central.errors import CentralError, UnauthenticatedError
from central.users.models import User
from central_server.auth.issuing import SessionIssuer
from support.counts import count
from support.database import superuser
from support.place import Place
from support.provider import Provider
from support.ways_in import TESTED_ELSEWHERE, WAYS_IN, Finish, WayIn, callers_of_the_gate, connector_of, make_connectors

Change = Callable[[Place, User, WayIn], Awaitable[object]]


async def _disable_connector(place: Place, user: User, way: WayIn) -> None:
    assert way.connector is not None, "it goes by one"
    connector = await connector_of(place, way.connector)
    await place.owner.auth_connectors.disable(connector=connector.id)


CHANGES: dict[str, Change] = {
    "user disabled": lambda place, user, _: place.owner.users.disable(user=user.id),
    "user deleted": lambda place, user, _: place.owner.users.delete(user=user.id),
    "tenant suspended": lambda place, *_: place.suspend(),
    "tenant deleted": lambda place, *_: place.begin_deletion(),
    "connector disabled": _disable_connector,
}
MOMENTS = ("before it begins", "before it ends", "as it was committed")
CASES = [
    (name, change, moment)
    for name, way in WAYS_IN.items()
    for change in CHANGES
    for moment in MOMENTS
    if way.connector is not None or change != "connector disabled"
]


def test_every_way_in_is_in_the_table() -> None:
    """A new way to sign in is refused by this test until the tests below go it."""
    known = {way.caller for way in WAYS_IN.values()} | TESTED_ELSEWHERE.keys()
    assert callers_of_the_gate() == known, "add it to tests/support/ways_in.py"


@pytest.fixture
async def user(place: Place, provider: Provider) -> User:
    """Somebody of the tenant, who may come by every way."""
    await make_connectors(place, provider)
    return await place.user(email=place.address("ada"))


async def _live(place: Place, user: User) -> int:
    query = "SELECT count(*) FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND ended_at IS NULL"
    async with superuser(place.stack) as connection:
        found: int = await connection.fetchval(query, place.tenant.id.uuid, user.id.uuid)
    return found


@pytest.mark.parametrize("name", WAYS_IN)
async def test_way_leads_in(place: Place, provider: Provider, user: User, name: str) -> None:
    """Control: when nothing ends, every way gives a session of the user."""
    finish = await WAYS_IN[name].begin(place, user, provider)
    client = place.stack.client(place.tenant.id, await finish())
    assert (await client.users.me()).id == user.id


@pytest.mark.parametrize(("name", "change", "moment"), CASES)
async def test_what_ends_lets_nobody_in(
    place: Place,
    provider: Provider,
    user: User,
    name: str,
    change: str,
    moment: str,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Any,
) -> None:
    """Whatever ends, at whichever moment of whichever way: nobody is let in, and told so in words."""
    way = WAYS_IN[name]

    async def happen() -> None:
        await CHANGES[change](place, user, way)

    outcome = await _try(way, place, user, provider, moment, happen, monkeypatch)
    if isinstance(outcome, CentralError):
        assert outcome.status < 500, outcome
    else:
        with pytest.raises(UnauthenticatedError):
            await place.stack.client(place.tenant.id, outcome).users.me()
    if not change.startswith("tenant"):
        assert await _live(place, user) == 0
    count(record_property, "sign-ins on which something ended", 1)


async def _try(
    way: WayIn,
    place: Place,
    user: User,
    provider: Provider,
    moment: str,
    happen: Callable[[], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> str | CentralError:
    """Go a way on which something happens; gives the refusal, or the token of who got in nevertheless."""
    try:
        if moment == "before it begins":
            await happen()
        finish: Finish = await way.begin(place, user, provider)
        if moment == "before it ends":
            await happen()
        if moment == "as it was committed":
            _happens_after_commit(happen, monkeypatch)
        token = await finish()
    except CentralError as error:
        return error
    if way.connector is None and moment == "as it was committed":
        await happen()
    return token


def _happens_after_commit(happen: Callable[[], Awaitable[None]], monkeypatch: pytest.MonkeyPatch) -> None:
    welcome = SessionIssuer.welcome

    async def late(self: SessionIssuer, *arguments: Any, **options: Any) -> Any:
        await happen()
        return await welcome(self, *arguments, **options)

    monkeypatch.setattr(SessionIssuer, "welcome", late)
