"""What forms are taken from: pages of this server, in the browser that they were sent to."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from central.catalog import BROWSER_ROUTES
from support.asgi import Header, Reply, ask
from support.database import fingerprint, superuser
from support.inviting import invite
from support.pages import OWN_FORM, PageBrowser, sign_in_of
from support.place import BASE_URL, Place, Stack, make_place
from support.signing_in import mailed_code, mailed_token
from support.tools import start_device

_ROUTES = sorted(route.name for route in BROWSER_ROUTES if route.method == "POST")
_ACCEPT: Header = ("accept", "text/html")
_FORM: Header = ("content-type", "application/x-www-form-urlencoded")
_OWN: list[Header] = [("origin", BASE_URL), ("sec-fetch-site", "same-origin"), _FORM, _ACCEPT]
_FOREIGN_ORIGINS = (
    *("https://evil.example", "null", "", "http://evil.central.test", "http://central.test.evil.example"),
    *("https://central.test", "http://central.test:8080", "http://CENTRAL.test", "http://central.test/"),
    "http://central.test http://evil.example",
)


@dataclass
class Case:
    """A form that would be taken, and whose tenant it is about."""

    place: Place
    target: str
    fields: dict[str, str]
    cookies: dict[str, str]
    taken: int

    async def send(
        self,
        *headers: Header,
        fields: dict[str, str] | None = None,
        cookies: dict[str, str] | None = None,
        body: bytes | list[bytes] | None = None,
    ) -> Reply:
        """Send it, or what stands in its place."""
        content = urlencode(self.fields if fields is None else fields).encode() if body is None else body
        held = "; ".join(f"{name}={value}" for name, value in (self.cookies if cookies is None else cookies).items())
        return await ask(self.place.stack.central, "POST", self.target, [("cookie", held), *headers], content)

    async def traces(self) -> Any:
        """Give all that it could change."""
        async with superuser(self.place.stack) as connection:
            begun = await connection.fetchrow("SELECT count(*), sum(attempts) FROM address_sign_ins")
        return await fingerprint(self.place.stack, self.place.tenant.id), tuple(begun)


@pytest.fixture
async def case(request: pytest.FixtureRequest, place: Place) -> AsyncIterator[Case]:
    """The form of a route, from its page, in a browser that is signed in where the form needs it."""
    route = request.param
    user, session = place.owner_user, None
    if route in {"pages.end_session", "pages.decide_tool"}:
        session = await place.stack.session_of(place.tenant.id, user.id)
    async with PageBrowser(place.stack, session) as browser:
        values = {}
        if route == "pages.end_session":
            page, values = await browser.open("/signout"), {"where": "here"}
        elif route == "pages.decide_tool":
            tool = await start_device(place.anonymous())
            page = await browser.open(f"/t/{place.tenant.slug}/device", code=tool.user_code)
            values = {"decision": "approve"}
        elif route == "pages.accept_invitation":
            invited = await invite(place, "invited@example.com")
            page = await browser.open(f"/invitations/{place.tenant.slug}/{invited.token}")
        elif route == "pages.start_code":
            page, values = await browser.open(f"/t/{place.tenant.slug}"), {"email": user.email}
        elif route == "pages.find_realm":
            page, values = await browser.open("/signin"), {"email": user.email}
        elif route == "pages.verify_address_code":
            page = await browser.open("/signin")
            page, values = await browser.follow(await browser.send(page, {"email": user.email})), {"code": "123456"}
        else:
            page = await browser.ask_code(place, user.email)
            if route == "pages.verify_code":
                values = {"code": await mailed_code(place, sign_in_of(page))}
            else:
                token = await mailed_token(place, sign_in_of(page))
                page = await browser.open(f"/t/{place.tenant.slug}/link/{token}")
        form = page.form
        cookies = {cookie.name: cookie.value or "" for cookie in browser.http.cookies.jar}
        taken = 401 if route == "pages.verify_address_code" else 303
        yield Case(place, form.action, {**form.fields, **values}, cookies, taken)


@pytest.fixture(scope="module", autouse=True)
async def _warm(stack: Stack) -> None:
    """Sign-ins by address are counted for one place of the network: those of the other tests do not count here."""
    async with superuser(stack) as connection:
        await connection.execute("DELETE FROM address_sign_ins")
    await make_place(stack)


@pytest.mark.parametrize("case", _ROUTES, indirect=True)
async def test_control(case: Case) -> None:
    """The form as its page sends it is taken: by a browser that tells its origin, and by one that hides it."""
    without_referrer = [("origin", "null"), ("sec-fetch-site", "same-origin"), _FORM]
    older: list[Header] = [("origin", BASE_URL), _FORM]
    before = await case.traces()
    reply = await case.send(*without_referrer, _ACCEPT)
    assert reply.status == case.taken
    assert await case.traces() != before
    for headers in (_OWN, older):
        assert (await case.send(*headers)).status not in {400, 403}


@pytest.mark.parametrize("case", _ROUTES, indirect=True)
async def test_forms_of_foreign_pages(case: Case) -> None:
    """A page of another origin, or a program that says nothing of one, gets no form in, even one with its token."""
    cases: list[list[Header]] = [[("origin", origin)] for origin in _FOREIGN_ORIGINS]
    cases += [[("origin", origin), ("sec-fetch-site", "cross-site")] for origin in (*_FOREIGN_ORIGINS, BASE_URL)]
    cases += [[("sec-fetch-site", site)] for site in ("cross-site", "same-site", "none", "?", "")]
    cases += [[("origin", BASE_URL), ("sec-fetch-site", site)] for site in ("same-site", "none", "")]
    before = await case.traces()
    for headers in [[], *cases]:
        reply = await case.send(*headers, _FORM, _ACCEPT)
        assert (reply.status, b"origin_not_allowed" in reply.body) == (403, True), headers
        assert "central_session" not in str(reply.headers)
    assert await case.traces() == before


@pytest.mark.parametrize("case", _ROUTES, indirect=True)
async def test_forms_of_other_browsers(case: Case, stack: Stack) -> None:
    """A form without a token, or with one of another browser, is not taken (login CSRF)."""
    async with PageBrowser(stack) as other:
        foreign = (await other.open("/signin")).form.fields["form_token"]
        jar = {cookie.name: cookie.value or "" for cookie in other.http.cookies.jar}
    own = case.fields["form_token"]
    tokens = ("", "x", foreign, own[:-4], f"{own}AAAA", own.swapcase(), own.replace("A", "B"), "=" * 64, "A" * 64)
    before = await case.traces()
    for token in tokens:
        if token != own:
            reply = await case.send(*_OWN, fields={**case.fields, "form_token": token})
            assert (reply.status, b"form_expired" in reply.body) == (403, True), token
    without = {name: value for name, value in case.fields.items() if name != "form_token"}
    session = {name: value for name, value in case.cookies.items() if name == "central_session"}
    for reply in (
        await case.send(*_OWN, fields=without),
        await case.send(*_OWN, cookies=session),
        await case.send(*_OWN, cookies={**session, "central_signin": ""}),
        await case.send(*_OWN, cookies={**session, "central_signin": "short"}),
        await case.send(*_OWN, cookies={**case.cookies, **jar}),
    ):
        assert (reply.status, b"form_expired" in reply.body) == (403, True)
    assert await case.traces() == before


@pytest.mark.parametrize("case", _ROUTES, indirect=True)
async def test_planted_cookies(case: Case) -> None:
    """A cookie that is there twice was planted, in whichever order (cookie tossing, CVE-2024-28197)."""
    before = await case.traces()
    for name in case.cookies:
        for first, second in ((case.cookies[name], "A" * 43), ("A" * 43, case.cookies[name])):
            rest = [f"{other}={value}" for other, value in case.cookies.items() if other != name]
            planted = "; ".join([f"{name}={first}", *rest, f"{name}={second}"])
            body = urlencode(case.fields).encode()
            reply = await ask(case.place.stack.central, "POST", case.target, [("cookie", planted), *_OWN], body)
            assert (reply.status, b"duplicate_cookie" in reply.body) == (400, True)
    assert await case.traces() == before


@pytest.mark.parametrize("case", _ROUTES, indirect=True)
async def test_bodies_that_are_no_form(case: Case) -> None:
    """Only what a form sends is read, once each field, and no more than a form may have."""
    kinds = (
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "",
        "text/plain; application/x-www-form-urlencoded",
    )
    before = await case.traces()
    for kind in kinds:
        reply = await case.send(("origin", BASE_URL), _ACCEPT, *([("content-type", kind)] if kind else []))
        assert (reply.status, b"form_expected" in reply.body) == (400, True), kind
    good = urlencode(case.fields).encode()
    for body in (
        *(good + b"&" + urlencode({name: value}).encode() for name, value in case.fields.items()),
        *(
            good + b"&email=a%40b.example&email=a%40b.example",
            good + b"&form_token=x",
            b"form_token",
            b"&&&",
            b"=",
            b"%",
        ),
        *(
            b"\xff\xfe",
            good + b"&x=%ff%fe",
            b'{"email":"a@b.example"}',
            good + b"&" + b"&".join(b"x%d=1" % n for n in range(30)),
        ),
    ):
        reply = await case.send(*_OWN, body=body)
        assert reply.status in {400, 403}, body
    for body in (good + b"&x=" + b"a" * 17_000, [good, b"&x=", *[b"a" * 1000] * 17]):
        assert (await case.send(*_OWN, body=body)).status == 413
    assert (await case.send(*_OWN, ("content-length", "99999999"))).status == 413
    assert (await case.send(*_OWN, ("content-length", "-1"))).status == 413
    assert await case.traces() == before


_HOSTILE = (
    *("\x00", "a\x00b", "a\r\nSet-Cookie: central_session=x", "a\nLocation: //evil.example", "\u2028", "\u202e"),
    *(
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "'",
        "\\",
        "{{7*7}}",
        "{% raw %}",
        "%00",
        "%0d%0a",
    ),
    *(
        "\ufffd",
        "\U0001f600" * 50,
        "a" * 5000,
        "' OR 1=1 --",
        "../../etc/passwd",
        "=cmd|' /C calc'!A0",
        "\x7f",
        "\x1b[31m",
    ),
)


@pytest.mark.parametrize("case", _ROUTES, indirect=True)
async def test_hostile_text_in_every_field(case: Case) -> None:
    """Whatever is typed into a field, the answer has it neither as markup nor as a header, and is no fault of ours."""
    for name in case.fields:
        for text in _HOSTILE:
            reply = await case.send(*_OWN, fields={**case.fields, name: text})
            assert 400 <= reply.status < 500 or reply.status in {200, 303}, (name, text, reply.status)
            assert b"<script" not in reply.body
            assert b"<img" not in reply.body
            assert {header for header, value in reply.headers if "\r" in value or "\n" in value} == set()
            assert [
                value for header, value in reply.headers if header == "set-cookie" and "central_" not in value
            ] == []
            assert reply.header("location") is None or (reply.header("location") or "").startswith("/")


@pytest.mark.parametrize("case", _ROUTES, indirect=True)
async def test_fields_that_the_page_does_not_have(case: Case) -> None:
    """A form with a field too many, or one too few, is not the page's."""
    before = await case.traces()
    assert (await case.send(*_OWN, fields={**case.fields, "tenant": "x"})).status in {400, 422}
    for name in set(case.fields) - {"form_token"}:
        fields = {other: value for other, value in case.fields.items() if other != name}
        assert (await case.send(*_OWN, fields=fields)).status in {400, 422}
    assert await case.traces() == before


