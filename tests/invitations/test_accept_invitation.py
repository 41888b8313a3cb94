"""Accepting an invitation: somebody new, somebody known, and somebody else."""

from datetime import timedelta

import pytest

from central.errors import ForbiddenError, GoneError, UnauthenticatedError
from central_client import AsyncCentral
from support.asgi import assert_problem
from support.database import superuser
from support.inviting import Invited, invite, invite_by_hand, rows, told
from support.place import Place
from support.raw import Raw
from support.signing_in import count_sessions, mailed_code, run_sql, sign_in_by_code


async def _state(place: Place, invited: Invited) -> str:
    return str((await place.owner.invitations.get(invitation=invited.id)).state)


async def test_somebody_new_gets_an_account_and_is_signed_in(place: Place, anonymous: AsyncCentral) -> None:
    """The mailed link makes a user with the invited roles and a verified address, signed in by the tenant's codes."""
    invited = await invite(place, "Ada@example.com", "admin", "member")
    accepted = await anonymous.invitations.accept(token=invited.token)
    assert (accepted.outcome, accepted.connector) == ("accepted", None)
    assert accepted.signed_in is not None
    me = await anonymous.users.me()
    assert me == accepted.signed_in.user
    assert (me.email, me.email_verified, me.display_name, me.roles) == (
        "Ada@example.com",
        True,
        "Ada",
        ["admin", "member"],
    )
    (codes,) = [c async for c in place.owner.auth_connectors.list()]
    assert accepted.signed_in.session.connector_id == codes.id
    after = await place.owner.invitations.get(invitation=invited.id)
    assert (after.state, after.accepted_by, after.version) == ("accepted", me.id, 2)
    assert after.accepted_at is not None
    (event,) = await told(place, "invitation.accepted")
    assert (event["invitationId"], event["userId"], event["actor"]) == (invited.id, me.id, me.id)
    granted = await rows(
        place, "SELECT DISTINCT granted_by FROM user_roles WHERE tenant_id = $1 AND user_id = $2", me.id.uuid
    )
    assert [row["granted_by"] for row in granted] == [place.owner_user.id.uuid]


async def test_session_has_the_lifetime_of_the_roles(place: Place) -> None:
    """Whoever is invited to administer gets an administrator's session, others a member's."""
    for role, days in (("admin", 1), ("member", 30)):
        invited = await invite(place, f"{role}@example.com", role)
        accepted = await place.anonymous().invitations.accept(token=invited.token)
        assert accepted.signed_in is not None
        session = accepted.signed_in.session
        assert session.expires_at - session.created_at == timedelta(days=days)


async def test_link_by_hand_proves_no_mailbox(place: Place, anonymous: AsyncCentral) -> None:
    """Who was handed a link gets in, with an address that is not verified; its rightful owner puts them out."""
    invited = await invite_by_hand(place, "ceo@example.com")
    await anonymous.invitations.accept(token=invited.token)
    squatter = await anonymous.users.me()
    assert not squatter.email_verified
    rightful = place.anonymous()
    signed_in = await sign_in_by_code(place, rightful, "ceo@example.com")
    assert (signed_in.user.id, signed_in.user.email_verified) == (squatter.id, True)
    with pytest.raises(UnauthenticatedError):
        await anonymous.users.me()
    assert (await rightful.users.me()).id == squatter.id
    await sign_in_by_code(place, place.anonymous(), "ceo@example.com")
    assert await rightful.users.me(), "a second sign-in puts nobody out"


async def test_handed_and_then_mailed_proves_the_mailbox(place: Place, anonymous: AsyncCentral) -> None:
    """What counts is how the link that is used was delivered."""
    handed = await invite_by_hand(place, "ada@example.com")
    mailed = await invite(place, "ada@example.com")
    assert mailed.id == handed.id
    await anonymous.invitations.accept(token=mailed.token)
    assert (await anonymous.users.me()).email_verified


