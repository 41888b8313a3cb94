import pytest

from central.auth_connectors.models import AuthConnector
from central_client import AsyncCentral
from support.limits import fill_buckets
from support.pages import PageBrowser, sign_in_of
from support.place import BASE_URL, Place
from support.provider import Provider
from support.signing_in import connect_provider, count_sessions, failures, mailed_code, person, query_of, run_sql, wrong


async def _without_mail(place: Place, provider: Provider) -> AuthConnector:
    """Leave an OpenID provider as the only way in."""
    connector = await connect_provider(place, provider, allowed=[place.domain])
    provider.person = person(place.address())
    (mail,) = [c async for c in place.owner.auth_connectors.list() if c.kind == "email_code"]
    await place.owner.auth_connectors.disable(connector=mail.id)
    return connector


async def test_sign_in_with_a_code(place: Place, browser: PageBrowser) -> None:
    """The address, the code, and one is signed in, at the end of the hosted pages."""
    user = await place.user(email="Ada@example.com")
    page = await browser.open(f"/t/{place.tenant.slug}")
    assert (page.status, page.heading) == (200, "Sign in")
    asked = await browser.send(page, {"email": " ada@EXAMPLE.com "})
    assert asked.status == 303
    page = await browser.follow(asked)
    assert (page.status, page.heading) == (200, "Check your mail")
    code = await mailed_code(place, sign_in_of(page))
    answer = await browser.send(page, {"code": f" {code[:3]} {code[3:]} "})
    assert (answer.status, answer.location) == (303, f"/t/{place.tenant.slug}/done")
    done = await browser.follow(answer)
    assert (done.status, done.heading) == (200, "You are signed in")
    assert user.email in done.words
    client = place.stack.client(place.tenant.slug, browser.session)
    assert (await client.users.me()).id == user.id


async def test_place_to_return_to_is_kept_to_the_end(place: Place, browser: PageBrowser) -> None:
    """The path that an application gave is where the sign-in ends, through mistakes and second mails."""
    user = await place.user()
    page = await browser.open(f"/t/{place.tenant.slug}", return_to="/app?a=1&b=2#c")
    page = await browser.send(page, {"email": "no address"})
    page = await browser.follow(await browser.send(page, {"email": user.email}))
    page = await browser.follow(await browser.send(page, form=1))
    code = await mailed_code(place, sign_in_of(page))
    page = await browser.send(page, {"code": wrong(code)})
    answer = await browser.send(page, {"code": code})
    assert (answer.status, answer.location) == (303, "/app?a=1&b=2#c")


@pytest.mark.parametrize(
    "typed", ["", "ada", "ada@", "a@b", "a b@example.com", "a@example.com,b@example.com", "ä@example.com", "a@\x00"]
)
async def test_what_is_no_address_can_be_typed_again(place: Place, browser: PageBrowser, typed: str) -> None:
    """A mistake in the address is told beside the field, which keeps what was typed."""
    page = await browser.send(await browser.open(f"/t/{place.tenant.slug}"), {"email": typed})
    assert page.status == 422
    assert "Enter one address" in page.words
    field = next(attributes for tag, attributes in page.tags if attributes.get("id") == "email")
    assert (field["aria-invalid"], field["aria-describedby"]) == ("true", "email-error")
    assert (field["value"] or "").replace("\ufffd", "\x00") == typed


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "1234567890123", "abcdef", "١٢٣٤٥٦", "12 34", "<b>123"])
async def test_what_is_no_code_costs_no_try(place: Place, browser: PageBrowser, typed: str) -> None:
    """A code that cannot be one is told beside the field and not counted."""
    page = await browser.ask_code(place, (await place.user()).email)
    for _ in range(6):
        answer = await browser.send(page, {"code": typed})
        assert (answer.status, answer.reference[0]) == (422, "malformed_code")
    code = await mailed_code(place, sign_in_of(page))
    assert (await browser.send(answer, {"code": code})).status == 303


