"""Acting in somebody else's name: who may, what it can do, who sees it, and when it ends."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from unittest.mock import patch

import pytest

from central.errors import ConflictError, ForbiddenError, NotFoundError, UnauthenticatedError, ValidationFailedError
from central.kernel.ids import UserId
from central.users.models import User
from central_client import AsyncCentral, UnreadableAnswerError
from central_server.auth.issuing import SessionIssuer
from central_server.infra.http.idempotency import KeyedRequest
from central_server.users.service import UserService
from support.asgi import assert_problem
from support.database import superuser
from support.place import Place
from support.raw import Raw
from support.sessions import change_sessions, current_session, events, grow_stale, is_signed_in, session_row

REASON = "Looking into ticket 4711"


@pytest.fixture
async def user(place: Place) -> User:
    """Somebody to act as."""
    return await place.user("member")


async def test_view_acts_as_the_user(place: Place, admin: AsyncCentral, user: User) -> None:
    """Within the block a view is the user, and says who is behind it; the client's own session stays."""
    me = await admin.users.me()
    async with admin.impersonate(user=user.id, reason=REASON) as view:
        seen = await view.users.me()
        assert (seen.id, seen.email, seen.roles) == (user.id, user.email, ["member"])
        assert seen.impersonator is not None
        assert (seen.impersonator.id, seen.impersonator.display_name) == (me.id, me.display_name)
        assert view.session_token not in {admin.session_token, None}
        assert (await admin.users.me()).impersonator is None
    assert not await is_signed_in(view)
    assert (await admin.users.me()).id == me.id


async def test_user_sees_who_and_why(place: Place, admin: AsyncCentral, user: User) -> None:
    """The user finds the session among their own, also after its end, with who acts and why; and can end it."""
    client, me = await place.sign_in(user), await admin.users.me()
    async with admin.impersonate(user=user.id, reason=REASON) as view:
        (theirs,) = [s for s in (await client.sessions.list_mine().first_page()).items if not s.current]
        assert theirs.impersonator is not None
        assert (theirs.impersonator.id, theirs.impersonator.display_name) == (me.id, me.display_name)
        assert (theirs.impersonation_reason, theirs.connector_id) == (REASON, None)
        await client.sessions.revoke_mine(session=theirs.id)
        assert not await is_signed_in(view)
    (ended,) = (await client.sessions.list_mine(state="ended").first_page()).items
    assert (ended.id, ended.impersonation_reason, ended.ended_by) == (theirs.id, REASON, user.id)
    assert ended.impersonator is not None
    (known,) = (await place.owner.sessions.list(user=user.id, state="ended").first_page()).items
    assert (known.impersonator_id, known.impersonation_reason) == (me.id, REASON)
    assert (await client.users.me()).impersonator is None


async def test_it_is_no_sign_in_of_the_user(place: Place, admin: AsyncCentral, user: User) -> None:
    """The user has not signed in by it: neither the time of their last one changes, nor any session of theirs."""
    client = await place.sign_in(user)
    before = await place.owner.users.get(user=user.id)
    async with admin.impersonate(user=user.id, reason=REASON):
        assert await place.owner.users.get(user=user.id) == before
        assert await is_signed_in(client)


async def test_every_event_tells_who_is_behind_it(place: Place, user: User) -> None:
    """What is told of such a session names both, from its beginning to its end; the reason is in no event."""
    role = await place.owner.roles.create(slug="namer", name="Namer", permissions=["tenant:write"])
    await place.owner.users.update(user=user.id, roles=["member", role.slug])
    seen = len(await events(place))
    async with place.owner.impersonate(user=user.id, reason=REASON) as view:
        await view.tenants.rename(name="Renamed")
    told = (await events(place))[seen:]
    assert [event["kind"] for event in told] == ["session.started", "tenant.renamed", "sessions.ended"]
    assert {(event["actor"], event["impersonator"]) for event in told} == {(user.id, place.owner_user.id)}
    assert REASON not in json.dumps(told)
    row = (await place.owner.sessions.list(user=user.id, state="ended").first_page()).items[0]
    assert (row.ended_reason, row.ended_by) == ("signed_out", place.owner_user.id)


