"""Inviting an address: one pending invitation each, and a link that only its mailbox sees, or only its maker."""

import asyncio
import json
import secrets

import pytest

from central.errors import ForbiddenError, NotFoundError, RateLimitedError, ValidationFailedError
from central.kernel.ids import InvitationId
from central_client import AsyncCentral
from support.asgi import assert_problem
from support.inviting import Invited, invite, invite_by_hand, rows, token_of, told, waiting_token
from support.place import BASE_URL, Place
from support.raw import Raw
from support.signing_in import run_sql

MINUTE_LATER = "UPDATE invitations SET last_requested_at = last_requested_at - interval '61 seconds' WHERE id = $1"


async def _minute_later(place: Place, invitation: InvitationId) -> None:
    await run_sql(place, MINUTE_LATER, invitation.uuid)


async def test_address_is_invited(owner: AsyncCentral, place: Place) -> None:
    """An invitation is pending for a week, says who made it, and asks for one mail; its link is in no answer."""
    made = await owner.invitations.create(
        email=" Ada@Example.com ", roles=["member", "admin"], message="Welcome!\nSee you on Monday."
    )
    assert (made.created, made.mail_requested, made.link) == (True, True, None)
    invitation = made.invitation
    assert isinstance(invitation.id, InvitationId)
    assert (invitation.email, invitation.roles) == ("Ada@Example.com", ["admin", "member"])
    assert invitation.message == "Welcome!\nSee you on Monday."
    assert (invitation.state, invitation.delivery, invitation.version, invitation.sent_count) == (
        "pending",
        "mail",
        1,
        0,
    )
    assert invitation.created_by == invitation.invited_by == place.owner_user.id
    assert (invitation.expires_at - invitation.created_at).days == 7
    assert await owner.invitations.get(invitation=invitation.id) == invitation
    (created,) = await told(place, "invitation.created")
    assert (created["invitationId"], created["delivery"], created["actor"]) == (
        invitation.id,
        "mail",
        place.owner_user.id,
    )
    assert [event["invitationId"] for event in await told(place, "invitation.mail_requested")] == [invitation.id]
    assert "example.com" not in json.dumps([created]).lower()


async def test_link_is_handed_over_once(owner: AsyncCentral, place: Place) -> None:
    """Without a mail the link is in the answer, and nowhere else: neither mailed, nor kept, nor shown again."""
    made = await owner.invitations.create(email="ada@example.com", send=False)
    assert made.link == f"{BASE_URL}/invitations/{place.tenant.slug}/{token_of(made)}"
    assert (made.mail_requested, made.invitation.delivery) == (False, "hand")
    assert made.link not in repr(made)
    assert token_of(made) not in repr(made)
    assert await told(place, "invitation.mail_requested") == []
    (row,) = await rows(place, "SELECT to_jsonb(i)::text AS row, token FROM invitations i WHERE tenant_id = $1")
    assert row["token"] is None
    assert token_of(made) not in row["row"]
    assert token_of(made).encode().hex() not in row["row"]
    shown = await owner.invitations.get(invitation=made.invitation.id)
    assert token_of(made) not in shown.model_dump_json()


async def test_inviting_again_changes_the_pending_invitation(owner: AsyncCentral, place: Place) -> None:
    """The same address, in whatever case, has one pending invitation, with the newest roles, words and time."""
    first = await owner.invitations.create(email="ada@example.com", message="Hello")
    second = await owner.invitations.create(email="ADA@example.com", roles=["admin"], expires_in_days=30)
    assert (second.created, second.invitation.id) == (False, first.invitation.id)
    assert (second.invitation.email, second.invitation.roles, second.invitation.message) == (
        "ada@example.com",
        ["admin"],
        None,
    )
    assert second.invitation.expires_at > first.invitation.expires_at
    assert second.invitation.version == 2
    assert [i.id async for i in owner.invitations.list()] == [first.invitation.id]
    assert len(await told(place, "invitation.updated")) == 1