async def test_wrong_codes(place: Place, browser: PageBrowser) -> None:
    """Four wrong codes may be corrected; the fifth ends it, and a new mail can be had from there."""
    user = await place.user()
    page = await browser.ask_code(place, user.email, return_to="/app")
    code = await mailed_code(place, sign_in_of(page))
    for _ in range(4):
        page = await browser.send(page, {"code": wrong(code)})
        assert (page.status, page.reference[0]) == (401, "wrong_code")
    page = await browser.send(page, {"code": wrong(code)})
    assert (page.status, page.heading, page.reference[0]) == (410, "This code has ended", "sign_in_ended")
    assert page.reference[1] == page.response.headers["x-request-id"]
    assert await count_sessions(place) == 0
    await fill_buckets(place)
    page = await browser.follow(await browser.send(page))
    answer = await browser.send(page, {"code": await mailed_code(place, sign_in_of(page))})
    assert (answer.status, answer.location) == (303, "/app")
    assert await failures(place) == ["wrong_code"] * 5


async def test_code_that_has_expired(place: Place, browser: PageBrowser) -> None:
    """An expired code is refused, also on a page that was open, and the reason is told to administrators."""
    user = await place.user()
    page = await browser.ask_code(place, user.email)
    id = sign_in_of(page)
    code = await mailed_code(place, id)
    await run_sql(place, "UPDATE email_codes SET expires_at = now() WHERE id = $1", id.uuid)
    answer = await browser.send(page, {"code": code})
    assert (answer.status, answer.heading) == (410, "This code has ended")
    assert (await browser.open(str(page.response.url))).status == 410
    assert await failures(place) == ["code_expired"]
    assert await count_sessions(place) == 0


async def test_page_for_a_code_is_this_browsers_own(place: Place, stack, browser: PageBrowser) -> None:
    """Another browser sees neither the address nor the form, and is told how to begin again."""
    page = await browser.ask_code(place, "ada@example.com")
    async with PageBrowser(stack) as other:
        for address in (
            str(page.response.url),
            f"/t/{place.tenant.slug}/code?sign_in=signin-x",
            f"/t/{place.tenant.slug}/code",
        ):
            seen = await other.open(address)
            assert seen.status in {410, 422}
            assert "ada@example.com" not in seen.response.text
            assert seen.links["Try again"] == f"/t/{place.tenant.slug}"


async def test_only_provider_is_gone_to_at_once(place: Place, provider: Provider, browser: PageBrowser) -> None:
    """Where an OpenID provider is the only way in, the page leads straight there, and back to where one wanted to."""
    connector = await _without_mail(place, provider)
    away = await browser.follow(
        await browser.open(f"/t/{place.tenant.slug}", return_to="/app", login_hint="ada@example.com")
    )
    assert (away.status, away.location is not None) == (303, True)
    assert query_of(away.location or "")["login_hint"] == "ada@example.com"
    back = await browser.open(await provider.authorize(away.location or ""))
    assert (back.status, back.location) == (303, "/app")
    assert str(connector.id) in str(back.response.url)
    assert browser.session is not None


async def test_several_ways_are_offered(place: Place, provider: Provider, browser: PageBrowser) -> None:
    """Where there are several ways in, each is offered by its name, mailed codes on the same page."""
    for name in ("Okta", "Entra <ID>"):
        await connect_provider(place, provider, name=name)
    page = await browser.open(f"/t/{place.tenant.slug}", return_to="/app")
    assert page.links.keys() == {"Continue with Okta", "Continue with Entra <ID>"}
    assert [button for form in page.forms for button in form.buttons] == [(None, "")]
    for address in page.links.values():
        assert query_of(address) == {"returnTo": "/app"}
        assert (await browser.open(address)).status == 303


async def test_nowhere_to_return_to_ends_on_a_page(place: Place, provider: Provider, browser: PageBrowser) -> None:
    """Without a place to return to, a sign-in at a provider ends at the hosted pages too."""
    await _without_mail(place, provider)
    away = await browser.follow(await browser.open(f"/t/{place.tenant.slug}"))
    back = await browser.open(await provider.authorize(away.location or ""))
    assert back.location == f"/t/{place.tenant.slug}/done"
    assert (await browser.follow(back)).heading == "You are signed in"


async def test_suspended_tenant(place: Place, browser: PageBrowser, operator: AsyncCentral) -> None:
    """A suspended tenant says so on every page, before and during a sign-in, and lets nobody in."""
    user = await place.user()
    page = await browser.ask_code(place, user.email)
    code = await mailed_code(place, sign_in_of(page))
    begin = await browser.open(f"/t/{place.tenant.slug}")
    await operator.tenants.suspend(tenant=place.tenant.slug)
    answers = [
        await browser.open(f"/t/{place.tenant.slug}"),
        await browser.send(begin, {"email": user.email}),
        await browser.send(page, {"code": code}),
        await browser.open(str(page.response.url)),
    ]
    for answer in answers:
        assert (answer.status, answer.reference[0]) == (403, "tenant_suspended")
        assert place.tenant.name in answer.words
        assert answer.links == {}
    assert await count_sessions(place) == 0


