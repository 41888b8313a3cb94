"""Invitations under concurrency: one effect each, whoever does what at the same time."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from central.errors import CentralError
from central.kernel.ids import TenantId
from central_client import AsyncCentral
from central_server.auth.accepting import InvitationAcceptance
from central_server.infra.actor import Caller
from support.inviting import Invited, invite, invite_by_hand, mail, mailbox, rows, told, waiting_token
from support.place import Place
from support.signing_in import count_sessions, run_sql, sign_in_by_code


async def _accept(client: AsyncCentral, token: str) -> str:
    try:
        return str((await client.invitations.accept(token=token)).outcome)
    except CentralError as error:
        return error.code


async def _made(place: Place, email: str) -> int:
    return len([user async for user in place.owner.users.list(email=email)])


async def test_of_a_hundred_new_people_with_one_link_one_comes_in(place: Place) -> None:
    """A link that a hundred use at once makes one user and one session, and ninety-nine hear that it was used."""
    for number in range(3):
        email = f"n{number}@example.com"
        invited, before = await invite(place, email), await count_sessions(place)
        outcomes = Counter(await asyncio.gather(*(_accept(place.anonymous(), invited.token) for _ in range(100))))
        assert outcomes == {"accepted": 1, "invitation_accepted": 99}
        assert await _made(place, email) == 1
        assert await count_sessions(place) == before + 1
    assert len(await told(place, "invitation.accepted")) == 3


async def test_one_person_accepts_fifty_times_at_once(place: Place) -> None:
    """Impatience changes nothing: the roles are added once, and every answer is that they are."""
    user = await place.user(email="ada@example.com")
    invited = await invite(place, "ada@example.com", "admin")
    session = await place.stack.session_of(place.tenant.id, user.id)
    clients = [place.stack.client(place.tenant.slug, session) for _ in range(50)]
    outcomes = Counter(await asyncio.gather(*(_accept(client, invited.token) for client in clients)))
    # Who asks after the first was done has no session any more, and learns, as anybody would, that it is used.
    assert set(outcomes) <= {"accepted", "invitation_accepted"}
    assert outcomes["accepted"] >= 1
    assert len(await told(place, "invitation.accepted")) == 1
    assert (await place.owner.users.get(user=user.id)).version == 2
    live = [c for c in clients if c.session_token and c.session_token.get_secret_value() != session]
    assert len(live) == 1, "one goes on, with a new token"


async def test_session_that_ends_meanwhile_is_not_revived(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose sessions are ended just after they were let in gets no new one by accepting, and nothing is used up."""
    acceptance = await place.stack.central.container.get(InvitationAcceptance)
    find, user = acceptance._guest, await place.user(email="ada@example.com")
    client, invited = await place.sign_in(user), await invite(place, user.email, "admin")

    async def find_and_end(tenant: TenantId, caller: Caller) -> Any:
        guest = await find(tenant, caller)
        await place.owner.sessions.revoke_all(user=user.id)
        return guest

    with monkeypatch.context() as patch:
        patch.setattr(acceptance, "_guest", find_and_end)
        assert await _accept(client, invited.token) == "unauthenticated"
    assert [s async for s in place.owner.sessions.list(user=user.id)] == []
    assert (await place.owner.invitations.get(invitation=invited.id)).state == "pending"


async def test_accepting_against_revoking(place: Place) -> None:
    """Accepted or revoked, never both: a user is there exactly when the invitation says so."""
    for number in range(15):
        email = f"n{number}@example.com"
        invited = await invite(place, email)
        outcome, revoked = await asyncio.gather(
            _accept(place.anonymous(), invited.token),
            place.owner.invitations.revoke(invitation=invited.id),
            return_exceptions=True,
        )
        state = (await place.owner.invitations.get(invitation=invited.id)).state
        if outcome == "accepted":
            assert (state, getattr(revoked, "code", None)) == ("accepted", "invitation_accepted")
        else:
            assert (outcome, state) == ("invitation_revoked", "revoked")
        assert await _made(place, email) == (outcome == "accepted")


