"""Accepting where the tenant lets people in by an OpenID provider alone."""

import asyncio
from typing import Any

import pytest

from central.kernel.ids import AuthConnectorId
from central_server.domains.service import DomainService
from support.domains import verify_domain
from support.inviting import Invited, invite, invite_by_hand, rows, sso_only, told
from support.place import Place
from support.provider import Provider
from support.signing_in import Browser, connect_provider, count_sessions, person, run_sql


async def _accept(browser: Browser, invited: Invited) -> dict[str, Any]:
    """Accept in a browser; gives the answer."""
    path = f"/v1/tenants/{browser.place.tenant.slug}/auth/invitation/accept"
    answer = await browser.http.post(path, json={"token": invited.token})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _state(place: Place, invited: Invited) -> str:
    return str((await place.owner.invitations.get(invitation=invited.id)).state)


@pytest.fixture
async def connector(place: Place, provider: Provider) -> AuthConnectorId:
    """The tenant's one way in, which lets in nobody whom it does not know."""
    return (await sso_only(place, provider)).id


async def test_somebody_new_comes_in_by_the_provider(
    place: Place, provider: Provider, connector: AuthConnectorId
) -> None:
    """Accepting gives no session, but where to sign in; the sign-in with the invited address makes the user."""
    invited = await invite(place, place.address("Ada"), "admin")
    provider.person = person(f"ada@{place.domain.upper()}", sub="ada")
    async with Browser(place) as browser:
        answer = await _accept(browser, invited)
        assert (answer["outcome"], answer["signedIn"]) == ("sign_in_needed", None)
        assert (answer["connector"]["id"], answer["connector"]["kind"]) == (connector, "oidc")
        assert browser.session is None
        assert await count_sessions(place) == 0
        assert await _state(place, invited) == "pending"
        assert (await browser.sign_in(provider, connector)).status_code == 303
        me = await browser.client().users.me()
    assert (me.email, me.email_verified, me.roles, me.display_name) == (
        place.address("Ada"),
        True,
        ["admin"],
        "Ada Lovelace",
    )
    after = await place.owner.invitations.get(invitation=invited.id)
    assert (after.state, after.accepted_by) == ("accepted", me.id)
    async with Browser(place) as later:
        assert (await later.sign_in(provider, connector)).status_code == 303
        assert (await later.client().users.me()).id == me.id, "known from now on"


@pytest.mark.parametrize(
    "who",
    [
        "another address",
        "not verified",
        "as a text",
        "no address",
        "another tenant's invitation",
        "revoked",
        "too late",
    ],
)
async def test_the_wrong_sign_in_uses_nothing_up(
    place: Place, other_place: Place, provider: Provider, connector: AuthConnectorId, who: str
) -> None:
    """Only the verified invited address comes in, at the same tenant and in time; the invitation waits for it."""
    invited = await invite(place, place.address("ada"), "admin")
    provider.person = person(place.address("ada"), sub="ada")
    right = provider.person
    if who == "another address":
        provider.person = person(place.address("eve"))
    if who == "not verified":
        provider.person = person(place.address("ada"), verified=False)
    if who == "as a text":
        provider.person = person(place.address("ada"), verified="true")
    if who == "no address":
        provider.person = type(right)(sub="ada", email=None, email_verified=True)
    async with Browser(place) as browser:
        if who == "another tenant's invitation":
            foreign = await invite(other_place, place.address("ada"), "admin")
            path = f"/v1/tenants/{other_place.tenant.slug}/auth/invitation/accept"
            await other_place.user(email=place.address("ada"))
            assert (await browser.http.post(path, json={"token": foreign.token})).status_code == 200
        else:
            await _accept(browser, invited)
        if who == "revoked":
            await place.owner.invitations.revoke(invitation=invited.id)
        if who == "too late":
            await run_sql(place, "UPDATE invitations SET begun_at = now() - interval '31 minutes'")
        answer = await browser.sign_in(provider, connector)
        assert answer.status_code == 403, answer.text
        assert browser.session is None
        assert await _state(place, invited) == ("revoked" if who == "revoked" else "pending")
        assert len([user async for user in place.owner.users.list()]) == 1
        if who == "revoked":
            return
        provider.person = right
        await _accept(browser, invited)
        assert (await browser.sign_in(provider, connector)).status_code == 303
    assert await _state(place, invited) == "accepted"