async def test_disabled_user(place: Place, browser: PageBrowser) -> None:
    """Who was disabled after the mail is told so with the right code only, and administrators are told why."""
    user = await place.user()
    page = await browser.ask_code(place, user.email)
    await place.owner.users.disable(user=user.id)
    answer = await browser.send(page, {"code": await mailed_code(place, sign_in_of(page))})
    assert (answer.status, answer.reference[0]) == (403, "user_disabled")
    assert browser.session is None
    assert await failures(place) == ["user_disabled"]


@pytest.mark.parametrize(
    "ref", ["nobody-here", "tenant-01H2XVNZ7C9NXWK3TMCRD9QWMN", "%00", "..%2f", "a" * 300, "%F0%9F%98%80", "<b>"]
)
async def test_tenant_that_is_not_there(browser: PageBrowser, ref: str) -> None:
    """A page of no tenant says so, whatever stands in its place."""
    page = await browser.open(f"/t/{ref}")
    assert page.status == 404
    assert page.reference == ("tenant_not_found", page.response.headers["x-request-id"])


async def test_former_slug_leads_here(place: Place, browser: PageBrowser) -> None:
    """A link to a renamed tenant still opens its page."""
    former = place.tenant.slug
    await place.owner.tenants.rename(slug=f"{former}x")
    page = await browser.open(f"/t/{former}")
    assert page.status == 200
    assert page.form.action == f"/t/{former}x"


async def test_mailed_codes_switched_off_meanwhile(place: Place, provider: Provider, browser: PageBrowser) -> None:
    """An open page of a way in that was switched off says so, and leads to the other ones."""
    page = await browser.open(f"/t/{place.tenant.slug}")
    await _without_mail(place, provider)
    answer = await browser.send(page, {"email": "ada@example.com"})
    assert (answer.status, answer.reference[0]) == (404, "email_code_disabled")
    assert answer.links == {"Try again": f"/t/{place.tenant.slug}"}


async def test_too_many_mails(place: Place, browser: PageBrowser) -> None:
    """Who is mailed nothing more can go on with what was mailed last, and is told so when there is no such mail."""
    page, user = await browser.open(f"/t/{place.tenant.slug}"), await place.user()
    asked = [await browser.follow(await browser.send(page, {"email": user.email})) for _ in range(6)]
    assert [page.heading for page in asked] == ["Check your mail"] * 6
    code = await mailed_code(place, sign_in_of(asked[1]))
    assert len(code) == 12
    await run_sql(
        place, "UPDATE email_codes SET expires_at = now() WHERE tenant_id = $1 AND shared", place.tenant.id.uuid
    )
    answer = await browser.send(page, {"email": user.email})
    assert (answer.status, answer.reference[0]) == (429, "too_many_codes")
    assert int(answer.response.headers["retry-after"]) > 60


async def test_long_code(place: Place, browser: PageBrowser) -> None:
    """A long code is typed as it is mailed, in groups, in any sign-in of its address."""
    page, user = await browser.open(f"/t/{place.tenant.slug}"), await place.user()
    first, second = [await browser.follow(await browser.send(page, {"email": user.email})) for _ in range(2)]
    code = await mailed_code(place, sign_in_of(second))
    answer = await browser.send(first, {"code": f"{code[:4]} {code[4:8]}-{code[8:]}"})
    assert (answer.status, answer.location) == (303, f"/t/{place.tenant.slug}/done")


async def test_address_of_an_own_page_in_full(place: Place, browser: PageBrowser) -> None:
    """An address in full, even of this server, is gone to from a page of its own, which works without scripts."""
    user = await place.user()
    page = await browser.ask_code(place, user.email, return_to=f"{BASE_URL}/app")
    answer = await browser.send(page, {"code": await mailed_code(place, sign_in_of(page))})
    assert (answer.status, answer.refresh) == (200, f"{BASE_URL}/app")
    assert answer.links == {"Continue": f"{BASE_URL}/app"}
