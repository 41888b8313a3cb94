"""Signing in in a real browser, without JavaScript; each step is checked for accessibility and pictured."""

from playwright.async_api import Browser

from support.chromium import Window, window
from support.pages import PageBrowser
from support.place import Place
from support.provider import Provider
from support.signing_in import connect_provider, count_sessions, person, run_sql, wrong
from support.site import Application, Site

ADA = "ada.lovelace@northwind.example"


async def _ask_code(tab: Window, site: Site, place: Place, **query: str) -> None:
    await tab.open(f"{site.url}/t/{place.tenant.slug}", **query)
    await tab.page.get_by_label("Email address").fill(ADA)
    await tab.page.get_by_role("button", name="Mail me a code").click()
    await tab.heading("Check your mail")


async def test_by_code(site: Site, place: Place, tab: Window) -> None:
    """Address, mail, code, done."""
    user = await place.user(email=ADA)
    await tab.open(f"{site.url}/t/{place.tenant.slug}")
    await tab.shoot("sign-in")
    await tab.page.get_by_label("Email address").fill("ada.lovelace")
    await tab.page.get_by_role("button", name="Mail me a code").click()
    await tab.shoot("sign-in-wrong-address")
    await _ask_code(tab, site, place)
    await tab.shoot("code")
    mailed = await site.mail(place, ADA)
    await tab.page.get_by_label("Code from the mail").fill(mailed.code)
    await tab.page.get_by_role("button", name="Sign in").click()
    await tab.heading("You are signed in")
    await tab.shoot("done")
    assert await count_sessions(place, user.id) == 1


async def test_by_the_mailed_link(site: Site, place: Place, tab: Window, chromium: Browser) -> None:
    """The link shows a button in this browser, and in another one the code to type here."""
    user = await place.user(email=ADA)
    await _ask_code(tab, site, place)
    mailed = await site.mail(place, ADA)
    async with window(chromium) as other:
        await other.open(mailed.link)
        await other.heading("Type this code where you began")
        assert mailed.code in await other.page.locator("main").inner_text()
        await other.shoot("link-elsewhere")
    assert await count_sessions(place) == 0
    await tab.open(mailed.link)
    await tab.shoot("link")
    assert await count_sessions(place) == 0
    await tab.page.get_by_role("button", name="Sign in").click()
    await tab.heading("You are signed in")
    assert await count_sessions(place, user.id) == 1
    await tab.open(mailed.link)
    await tab.heading("This link has ended")
    await tab.shoot("link-ended")


async def test_by_provider(site: Site, place: Place, tab: Window, provider: Provider) -> None:
    """A way in among several, the provider's page, and back to where one wanted to."""
    provider.person, provider.has_page = person(place.address("ada.lovelace")), True
    connector = await connect_provider(place, provider, name="Okta", allowed=[place.domain])
    await connect_provider(place, provider, name="Microsoft Entra ID")
    await tab.open(f"{site.url}/t/{place.tenant.slug}")
    await tab.shoot("ways")
    await tab.page.get_by_role("link", name="Continue with Okta").click()
    await tab.heading("Provider")
    await tab.page.get_by_role("button").click()
    await tab.heading("You are signed in")
    assert await count_sessions(place) == 1
    provider.person = None
    await tab.sign_out(site)
    start = f"{site.url}/v1/tenants/{place.tenant.slug}/auth-connectors/{connector.id}/start"
    await tab.open(start)
    await tab.page.get_by_role("button").click()
    await tab.heading("You were not signed in")
    await tab.shoot("provider-refused")
    assert "provider_refused" in await tab.page.locator("main").inner_text()
    await tab.page.get_by_role("link", name="Try again").click()
    await tab.heading("Sign in")


async def test_by_the_only_provider(site: Site, place: Place, tab: Window, provider: Provider) -> None:
    """Where there is one way in, an OpenID provider, the page leads straight there."""
    provider.person, provider.has_page = person(place.address("ada.lovelace")), True
    await connect_provider(place, provider, name="Okta", allowed=[place.domain])
    (mail,) = [c async for c in place.owner.auth_connectors.list() if c.kind == "email_code"]
    await place.owner.auth_connectors.disable(connector=mail.id)
    await tab.open(f"{site.url}/t/{place.tenant.slug}")
    await tab.heading("Provider")
    await tab.page.get_by_role("button").click()
    await tab.heading("You are signed in")


async def test_wrong_code(site: Site, place: Place, tab: Window) -> None:
    """A wrong code is told beside the field, which has the focus; the fifth ends it."""
    await place.user(email=ADA)
    await _ask_code(tab, site, place)
    mailed = await site.mail(place, ADA)
    for number in range(5):
        await tab.page.get_by_label("Code from the mail").fill(wrong(mailed.code))
        await tab.page.keyboard.press("Enter")
        if number == 0:
            await tab.page.get_by_text("This is not the code that was mailed").wait_for()
            assert await tab.focused() == "code"
            await tab.shoot("wrong-code")
    await tab.heading("This code has ended")
    assert await count_sessions(place) == 0


