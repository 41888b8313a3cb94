"""The page of a mailed invitation: what it shows, and everything that may come of its button."""

import io
from collections.abc import Awaitable, Callable
from urllib.parse import urljoin

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from central.kernel.ids import AuthConnectorId
from central_client import AsyncCentral
from central_server.app import Central
from central_server.infra.config import Settings
from central_server.infra.logs import configure_logging
from central_server.infra.tokens import new_token
from central_server.sign_in_pages.invitation_pages import InvitationPages
from support.asgi import ask
from support.database import fingerprint, superuser, tenant_tables
from support.inviting import Invited, invite, invite_by_hand, rows, sso_only
from support.pages import HTML, Page, PageBrowser, leads_away, sign_in_of
from support.place import Place, Stack
from support.provider import Provider
from support.sessions import grow_stale, is_signed_in
from support.signing_in import connect_provider, count_sessions, mailed_code, person, query_of, run_sql

ADA = "ada@example.com"


def _path(place: Place, token: str | Invited) -> str:
    return f"/invitations/{place.tenant.slug}/{token.token if isinstance(token, Invited) else token}"


def _browser(place: Place, client: AsyncCentral) -> PageBrowser:
    token = client.session_token
    assert token is not None
    return PageBrowser(place.stack, token.get_secret_value())


async def _state(place: Place, invited: Invited) -> str:
    return str((await place.owner.invitations.get(invitation=invited.id)).state)


async def _me(place: Place, browser: PageBrowser) -> tuple[str, list[str]]:
    me = await place.stack.client(place.tenant.slug, browser.session).users.me()
    return me.email, me.roles


async def _enter_code(place: Place, browser: PageBrowser, page: Page) -> Page:
    """Send the form of a page that asks for the address, and the code that is mailed then."""
    page = await browser.follow(page)
    return await browser.send(page, {"code": await mailed_code(place, sign_in_of(page))})


@pytest.fixture
async def sso(place: Place, provider: Provider) -> AuthConnectorId:
    """The tenant's one way in, a provider that knows Ada."""
    provider.person = person(place.address("ada"), sub="ada")
    return (await sso_only(place, provider)).id


async def test_page_shows_who_invites_to_what(place: Place, browser: PageBrowser) -> None:
    """The tenant, the inviter, the masked address, the roles, the words and the end; never the address itself."""
    await place.owner.tenants.rename(name="Northwind")
    await place.owner.users.update_me(display_name="Grace Hopper")
    words = "Welcome!\nRead https://evil.example/login and call 555-0100."
    invited = await invite(place, ADA, "admin", "member", message=words)
    page = await browser.open(_path(place, invited))
    assert (page.status, page.heading) == (200, "You are invited")
    ends = invited.invitation.expires_at
    for told in ("Grace Hopper", "Northwind", "a…@example.com", "admin, member", f"{ends:%B %Y, %H:%M} UTC"):
        assert told in page.words, told
    assert words in page.response.text.replace("&#39;", "'")
    assert (page.links, leads_away(page)) == ({}, [])
    assert ADA not in page.response.text
    assert page.form.buttons == [(None, "")]


async def test_opening_changes_nothing(place: Place, browser: PageBrowser, stack: Stack) -> None:
    """Scanners of mail open links, again and again and by every method but POST; the button works after all."""
    invited = await invite(place, ADA)
    before = await fingerprint(stack, place.tenant.id)
    async with PageBrowser(stack) as scanner:
        for visitor in (browser, scanner) * 5:
            assert (await visitor.open(_path(place, invited), accept="1")).status == 200
            assert visitor.session is None
        for method in ("HEAD", "OPTIONS", "GET", "PUT", "DELETE"):
            await ask(stack.central, method, _path(place, invited), [("user-agent", "scanner"), ("accept", "*/*")])
    assert await fingerprint(stack, place.tenant.id) == before
    assert (await browser.send(await browser.open(_path(place, invited)))).status == 303


async def test_somebody_new_is_signed_in(place: Place, browser: PageBrowser) -> None:
    """Accepting gives the account, the roles and the session, and ends where sign-ins do; the link then does too."""
    invited = await invite(place, ADA, "admin")
    answer = await browser.send(await browser.open(_path(place, invited)))
    assert (answer.status, answer.location) == (303, f"/t/{place.tenant.slug}/done")
    done = await browser.follow(answer)
    assert (done.heading, ADA in done.words) == ("You are signed in", True)
    assert await _me(place, browser) == (ADA, ["admin"])
    assert await _state(place, invited) == "accepted"
    assert (await browser.open(_path(place, invited))).location == f"/t/{place.tenant.slug}/done"