async def test_somebody_known_signs_in_first(place: Place, anonymous: AsyncCentral) -> None:
    """Without a session a known person is asked to sign in; that sign-in, in the same client, accepts."""
    user = await place.user(email="ada@example.com")
    invited = await invite(place, "ADA@example.com", "admin")
    asked = await anonymous.invitations.accept(token=invited.token)
    assert (asked.outcome, asked.signed_in) == ("sign_in_needed", None)
    assert asked.connector is not None
    assert asked.connector.kind == "email_code"
    assert anonymous.session_token is None
    assert await _state(place, invited) == "pending"
    signed_in = await sign_in_by_code(place, anonymous, "ada@example.com")
    assert (signed_in.user.id, signed_in.user.roles) == (user.id, ["admin", "member"])
    session = signed_in.session
    assert session.expires_at - session.created_at == timedelta(days=1), "as long as an administrator's"
    after = await place.owner.invitations.get(invitation=invited.id)
    assert (after.state, after.accepted_by) == ("accepted", user.id)


async def test_sign_in_elsewhere_accepts_nothing(place: Place, anonymous: AsyncCentral) -> None:
    """Another browser's sign-in, and one of another person, leave the invitation alone; the right one accepts."""
    await place.user(email="ada@example.com")
    await place.user(email="eve@example.com")
    invited = await invite(place, "ada@example.com", "admin")
    await anonymous.invitations.accept(token=invited.token)
    assert (await sign_in_by_code(place, place.anonymous(), "ada@example.com")).user.roles == ["member"]
    assert (await sign_in_by_code(place, anonymous, "eve@example.com")).user.roles == ["member"]
    assert await _state(place, invited) == "pending"
    assert (await sign_in_by_code(place, anonymous, "ada@example.com")).user.roles == ["admin", "member"]


async def test_sign_in_comes_within_half_an_hour(place: Place, anonymous: AsyncCentral) -> None:
    """A sign-in that comes later is one as any other."""
    await place.user(email="ada@example.com")
    invited = await invite(place, "ada@example.com", "admin")
    await anonymous.invitations.accept(token=invited.token)
    begun = "UPDATE invitations SET begun_at = now() - interval '{} minutes' WHERE id = $1"
    await run_sql(place, begun.format(30), invited.id.uuid)
    assert (await sign_in_by_code(place, anonymous, "ada@example.com")).user.roles == ["member"]
    assert await _state(place, invited) == "pending"
    await run_sql(place, begun.format(29), invited.id.uuid)
    assert (await sign_in_by_code(place, anonymous, "ada@example.com")).user.roles == ["admin", "member"]


async def test_failed_sign_in_uses_nothing_up(place: Place, anonymous: AsyncCentral) -> None:
    """A wrong code, and a user who is disabled before the right one comes, leave the invitation pending."""
    user = await place.user(email="ada@example.com")
    invited = await invite(place, "ada@example.com", "admin")
    await anonymous.invitations.accept(token=invited.token)
    started = await anonymous.auth.start_email_code(email="ada@example.com")
    code = await mailed_code(place, started.sign_in)
    with pytest.raises(UnauthenticatedError):
        await anonymous.auth.verify_email_code(sign_in=started.sign_in, code=f"{(int(code) + 1) % 1_000_000:06d}")
    await place.owner.users.disable(user=user.id)
    with pytest.raises(ForbiddenError) as refusal:
        await anonymous.auth.verify_email_code(sign_in=started.sign_in, code=code)
    assert refusal.value.code == "user_disabled"
    assert await _state(place, invited) == "pending"
    assert (await place.owner.users.get(user=user.id)).roles == ["member"]


async def test_somebody_signed_in_accepts_at_once(place: Place) -> None:
    """The roles are added and nothing else changes; all older sessions end, and this one goes on with a new token."""
    user = await place.user(email="ada@example.com")
    client, elsewhere = place.anonymous(), await place.sign_in(user)
    await sign_in_by_code(place, client, "ada@example.com")
    old = client.session_token
    await run_sql(
        place,
        "UPDATE sessions SET authenticated_at = now() - interval '1 hour', expires_at = now() + interval '2 hours'"
        " WHERE user_id = $1",
        user.id.uuid,
    )
    before = await place.owner.users.get(user=user.id)
    invited = await invite(place, "ada@example.com", "admin")
    accepted = await client.invitations.accept(token=invited.token)
    assert accepted.outcome == "accepted"
    assert accepted.signed_in is not None
    assert accepted.signed_in.user.roles == ["admin", "member"]
    after = await place.owner.users.get(user=user.id)
    changing = {"roles", "version", "updated_at", "last_sign_in_at"}
    assert after.model_dump(exclude=changing) == before.model_dump(exclude=changing)
    assert client.session_token not in {None, old}
    assert (await client.users.me()).roles == ["admin", "member"]
    assert old is not None
    for ended in (elsewhere, place.stack.client(place.tenant.slug, old.get_secret_value())):
        with pytest.raises(UnauthenticatedError):
            await ended.users.me()
    (row,) = await rows(
        place,
        "SELECT authenticated_at < now() - interval '59 minutes' AS stale, expires_at < now() + interval '3 hours' AS"
        " soon, connector_id FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND ended_at IS NULL",
        user.id.uuid,
    )
    assert (row["stale"], row["soon"]) == (True, True), "accepting is no sign-in"
    assert row["connector_id"] == (accepted.signed_in.session.connector_id or "").uuid


