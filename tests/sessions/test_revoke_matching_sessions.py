import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from central.errors import ForbiddenError
from central.kernel.ids import UserId
from central_client import AsyncCentral
from central_server.sessions import service
from support.asgi import assert_problem
from support.place import Place
from support.raw import Raw
from support.sessions import change_sessions, current_session, events, is_signed_in


async def _signed_in(place: Place, times: int, address: str) -> tuple[UserId, list[AsyncCentral]]:
    user = await place.user()
    clients = [await place.sign_in(user) for _ in range(times)]
    await change_sessions(place, user.id, address=f"'{address}'")
    return user.id, clients


async def _alive(clients: list[AsyncCentral]) -> int:
    return sum([await is_signed_in(client) for client in clients])


async def test_by_network_and_user(place: Place, admin: AsyncCentral) -> None:
    """Exactly the sessions end for which all that is given holds, and it is told of user by user."""
    ada, of_ada = await _signed_in(place, 3, "192.0.2.7")
    eve, of_eve = await _signed_in(place, 2, "192.0.2.9")
    _, of_mallory = await _signed_in(place, 2, "198.51.100.1")
    await admin.sessions.revoke_matching(address="192.0.2.0/24", user=ada)
    assert [await _alive(clients) for clients in (of_ada, of_eve, of_mallory)] == [0, 2, 2]
    revoked = await admin.sessions.revoke_matching(address="192.0.2.0/24")
    assert (revoked.matched, revoked.revoked, len(revoked.session_ids)) == (2, 2, 2)
    assert [await _alive(clients) for clients in (of_eve, of_mallory, [place.owner, admin])] == [0, 2, 2]
    told = await events(place, "sessions.ended")
    assert [(event["userId"], len(event["sessionIds"]), event["reason"]) for event in told] == [
        (ada, 3, "revoked"),
        (eve, 2, "revoked"),
    ]
    assert {event["actor"] for event in told} == {(await admin.users.me()).id}


async def test_dry_run_changes_nothing(place: Place, owner: AsyncCentral) -> None:
    """A dry run says which sessions would end, and none does."""
    user, clients = await _signed_in(place, 4, "192.0.2.7")
    ids = {await current_session(client) for client in clients}
    looked = await owner.sessions.revoke_matching(user=user, dry_run=True)
    assert (looked.matched, looked.revoked, set(looked.session_ids)) == (4, 0, ids)
    assert await _alive(clients) == 4
    assert await events(place, "sessions.ended") == []
    done = await owner.sessions.revoke_matching(user=user)
    assert (done.matched, done.revoked, set(done.session_ids)) == (4, 4, ids)


async def test_before_a_time(place: Place, owner: AsyncCentral) -> None:
    """What began before a time ends, and what began after it stays."""
    old, of_old = await _signed_in(place, 2, "192.0.2.7")
    _, of_new = await _signed_in(place, 2, "192.0.2.7")
    await change_sessions(place, old, created_at="now() - interval '2 hours'")
    await owner.sessions.revoke_matching(created_before=datetime.now(UTC) - timedelta(hours=1))
    assert [await _alive(clients) for clients in (of_old, of_new)] == [0, 2]


async def test_own_session_stays_unless_asked(place: Place, owner: AsyncCentral) -> None:
    """Whoever ends everything keeps the session that asks, unless they say that it may go too."""
    other = await place.sign_in(place.owner_user)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert (await owner.sessions.revoke_matching(created_before=tomorrow, dry_run=True)).matched == 1
    await owner.sessions.revoke_matching(created_before=tomorrow)
    assert [await is_signed_in(client) for client in (owner, other)] == [True, False]
    await owner.sessions.revoke_matching(user=place.owner_user.id, include_current=True)
    assert not await is_signed_in(owner)


@pytest.mark.parametrize("body", [{}, {"dryRun": True}, {"user": None}, {"includeCurrent": True}])
async def test_everything_is_not_the_default(place: Place, body: dict[str, object]) -> None:
    """Without any filter nothing ends: whoever means all says up to when."""
    path = f"/v1/tenants/{place.tenant.id}/sessions/revoke-matching"
    problem = assert_problem(await Raw(place.stack, place.owner).send("POST", path, body), 422)
    assert [error["code"] for error in problem["fieldErrors"]] == ["filter_missing"]


async def test_batches_are_one_transaction(place: Place, owner: AsyncCentral, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many sessions there are, they end together, batch by batch, or not at all."""
    monkeypatch.setattr(service, "_BATCH", 3)
    _, clients = await _signed_in(place, 8, "192.0.2.7")
    ended = service.SessionService._end

    async def fail_at_the_third(self, query, tenant, reason, by, executor, **which):
        batch = await ended(self, query, tenant, reason, by, executor, **which)
        if len(batch) < 3:
            raise RuntimeError("the third batch fails")
        return batch

    with monkeypatch.context() as failing:
        failing.setattr(service.SessionService, "_end", fail_at_the_third)
        with pytest.raises(Exception, match="Something went wrong"):
            await owner.sessions.revoke_matching(address="192.0.2.7")
    assert await _alive(clients) == 8
    assert (await owner.sessions.revoke_matching(address="192.0.2.7")).revoked == 8
    assert await _alive(clients) == 0


async def test_many_at_once_end_each_session_once(place: Place, owner: AsyncCentral) -> None:
    """Twenty callers who end the same sessions, by filter and by user, do not get into each other's way."""
    user, clients = await _signed_in(place, 30, "192.0.2.7")
    outcomes = await asyncio.gather(
        *(owner.sessions.revoke_matching(address="192.0.2.7") for _ in range(10)),
        *(owner.sessions.revoke_all(user=user) for _ in range(10)),
    )
    assert sum(outcome.revoked for outcome in outcomes) == 30
    told = await events(place, "sessions.ended")
    assert sum(len(event["sessionIds"]) for event in told) == 30
    assert await _alive(clients) == 0


async def test_members_and_other_tenants_end_nothing(
    place: Place, member: AsyncCentral, other_tenant: AsyncCentral
) -> None:
    """A member may not; another tenant's owner ends nothing here, whatever ids they know."""
    user, clients = await _signed_in(place, 2, "192.0.2.7")
    with pytest.raises(ForbiddenError):
        await member.sessions.revoke_matching(user=user)
    assert (await other_tenant.sessions.revoke_matching(user=user)).matched == 0
    await other_tenant.sessions.revoke_matching(created_before=datetime.now(UTC) + timedelta(days=1))
    assert await _alive(clients) == 2