async def test_somebody_signed_in_is_told_as_whom_and_accepts(place: Place) -> None:
    """The page says who accepts; whoever may do more then goes on with a new token."""
    client = await place.sign_in(await place.user(email=ADA))
    invited = await invite(place, ADA, "admin")
    async with _browser(place, client) as browser:
        before, page = browser.session, await browser.open(_path(place, invited))
        assert ("You accept as" in page.words, ADA in page.words) == (True, True)
        assert (await browser.send(page)).location == f"/t/{place.tenant.slug}/done"
        assert browser.session not in {None, before}
        assert await _me(place, browser) == (ADA, ["admin", "member"])


async def test_somebody_known_signs_in_and_that_accepts(place: Place, browser: PageBrowser) -> None:
    """The sign-in page says what signing in does, fills in no address, and ends at the invitation, accepted."""
    await place.user(email=ADA)
    invited = await invite(place, ADA, "admin")
    page = await browser.send(await browser.open(_path(place, invited)))
    assert (page.status, page.heading) == (200, "One moment")
    assert (page.refresh or "").startswith(f"/t/{place.tenant.slug}?")
    assert invited.token not in page.response.text
    page = await browser.follow(page)
    assert "signing in accepts the invitation" in page.words
    assert (page.form.fields["email"], ADA in page.response.text) == ("", False)
    answer = await _enter_code(place, browser, await browser.send(page, {"email": ADA}))
    assert answer.location == f"/invitations/{place.tenant.slug}"
    back = await browser.follow(answer)
    assert back.location == _path(place, invited)
    assert (await browser.follow(await browser.follow(back))).heading == "You are signed in"
    assert await _me(place, browser) == (ADA, ["admin", "member"])
    assert browser.http.cookies.get("central_invitation") is None
    assert (await browser.open(f"/invitations/{place.tenant.slug}")).location == f"/t/{place.tenant.slug}/done"


async def test_only_who_began_is_told_so(place: Place, browser: PageBrowser, stack: Stack) -> None:
    """Nobody else's sign-in page speaks of an invitation, nor one at another tenant, nor an hour later."""
    await place.user(email=ADA)
    invited = await invite(place, ADA, "admin")
    await browser.send(await browser.open(_path(place, invited)))
    ways = f"/t/{place.tenant.slug}"
    async with PageBrowser(stack) as other:
        back = f"/invitations/{place.tenant.slug}"
        assert "invitation" not in (await other.open(ways, return_to=back)).words
    assert "invitation" in (await browser.open(ways)).words
    await run_sql(
        place, "UPDATE invitations SET begun_at = now() - interval '31 minutes' WHERE id = $1", invited.id.uuid
    )
    assert "invitation" not in (await browser.open(ways)).words


async def test_straight_to_the_only_provider(
    place: Place, provider: Provider, sso: AuthConnectorId, browser: PageBrowser
) -> None:
    """Where a provider is the one way in, it is gone to at once, and neither it nor a row is told the link."""
    invited = await invite(place, place.address("ada"), "admin")
    page = await browser.send(await browser.open(_path(place, invited)))
    page = await browser.follow(await browser.follow(page))
    assert f"/auth-connectors/{sso}/start" in str(page.response.url)
    away = page.location or ""
    assert away.startswith(provider.issuer)
    assert query_of(away)["prompt"] == "select_account"
    assert "login_hint" not in query_of(away)
    assert invited.token not in away
    assert place.address("ada") not in away
    (begun,) = await rows(place, "SELECT return_to FROM login_transactions WHERE tenant_id = $1")
    assert begun["return_to"] == f"/invitations/{place.tenant.slug}"
    back = await browser.open(await provider.authorize(away))
    assert back.location == f"/invitations/{place.tenant.slug}"
    assert (await browser.follow(await browser.follow(back))).location == f"/t/{place.tenant.slug}/done"
    assert (await _me(place, browser))[1] == ["admin"]