async def test_token_is_in_the_cookie_alone(place: Place, user: User) -> None:
    """The answer holds no token, sets the cookie as a sign-in does, and no reader of the database finds it."""
    path = f"/v1/tenants/{place.tenant.id}/users/{user.id}/impersonate"
    reply = await Raw(place.stack, place.owner).send("POST", path, {"reason": REASON, "duration": "PT10M"})
    assert reply.status == 201
    cookie = reply.header("set-cookie") or ""
    token = cookie.removeprefix("central_session=").partition(";")[0]
    assert set(cookie.split("; ")[1:]) == {"Max-Age=600", "Path=/", "HttpOnly", "SameSite=Lax"}
    assert len(token) == 43
    assert token not in reply.body.decode()
    assert (await place.stack.client(place.tenant.slug, token).users.me()).id == user.id
    assert await is_signed_in(place.owner)


@pytest.mark.parametrize(
    ("duration", "lifetime", "idle"),
    [(None, 1800, 900), (timedelta(hours=1), 3600, 900), (timedelta(minutes=1), 60, 60)],
)
async def test_it_is_short(place: Place, user: User, duration: timedelta | None, lifetime: int, idle: int) -> None:
    """It lasts for half an hour or as asked, up to one, and ends sooner when it is not used."""
    given = {} if duration is None else {"duration": duration}
    async with place.owner.impersonate(user=user.id, reason=REASON, **given) as view:
        row = await session_row(place, await current_session(view))
        assert (row["expires_at"] - row["created_at"]).total_seconds() == lifetime
        assert (row["idle_seconds"], row["powerful"]) == (idle, True)
        await change_sessions(place, user.id, last_used_at=f"now() - interval '{idle} seconds'")
        assert not await is_signed_in(view)


async def test_it_does_not_outlive_the_session_it_comes_from(place: Place, admin: AsyncCentral, user: User) -> None:
    """Whose own session ends in ten minutes acts in another's name for ten minutes at most."""
    me = await admin.users.me()
    await change_sessions(place, me.id, expires_at="now() + interval '10 minutes'")
    async with admin.impersonate(user=user.id, reason=REASON, duration=timedelta(hours=1)) as view:
        (session,) = (await view.sessions.list_mine().first_page()).items
        assert session.expires_at == (await admin.sessions.list_mine().first_page()).items[0].expires_at


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reason": ""},
        {"reason": " "},
        {"reason": "x" * 201},
        {"reason": "a\nb"},
        {"reason": "x", "duration": "PT1H1S"},
        {"reason": "x", "duration": 0},
        {"reason": "x", "duration": "PT59S"},
        {"reason": "x", "duration": None},
        {"reason": "x", "impersonator": "user-01H2XVNZ7C9NXWK3TMCRD9QWMN"},
    ],
)
async def test_reason_and_bounds(place: Place, user: User, body: dict[str, object]) -> None:
    """Without a reason, and for more than an hour, nobody acts in another's name."""
    path = f"/v1/tenants/{place.tenant.id}/users/{user.id}/impersonate"
    assert_problem(await Raw(place.stack, place.owner).send("POST", path, body), 422)


async def test_never_owners_operators_or_oneself(place: Place, owner: AsyncCentral, operator: AsyncCentral) -> None:
    """Not even an owner acts as an owner, an operator or themselves."""
    other_owner, me = await place.user("owner"), place.owner_user
    operates = await place.user("member")
    users = await place.stack.central.container.get(UserService)
    await users.TX_set_system_permissions(place.tenant.id, operates.id, ["tenants:read"])
    for user, code in (
        (other_owner.id, "owner_not_impersonated"),
        (operates.id, "operator_not_impersonated"),
        (me.id, "own_account"),
    ):
        with pytest.raises((ForbiddenError, ConflictError)) as refusal:
            async with owner.impersonate(user=user, reason=REASON):
                pass
        assert refusal.value.code == code


async def test_nobody_who_may_do_more(place: Place, owner: AsyncCentral, admin: AsyncCentral) -> None:
    """Who may do more than the caller is out of reach; who may do as much is not."""
    role = await owner.roles.create(
        slug="support", name="Support", permissions=["users:read", "units:read", "users:impersonate"]
    )
    support, powerful, equal = await place.signed_in(role.slug), await place.user("admin"), await place.user(role.slug)
    for user, code in ((powerful.id, "more_powerful"), (place.owner_user.id, "owner_not_impersonated")):
        with pytest.raises(ForbiddenError) as refusal:
            async with support.impersonate(user=user, reason=REASON):
                pass
        assert refusal.value.code == code
    async with support.impersonate(user=equal.id, reason=REASON) as view:
        assert (await view.users.me()).id == equal.id
    async with admin.impersonate(user=powerful.id, reason=REASON) as view:
        assert (await view.users.me()).id == powerful.id