async def test_inviting_again_within_a_minute_mails_nothing(place: Place) -> None:
    """The mail of a moment ago is enough, and its link stays good; a minute later there is a new one."""
    first = await invite(place, "ada@example.com")
    again = await place.owner.invitations.create(email="ada@example.com", roles=["admin"])
    assert not again.mail_requested
    assert (await place.anonymous().invitations.get_public(token=first.token)).roles == ["admin"]
    await _minute_later(place, first.id)
    later = await place.owner.invitations.create(email="ada@example.com")
    assert later.mail_requested
    assert len(await told(place, "invitation.mail_requested")) == 2
    with pytest.raises(NotFoundError):
        await place.anonymous().invitations.get_public(token=first.token)
    assert await place.anonymous().invitations.get_public(token=await waiting_token(place, first.id))


async def test_link_by_hand_ends_the_mailed_one_and_the_other_way_round(place: Place) -> None:
    """There is one link at a time: the newest, whose way of delivery the invitation tells."""
    mailed = await invite(place, "ada@example.com")
    handed = await invite_by_hand(place, "ada@example.com")
    assert (handed.id, handed.invitation.delivery) == (mailed.id, "hand")
    again = await invite(place, "ada@example.com")
    assert (again.id, again.invitation.delivery) == (mailed.id, "mail")
    for dead in (mailed, handed):
        with pytest.raises(NotFoundError):
            await place.anonymous().invitations.get_public(token=dead.token)
    assert await place.anonymous().invitations.get_public(token=again.token)


async def test_what_has_run_out_makes_room(owner: AsyncCentral, place: Place) -> None:
    """An address whose invitation has run out gets a new one; the old one stays as it was, and its link leads on."""
    old = await invite(place, "ada@example.com")
    await run_sql(place, "UPDATE invitations SET expires_at = now() WHERE id = $1", old.id.uuid)
    made = await owner.invitations.create(email="Ada@example.com")
    assert made.created
    assert made.invitation.id != old.id
    assert (await owner.invitations.get(invitation=old.id)).state == "expired"
    assert [event["invitationId"] for event in await told(place, "invitation.expired")] == [old.id]


@pytest.mark.parametrize("how", ["accepted", "revoked"])
async def test_what_is_over_makes_room(owner: AsyncCentral, place: Place, how: str) -> None:
    """An address whose invitation was accepted or revoked can be invited anew."""
    old = await invite(place, "ada@example.com")
    if how == "accepted":
        await place.anonymous().invitations.accept(token=old.token)
    else:
        await owner.invitations.revoke(invitation=old.id)
    made = await owner.invitations.create(email="ada@example.com", roles=["admin"])
    assert (made.created, made.mail_requested) == (True, True)
    assert [i.state async for i in owner.invitations.list()] == ["pending", how]


async def test_address_of_another_tenant_is_free(owner: AsyncCentral, other_tenant: AsyncCentral) -> None:
    """Tenants invite the same address without learning of each other."""
    first = await owner.invitations.create(email="ada@example.com")
    assert (await other_tenant.invitations.create(email="ada@example.com")).created
    with pytest.raises(NotFoundError):
        await other_tenant.invitations.get(invitation=first.invitation.id)


async def test_of_fifty_at_once_one_is_made(owner: AsyncCentral, place: Place) -> None:
    """One address, invited fifty times at once in different cases, has one invitation and one mail."""
    emails = ["".join(secrets.choice((c.lower(), c.upper())) for c in "ada@example.com") for _ in range(50)]
    made = await owner.gather([owner.invitations.create(email=email) for email in emails], limit=50)
    assert [one.created for one in made].count(True) == 1
    assert [one.mail_requested for one in made].count(True) == 1
    assert len({one.invitation.id for one in made}) == 1
    assert len([i async for i in owner.invitations.list()]) == 1
    assert len(await told(place, "invitation.mail_requested")) == 1