async def test_another_browser_does_not_come_in(place: Place, provider: Provider, connector: AuthConnectorId) -> None:
    """The sign-in belongs to the browser that accepted last: a stranger's, and an earlier one's, are refused."""
    invited = await invite(place, place.address("ada"))
    provider.person = person(place.address("ada"), sub="ada")
    async with Browser(place) as first, Browser(place) as second, Browser(place) as stranger:
        await _accept(first, invited)
        await _accept(second, invited)
        for browser in (stranger, first):
            assert (await browser.sign_in(provider, connector)).status_code == 403
        assert await _state(place, invited) == "pending"
        assert (await second.sign_in(provider, connector)).status_code == 303
    assert await _state(place, invited) == "accepted"


async def test_new_link_ends_an_acceptance_that_was_begun(
    place: Place, provider: Provider, connector: AuthConnectorId
) -> None:
    """Who began with a link that was replaced meanwhile does not come in by it."""
    invited = await invite(place, place.address("ada"))
    provider.person = person(place.address("ada"), sub="ada")
    async with Browser(place) as browser:
        await _accept(browser, invited)
        handed = await invite_by_hand(place, place.address("ada"))
        assert (await browser.sign_in(provider, connector)).status_code == 403
        await _accept(browser, handed)
        assert (await browser.sign_in(provider, connector)).status_code == 303


@pytest.mark.parametrize("trusted", [[], ["example.org"], ["{domain}"]])
async def test_link_by_hand_needs_a_trusted_provider_for_a_verified_address(
    place: Place, provider: Provider, trusted: list[str]
) -> None:
    """Where no mail showed the mailbox, only a provider that is trusted for the domain shows it."""
    connector = await sso_only(place, provider, trusted=[name.format(domain=place.domain) for name in trusted])
    handed = await invite_by_hand(place, place.address("ada"))
    provider.person = person(place.address("ada"))
    async with Browser(place) as browser:
        await _accept(browser, handed)
        assert (await browser.sign_in(provider, connector.id)).status_code == 303
        assert (await browser.client().users.me()).email_verified == ("{domain}" in trusted)


async def test_somebody_known_gets_the_roles_by_signing_in(place: Place, provider: Provider) -> None:
    """A person whom the provider is known for signs in as ever, and holds the new roles at once; older sessions end."""
    connector = await sso_only(place, provider, allowed=[place.domain])
    provider.person = person(place.address("ada"), sub="ada")
    async with Browser(place) as browser:
        assert (await browser.sign_in(provider, connector.id)).status_code == 303
        me = await browser.client().users.me()
        older = await place.sign_in(await place.owner.users.get(user=me.id))
        invited = await invite(place, place.address("ada"), "admin")
        await browser.client().auth.sign_out()
        browser.http.cookies.delete("central_session")
        assert (await _accept(browser, invited))["outcome"] == "sign_in_needed"
        assert (await browser.sign_in(provider, connector.id)).status_code == 303
        again = await browser.client().users.me()
    assert (again.id, again.roles) == (me.id, ["admin", "member"])
    assert await _state(place, invited) == "accepted"
    ended = await told(place, "sessions.ended")
    assert any(event["reason"] == "roles_changed" for event in ended)
    assert older.session_token is not None