async def test_who_is_not_here_or_disabled(place: Place, owner: AsyncCentral, other_place: Place, user: User) -> None:
    """People of other tenants, people who never were and people who are disabled are nobody to act as."""
    for absent in (other_place.owner_user.id, (await other_place.user()).id, UserId.new()):
        with pytest.raises(NotFoundError) as missing:
            async with owner.impersonate(user=absent, reason=REASON):
                pass
        assert missing.value.code == "user_not_found"
    await owner.users.disable(user=user.id)
    with pytest.raises(ForbiddenError) as refusal:
        async with owner.impersonate(user=user.id, reason=REASON):
            pass
    assert refusal.value.code == "user_disabled"


async def test_it_takes_the_permission_and_a_fresh_sign_in(
    place: Place, owner: AsyncCentral, member: AsyncCentral, user: User
) -> None:
    """A member may not, and whose sign-in is old signs in again first."""
    with pytest.raises(ForbiddenError) as refusal:
        async with member.impersonate(user=user.id, reason=REASON):
            pass
    assert refusal.value.code == "permission_missing"
    await grow_stale(place, place.owner_user.id)
    with pytest.raises(ForbiddenError) as refusal:
        async with owner.impersonate(user=user.id, reason=REASON):
            pass
    assert refusal.value.code == "reauthentication_required"


async def test_no_chains(place: Place, owner: AsyncCentral) -> None:
    """Whoever acts in another's name goes no further from there."""
    powerful, user = await place.user("admin"), await place.user()
    async with owner.impersonate(user=powerful.id, reason=REASON) as view:
        with pytest.raises(ForbiddenError) as refusal:
            async with view.impersonate(user=user.id, reason=REASON):
                pass
        assert refusal.value.code == "impersonation_refused"


async def test_credentials_stay_as_they_are(place: Place, owner: AsyncCentral) -> None:
    """In an administrator's name one changes neither people, addresses and roles, nor connectors and sessions."""
    powerful, user = await place.user("admin"), await place.user()
    (connector,) = (await owner.auth_connectors.list().first_page()).items
    async with owner.impersonate(user=powerful.id, reason=REASON) as view:
        for refused in (
            view.users.update(user=powerful.id, email="eve@example.com"),
            view.users.update(user=user.id, roles=["admin"]),
            view.users.create(email="eve@example.com"),
            view.users.disable(user=user.id),
            view.users.delete(user=user.id),
            view.roles.create(slug="x1", name="X", permissions=[]),
            view.auth_connectors.update(connector=connector.id, name="Mine"),
            view.sessions.revoke_all_mine(keep_current=True),
            view.sessions.revoke_all(user=user.id),
            view.sessions.revoke_matching(user=user.id),
        ):
            with pytest.raises(ForbiddenError) as refusal:
                await refused
            assert refusal.value.code == "impersonation_refused"
        assert (await view.users.list().first_page()).items
        await change_sessions(place, powerful.id, authenticated_at="now()")
        with pytest.raises(ForbiddenError):
            await view.users.delete(user=user.id)


async def test_operators_do_not_lend_their_powers(place: Place, owner: AsyncCentral, user: User) -> None:
    """A user who becomes an operator behind the application's back is none in a session of somebody else."""
    async with owner.impersonate(user=user.id, reason=REASON) as view:
        async with superuser(place.stack) as connection:
            await connection.execute(
                "UPDATE users SET system_permissions = '{tenants:read}' WHERE id = $1", user.id.uuid
            )
        with pytest.raises(ForbiddenError) as refusal:
            await view.tenants.list().first_page()
        assert refusal.value.code == "permission_missing"


Ending = Callable[[Place, AsyncCentral, UserId], Awaitable[object]]


async def _take_the_permission(place: Place, admin: AsyncCentral, _: UserId) -> None:
    await place.owner.roles.update(role="support", permissions=["users:read"])


async def _delete(place: Place, admin: AsyncCentral, me: UserId) -> None:
    await place.owner.users.delete(user=me)


