"""What takes a sign-in of the last ten minutes, and how one comes by it."""

from collections.abc import Callable, Coroutine
from time import time
from typing import Any

import pytest

from central.access import SystemPermission
from central.catalog import CATALOG
from central.errors import ForbiddenError
from central.kernel.operation import AnyOperation
from central_client import AsyncCentral
from support.asgi import assert_problem
from support.examples import Example, Things, names
from support.place import Place
from support.provider import Misbehaviour, Provider
from support.raw import Raw
from support.sessions import change_sessions, current_session, grow_stale, is_signed_in, session_row
from support.signing_in import Browser, connect_provider, mailed_code, person, provider, query_of

__all__ = ["provider"]
_CODE = "reauthentication_required"


@pytest.mark.parametrize("operation", [o for o in CATALOG if o.needs_fresh], ids=names)
async def test_declared_operations_refuse_an_old_sign_in(
    place: Place, operator: AsyncCentral, operation: AnyOperation
) -> None:
    """An operation that declares it is refused to everybody whose sign-in is older, and done after a new one."""
    things = await Things.of(place)
    example = Example.of(operation, things)
    system = isinstance(operation.access, SystemPermission)
    user = await operator.users.me() if system else place.owner_user
    await grow_stale(place, user.id)
    caller = operator if system else place.owner
    reply = await Raw(place.stack, caller).send(operation.method, example.target, example.body)
    problem = assert_problem(reply, 403, code=_CODE)
    assert "Sign in again" in problem["detail"]
    await change_sessions(place, user.id, authenticated_at="now() - interval '9 minutes 50 seconds'")
    reply = await Raw(place.stack, caller).send(operation.method, example.target, example.body)
    assert reply.status != 401
    assert not reply.body or reply.json().get("code") != _CODE


Change = Callable[[AsyncCentral, Place], Coroutine[Any, Any, Any]]


async def _make_owner(owner: AsyncCentral, place: Place) -> None:
    await owner.users.create(email="second@example.com", roles=["owner"])


async def _raise_to_owner(owner: AsyncCentral, place: Place) -> None:
    await owner.users.update(user=(await place.user()).id, roles=["owner"])


async def _change_an_owner(owner: AsyncCentral, place: Place) -> None:
    await owner.users.update(user=(await place.user("owner")).id, display_name="Somebody")


async def _disable_an_owner(owner: AsyncCentral, place: Place) -> None:
    await owner.users.disable(user=(await place.user("owner")).id)


async def _demote_an_owner(owner: AsyncCentral, place: Place) -> None:
    await owner.users.update(user=(await place.user("owner")).id, roles=["member"])


async def _grant_owner(owner: AsyncCentral, place: Place) -> None:
    await owner.roles.grant(user=(await place.user()).id, role="owner")


async def _change_an_address(owner: AsyncCentral, place: Place) -> None:
    await owner.users.update(user=(await place.user()).id, email="moved@example.com")


_NEED_FRESH: dict[str, Change] = {
    "make an owner": _make_owner,
    "raise to owner": _raise_to_owner,
    "change an owner": _change_an_owner,
    "disable an owner": _disable_an_owner,
    "demote an owner": _demote_an_owner,
    "grant the role": _grant_owner,
    "change an address": _change_an_address,
}


@pytest.mark.parametrize("change", _NEED_FRESH)
async def test_owners_and_addresses_take_a_fresh_sign_in(place: Place, owner: AsyncCentral, change: str) -> None:
    """What concerns owners and primary addresses is refused after ten minutes, and done before."""
    await grow_stale(place, place.owner_user.id)
    fresh = await place.sign_in(place.owner_user)
    place.owner, old = fresh, owner
    with pytest.raises(ForbiddenError) as refusal:
        await _NEED_FRESH[change](old, place)
    assert refusal.value.code == _CODE
    await _NEED_FRESH[change](fresh, place)


async def test_everyday_changes_do_not(place: Place, owner: AsyncCentral) -> None:
    """Names, other roles and new members take no new sign-in, nor does an address that stays the same."""
    user = await place.user(email="ada@example.com")
    await grow_stale(place, place.owner_user.id)
    await owner.users.update_me(display_name="Owner")
    await owner.users.update(user=user.id, display_name="Ada", email="ada@example.com", roles=["admin"])
    await owner.users.create(email="new@example.com")
    await owner.users.disable(user=user.id)
    await owner.sessions.revoke_all(user=user.id)


async def test_signing_in_again_by_code(place: Place, owner: AsyncCentral) -> None:
    """A new sign-in in the same client is fresh, its token new, and the session it came with has ended."""
    before, token = await current_session(owner), owner.session_token
    await grow_stale(place, place.owner_user.id)
    signed_in = await owner.auth.sign_in_again(code=lambda challenge: mailed_code(place, challenge.sign_in))
    assert owner.session_token not in {token, None}
    after, row = await session_row(place, signed_in.session.id), await session_row(place, before)
    assert after["authenticated_at"] == after["created_at"] == after["last_used_at"]
    assert (row["ended_reason"], row["ended_by"]) == ("signed_in_again", place.owner_user.id.uuid)
    assert not await is_signed_in(place.stack.client(place.tenant.slug, token))
    await owner.users.delete(user=(await place.user()).id)


async def _authenticated_ago(place: Place, browser: Browser) -> float:
    row = await session_row(place, await current_session(browser.client()))
    return (row["created_at"] - row["authenticated_at"]).total_seconds()


@pytest.mark.parametrize(
    ("auth_time", "ago"),
    [(None, 0), (-3000, 3000), (-30, 30), (3000, 0), ("soon", 0), (True, 0), (10**300, 0), (-(10**12), 0)],
)
async def test_provider_says_when_somebody_signed_in_there(
    place: Place, provider: Provider, auth_time: Any, ago: float
) -> None:
    """A sign-in is as old as the provider says, so that its own session refreshes nothing; never younger than now."""
    connector = await connect_provider(place, provider, allowed=[place.domain])
    told = auth_time + int(time()) if type(auth_time) is int else auth_time
    provider.person = person(place.address())
    provider.misbehaviour = Misbehaviour(claims={} if told is None else {"auth_time": told})
    async with Browser(place) as browser:
        await browser.sign_in(provider, connector.id)
        assert await _authenticated_ago(place, browser) == pytest.approx(ago, abs=3)


async def test_provider_is_asked_for_credentials_again(place: Place, provider: Provider) -> None:
    """A sign-in that is to be fresh has the provider ask the person, and say when it did."""
    connector = await connect_provider(place, provider)
    async with Browser(place) as browser:
        again = query_of(await browser.start(connector.id, maxAge="0"))
        usual = query_of(await browser.start(connector.id))
    assert (again["prompt"], again["max_age"]) == ("login", "0")
    assert not {"prompt", "max_age"} & usual.keys()
    started = await place.anonymous().auth.start_provider(connector=connector.id, max_age=0)
    assert query_of(started.authorization_url)["prompt"] == "login"


async def test_age_is_judged_by_the_database(place: Place, owner: AsyncCentral) -> None:
    """Ten minutes are ten minutes of the database's clock, to the second."""
    user = await place.user()
    await change_sessions(place, place.owner_user.id, authenticated_at="now() - interval '10 minutes 1 second'")
    with pytest.raises(ForbiddenError) as refusal:
        await owner.users.delete(user=user.id)
    assert refusal.value.code == _CODE
    await change_sessions(place, place.owner_user.id, authenticated_at="now() - interval '9 minutes 55 seconds'")
    await owner.users.delete(user=user.id)
