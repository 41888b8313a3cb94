"""The page on which somebody lets a tool act as themselves."""

import pytest

from central.errors import CentralError
from central_client import AsyncCentral
from support.pages import HTML, Page, PageBrowser, sign_in_of
from support.place import Place
from support.signing_in import mailed_code, query_of, run_sql
from support.tools import LoopbackTool, grow_stale, start_device, tool_sessions, wrong_code


@pytest.fixture
async def ada(place: Place) -> AsyncCentral:
    """A member, signed in."""
    return await place.sign_in(await place.user(email="ada@example.com"))


def _browser(place: Place, client: AsyncCentral) -> PageBrowser:
    token = client.session_token
    assert token is not None
    return PageBrowser(place.stack, token.get_secret_value())


def _path(place: Place) -> str:
    return f"/t/{place.tenant.slug}/device"


async def _poll(client: AsyncCentral, device_code: str) -> str:
    try:
        await client.auth.poll_device(device_code=device_code)
    except CentralError as error:
        return error.code
    return "signed in"


async def test_approving_a_tool_that_polls(place: Place, ada: AsyncCentral) -> None:
    """The page shows what asks, from where, since when and as whom; approving gives the tool its session."""
    tool = place.anonymous()
    started = await start_device(tool)
    async with _browser(place, ada) as browser:
        page = await browser.open(_path(place))
        assert (page.heading, page.form.method) == ("Sign a program in", "get")
        page = await browser.open(_path(place), code=started.user_code.lower())
        assert page.heading == "Let this program act as you?"
        for words in (
            "central CLI 1.2.3",
            "ada-laptop",
            "127.0.0.1",
            "less than a minute ago",
            started.user_code,
            "ada@example.com",
            "Approve only what you have started yourself,",
        ):
            assert words in page.words, words
        assert "not where you are" not in page.words
        assert await _poll(tool, started.device_code) == "authorization_pending"
        answer = await browser.send(page, button=0)
        assert (answer.status, answer.location) == (303, f"{_path(place)}?code={started.user_code}")
        done = await browser.follow(answer)
        assert (done.heading, done.forms) == ("Approved", [])
    assert await _poll(tool, started.device_code) == "signed in"
    assert (await tool.users.me()).email == "ada@example.com"


async def test_refusing(place: Place, ada: AsyncCentral) -> None:
    """The tool gets nothing, and the page says so from then on."""
    tool = place.anonymous()
    started = await start_device(tool)
    async with _browser(place, ada) as browser:
        page = await browser.open(_path(place), code=started.user_code)
        assert (await browser.follow(await browser.send(page, button=1))).heading == "Refused"
        answer = await browser.send(page, button=0)
        assert (answer.status, answer.heading, answer.links) == (409, "This was decided already", {})
    assert await _poll(tool, started.device_code) == "access_denied"


async def test_approving_a_tool_that_listens(place: Place, ada: AsyncCentral) -> None:
    """The browser brings the code to the address of the start, from a page of its own, and the tool goes on."""
    tool = LoopbackTool(place.anonymous())
    started = await tool.start()
    async with _browser(place, ada) as browser:
        page = await browser.send(await browser.open(started.approval_url))
        assert (page.status, page.location) == (200, None)
        target = page.refresh or ""
        assert target.partition("?")[0] == tool.redirect_uri
        assert query_of(target)["state"] == tool.state
        assert "127.0.0.1:49152" in page.words
        assert (await browser.open(started.approval_url)).heading == "Approved"
    signed_in = await tool.exchange(query_of(target)["code"])
    assert signed_in.user.email == "ada@example.com"


async def test_refusing_a_tool_that_listens(place: Place, ada: AsyncCentral) -> None:
    """It learns that by the browser too."""
    tool = LoopbackTool(place.anonymous())
    started = await tool.start()
    async with _browser(place, ada) as browser:
        page = await browser.send(await browser.open(started.approval_url), button=1)
    assert query_of(page.refresh or "") == {"error": "access_denied", "state": tool.state}


async def test_whoever_is_not_signed_in_comes_back_after_it(place: Place, browser: PageBrowser) -> None:
    """Signing in comes first, with the code kept on the way."""
    user = await place.user()
    started = await start_device(place.anonymous())
    page = await browser.open(started.verification_uri_complete)
    assert (page.status, page.response.text) == (303, "")
    page = await browser.follow(page)
    assert page.heading == "Sign in"
    page = await browser.follow(await browser.send(page, {"email": user.email}))
    page = await browser.send(page, {"code": await mailed_code(place, sign_in_of(page))})
    assert page.location == f"{_path(place)}?code={started.user_code}"
    assert (await browser.follow(page)).heading == "Let this program act as you?"


async def test_whoever_signed_in_long_ago_confirms_that_it_is_them(place: Place, ada: AsyncCentral) -> None:
    """Before they see anything; also when it becomes too long between the page and the button."""
    started = await start_device(place.anonymous())
    async with _browser(place, ada) as browser:
        shown = await browser.open(_path(place), code=started.user_code)
        await grow_stale(place, (await ada.users.me()).id)
        answer = await browser.send(shown)
        assert (answer.status, answer.location) == (303, f"{_path(place)}?code={started.user_code}")
        page = await browser.follow(await browser.follow(answer))
        assert page.heading == "Confirm that it is you"
    assert await _poll(place.anonymous(), started.device_code) == "authorization_pending"