async def test_who_holds_the_roles_already_keeps_their_session(place: Place) -> None:
    """Accepting what one has changes nothing but the invitation."""
    user = await place.user("member", "admin", email="ada@example.com")
    client = await place.sign_in(user)
    token, before = client.session_token, await place.owner.users.get(user=user.id)
    invited = await invite(place, "ada@example.com", "admin")
    accepted = await client.invitations.accept(token=invited.token)
    assert (accepted.outcome, accepted.signed_in) == ("accepted", None)
    assert client.session_token == token
    assert await place.owner.users.get(user=user.id) == before
    assert await _state(place, invited) == "accepted"


async def test_role_with_an_end_becomes_lasting(place: Place) -> None:
    """A role that was held for a time is held without an end once it is accepted; what one may do now is the same."""
    user = await place.user(email="ada@example.com")
    async with superuser(place.stack) as connection:
        await connection.execute(
            "INSERT INTO user_roles (tenant_id, user_id, role, expires_at)"
            " VALUES ($1, $2, 'admin', now() + interval '1 day')",
            place.tenant.id.uuid,
            user.id.uuid,
        )
    client = await place.sign_in(user)
    invited = await invite(place, "ada@example.com", "admin")
    assert (await client.invitations.accept(token=invited.token)).signed_in is None
    assert (await client.users.me()).roles == ["admin", "member"]
    found = await rows(
        place, "SELECT role FROM user_roles WHERE tenant_id = $1 AND user_id = $2 AND expires_at IS NULL", user.id.uuid
    )
    assert {row["role"] for row in found} == {"admin", "member"}


async def test_accepting_again_is_answered_as_before(place: Place) -> None:
    """Whoever accepted, and lost the answer, is told so again; nobody else is."""
    user = await place.user(email="ada@example.com")
    client = await place.sign_in(user)
    invited = await invite(place, "ada@example.com", "admin")
    await client.invitations.accept(token=invited.token)
    again = await client.invitations.accept(token=invited.token)
    assert (again.outcome, again.signed_in) == ("accepted", None)
    assert len(await told(place, "invitation.accepted")) == 1
    for other in (place.anonymous(), await place.signed_in("member")):
        with pytest.raises(GoneError) as refusal:
            await other.invitations.accept(token=invited.token)
        assert refusal.value.code == "invitation_accepted"


@pytest.mark.parametrize("invitee", ["known", "new"])
async def test_another_who_is_signed_in_is_refused(place: Place, invitee: str) -> None:
    """Somebody else's session takes no invitation, be the invited person known here or not; it can be used later."""
    if invitee == "known":
        await place.user(email="zuleika@example.com")
    other_user = await place.user(email="eve@example.com")
    other = await place.sign_in(other_user)
    invited = await invite(place, "zuleika@example.com", "admin")
    token = other.session_token
    with pytest.raises(ForbiddenError) as refusal:
        await other.invitations.accept(token=invited.token)
    assert refusal.value.code == "signed_in_as_another"
    assert "zuleika" not in str(refusal.value)
    assert other.session_token == token
    assert (await other.users.me()).roles == ["member"]
    assert await _state(place, invited) == "pending"
    await other.auth.sign_out()
    outcome = (await other.invitations.accept(token=invited.token)).outcome
    assert outcome == ("sign_in_needed" if invitee == "known" else "accepted")


async def test_session_of_another_tenant_is_nobodys_here(place: Place, other_place: Place) -> None:
    """Being signed in elsewhere neither helps nor hinders: the account here is one's own, and so is the session."""
    stranger = await other_place.user(email="ada@example.com")
    elsewhere = await other_place.sign_in(stranger)
    assert elsewhere.session_token is not None
    client = place.stack.client(place.tenant.slug, elsewhere.session_token.get_secret_value())
    invited = await invite(place, "ada@example.com", "admin")
    accepted = await client.invitations.accept(token=invited.token)
    assert accepted.signed_in is not None
    assert accepted.signed_in.user.tenant_id == place.tenant.id
    assert (await elsewhere.users.me()).roles == ["member"], "untouched"
    assert await told(other_place, "invitation.accepted") == []