_ENDINGS: dict[str, tuple[Ending, str | None]] = {
    "signs out": (lambda _, support, __: support.auth.sign_out(), "impersonator_left"),
    "is signed out": (lambda place, _, me: place.owner.sessions.revoke_all(user=me), "impersonator_left"),
    "is disabled": (lambda place, _, me: place.owner.users.disable(user=me), "impersonator_left"),
    "is deleted": (_delete, "impersonator_left"),
    "loses the role": (lambda place, _, me: place.owner.users.update(user=me, roles=["member"]), "impersonator_left"),
    "loses the permission": (_take_the_permission, None),
    "outlives their session": (
        lambda place, _, me: change_sessions(place, me, expires_at="now()"),
        None,
    ),
}


@pytest.mark.parametrize("ending", _ENDINGS)
async def test_it_ends_with_whoever_is_behind_it(place: Place, user: User, ending: str) -> None:
    """When the impersonator is no longer there, or may no longer, the next request finds it ended; others go on."""
    await place.owner.roles.create(
        slug="support", name="Support", permissions=["users:read", "units:read", "users:impersonate"]
    )
    support = await place.signed_in("support")
    me = (await support.users.me()).id
    view_of = support.impersonate(user=user.id, reason=REASON)
    other = place.owner.impersonate(user=user.id, reason=REASON)
    client = await place.sign_in(user)
    async with other as untouched:
        async with view_of as view:
            session = await current_session(view)
            act, reason = _ENDINGS[ending]
            await act(place, support, me)
            with pytest.raises(UnauthenticatedError):
                await view.users.me()
            row = await session_row(place, session)
            assert row["ended_reason"] == reason
            assert (row["ended_at"] is None) == (reason is None)
            assert row["impersonator_id"] == me.uuid
        assert await is_signed_in(untouched)
    assert await is_signed_in(client)


async def test_end_is_told_of_the_user(place: Place, admin: AsyncCentral, user: User) -> None:
    """That it ended with the impersonator's session is an event of the user's."""
    async with admin.impersonate(user=user.id, reason=REASON) as view:
        session, me = await current_session(view), (await admin.users.me()).id
        await admin.auth.sign_out()
    told = [event for event in await events(place, "sessions.ended") if event["userId"] == user.id]
    assert [(event["sessionIds"], event["reason"], event["actor"]) for event in told] == [
        ([session], "impersonator_left", me)
    ]


@pytest.mark.parametrize("change", ["user disabled", "user becomes owner", "tenant suspended"])
async def test_it_ends_with_the_user(place: Place, operator: AsyncCentral, user: User, change: str) -> None:
    """What ends the user's own sessions ends this one, and nobody finds themselves acting as an owner."""
    async with place.owner.impersonate(user=user.id, reason=REASON) as view:
        if change == "user disabled":
            await place.owner.users.disable(user=user.id)
        elif change == "user becomes owner":
            async with superuser(place.stack) as connection:
                await connection.execute("UPDATE user_roles SET role = 'owner' WHERE user_id = $1", user.id.uuid)
        else:
            await operator.tenants.suspend(tenant=place.tenant.id)
        with pytest.raises(UnauthenticatedError):
            await view.users.me()
        if change == "tenant suspended":
            await operator.tenants.reactivate(tenant=place.tenant.id)


async def test_what_both_may_counts_at_every_request(place: Place, user: User) -> None:
    """An impersonator who loses a permission meanwhile does not keep it in the other's name."""
    permissions = ["users:read", "units:read", "users:impersonate", "sessions:read"]
    await place.owner.roles.create(slug="support", name="Support", permissions=permissions)
    await place.owner.roles.create(slug="watch", name="Watch", permissions=["sessions:read"])
    await place.owner.users.update(user=user.id, roles=["member", "watch"])
    support = await place.signed_in("support")
    async with support.impersonate(user=user.id, reason=REASON) as view:
        await view.sessions.search().first_page()
        await place.owner.roles.update(role="support", permissions=permissions[:3])
        with pytest.raises(ForbiddenError) as refusal:
            await view.sessions.search().first_page()
        assert refusal.value.code == "permission_missing"