async def test_nobody_invites_beyond_what_they_hold(place: Place, admin: AsyncCentral) -> None:
    """An admin invites admins, no owners; whoever may invite and no more invites to no more."""
    assert (await admin.invitations.create(email="a@example.com", roles=["admin"])).created
    with pytest.raises(ForbiddenError) as refusal:
        await admin.invitations.create(email="b@example.com", roles=["owner"])
    assert refusal.value.code == "owner_needed"
    await place.owner.roles.create(
        slug="host", name="Host", permissions=["users:read", "units:read", "invitations:read", "invitations:write"]
    )
    await place.owner.roles.create(slug="guest", name="Guest", permissions=["invitations:read"])
    host = await place.signed_in("host")
    assert (await host.invitations.create(email="c@example.com", roles=["guest", "member"])).created
    with pytest.raises(ForbiddenError) as refusal:
        await host.invitations.create(email="d@example.com", roles=["admin"])
    assert refusal.value.code == "permission_not_held"


@pytest.mark.parametrize("roles", [["member"], ["owner"]])
async def test_nobody_takes_over_an_invitation_to_more(place: Place, admin: AsyncCentral, roles: list[str]) -> None:
    """An admin neither changes an owner's invitation to ownership, nor gets its link."""
    invited = await invite(place, "ada@example.com", "owner")
    for send in (True, False):
        with pytest.raises(ForbiddenError) as refusal:
            await admin.invitations.create(email="ada@example.com", roles=roles, send=send)
        assert refusal.value.code == "owner_needed"
    assert (await place.owner.invitations.get(invitation=invited.id)).roles == ["owner"]
    assert await place.anonymous().invitations.get_public(token=invited.token)


async def test_who_may_not_invite(place: Place, member: AsyncCentral) -> None:
    """A member neither invites nor sees who is invited."""
    invited = await invite(place, "ada@example.com")
    for attempt in (
        member.invitations.create(email="b@example.com"),
        member.invitations.create_many(items=[{"email": "b@example.com"}]),
        member.invitations.list().first_page(),
        member.invitations.get(invitation=invited.id),
        member.invitations.resend(invitation=invited.id),
        member.invitations.revoke(invitation=invited.id),
    ):
        with pytest.raises(ForbiddenError) as refusal:
            await attempt
        assert refusal.value.code == "permission_missing"


@pytest.mark.parametrize("roles", [[], ["member", "member"], ["root"], ["no-such-role"], ["Member"]])
async def test_roles_are_a_set_of_those_that_are_there(owner: AsyncCentral, roles: list[str]) -> None:
    """At least one role, none twice, none that the tenant does not have."""
    with pytest.raises(ValidationFailedError):
        await owner.invitations.create(email="ada@example.com", roles=roles)


@pytest.mark.parametrize(
    "email",
    ["", "ada", "a@b@example.com", "ada@example.com,eve@example.com", "ada@example.com\r\nBcc: eve@example.com",
     "Ada <ada@example.com>", "ada@example.com\u0000", "ada@[127.0.0.1]"],
)  # fmt: skip
async def test_what_is_no_single_address_is_refused(place: Place, email: str) -> None:
    """One plain address, so that nobody else is ever mailed."""
    path = f"/v1/tenants/{place.tenant.id}/invitations"
    reply = await Raw(place.stack, place.owner).send("POST", path, {"email": email})
    assert assert_problem(reply, 422)["fieldErrors"][0]["field"] == "email"


@pytest.mark.parametrize("message", ["x" * 501, "a\x00b", "a\x1bb", "a\u2028b", "a\tb", "a\rb"])
async def test_message_is_plain_text(place: Place, message: str) -> None:
    """Five hundred characters in lines, without control characters."""
    path = f"/v1/tenants/{place.tenant.id}/invitations"
    body = {"email": "ada@example.com", "message": message}
    assert assert_problem(await Raw(place.stack, place.owner).send("POST", path, body), 422)
    fine = await place.owner.invitations.create(email="ada@example.com", message=" a\r\nb" + "x" * 490)
    assert fine.invitation.message == "a\nb" + "x" * 490