async def test_disabled_user_is_refused(place: Place, anonymous: AsyncCentral) -> None:
    """An invitation does not open what was closed; enabled again, the person can accept."""
    user = await place.user(email="ada@example.com")
    await place.owner.users.disable(user=user.id)
    invited = await invite(place, "ada@example.com", "admin")
    with pytest.raises(ForbiddenError) as refusal:
        await anonymous.invitations.accept(token=invited.token)
    assert refusal.value.code == "user_disabled"
    assert await _state(place, invited) == "pending"
    await place.owner.users.enable(user=user.id)
    assert (await anonymous.invitations.accept(token=invited.token)).outcome == "sign_in_needed"


async def test_nobody_accepts_in_anothers_name(place: Place, admin: AsyncCentral) -> None:
    """A session that somebody else uses in the person's name accepts nothing: it would become the person's own."""
    user = await place.user(email="ada@example.com")
    invited = await invite(place, "ada@example.com", "admin")
    async with admin.impersonate(user=user.id, reason="An example") as view:
        with pytest.raises(ForbiddenError) as refusal:
            await view.invitations.accept(token=invited.token)
    assert refusal.value.code == "impersonating"
    assert await _state(place, invited) == "pending"


async def test_second_address_of_somebody_counts_once_it_is_proven(place: Place) -> None:
    """An invitation to a verified second address is the person's; an unproven claim to one makes it nobody's."""
    user = await place.user(email="ada@example.com")
    client = await place.sign_in(user)
    invited = await invite(place, "second@example.com", "admin")
    async with superuser(place.stack) as connection:
        await connection.execute(
            "INSERT INTO user_emails (tenant_id, user_id, email) VALUES ($1, $2, 'second@example.com')",
            place.tenant.id.uuid,
            user.id.uuid,
        )
    with pytest.raises(ForbiddenError) as refusal:
        await client.invitations.accept(token=invited.token)
    assert refusal.value.code == "signed_in_as_another"
    await run_sql(place, "UPDATE user_emails SET verified = true WHERE email = 'second@example.com'")
    assert (await client.invitations.accept(token=invited.token)).outcome == "accepted"
    assert (await client.users.me()).roles == ["admin", "member"]


async def test_unproven_claim_gives_way_to_a_mailed_link_only(place: Place, anonymous: AsyncCentral) -> None:
    """Who was mailed a link has the address, whoever else says so; a link that was handed over shows nothing."""
    eve = await place.user(email="eve@example.com")
    await place.owner.emails.add(user=eve.id, email="ada@example.com")
    handed = await invite_by_hand(place, "ada@example.com")
    path = f"/v1/tenants/{place.tenant.slug}/auth/invitation/accept"
    assert_problem(await Raw(place.stack).send("POST", path, {"token": handed.token}), 409, code="email_taken")
    assert await _state(place, handed) == "pending"
    assert await count_sessions(place) == 0
    mailed = await invite(place, "ada@example.com")
    assert (await anonymous.invitations.accept(token=mailed.token)).outcome == "accepted"
    assert (await anonymous.users.me()).email_verified
    assert [email.email async for email in place.owner.emails.list(user=eve.id)] == ["eve@example.com"]


async def test_other_pages_cannot_accept(place: Place) -> None:
    """A page of another site neither accepts nor looks on behalf of a visitor."""
    invited = await invite(place, "ada@example.com")
    for name in ("invitation", "invitation/accept"):
        path = f"/v1/tenants/{place.tenant.slug}/auth/{name}"
        for headers in ([("origin", "https://evil.example")], [("sec-fetch-site", "cross-site")]):
            reply = await Raw(place.stack).send("POST", path, {"token": invited.token}, *headers)
            assert_problem(reply, 403, code="origin_not_allowed")
        form = await Raw(place.stack).send(
            "POST", path, b"token=" + invited.token.encode(), ("content-type", "application/x-www-form-urlencoded")
        )
        assert_problem(form, 400, code="json_expected")
    assert await _state(place, invited) == "pending"
