import pytest

from central.errors import UnauthenticatedError
from support.pages import PageBrowser
from support.place import Place
from support.signing_in import count_sessions


async def _signed_in(place: Place) -> PageBrowser:
    return PageBrowser(place.stack, await place.stack.session_of(place.tenant.id, place.owner_user.id))


async def test_who_is_signed_in_is_told_and_goes_on(place: Place) -> None:
    """Both pages say as whom and where one is signed in, and lead on to the application."""
    async with await _signed_in(place) as browser:
        for path in (f"/t/{place.tenant.slug}", "/signin"):
            page = await browser.open(path, return_to="/app")
            assert (page.status, page.heading) == (200, "You are signed in already")
            assert place.owner_user.email in page.words
            assert place.tenant.name in page.words
            assert page.links["Continue"] == "/app"
            assert page.links["Sign out"] == "/signout?return_to=%2Fapp"
            assert (await browser.open(path)).links["Continue"] == f"/t/{place.tenant.slug}/done"


async def test_another_account(place: Place) -> None:
    """To use another account ends the session in this browser, and asks who one is at the same tenant."""
    async with await _signed_in(place) as browser:
        client = place.stack.client(place.tenant.slug, browser.session)
        page = await browser.open(f"/t/{place.tenant.slug}", return_to="/app")
        answer = await browser.send(page)
        assert answer.refresh == f"/t/{place.tenant.slug}?return_to=%2Fapp&prompt=select_account"
        assert browser.session is None
        with pytest.raises(UnauthenticatedError):
            await client.users.me()
        assert (await browser.follow(answer)).heading == "Sign in"


async def test_signed_in_elsewhere(place: Place, other_place: Place) -> None:
    """At another tenant's page one is told where one is signed in, and may stay there or change over."""
    await other_place.owner.tenants.rename(name="Globex")
    async with await _signed_in(place) as browser:
        client = place.stack.client(place.tenant.slug, browser.session)
        for query in ({}, {"reauth": "1"}):
            page = await browser.open(f"/t/{other_place.tenant.slug}", return_to="/app", **query)
            assert (page.status, page.heading) == (200, "You are signed in to Acme")
            assert page.links == {"Stay with Acme": f"/t/{place.tenant.slug}/done"}
        assert (await client.users.me()).id == place.owner_user.id
        answer = await browser.send(page)
        assert answer.refresh == f"/t/{other_place.tenant.slug}?return_to=%2Fapp&prompt=select_account"
        with pytest.raises(UnauthenticatedError):
            await client.users.me()
        page = await browser.follow(answer)
        assert (page.heading, "Globex" in page.words) == ("Sign in", True)
    assert await count_sessions(place) == 0


async def test_end_page_is_of_who_is_signed_in_there(place: Place, other_place: Place) -> None:
    """The last page shows only who is signed in at this tenant, and leads anybody else to the first."""
    async with await _signed_in(place) as browser:
        assert (await browser.open(f"/t/{place.tenant.slug}/done")).heading == "You are signed in"
        assert (await browser.open(f"/t/{other_place.tenant.slug}/done")).location == f"/t/{other_place.tenant.slug}"
    async with PageBrowser(place.stack, "A" * 43) as nobody:
        assert (await nobody.open(f"/t/{place.tenant.slug}/done")).location == f"/t/{place.tenant.slug}"
        assert (await nobody.open(f"/t/{place.tenant.slug}")).heading == "Sign in"