@pytest.mark.parametrize("days", [0, 31, -1, 2**40])
async def test_time_is_bounded(place: Place, days: int) -> None:
    """An invitation lives for a day to a month."""
    path = f"/v1/tenants/{place.tenant.id}/invitations"
    body = {"email": "ada@example.com", "expiresInDays": days}
    assert_problem(await Raw(place.stack, place.owner).send("POST", path, body), 422)


async def test_an_address_is_mailed_ten_times_a_day(place: Place) -> None:
    """However an invitation is made, made again or sent again: the eleventh mail of a day is refused."""
    last: Invited | None = None
    for number in range(10):
        if number % 3 == 0 and last is not None:
            await place.owner.invitations.revoke(invitation=last.id)
        last = await invite(place, "ada@example.com")
        await _minute_later(place, last.id)
    assert last is not None
    for attempt in (
        place.owner.invitations.create(email="Ada@Example.com"),
        place.owner.invitations.resend(invitation=last.id),
    ):
        with pytest.raises(RateLimitedError) as refusal:
            await attempt
        assert (refusal.value.code, refusal.value.retry_after) == ("too_many_mails", 3600)
    assert await place.anonymous().invitations.get_public(token=last.token), "its link stays good"
    assert (await place.owner.invitations.create(email="ada@example.com", send=False)).link
    await run_sql(place, "UPDATE invitations SET last_requested_at = now() - interval '25 hours'")
    assert (await place.owner.invitations.create(email="ada@example.com")).mail_requested


async def test_repetition_gets_the_same_link(place: Place) -> None:
    """A request that is made again with its key gets its first answer, link and all, byte for byte."""
    raw, key = Raw(place.stack, place.owner), ("idempotency-key", secrets.token_hex(8))
    path = f"/v1/tenants/{place.tenant.id}/invitations"
    body = {"email": "ada@example.com", "send": False}
    replies = await asyncio.gather(*(raw.send("POST", path, body, key) for _ in range(20)))
    assert {(reply.status, reply.body) for reply in replies} == {(200, replies[0].body)}
    assert [reply.header("idempotency-replayed") for reply in replies].count(None) == 1
    assert len(await told(place, "invitation.created")) == 1
    token = replies[0].json()["link"].rpartition("/")[2]
    assert await place.anonymous().invitations.get_public(token=token)
    other = await Raw(place.stack, await place.signed_in("admin")).send("POST", path, body, key)
    assert other.json()["link"] not in {None, replies[0].json()["link"]}, "a key is its user's own"


async def test_kept_answer_is_sealed(place: Place) -> None:
    """What is kept for repetitions holds no word of the answer, and opens in its own row only."""
    raw, path = Raw(place.stack, place.owner), f"/v1/tenants/{place.tenant.id}/invitations"
    keys = [("idempotency-key", secrets.token_hex(8)) for _ in range(2)]
    bodies = [{"email": f"{name}@example.com", "send": False} for name in ("ada", "eve")]
    for body, key in zip(bodies, keys, strict=True):
        link = (await raw.send("POST", path, body, key)).json()["link"]
    found = await rows(place, "SELECT body FROM idempotency_keys WHERE tenant_id = $1 AND key = $2", keys[1][1])
    assert link.rpartition("/")[2].encode() not in found[0]["body"]
    assert b"eve@example.com" not in found[0]["body"]
    await run_sql(
        place,
        "UPDATE idempotency_keys SET body = (SELECT body FROM idempotency_keys WHERE key = $2) WHERE key = $1",
        keys[0][1],
        keys[1][1],
    )
    assert_problem(await raw.send("POST", path, bodies[0], keys[0]), 409, code="idempotent_answer_lost")
    assert (await raw.send("POST", path, bodies[1], keys[1])).json()["link"] == link
