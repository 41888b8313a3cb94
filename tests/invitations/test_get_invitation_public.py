"""What whoever holds the link sees before they accept."""

import hashlib
import secrets

import pytest

from central.errors import ForbiddenError, GoneError, NotFoundError
from central_client import AsyncCentral
from support.inviting import invite, invite_by_hand, rows
from support.place import Place
from support.raw import Raw
from support.signing_in import run_sql


async def test_who_invites_whom_to_what(place: Place, anonymous: AsyncCentral) -> None:
    """The tenant, who stands for it, the roles and the words; of the address only its first letter and its domain."""
    await place.owner.users.update(user=place.owner_user.id, display_name="Grace")
    invited = await invite(place, "ada.lovelace@example.com", "admin", message="<b>Hello</b>\nhttps://evil.example")
    shown = await anonymous.invitations.get_public(token=invited.token)
    assert (shown.tenant.name, shown.tenant.slug, shown.invited_by) == ("Acme", place.tenant.slug, "Grace")
    assert (shown.invited, shown.roles) == ("a…@example.com", ["admin"])
    assert shown.message == "<b>Hello</b>\nhttps://evil.example", "plain text, for the page to escape"
    assert shown.expires_at == invited.invitation.expires_at
    assert "lovelace" not in shown.model_dump_json()


async def test_looking_changes_nothing(place: Place, anonymous: AsyncCentral) -> None:
    """A scanner may look as often as it likes: the row stays as it is, and nobody is signed in."""
    invited = await invite(place, "ada@example.com")
    before = await rows(place, "SELECT to_jsonb(i)::text FROM invitations i WHERE tenant_id = $1")
    for _ in range(3):
        await anonymous.invitations.get_public(token=invited.token)
    assert await rows(place, "SELECT to_jsonb(i)::text FROM invitations i WHERE tenant_id = $1") == before
    assert anonymous.session_token is None
    assert (await anonymous.invitations.accept(token=invited.token)).outcome == "accepted"


async def test_link_of_another_tenant_is_as_none(place: Place, other_place: Place) -> None:
    """A token is good at its own tenant; elsewhere it answers, to look at and to accept, as one that never was."""
    invited = await invite(place, "ada@example.com")
    for name in ("invitation", "invitation/accept"):
        path = f"/v1/tenants/{other_place.tenant.slug}/auth/{name}"
        raw = Raw(place.stack)
        foreign, unknown = [
            await raw.send("POST", path, {"token": token}) for token in (invited.token, secrets.token_urlsafe(32))
        ]
        assert foreign.status == unknown.status == 404
        bodies = [reply.json() | {"requestId": ""} for reply in (foreign, unknown)]
        assert bodies[0] == bodies[1]
        changing = {"x-request-id", "ratelimit-remaining", "ratelimit-reset"}
        assert [h for h in foreign.headers if h[0] not in changing] == [
            h for h in unknown.headers if h[0] not in changing
        ]
    assert (await place.owner.invitations.get(invitation=invited.id)).state == "pending"


@pytest.mark.parametrize("state", ["accepted", "revoked", "expired"])
async def test_what_is_over_says_why(place: Place, anonymous: AsyncCentral, state: str) -> None:
    """Whoever holds the link of an invitation that is over learns what became of it, and no more."""
    invited = await invite_by_hand(place, "ada@example.com")
    if state == "accepted":
        await place.anonymous().invitations.accept(token=invited.token)
    if state == "revoked":
        await place.owner.invitations.revoke(invitation=invited.id)
    if state == "expired":
        await run_sql(place, "UPDATE invitations SET expires_at = now() WHERE id = $1", invited.id.uuid)
    for attempt in (
        anonymous.invitations.get_public(token=invited.token),
        anonymous.invitations.accept(token=invited.token),
    ):
        with pytest.raises(GoneError) as refusal:
            await attempt
        assert refusal.value.code == f"invitation_{state}"
        assert "example.com" not in str(refusal.value)


async def test_suspended_tenant(place: Place, anonymous: AsyncCentral, operator: AsyncCentral) -> None:
    """A suspended tenant shows no invitation and takes none; reactivated, it does."""
    invited = await invite(place, "ada@example.com")
    await operator.tenants.suspend(tenant=place.tenant.slug)
    for attempt in (
        anonymous.invitations.get_public(token=invited.token),
        anonymous.invitations.accept(token=invited.token),
    ):
        with pytest.raises(ForbiddenError) as refusal:
            await attempt
        assert refusal.value.code == "tenant_suspended"
    await operator.tenants.reactivate(tenant=place.tenant.slug)
    assert (await anonymous.invitations.accept(token=invited.token)).outcome == "accepted"


@pytest.mark.parametrize("token", ["", "a", "a" * 42, "a" * 44, "a" * 42 + "\x00", "é" * 43, "a" * 42 + "=", 1, None])
async def test_what_is_no_token(place: Place, token: object) -> None:
    """Anything else than a token is refused before it is looked for."""
    path = f"/v1/tenants/{place.tenant.slug}/auth/invitation"
    assert (await Raw(place.stack).send("POST", path, {"token": token})).status == 422


async def test_hash_is_of_this_purpose_and_tenant(place: Place, anonymous: AsyncCentral) -> None:
    """The plain hash of a token, as other tables keep them, opens no invitation: hashes do not pass for one another."""
    invited = await invite(place, "ada@example.com")
    token = secrets.token_urlsafe(32)
    plain = hashlib.sha256(token.encode()).digest()
    await run_sql(place, "UPDATE invitations SET token_hash = $2 WHERE id = $1", invited.id.uuid, plain)
    with pytest.raises(NotFoundError):
        await anonymous.invitations.get_public(token=token)
