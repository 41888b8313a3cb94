"""The pages for everybody: by keyboard alone, on a phone, with large text, in the dark, in any colours."""

import pytest
from playwright.async_api import Browser

from support.chromium import Window, screenshots, window
from support.place import Place
from support.provider import Provider
from support.signing_in import connect_provider, count_sessions, person
from support.site import Site

ADA = "ada.lovelace@northwind.example"


async def test_keyboard_only(site: Site, place: Place, tab: Window, provider: Provider) -> None:
    """A whole sign-in and sign-out by Tab, Enter and Space, in the order of the page, with the focus in sight."""
    await place.user(email=ADA)
    await connect_provider(place, provider, name="Okta")
    await tab.open(f"{site.url}/t/{place.tenant.slug}")
    keyboard = tab.page.keyboard
    await keyboard.press("Tab")
    assert await tab.focused_text() == "Continue with Okta"
    await tab.shoot("keyboard")
    await keyboard.press("Tab")
    assert await tab.focused() == "email"
    await tab.shows_focus()
    await keyboard.type(ADA)
    await keyboard.press("Tab")
    assert await tab.focused_text() == "Mail me a code"
    await tab.shows_focus()
    await keyboard.press("Space")
    await tab.heading("Check your mail")
    assert await tab.focused() == "code"
    await keyboard.type((await site.mail(place, ADA)).code)
    await keyboard.press("Enter")
    await tab.heading("You are signed in")
    await keyboard.press("Tab")
    assert await tab.focused_text() == "Sign out"
    await keyboard.press("Enter")
    await tab.heading("Sign out")
    await keyboard.press("Tab")
    assert await tab.focused_text() == "Sign out here"
    await keyboard.press("Enter")
    await tab.heading("You are signed out")
    assert await count_sessions(place) == 0


@pytest.mark.parametrize("width", [320, 390])
async def test_phone(site: Site, place: Place, chromium: Browser, provider: Provider, width: int) -> None:
    """On a phone nothing is cut off, and what is pressed is large enough for a thumb."""
    await place.user(email=ADA)
    await connect_provider(place, provider, name="A provider with a rather long name of its own")
    async with window(chromium, viewport={"width": width, "height": 700}, has_touch=True) as tab:
        await tab.open(f"{site.url}/t/{place.tenant.slug}")
        await tab.shoot(f"phone-{width}-ways")
        for target in await tab.page.locator("main a.button, main button:not(.plain), main input:visible").all():
            box = await target.bounding_box()
            assert box is not None
            assert box["height"] >= 44
        await tab.page.get_by_label("Email address").fill(ADA)
        await tab.page.keyboard.press("Enter")
        await tab.heading("Check your mail")
        await tab.shoot(f"phone-{width}-code")
        await tab.open(f"{site.url}/t/nobody-here")
        await tab.shoot(f"phone-{width}-error")


async def test_large_text(site: Site, place: Place, chromium: Browser) -> None:
    """With text of twice the size nothing is cut off, on a phone either (WCAG 1.4.4, 1.4.10)."""
    await place.user(email=ADA)
    for width in (320, 1024):
        async with window(chromium, viewport={"width": width, "height": 768}) as tab:
            await tab.open(f"{site.url}/t/{place.tenant.slug}")
            await tab.page.get_by_label("Email address").fill(ADA)
            await tab.page.keyboard.press("Enter")
            await tab.heading("Check your mail")
            await tab.page.evaluate("document.documentElement.style.fontSize = '200%'")
            await tab.shoot(f"large-text-{width}")


@pytest.mark.parametrize(
    ("name", "accent", "background"),
    [
        ("default", None, None),
        ("green", "#0b6e4f", "#f3efe6"),
        ("yellow", "#ffd400", "#1b1b3a"),
        ("white", "#ffffff", "#ffffff"),
        ("black", "#000000", "#000000"),
        ("grey", "#777777", "#777777"),
    ],
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_colours(
    site: Site,
    place: Place,
    chromium: Browser,
    provider: Provider,
    name: str,
    accent: str,
    background: str,
    scheme: str,
) -> None:
    """Whatever colours a tenant chooses, its pages can be read, by day and by night."""
    await place.owner.tenants.set_branding(accent_color=accent, background_color=background)
    await connect_provider(place, provider, name="Okta")
    provider.person = person(ADA)
    async with window(chromium, color_scheme=scheme) as tab:
        await tab.open(f"{site.url}/t/{place.tenant.slug}")
        await tab.page.screenshot(path=screenshots() / f"colours-{name}-{scheme}.png")
        await tab.page.get_by_label("Email address").fill(ADA)
        await tab.page.keyboard.press("Enter")
        await tab.page.get_by_label("Code from the mail").fill("12")
        await tab.page.keyboard.press("Enter")
        await tab.page.get_by_text("Enter all the digits").wait_for()
        await tab.shoot(f"colours-{name}-{scheme}-wrong")


async def test_long_names(site: Site, place: Place, tab: Window) -> None:
    """A name without spaces, as long as names can be, breaks no page."""
    await place.owner.tenants.rename(name="Donaudampfschifffahrtsgesellschaft" * 5)
    await tab.open(f"{site.url}/t/{place.tenant.slug}")
    await tab.shoot("long-name")


async def test_page_works_in_every_mode(site: Site, place: Place, chromium: Browser) -> None:
    """Forced colours and reduced motion leave the pages as usable; with scripts they are the same."""
    async with window(chromium, forced_colors="active", reduced_motion="reduce", java_script_enabled=True) as tab:
        await tab.open(f"{site.url}/t/{place.tenant.slug}")
        await tab.shoot("forced-colours")
