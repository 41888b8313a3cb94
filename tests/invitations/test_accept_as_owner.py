"""Becoming an owner by an invitation takes a sign-in of the last ten minutes, and never happens in another's name."""

from time import time
from typing import Any

import pytest

from central.errors import ForbiddenError
from central.users.models import User
from central_client import AsyncCentral
from central_server.users.service import UserService
from support.inviting import Invited, invite, rows, sso_only
from support.place import Place
from support.provider import Misbehaviour, Provider
from support.sessions import change_sessions, grow_stale, is_signed_in
from support.signing_in import Browser, mailed_code, person, run_sql, sign_in_by_code

_CODE = "reauthentication_required"


@pytest.fixture
async def ada(place: Place) -> User:
    """A member."""
    return await place.user(email="ada@example.com")


async def _roles(place: Place, user: User) -> list[str]:
    return (await place.owner.users.get(user=user.id)).roles


async def _state(place: Place, invited: Invited) -> str:
    return str((await place.owner.invitations.get(invitation=invited.id)).state)


async def test_old_sign_in_is_refused(place: Place, ada: User) -> None:
    """After ten minutes the invitation stays as it is, and so does the session; signed in again, they accept."""
    client, invited = place.anonymous(), await invite(place, "ada@example.com", "owner")
    await sign_in_by_code(place, client, "ada@example.com")
    await change_sessions(place, ada.id, authenticated_at="now() - interval '10 minutes 1 second'")
    token = client.session_token
    with pytest.raises(ForbiddenError) as refusal:
        await client.invitations.accept(token=invited.token)
    assert refusal.value.code == _CODE
    assert (await _state(place, invited), await _roles(place, ada)) == ("pending", ["member"])
    assert client.session_token == token
    assert await is_signed_in(client)
    await client.auth.sign_in_again(code=lambda challenge: mailed_code(place, challenge.sign_in))
    assert (await client.invitations.accept(token=invited.token)).outcome == "accepted"
    assert await _roles(place, ada) == ["member", "owner"]


async def test_sign_in_of_nine_minutes_ago_accepts(place: Place, ada: User) -> None:
    """The control: a sign-in that is young enough makes an owner."""
    client, invited = await place.sign_in(ada), await invite(place, "ada@example.com", "owner")
    await change_sessions(place, ada.id, authenticated_at="now() - interval '9 minutes 50 seconds'")
    assert (await client.invitations.accept(token=invited.token)).outcome == "accepted"


