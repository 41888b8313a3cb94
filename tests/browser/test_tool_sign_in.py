"""Letting a tool act as oneself in a real browser: the page of the code, and the way back to this machine."""

import asyncio
import webbrowser

import pytest

import central_client
from central_client import AsyncCentral, ForbiddenError, SignInPrompt
from support.chromium import Window
from support.place import Place
from support.signing_in import run_sql
from support.site import Site
from support.tools import tool_sessions
from support.waiting import until

ADA = "ada.lovelace@northwind.example"


@pytest.fixture
async def ada(site: Site, place: Place, tab: Window) -> AsyncCentral:
    """Ada, who has signed in in the browser's window."""
    user = await place.user(email=ADA)
    token = await site.stack.session_of(place.tenant.id, user.id)
    await tab.have_session(site, token)
    return site.stack.client(place.tenant.slug, token)


async def test_by_device_code(site: Site, place: Place, tab: Window, ada: AsyncCentral) -> None:
    """The code that `login` shows is typed in, the tool is looked at and approved, and `login` gives its client."""
    prompts: list[SignInPrompt] = []
    login = asyncio.create_task(
        central_client.login_async(
            site.url, tenant=place.tenant.slug, how="device", show=prompts.append, save=False, application="My notebook"
        )
    )

    async def shown() -> bool:
        return bool(prompts)

    await until(shown)
    (prompt,) = prompts
    await tab.open(prompt.address)
    await tab.heading("Sign a program in")
    assert await tab.focused() == "code"
    await tab.shoot("tool-code")
    await tab.page.get_by_label("Code that the program shows").fill("BBBB-BBBB")
    await tab.page.keyboard.press("Enter")
    await tab.page.get_by_text("No program shows this code here").wait_for()
    await tab.shoot("tool-code-wrong")
    await tab.page.get_by_label("Code that the program shows").fill(prompt.code.lower().replace("-", " "))
    await tab.page.keyboard.press("Enter")
    await tab.heading("Let this program act as you?")
    assert "My notebook" in await tab.page.locator("main").inner_text()
    await tab.shoot("tool")
    await tab.page.get_by_role("button", name="Approve").click()
    await tab.heading("Approved")
    await tab.shoot("tool-approved")
    async with await asyncio.wait_for(login, 30) as client:
        assert (await client.users.me()).email == ADA


async def test_over_loopback(
    site: Site, place: Place, tab: Window, ada: AsyncCentral, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser comes back to the program's own port, through the page's policy, and the program goes on."""
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)

    async def was_opened() -> bool:
        return bool(opened)

    def begin() -> "asyncio.Task[AsyncCentral]":
        opened.clear()
        login = central_client.login_async(
            site.url, tenant=place.tenant.slug, how="loopback", show=lambda _: None, save=False
        )
        return asyncio.create_task(login)

    login = begin()
    await until(was_opened)
    await tab.open(opened[0])
    await tab.heading("Let this program act as you?")
    await tab.page.get_by_role("button", name="Approve").click()
    await tab.heading("Almost there")
    await tab.page.screenshot()
    assert tab.page.url.startswith("http://127.0.0.1:")
    async with await asyncio.wait_for(login, 30) as client:
        assert (await client.users.me()).email == ADA
    assert len(await tool_sessions(place, "Python%")) == 1

    login = begin()
    await until(was_opened)
    await tab.open(opened[0])
    await tab.page.get_by_role("button", name="Refuse").click()
    await tab.heading("Not signed in")
    with pytest.raises(ForbiddenError):
        await asyncio.wait_for(login, 30)
    assert tab.complaints == []


async def test_from_signing_in_to_the_tool(site: Site, place: Place, tab: Window) -> None:
    """Whoever opens the tool's link without a session signs in first, and comes to the tool."""
    await place.user(email=ADA)
    started = await place.anonymous().auth.start_device(application="central CLI", host="a-machine-far-away")
    change = "UPDATE tool_sign_ins SET address = '203.0.113.7', created_at = now() - interval '4 minutes' WHERE id = $1"
    await run_sql(place, change, started.sign_in.uuid)
    await tab.open(started.verification_uri_complete)
    await tab.heading("Sign in")
    await tab.page.get_by_label("Email address").fill(ADA)
    await tab.page.keyboard.press("Enter")
    await tab.heading("Check your mail")
    await tab.page.get_by_label("Code from the mail").fill((await site.mail(place, ADA)).code)
    await tab.page.keyboard.press("Enter")
    await tab.heading("Let this program act as you?")
    assert "which is not where you are" in await tab.page.locator("main").inner_text()
    await tab.shoot("tool-elsewhere")
    for name in ("Approve", "Refuse"):
        await tab.page.keyboard.press("Tab")
        assert await tab.focused_text() == name
        await tab.shows_focus()
    await tab.page.keyboard.press("Enter")
    await tab.heading("Refused")
    await tab.shoot("tool-refused")