async def test_somebody_else_changes_over(place: Place) -> None:
    """Who is signed in as another is told so, signs out by a button, and comes back to accept as whom it is for."""
    eve = await place.signed_in("member")
    invited = await invite(place, ADA, "admin")
    async with _browser(place, eve) as browser:
        page = await browser.open(_path(place, invited))
        assert (page.status, page.heading, page.reference[0]) == (
            403,
            "You are signed in as somebody else",
            "signed_in_as_another",
        )
        assert "a…@example.com" in page.words
        assert ADA not in page.response.text
        assert invited.token not in page.response.text
        assert page.links["Stay signed in"] == f"/t/{place.tenant.slug}/done"
        assert (await eve.users.me()).roles == ["member"]
        back = await browser.send(page)
        assert (back.location, browser.session) == (f"/invitations/{place.tenant.slug}", None)
        page = await browser.follow(await browser.follow(back))
        assert page.heading == "You are invited"
        await browser.send(page)
        assert await _me(place, browser) == (ADA, ["admin"])


async def test_form_of_who_became_somebody_else_accepts_nothing(place: Place, browser: PageBrowser) -> None:
    """Whoever signs in as another after the page was shown is told so by the button too."""
    invited = await invite(place, ADA, "admin")
    page = await browser.open(_path(place, invited))
    session = await place.stack.session_of(place.tenant.id, place.owner_user.id)
    browser.http.cookies.set("central_session", session, domain="central.test")
    answer = await browser.send(page)
    assert (answer.status, answer.reference[0]) == (403, "signed_in_as_another")
    assert (browser.session, await _state(place, invited)) == (session, "pending")


async def test_somebody_of_another_tenant_changes_over(place: Place, other_place: Place) -> None:
    """Who is signed in elsewhere is told so; accepting ends that session and begins one here."""
    there = await other_place.signed_in("member")
    invited = await invite(place, ADA)
    async with _browser(other_place, there) as browser:
        page = await browser.open(_path(place, invited))
        assert f"You are signed in to {other_place.tenant.name}" in page.words
        await browser.send(page)
        assert await _me(place, browser) == (ADA, ["member"])
    assert not await is_signed_in(there)


async def test_owner_to_be_confirms_and_comes_back(place: Place) -> None:
    """An old sign-in leads to confirm who it is, with nothing used up, and back to the button."""
    user = await place.user(email=ADA)
    client, invited = await place.sign_in(user), await invite(place, ADA, "owner")
    await grow_stale(place, user.id)
    async with _browser(place, client) as browser:
        page = await browser.send(await browser.open(_path(place, invited)))
        assert (page.heading, await _state(place, invited)) == ("One moment", "pending")
        assert invited.token not in page.response.text
        page = await browser.follow(page)
        assert page.heading == "Confirm that it is you"
        back = await _enter_code(place, browser, await browser.send(page))
        page = await browser.follow(await browser.follow(back))
        assert (page.heading, await _state(place, invited)) == ("You are invited", "pending")
        assert (await browser.send(page)).location == f"/t/{place.tenant.slug}/done"
        assert await _me(place, browser) == (ADA, ["member", "owner"])


async def test_nobody_accepts_in_anothers_name(place: Place, other_place: Place, admin: AsyncCentral) -> None:
    """Who acts as another sees no button, of whichever tenant the invitation is, and sends none."""
    user = await place.user(email=ADA)
    mine, elsewhere = await invite(place, ADA, "admin"), await invite(other_place, "new@example.com")
    async with admin.impersonate(user=user.id, reason="An example") as view, _browser(place, view) as browser:
        for at, invited in ((place, mine), (other_place, elsewhere)):
            async with PageBrowser(place.stack) as nobody:
                shown = await nobody.open(_path(at, invited))
                nobody.http.cookies.set("central_session", browser.session or "", domain="central.test")
                for page in (await browser.open(_path(at, invited)), await nobody.send(shown)):
                    assert (page.status, page.heading) == (403, "You act as another person here")
                    assert (page.reference[0], page.forms) == ("impersonating", [])
            assert await _state(at, invited) == "pending"