async def test_another_tenants_visitor(place: Place, other_place: Place, ada: AsyncCentral) -> None:
    """Who is signed in elsewhere is told so, and sees nothing of the tool; their form decides nothing here."""
    started = await start_device(place.anonymous())
    mine = await start_device(other_place.anonymous())
    async with _browser(other_place, other_place.owner) as browser:
        page = await browser.follow(await browser.open(_path(place), code=started.user_code))
        assert page.heading.startswith("You are signed in to ")
        assert "central CLI" not in page.words
        shown = await browser.open(_path(other_place), code=mine.user_code)
        fields = {**shown.form.fields, "decision": "approve", "code": started.user_code}
        headers = {**HTML, "origin": "http://central.test", "sec-fetch-site": "same-origin"}
        for path in (_path(place), _path(other_place)):
            await browser.http.post(path, data=fields, headers=headers)
    assert await _poll(place.anonymous(), started.device_code) == "authorization_pending"


async def test_another_person_than_the_page_showed(place: Place, ada: AsyncCentral) -> None:
    """Whoever changed accounts in another tab sees the page anew, as whom they are now."""
    started = await start_device(place.anonymous())
    other = await place.signed_in("member")
    async with _browser(place, ada) as browser:
        shown = await browser.open(_path(place), code=started.user_code)
        assert other.session_token is not None
        browser.http.cookies.set("central_session", other.session_token.get_secret_value(), domain="central.test")
        answer = await browser.send(shown)
        assert answer.location == f"{_path(place)}?code={started.user_code}"
        again = await browser.follow(answer)
        assert (await other.users.me()).email in again.words
    assert await _poll(place.anonymous(), started.device_code) == "authorization_pending"


async def test_nobody_approves_in_somebody_elses_name(place: Place, ada: AsyncCentral, admin: AsyncCentral) -> None:
    """Who acts as another person is told so at once."""
    started = await start_device(place.anonymous())
    view = admin.impersonate(user=(await ada.users.me()).id, reason="An example")
    async with view as as_ada, _browser(place, as_ada) as browser:
        page = await browser.open(_path(place), code=started.user_code)
    assert (page.status, page.heading) == (403, "You act as another person here")


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ("x", 422, "Enter all eight letters"),
        ("1234-5678", 422, "Enter all eight letters"),
        ("a" * 3000, 422, "Enter all eight letters"),
        ("BBBB-BBBB", 404, "No program shows this code here"),
    ],
)
async def test_a_wrong_code_is_told_beside_the_field(
    place: Place, ada: AsyncCentral, typed: str, status: int, words: str
) -> None:
    """With what was typed still there."""
    async with _browser(place, ada) as browser:
        page = await browser.open(_path(place), code=typed)
    assert (page.status, page.form.fields["code"]) == (status, typed)
    assert words in page.words
    assert "Error:" in page.words


async def test_wrong_codes_are_counted_here_too(place: Place, ada: AsyncCentral) -> None:
    """After ten the page says to wait; a right code is not looked for either."""
    started = await start_device(place.anonymous())
    async with _browser(place, ada) as browser:
        for _ in range(10):
            assert (await browser.open(_path(place), code=wrong_code("BBBB-BBBB"))).status == 404
        page = await browser.open(_path(place), code=started.user_code)
    assert (page.status, page.heading) == (429, "Too many wrong codes")
    assert 1 <= int(page.response.headers["retry-after"]) <= 60


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_link_of_another_site_fills_the_code_in_and_no_more(place: Place, ada: AsyncCentral, site: str) -> None:
    """It neither shows a tool at once nor uses up the tries of whoever follows it."""
    started = await start_device(place.anonymous())
    async with _browser(place, ada) as browser:
        for code in (*["BBBB-BBBB"] * 11, started.user_code):
            headers = {**HTML, "sec-fetch-site": site}
            page = Page(await browser.http.get(_path(place), params={"code": code}, headers=headers))
            assert (page.heading, page.form.fields["code"]) == ("Sign a program in", code)
        assert (await browser.open(_path(place), code=started.user_code)).heading == "Let this program act as you?"


async def test_looking_changes_nothing(place: Place, ada: AsyncCentral) -> None:
    """However often the page is opened, by whatever robot, nothing is approved by it."""
    started = await start_device(place.anonymous())
    async with _browser(place, ada) as browser:
        for more in ({}, {"decision": "approve"}, {"approve": "1"}):
            page = await browser.open(_path(place), code=started.user_code, **more)
            assert page.heading == "Let this program act as you?"
    assert await _poll(place.anonymous(), started.device_code) == "authorization_pending"
    assert await tool_sessions(place) == []


async def test_a_tool_elsewhere_is_marked(place: Place, ada: AsyncCentral) -> None:
    """One that asks from another address than the person's."""
    started = await start_device(place.anonymous())
    change = "UPDATE tool_sign_ins SET address = '203.0.113.7', created_at = now() - interval '7 minutes' WHERE id = $1"
    await run_sql(place, change, started.sign_in.uuid)
    async with _browser(place, ada) as browser:
        page = await browser.open(_path(place), code=started.user_code)
    assert "203.0.113.7 , which is not where you are" in page.words.replace("203.0.113.7,", "203.0.113.7 ,")
    assert "7 minutes ago" in page.words


async def test_a_suspended_tenant(place: Place, ada: AsyncCentral) -> None:
    """Nothing is shown and nothing approved."""
    started = await start_device(place.anonymous())
    async with _browser(place, ada) as browser:
        shown = await browser.open(_path(place), code=started.user_code)
        await (await place.stack.sign_in_operator()).tenants.suspend(tenant=place.tenant.slug)
        assert (await browser.open(_path(place), code=started.user_code)).heading == "This organisation is suspended"
        assert (await browser.send(shown)).status == 403