async def test_beginning_beside_an_end_leaves_no_living_session(place: Place, user: User) -> None:
    """An impersonation that begins while its session is being ended, in any way, does not outlive it, in any round."""
    for round_ in range(12):
        somebody = await place.user("admin")
        admin = await place.sign_in(somebody)
        token = admin.session_token
        again = place.stack.client(place.tenant.slug, token)
        view_of = admin.impersonate(user=user.id, reason=REASON)
        ends = (
            again.auth.sign_out(),
            place.owner.sessions.revoke_all(user=somebody.id),
            place.owner.users.disable(user=somebody.id),
            place.owner.users.update(user=somebody.id, roles=["member"]),
        )
        begun, _ = await asyncio.gather(view_of.__aenter__(), ends[round_ % 4], return_exceptions=True)
        for unused in (end for number, end in enumerate(ends) if number != round_ % 4):
            unused.close()
        if isinstance(begun, AsyncCentral):
            assert not await is_signed_in(begun)
        else:
            assert isinstance(begun, UnauthenticatedError | ForbiddenError), begun
        live = (await place.owner.sessions.list(user=user.id).first_page()).items
        assert live == []


async def test_it_goes_through_the_one_gate(place: Place, owner: AsyncCentral, operator: AsyncCentral) -> None:
    """A tenant that is suspended, a user who is disabled and a session that ends mid-flow are met by the gate."""
    issuer = await place.stack.central.container.get(SessionIssuer)
    original = issuer.issue_session

    async def suspended() -> object:
        return await operator.tenants.suspend(tenant=place.tenant.id)

    async def ended() -> object:
        return await change_sessions(place, place.owner_user.id, ended_at="now()")

    for meanwhile, error in ((ended, UnauthenticatedError), (suspended, ForbiddenError)):
        user, client = await place.user(), await place.sign_in(place.owner_user)

        async def issue(*args: object, meanwhile=meanwhile, **kwargs: object):
            await meanwhile()
            return await original(*args, **kwargs)

        with patch.object(issuer, "issue_session", issue), pytest.raises(error):
            async with client.impersonate(user=user.id, reason=REASON):
                pass
        place.owner = await place.sign_in(place.owner_user) if meanwhile is ended else place.owner
    await operator.tenants.reactivate(tenant=place.tenant.id)


async def test_repetition_brings_no_session(place: Place, owner: AsyncCentral, user: User) -> None:
    """The token is kept nowhere: the repetition of a request has none to bring, and says so."""
    keyed = owner.with_options(idempotency_key="the-same")
    await keyed.users.impersonate(user=user.id, reason=REASON)
    with pytest.raises(UnreadableAnswerError):
        async with keyed.impersonate(user=user.id, reason=REASON):
            pass
    assert len((await owner.sessions.list(user=user.id).first_page()).items) == 1


async def test_failure_takes_no_session_away(place: Place, owner: AsyncCentral, user: User) -> None:
    """An answer that says that it failed leaves the caller's cookie alone, also when it fails at the very end."""
    path = f"/v1/tenants/{place.tenant.id}/users/{user.id}/impersonate"
    with patch.object(KeyedRequest, "keep", side_effect=RuntimeError("the commit fails")):
        reply = await Raw(place.stack, owner).send("POST", path, {"reason": REASON}, ("idempotency-key", "k"))
    assert (reply.status, reply.header("set-cookie")) == (500, None)
    assert (await owner.sessions.list(user=user.id, state="all").first_page()).items == []


async def test_client_checks_before_it_asks(owner: AsyncCentral, user: User) -> None:
    """A duration that cannot be is refused before anything is sent."""
    with pytest.raises(ValidationFailedError):
        async with owner.impersonate(user=user.id, reason=REASON, duration=timedelta(hours=2)):
            pass


async def test_error_of_the_block_is_what_counts(place: Place, owner: AsyncCentral, user: User) -> None:
    """What the block raises comes out of it, and the session has ended all the same."""
    views = []

    async def fail() -> None:
        async with owner.impersonate(user=user.id, reason=REASON) as view:
            views.append(view)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert not await is_signed_in(views[0])
    assert (await owner.sessions.list(user=user.id).first_page()).items == []


async def test_members_of_the_contract_call_it(owner: AsyncCentral, user: User) -> None:
    """The operation itself leaves the client's session alone, and gives what was begun."""
    begun = await owner.users.impersonate(user=user.id, reason=REASON)
    assert (begun.user.id, begun.session.user_id, begun.session.impersonation_reason) == (user.id, user.id, REASON)
    assert (await owner.users.me()).impersonator is None