async def test_begun_before_an_impersonation_is_not_completed_by_it(place: Place, browser: PageBrowser) -> None:
    """In a browser that began to accept, acting as the invited person accepts nothing for them."""
    ada, _ = await place.user(email=ADA), await place.user("admin", email="eve@example.com")
    invited = await invite(place, ADA, "admin")
    page = await browser.follow(await browser.send(await browser.open(_path(place, invited))))
    await _enter_code(place, browser, await browser.send(page, {"email": "eve@example.com"}))
    answer = await browser.http.post(
        f"/v1/tenants/{place.tenant.slug}/users/{ada.id}/impersonate", json={"reason": "An example"}
    )
    assert answer.status_code in {200, 201}, answer.text
    assert (await _me(place, browser))[0] == ADA
    assert await _state(place, invited) == "pending"
    assert (await place.owner.users.get(user=ada.id)).roles == ["member"]
    assert (await browser.follow(await browser.open(f"/invitations/{place.tenant.slug}"))).reference[
        0
    ] == "impersonating"


_ENDED = {
    "expired": (410, "invitation_expired", "This invitation has run out"),
    "revoked": (410, "invitation_revoked", "This invitation was taken back"),
    "accepted": (410, "invitation_accepted", "This invitation was accepted already"),
    "replaced": (404, "invitation_not_found", "There is no such invitation"),
    "unknown": (404, "invitation_not_found", "There is no such invitation"),
    "malformed": (404, "invitation_not_found", "There is no such invitation"),
    "foreign": (404, "invitation_not_found", "There is no such invitation"),
    "suspended": (403, "tenant_suspended", "This organisation is suspended"),
    "disabled": (403, "user_disabled", "Your account is disabled"),
}
_LATER = {
    "inviter left": (403, "inviter_may_not", "This invitation does not hold any more"),
    "role gone": (409, "role_gone", "This invitation has to be made again"),
}


async def _run_out(place: Place, invited: Invited, inviter: AsyncCentral) -> None:
    await run_sql(place, "UPDATE invitations SET expires_at = now() WHERE id = $1", invited.id.uuid)


async def _revoke(place: Place, invited: Invited, inviter: AsyncCentral) -> None:
    await place.owner.invitations.revoke(invitation=invited.id)


async def _accept(place: Place, invited: Invited, inviter: AsyncCentral) -> None:
    await place.anonymous().invitations.accept(token=invited.token)


async def _replace(place: Place, invited: Invited, inviter: AsyncCentral) -> None:
    await invite_by_hand(place, ADA)


async def _suspend(place: Place, invited: Invited, inviter: AsyncCentral) -> None:
    await place.suspend()


async def _disable(place: Place, invited: Invited, inviter: AsyncCentral) -> None:
    await place.owner.users.disable(user=(await place.user(email=ADA)).id)


async def _disable_inviter(place: Place, invited: Invited, inviter: AsyncCentral) -> None:
    await place.owner.users.disable(user=(await inviter.users.me()).id)


async def _delete_role(place: Place, invited: Invited, inviter: AsyncCentral) -> None:
    await place.owner.roles.delete(role="guest")


_HAPPENS: dict[str, Callable[[Place, Invited, AsyncCentral], Awaitable[None]]] = {
    "expired": _run_out,
    "revoked": _revoke,
    "accepted": _accept,
    "replaced": _replace,
    "suspended": _suspend,
    "disabled": _disable,
    "inviter left": _disable_inviter,
    "role gone": _delete_role,
}


@pytest.mark.parametrize("how", [*_ENDED, *_LATER])
async def test_what_cannot_be_accepted_is_told(
    place: Place, other_place: Place, browser: PageBrowser, admin: AsyncCentral, how: str
) -> None:
    """Each end has its page, with a stable code, a reference and what to do, for the link and for its button."""
    await place.owner.roles.create(slug="guest", name="Guest", permissions=[])
    invited = await invite(place, ADA, "guest", by=admin)
    shown = await browser.open(_path(place, invited))
    others = {"unknown": new_token(), "malformed": "x" * 42, "foreign": (await invite(other_place, ADA)).token}
    token = others.get(how, invited.token)
    if how in _HAPPENS:
        await _HAPPENS[how](place, invited, admin)
    status, code, heading = {**_ENDED, **_LATER}[how]
    pages = [await browser.open(_path(place, token))] if how in _ENDED else []
    target = urljoin(str(shown.response.url), _path(place, token))
    headers = {**HTML, "origin": "http://central.test", "sec-fetch-site": "same-origin"}
    pages.append(Page(await browser.http.post(target, data=shown.form.fields, headers=headers)))
    for page in pages:
        assert (page.status, page.heading) == (status, heading)
        assert page.reference == (code, page.response.headers["x-request-id"])
        assert (page.forms, leads_away(page), ADA in page.response.text) == ([], [], False)
    again = {"accepted": {"Sign in": f"/t/{place.tenant.slug}"}, "disabled": {"Try again": _path(place, token)}}
    assert pages[-1].links == again.get(how, {})
    assert browser.session is None
    assert await count_sessions(place) == (1 if how == "accepted" else 0)