async def test_what_is_used_up_is_judged(place: Place, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """An invitation that becomes one of an owner between being read and being used is refused to an old sign-in."""
    client, invited = await place.sign_in(ada), await invite(place, "ada@example.com", "admin")
    await grow_stale(place, ada.id)
    users = await place.stack.central.container.get(UserService)
    hold = users.hold_active_user

    async def change_then_hold(*arguments: Any) -> User:
        await run_sql(place, "UPDATE invitations SET roles = '{owner}' WHERE id = $1", invited.id.uuid)
        return await hold(*arguments)

    monkeypatch.setattr(users, "hold_active_user", change_then_hold)
    with pytest.raises(ForbiddenError) as refusal:
        await client.invitations.accept(token=invited.token)
    assert refusal.value.code == _CODE
    assert (await _state(place, invited), await _roles(place, ada)) == ("pending", ["member"])


async def test_sign_in_that_comes_after_is_fresh(place: Place, anonymous: AsyncCentral, ada: User) -> None:
    """Whoever is not signed in becomes an owner by the code that they enter just then."""
    invited = await invite(place, "ada@example.com", "owner")
    assert (await anonymous.invitations.accept(token=invited.token)).outcome == "sign_in_needed"
    assert (await sign_in_by_code(place, anonymous, "ada@example.com")).user.roles == ["member", "owner"]


@pytest.mark.parametrize(("ago", "state"), [(3000, "pending"), (60, "accepted")])
async def test_old_session_of_a_provider_makes_no_owner(place: Place, provider: Provider, ago: int, state: str) -> None:
    """A provider that says that somebody signed in long ago signs them in, and the invitation waits."""
    connector = await sso_only(place, provider, allowed=[place.domain])
    provider.person = person(place.address("ada"), sub="ada")
    async with Browser(place) as browser:
        await browser.sign_in(provider, connector.id)
        await browser.client().auth.sign_out()
        browser.http.cookies.delete("central_session")
        invited = await invite(place, place.address("ada"), "owner")
        path = f"/v1/tenants/{place.tenant.slug}/auth/invitation/accept"
        assert (await browser.http.post(path, json={"token": invited.token})).json()["outcome"] == "sign_in_needed"
        provider.misbehaviour = Misbehaviour(claims={"auth_time": int(time()) - ago})
        assert (await browser.sign_in(provider, connector.id)).status_code == 303
        assert ("owner" in (await browser.client().users.me()).roles) is (state == "accepted")
    assert await _state(place, invited) == state


async def test_accepting_another_is_no_sign_in(place: Place, anonymous: AsyncCentral, ada: User) -> None:
    """An old sign-in that accepts one invitation does not accept an owner's with it that the browser has begun."""
    await run_sql(
        place,
        "INSERT INTO user_emails (tenant_id, user_id, email, verified) VALUES ($1, $2, 'ada@more.example', true)",
        place.tenant.id.uuid,
        ada.id.uuid,
    )
    owners, admins = await invite(place, "ada@more.example", "owner"), await invite(place, "ada@example.com", "admin")
    await sign_in_by_code(place, anonymous, "ada@example.com")
    session = anonymous.session_token
    binding = await rows(place, "SELECT binding_hash FROM email_codes WHERE tenant_id = $1")
    await run_sql(
        place,
        "UPDATE invitations SET binding_hash = $1, begun_at = now() WHERE id = $2",
        binding[0]["binding_hash"],
        owners.id.uuid,
    )
    await grow_stale(place, ada.id)
    assert session is not None
    assert (await anonymous.invitations.accept(token=admins.token)).outcome == "accepted"
    assert (await _state(place, owners), await _roles(place, ada)) == ("pending", ["admin", "member"])


async def test_begun_before_an_impersonation_is_not_completed_by_it(place: Place, ada: User) -> None:
    """What a browser began to accept is accepted by its person's own sign-in, and not by acting as them there."""
    admin = await place.user("admin", email="eve@example.com")
    client, invited = place.anonymous(), await invite(place, "ada@example.com", "admin")
    assert (await client.invitations.accept(token=invited.token)).outcome == "sign_in_needed"
    assert (await sign_in_by_code(place, client, "eve@example.com")).user.id == admin.id
    async with client.impersonate(user=ada.id, reason="An example") as view:
        assert (await view.users.me()).id == ada.id
    assert (await _state(place, invited), await _roles(place, ada)) == ("pending", ["member"])


async def test_nobody_begins_while_acting_as_another(place: Place, other_place: Place, ada: User) -> None:
    """Where somebody acts as another person no invitation is accepted or begun, of this tenant or another one."""
    admin = await place.signed_in("admin")
    theirs, elsewhere = await invite(place, "ada@example.com", "admin"), await invite(other_place, "ada@example.com")
    async with admin.impersonate(user=ada.id, reason="An example") as view:
        assert view.session_token is not None
        token = view.session_token.get_secret_value()
        for at, invited in ((place, theirs), (other_place, elsewhere)):
            with pytest.raises(ForbiddenError) as refusal:
                await at.stack.client(at.tenant.slug, token).invitations.accept(token=invited.token)
            assert refusal.value.code == "impersonating"
    for at in (place, other_place):
        assert [row["begun_at"] for row in await rows(at, "SELECT begun_at FROM invitations WHERE tenant_id = $1")] == [
            None
        ]