@pytest.mark.parametrize("case", _ROUTES, indirect=True)
async def test_no_form_is_taken_by_another_method(case: Case) -> None:
    """What a form does happens by POST alone: not by GET, HEAD or OPTIONS, with whatever overrides."""
    before = await case.traces()
    held = "; ".join(f"{name}={value}" for name, value in case.cookies.items())
    joint = "&" if "?" in case.target else "?"
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"):
        for target in (case.target, f"{case.target}{joint}{urlencode(case.fields)}&_method=POST"):
            headers = [("cookie", held), ("x-http-method-override", "POST"), *_OWN]
            await ask(case.place.stack.central, method, target, headers, urlencode(case.fields).encode())
    assert await case.traces() == before


async def test_form_that_was_open_too_long_leads_back(place: Place, browser: PageBrowser) -> None:
    """A form whose cookie is gone says to try again, and keeps where to return to."""
    page = await browser.open(f"/t/{place.tenant.slug}", return_to="/app")
    browser.http.cookies.clear()
    answer = await browser.send(page, {"email": "ada@example.com"})
    assert (answer.status, answer.reference[0]) == (403, "form_expired")
    assert answer.links == {"Try again": f"/t/{place.tenant.slug}?return_to=%2Fapp"}
    assert (
        await browser.send(await browser.open(answer.links["Try again"]), {"email": "ada@example.com"})
    ).status == 303


async def test_programs_get_problem_details(place: Place, stack: Stack) -> None:
    """Whoever does not ask for a page gets the error as JSON, as everywhere."""
    reply = await ask(
        stack.central, "POST", f"/t/{place.tenant.slug}", [("origin", "https://evil.example"), _FORM], b""
    )
    assert (reply.status, reply.json()["code"]) == (403, "origin_not_allowed")


async def test_tokens_of_forms_differ(place: Place, browser: PageBrowser) -> None:
    """No two pages have the same token, so that it cannot be guessed from their compressed length (BREACH)."""
    pages = [await browser.open(f"/t/{place.tenant.slug}") for _ in range(5)]
    assert len({page.form.fields["form_token"] for page in pages}) == 5
    assert OWN_FORM["origin"] == BASE_URL
