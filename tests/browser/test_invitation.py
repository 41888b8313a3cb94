"""Accepting an invitation in a real browser, from the link in the mail; each step is checked and pictured."""

import re

import pytest
from playwright.async_api import Browser

from support.chromium import Window, window
from support.inviting import Invited, invite, mail, mailbox, sso_only
from support.place import Place
from support.provider import Provider
from support.sessions import grow_stale
from support.signing_in import person, run_sql
from support.site import Site

ADA = "ada.lovelace@northwind.example"
_WORDS = """Dear Ada,

welcome to the engine room! Read https://northwind.example/handbook first.

Grace"""


async def _link(place: Place, invited: Invited, email: str = ADA) -> str:
    """Mail an invitation, and give the link in the mail."""
    assert await mail(place, invited.id)
    (link,) = re.findall(r"https?://\S+/invitations/\S+", (await mailbox(place, email))[0].text)
    return link


async def _accept(tab: Window) -> None:
    await tab.heading("You are invited")
    await tab.page.get_by_role("button", name="Accept").click()


async def _enter_code(site: Site, place: Place, tab: Window) -> None:
    await tab.heading("Check your mail")
    await tab.page.get_by_label("Code from the mail").fill((await site.mail(place, ADA)).code)
    await tab.page.keyboard.press("Enter")


async def _roles(place: Place, email: str = ADA) -> list[str]:
    return [role async for user in place.owner.users.list(email=email) for role in user.roles]


async def test_somebody_new(place: Place, tab: Window) -> None:
    """The link of the mail, one button by keyboard, done; opened again it says so."""
    await place.owner.users.update_me(display_name="Grace Hopper")
    link = await _link(place, await invite(place, ADA, "admin", message=_WORDS))
    await tab.open(link)
    await tab.heading("You are invited")
    await tab.shoot("invitation")
    assert await tab.page.locator("main a").count() == 0, "no links are made of the inviter's words"
    assert await _roles(place) == []
    await tab.page.keyboard.press("Tab")
    assert await tab.focused_text() == "Accept"
    await tab.shows_focus()
    await tab.page.keyboard.press("Enter")
    await tab.heading("You are signed in")
    assert await _roles(place) == ["admin"]
    await tab.open(link)
    await tab.heading("You are signed in")


async def test_somebody_known(site: Site, place: Place, tab: Window) -> None:
    """Signing in comes next, and accepts."""
    await place.user(email=ADA)
    await tab.open(await _link(place, await invite(place, ADA, "admin")))
    await _accept(tab)
    await tab.heading("Sign in")
    await tab.page.get_by_text("signing in accepts the invitation").wait_for()
    await tab.shoot("invitation-sign-in")
    await tab.page.get_by_label("Email address").fill(ADA)
    await tab.page.keyboard.press("Enter")
    await _enter_code(site, place, tab)
    await tab.heading("You are signed in")
    assert await _roles(place) == ["admin", "member"]


async def test_by_the_only_provider(place: Place, tab: Window, provider: Provider) -> None:
    """The page's policy lets the button lead to the provider, and one comes back accepted."""
    email = place.address("ada")
    provider.person, provider.has_page = person(email), True
    await sso_only(place, provider)
    await tab.open(await _link(place, await invite(place, email, "admin"), email))
    await _accept(tab)
    await tab.heading("Provider")
    await tab.page.get_by_role("button").click()
    await tab.heading("You are signed in")
    assert await _roles(place, email) == ["admin"]
    assert tab.complaints == []


async def test_somebody_else(site: Site, place: Place, tab: Window) -> None:
    """Who is signed in as another changes over, and comes back to the invitation."""
    eve = await place.user(email="eve@northwind.example")
    await tab.have_session(site, await site.stack.session_of(place.tenant.id, eve.id))
    await tab.open(await _link(place, await invite(place, ADA)))
    await tab.heading("You are signed in as somebody else")
    await tab.shoot("invitation-of-another")
    await tab.page.get_by_role("button", name="Sign out and go on").click()
    await _accept(tab)
    await tab.heading("You are signed in")
    assert await _roles(place) == ["member"]


async def test_somebody_of_another_tenant(site: Site, place: Place, other_place: Place, tab: Window) -> None:
    """Who is signed in elsewhere is told what accepting ends."""
    await tab.have_session(site, await site.stack.session_of(other_place.tenant.id, other_place.owner_user.id))
    await tab.open(await _link(place, await invite(place, ADA)))
    await tab.page.get_by_text("You are signed in to Globex").wait_for()
    await tab.shoot("invitation-elsewhere")
    await _accept(tab)
    await tab.heading("You are signed in")


async def test_owner_to_be(site: Site, place: Place, tab: Window) -> None:
    """An old sign-in is confirmed first; then one is back at the button."""
    user = await place.user(email=ADA)
    await tab.have_session(site, await site.stack.session_of(place.tenant.id, user.id))
    link = await _link(place, await invite(place, ADA, "owner"))
    await grow_stale(place, user.id)
    await tab.open(link)
    await tab.shoot("invitation-signed-in")
    await _accept(tab)
    await tab.heading("Confirm that it is you")
    await tab.page.get_by_role("button", name="Mail me a code").click()
    await _enter_code(site, place, tab)
    assert await _roles(place) == ["member"]
    await _accept(tab)
    await tab.heading("You are signed in")
    assert await _roles(place) == ["member", "owner"]


async def test_what_has_ended(place: Place, tab: Window) -> None:
    """An invitation that has run out, or whose link was replaced, says so."""
    invited = await invite(place, ADA)
    link = await _link(place, invited)
    await run_sql(place, "UPDATE invitations SET expires_at = now() WHERE id = $1", invited.id.uuid)
    await tab.open(link)
    await tab.heading("This invitation has run out")
    await tab.shoot("invitation-expired")
    await tab.open(link[:-1])
    await tab.heading("There is no such invitation")
    await tab.shoot("invitation-not-found")


@pytest.mark.parametrize("width", [320, 390])
async def test_phone(place: Place, chromium: Browser, width: int) -> None:
    """On a phone, by night and with long words, nothing is cut off, and the button is large enough for a thumb."""
    await place.owner.users.update_me(display_name="Adolph Blaine Charles David Earl Frederick Gerald " * 3)
    link = await _link(place, await invite(place, ADA, "admin", "member", message=f"{_WORDS}\n{'Long' * 60}"))
    async with window(chromium, viewport={"width": width, "height": 700}, has_touch=True, color_scheme="dark") as tab:
        await tab.open(link)
        await tab.shoot(f"phone-{width}-invitation")
        box = await tab.page.get_by_role("button", name="Accept").bounding_box()
        assert box is not None
        assert box["height"] >= 44