async def test_form_that_was_open_too_long_leads_back(place: Place, browser: PageBrowser) -> None:
    """Trying again begins at the invitation."""
    invited = await invite(place, ADA)
    page = await browser.open(_path(place, invited))
    browser.http.cookies.clear()
    answer = await browser.send(page)
    assert (answer.reference[0], answer.links) == ("form_expired", {"Try again": _path(place, invited)})
    assert (await browser.send(await browser.open(answer.links["Try again"]))).status == 303


async def test_only_link_of_the_server_itself_is_come_back_to(place: Place, browser: PageBrowser) -> None:
    """A cookie that holds no token leads nowhere but to where sign-ins end."""
    for planted in ("//evil.example", "..%2f..", "x", "a" * 44):
        browser.http.cookies.set("central_invitation", planted, domain="central.test")
        assert (await browser.open(f"/invitations/{place.tenant.slug}")).location == f"/t/{place.tenant.slug}/done"
        browser.http.cookies.clear()


async def test_token_is_in_no_row_and_no_address(
    place: Place, provider: Provider, sso: AuthConnectorId, browser: PageBrowser
) -> None:
    """Whatever way an acceptance takes, the token stands in the invitation's own address alone, and in no table."""
    await connect_provider(place, provider, name="Another")
    (codes,) = [c async for c in place.owner.auth_connectors.list() if c.kind == "email_code"]
    await place.owner.auth_connectors.enable(connector=codes.id)
    eve = await place.user(email="eve@example.com")
    await place.user(email=ADA)
    invited = await invite(place, ADA, "owner")
    browser.http.cookies.set(
        "central_session", await place.stack.session_of(place.tenant.id, eve.id), domain="central.test"
    )
    page = await browser.send(await browser.open(_path(place, invited)))
    own = await browser.follow(page)
    page = await browser.send(await browser.follow(own))
    seen = [own.response, page.response]
    page = await browser.follow(page)
    for address in [*page.links.values(), page.form.action]:
        assert invited.token not in address
    ways = [link for text, link in page.links.items() if text.startswith("Continue")]
    assert len(ways) == 2
    seen += [(await browser.open(link)).response for link in ways]
    seen.append((await browser.send(page, {"email": ADA})).response)
    for answer in seen[1:]:
        assert invited.token not in answer.headers.get("location", "")
        assert answer.headers["referrer-policy"] == "no-referrer"
    async with superuser(place.stack) as connection:
        for table in [*await tenant_tables(connection), "address_sign_ins"]:
            found = await connection.fetch(f"SELECT to_jsonb(t)::text AS row FROM {table} t")
            assert invited.token not in "\n".join(row["row"] for row in found), table


async def test_token_is_in_no_log_line_and_no_metric(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the most talkative level, neither showing, accepting, refusing nor failing writes the path down."""
    stream = io.BytesIO()
    configure_logging("debug", stream)
    invited, refused = await invite(place, ADA), new_token()
    central = Central(Settings.model_validate({**dict(place.stack.settings), "database_pool_size": 2}))
    await central.start()
    html = [("accept", "text/html")]
    try:
        for token in (invited.token, refused):
            for method in ("GET", "POST", "DELETE"):
                await ask(central, method, _path(place, token), html)
        pages = await central.container.get(InvitationPages)

        async def fail(*arguments: object) -> None:
            raise RuntimeError(f"told of {arguments!r}")

        monkeypatch.setattr(pages, "show", fail)
        assert (await ask(central, "GET", _path(place, invited), html)).status == 500
        metrics = generate_latest(await central.container.get(CollectorRegistry)).decode()
    finally:
        await central.stop()
        configure_logging("error")
    logged = stream.getvalue().decode()
    for text in (logged, metrics):
        assert "pages.invitation" in text
        assert invited.token not in text
        assert refused not in text