async def test_expired_code(site: Site, place: Place, tab: Window) -> None:
    """An expired code is told, and another one can be had by one button."""
    await place.user(email=ADA)
    await _ask_code(tab, site, place)
    mailed = await site.mail(place, ADA)
    await run_sql(place, "UPDATE email_codes SET expires_at = now() WHERE tenant_id = $1", place.tenant.id.uuid)
    await tab.page.get_by_label("Code from the mail").fill(mailed.code)
    await tab.page.keyboard.press("Enter")
    await tab.heading("This code has ended")
    await tab.shoot("expired-code")
    await tab.page.get_by_role("button", name="Mail a new code").click()
    await tab.heading("Check your mail")
    newer = await site.mail(place, ADA)
    await tab.page.get_by_label("Code from the mail").fill(newer.code)
    await tab.page.keyboard.press("Enter")
    await tab.heading("You are signed in")


async def test_suspended_tenant(site: Site, place: Place, tab: Window) -> None:
    """A suspended tenant says so, with a code and a reference."""
    await place.suspend()
    await tab.open(f"{site.url}/t/{place.tenant.slug}")
    await tab.heading("This organisation is suspended")
    assert "tenant_suspended" in await tab.page.locator("main").inner_text()
    await tab.shoot("suspended")


async def test_by_address_first(site: Site, tab: Window) -> None:
    """The page that asks for the address first goes on the same way for an address that nobody knows."""
    await tab.open(f"{site.url}/signin")
    await tab.shoot("address")
    await tab.page.get_by_label("Email address").fill("somebody@nowhere.example")
    await tab.page.keyboard.press("Enter")
    await tab.heading("Check your mail")
    await tab.shoot("address-code")


async def test_back_at_the_application(site: Site, place: Place, tab: Window, application: Application) -> None:
    """After a form one gets to an application of another origin, which sends one on, with `form-action 'self'`."""
    await place.user(email=ADA)
    await _ask_code(tab, site, place, return_to=f"{application.url}/app")
    mailed = await site.mail(place, ADA)
    await tab.page.get_by_label("Code from the mail").fill(mailed.code)
    await tab.page.keyboard.press("Enter")
    await tab.heading("The application")
    assert tab.complaints == []


async def test_signed_in_already_and_elsewhere(site: Site, place: Place, other_place: Place, tab: Window) -> None:
    """Who is signed in is told where, and offered to go on, to change over or to sign out."""
    await tab.have_session(site, await site.stack.session_of(place.tenant.id, (await place.user(email=ADA)).id))
    await tab.open(f"{site.url}/t/{place.tenant.slug}", return_to="/app")
    await tab.heading("You are signed in already")
    await tab.shoot("signed-in-already")
    await tab.open(f"{site.url}/t/{place.tenant.slug}", reauth="1")
    await tab.heading("Confirm that it is you")
    await tab.shoot("confirm")
    await tab.open(f"{site.url}/t/{other_place.tenant.slug}")
    await tab.heading("You are signed in to Northwind Traders")
    await tab.shoot("signed-in-elsewhere")
    await tab.page.get_by_role("button", name="Sign in to Globex instead").click()
    await tab.heading("Sign in")
    assert "Globex" in await tab.page.title()


async def test_sign_out(site: Site, place: Place, tab: Window, provider: Provider, application: Application) -> None:
    """Signing out at the provider goes there and comes back to the application."""
    provider.person, provider.ends_sessions = person(place.address("ada.lovelace")), True
    connector = await connect_provider(place, provider, name="Okta", allowed=[place.domain])
    await tab.open(f"{site.url}/v1/tenants/{place.tenant.slug}/auth-connectors/{connector.id}/start?returnTo=/signout")
    await tab.heading("Sign out")
    await tab.shoot("sign-out")
    await tab.open(f"{site.url}/signout", return_to=f"{application.url}/app")
    await tab.page.get_by_role("button", name="Sign out here and at Okta").click()
    await tab.heading("The application")
    assert provider.hits["end_session"] == 1
    assert "id_token_hint" in provider.seen["end_session"].query
    await tab.open(f"{site.url}/signout")
    await tab.heading("You are signed out")
    await tab.shoot("signed-out")
    assert await count_sessions(place) == 0


async def test_pages_match_what_httpx_sees(site: Site, place: Place) -> None:
    """The pages that the other tests read are those that the browser gets."""
    async with PageBrowser(site.stack) as browser:
        assert (await browser.open(f"/t/{place.tenant.slug}")).heading == "Sign in"