async def test_an_invitation_links_nobody(place: Place, provider: Provider, connector: AuthConnectorId) -> None:
    """Somebody who has an account is not linked to a provider by an invitation, only by the connector's own trust."""
    await place.user(email=place.address("ada"))
    invited = await invite(place, place.address("ada"), "admin")
    provider.person = person(place.address("ada"))
    async with Browser(place) as browser:
        assert (await _accept(browser, invited))["outcome"] == "sign_in_needed"
        answer = await browser.sign_in(provider, connector)
        assert (answer.status_code, answer.json()["code"]) == (403, "email_taken")
        assert await _state(place, invited) == "pending"
        await verify_domain(place)
        settings = (await place.owner.auth_connectors.get(connector=connector)).settings
        await place.owner.auth_connectors.update(
            connector=connector,
            settings={
                "kind": "oidc",
                "issuer": settings.model_dump()["issuer"],
                "client_id": provider.client_id,
                "trusted_domains": [place.domain],
            },
        )
        assert (await browser.sign_in(provider, connector)).status_code == 303
        assert (await browser.client().users.me()).roles == ["admin", "member"]
    assert await _state(place, invited) == "accepted"


async def test_invited_roles_go_before_those_of_the_connector(place: Place, provider: Provider) -> None:
    """Somebody new who could come in anyway comes in with the roles of the invitation, not with the usual ones."""
    connector = await sso_only(place, provider, allowed=[place.domain])
    await place.owner.roles.create(slug="guest", name="Guest", permissions=[])
    invited = await invite(place, place.address("ada"), "guest")
    provider.person = person(place.address("ada"))
    async with Browser(place) as browser:
        await _accept(browser, invited)
        assert (await browser.sign_in(provider, connector.id)).status_code == 303
        assert (await browser.client().users.me()).roles == ["guest"]


async def test_several_ways_in_are_left_to_choose(place: Place, provider: Provider) -> None:
    """With more than one connector the answer names none."""
    await sso_only(place, provider)
    async with Provider() as second:
        await connect_provider(place, second)
        invited = await invite(place, place.address("ada"))
        async with Browser(place) as browser:
            assert (await _accept(browser, invited))["connector"] is None


async def test_callback_that_comes_second_signs_in_too(
    place: Place, provider: Provider, connector: AuthConnectorId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever came in by another callback, after this one looked for them, is signed in and not refused as unknown."""
    invited = await invite(place, place.address("ada"), "admin")
    provider.person = person(place.address("ada"), sub="ada")
    domains = await place.stack.central.container.get(DomainService)
    hold, answers = domains.hold_verified_for, list[int]()
    async with Browser(place) as browser:
        await _accept(browser, invited)
        first, *others = [await browser.begin(provider, connector) for _ in range(2)]

        async def let_another_in(*arguments: Any) -> bool:
            if others:
                answers.append((await browser.go(others.pop())).status_code)
            return await hold(*arguments)

        monkeypatch.setattr(domains, "hold_verified_for", let_another_in)
        answers.append((await browser.go(first)).status_code)
    assert answers == [303, 303]
    assert await _state(place, invited) == "accepted"


async def test_twenty_callbacks_at_once_make_one_user(
    place: Place, provider: Provider, connector: AuthConnectorId
) -> None:
    """One person who comes back twenty times at once, in the browser that accepted, is one user with one link."""
    invited = await invite(place, place.address("ada"), "admin")
    provider.person = person(place.address("ada"), sub="ada")
    async with Browser(place) as browser:
        await _accept(browser, invited)
        callbacks = [await browser.begin(provider, connector) for _ in range(20)]
        answers = await asyncio.gather(*(browser.go(callback) for callback in callbacks))
    assert {answer.status_code for answer in answers} == {303}
    users = [user async for user in place.owner.users.list(email=place.address("ada"))]
    assert [user.roles for user in users] == [["admin"]]
    assert len(await told(place, "invitation.accepted")) == 1
    assert len(await rows(place, "SELECT FROM identities WHERE tenant_id = $1")) == 1
