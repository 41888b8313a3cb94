"""Where the hosted pages lead: never to another origin than this server's and those allowed (threat 12)."""

from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest

from central_server.app import Central
from central_server.infra.config import Settings
from support.pages import HTML, Page, PageBrowser, leads_away, sign_in_of
from support.place import Place, Stack
from support.return_targets import CORPUS, FINE, stays
from support.signing_in import mailed_code

APP = "https://app.example.com"
_TRICKS = tuple(dict.fromkeys(target for target in CORPUS if target not in FINE and "\ud800" not in target))


async def _signed_in(stack: Stack, place: Place) -> PageBrowser:
    return PageBrowser(stack, await stack.session_of(place.tenant.id, place.owner_user.id))


async def test_two_hundred_tricks_on_every_page(place: Place, other_place: Place, stack: Stack) -> None:
    """Each page that takes a place to return to refuses what leads away, and has no link or form that does."""
    pages = [f"/t/{place.tenant.slug}", f"/t/{other_place.tenant.slug}", "/signin", "/signout", "/signout/done"]
    async with PageBrowser(stack) as nobody, await _signed_in(stack, place) as somebody:
        for target in _TRICKS:
            refused = []
            for browser in (nobody, somebody):
                for path in pages:
                    page = Page(await browser.http.get(f"{path}?{urlencode({'return_to': target})}", headers=HTML))
                    assert leads_away(page) == [], (path, target)
                    refused.append(page.status in {400, 422})
            # Those that stay here for a browser, like `http://central.test?@evil.example`, may be taken.
            assert all(refused) or stays(target), target


async def test_state_of_a_provider_leads_nowhere_else(stack: Stack) -> None:
    """What comes back from a provider after signing out is no more believed than anything else in an address."""
    async with PageBrowser(stack) as browser:
        for target in _TRICKS:
            page = Page(await browser.http.get(f"/signout/done?{urlencode({'state': target})}", headers=HTML))
            assert leads_away(page) == [], target
            assert page.status in {200, 422} or (page.status == 303 and stays(page.location or "")), target


@pytest.mark.parametrize("target", FINE)
async def test_places_that_are_fine(place: Place, stack: Stack, target: str) -> None:
    """The control: a path, however it looks, and an address of this server are where one returns to."""
    async with PageBrowser(stack) as browser:
        user = await place.user()
        page = await browser.ask_code(place, user.email, return_to=target)
        answer = await browser.send(page, {"code": await mailed_code(place, sign_in_of(page))})
        assert (answer.location or answer.refresh) == target


@pytest.fixture(scope="module")
async def allowing(stack: Stack) -> AsyncIterator[Stack]:
    """The API with one other origin allowed."""
    settings = Settings.model_validate({**dict(stack.settings), "allowed_origins": APP, "database_pool_size": 2})
    central = Central(settings)
    await central.start()
    yield Stack(central, settings, stack.superuser_url, stack.dns)
    await central.stop()


async def test_allowed_origin(place: Place, allowing: Stack) -> None:
    """An application of an allowed origin is returned to, from a page of its own, after signing in and out."""
    target = f"{APP}/app?a=1&b=%20#c"
    user = await place.user()
    async with PageBrowser(allowing) as browser:
        page = await browser.ask_code(place, user.email, return_to=target)
        answer = await browser.send(page, {"code": await mailed_code(place, sign_in_of(page))})
        assert (answer.status, answer.refresh, answer.links) == (200, target, {"Continue": target})
        assert browser.session is not None
        assert (await browser.open(f"/t/{place.tenant.slug}", return_to=target)).links["Continue"] == target
        answer = await browser.send(await browser.open("/signout", return_to=target))
        assert (answer.status, answer.refresh, browser.session) == (200, target, None)
        for other in (f"{APP}.evil.example", f"{APP}:444/", "http://app.example.com/", f"{APP}@evil.example"):
            assert (await browser.open(f"/t/{place.tenant.slug}", return_to=other)).reference[0] == "return_not_allowed"