async def test_accepting_against_sending_again(place: Place) -> None:
    """Either the old link let somebody in, or it is dead and the new one does."""
    for number in range(15):
        email = f"n{number}@example.com"
        invited = await invite_by_hand(place, email)
        outcome, again = await asyncio.gather(
            _accept(place.anonymous(), invited.token),
            place.owner.invitations.resend(invitation=invited.id),
            return_exceptions=True,
        )
        if outcome == "accepted":
            assert getattr(again, "code", None) == "invitation_accepted"
        else:
            assert outcome == "invitation_not_found"
            assert await _accept(place.anonymous(), await waiting_token(place, invited.id)) == "accepted"
        assert await _made(place, email) == 1


async def test_accepting_against_inviting_again(place: Place) -> None:
    """Whoever comes in has the roles that the invitation had at that moment, and no mixture."""
    for number in range(15):
        email = f"n{number}@example.com"
        invited = await invite(place, email, "member")
        outcome, _ = await asyncio.gather(
            _accept(place.anonymous(), invited.token),
            place.owner.invitations.create(email=email, roles=["admin"]),
        )
        assert outcome == "accepted", "the link stays good within the minute"
        first = await place.owner.invitations.get(invitation=invited.id)
        (user,) = [user async for user in place.owner.users.list(email=email)]
        assert user.roles == first.roles
        pending = [i async for i in place.owner.invitations.list(state="pending", text=email)]
        assert len(pending) == (first.roles == ["member"]), "what was made after it is a new one"


async def test_accepting_against_making_the_user(place: Place) -> None:
    """Where an administrator makes the same user at once, there is one, and nobody sees an error of ours."""
    for number in range(10):
        email = f"n{number}@example.com"
        invited = await invite(place, email, "admin")
        outcome, made = await asyncio.gather(
            _accept(place.anonymous(), invited.token),
            place.owner.users.create(email=email),
            return_exceptions=True,
        )
        assert outcome in {"accepted", "sign_in_needed"}
        assert (getattr(made, "code", None) == "email_taken") == (outcome == "accepted")
        assert await _made(place, email) == 1
        state = (await place.owner.invitations.get(invitation=invited.id)).state
        assert state == ("accepted" if outcome == "accepted" else "pending")


async def test_accepting_against_demoting_the_inviter(place: Place) -> None:
    """An owner who is demoted at the same moment makes an owner before, or not at all; nobody waits in a ring."""
    for number in range(10):
        inviter = await place.user("owner")
        invited = await invite(place, f"n{number}@example.com", "owner", by=await place.sign_in(inviter))
        outcome, demoted = await asyncio.gather(
            _accept(place.anonymous(), invited.token),
            place.owner.users.update(user=inviter.id, roles=["member"]),
        )
        assert outcome in {"accepted", "inviter_may_not"}
        assert demoted.roles == ["member"]


async def test_mailing_against_a_new_link(place: Place) -> None:
    """A link that is replaced while its mail goes out keeps its own mail: the last mail's link is the good one."""
    for number in range(5):
        email = f"n{number}@{place.tenant.slug}.example"
        invited = await invite(place, email)
        await run_sql(place, "UPDATE invitations SET last_requested_at = NULL WHERE id = $1", invited.id.uuid)
        await asyncio.gather(mail(place, invited.id), place.owner.invitations.resend(invitation=invited.id))
        await mail(place, invited.id)
        (newest, *_) = await mailbox(place, email)
        (row,) = await rows(place, "SELECT token FROM invitations WHERE tenant_id = $1 AND id = $2", invited.id.uuid)
        assert row["token"] is None
        token = next(line.strip() for line in newest.text.splitlines() if "/invitations/" in line).rpartition("/")[2]
        assert await _accept(place.anonymous(), token) == "accepted"


async def test_two_invitations_of_one_browser(place: Place) -> None:
    """A person with two addresses who began to accept for both gets the roles of both by one sign-in."""
    user = await place.user(email="ada@example.com")
    await run_sql(
        place,
        "INSERT INTO user_emails (tenant_id, user_id, email, verified) VALUES ($1, $2, 'second@example.com', true)",
        place.tenant.id.uuid,
        user.id.uuid,
    )
    await place.owner.roles.create(slug="guest", name="Guest", permissions=[])
    both: list[Invited] = [
        await invite(place, "ada@example.com", "admin"),
        await invite(place, "second@example.com", "guest"),
    ]
    client = place.anonymous()
    for invited in both:
        assert await _accept(client, invited.token) == "sign_in_needed"
    signed_in = await sign_in_by_code(place, client, "ada@example.com")
    assert signed_in.user.roles == ["admin", "guest", "member"]
