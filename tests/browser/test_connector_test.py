"""Trying a connector in a real browser, as its administrators ask somebody to."""

from playwright.async_api import Browser

from support.chromium import Window, window
from support.place import Place
from support.provider import Misbehaviour, Person, Provider
from support.signing_in import count_sessions
from support.site import Site


async def _link(site: Site, place: Place, connector: str) -> str:
    """Start a test, and give its link at the address under which the browser reaches the site."""
    link = (await place.owner.auth_connectors.start_test(connector=connector)).link
    return site.url + link.removeprefix(site.stack.settings.public_url)


async def test_trying_a_connector(site: Site, place: Place, tab: Window, provider: Provider, chromium: Browser) -> None:
    """The page says what will be seen and by whom, leads to the provider, and shows what came of it."""
    settings = {
        "kind": "oidc",
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
    }
    connector = await place.owner.auth_connectors.create(name="Okta", settings=settings)
    provider.person, provider.has_page = Person(sub="ada", email=place.address("ada"), claims={"groups": ["a"]}), True
    link = await _link(site, place, connector.id)
    await tab.open(link)
    await tab.heading("Try signing in")
    await tab.shoot("connector-test")
    await tab.page.get_by_role("button", name="Try it").click()
    await tab.heading("Provider")
    await tab.page.get_by_role("button").click()
    await tab.heading("It works")
    await tab.shoot("connector-test-works")
    async with window(chromium) as other:
        await other.open(link)
        await other.heading("There is no such test")
    provider.misbehaviour = Misbehaviour(claims={"aud": "another"})
    await tab.open(await _link(site, place, connector.id))
    await tab.page.get_by_role("button", name="Try it").click()
    await tab.page.get_by_role("button").click()
    await tab.heading("It does not work")
    await tab.shoot("connector-test-fails")
    assert await count_sessions(place) == 0
