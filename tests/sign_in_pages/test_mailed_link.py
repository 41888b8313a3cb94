import asyncio

import pytest

from central.errors import GoneError, ValidationFailedError
from central.kernel.ids import SignInId
from central_server.auth.code_budget import LONG, SHORT
from central_server.auth.policy import code_of
from central_server.infra.tokens import new_token
from support.asgi import ask
from support.database import fingerprint, superuser
from support.limits import fill_buckets
from support.pages import PageBrowser, sign_in_of
from support.place import Place, Stack
from support.signing_in import count_sessions, failures, mailed_code, mailed_token, run_sql, wrong


async def _asked(place: Place, browser: PageBrowser, email: str, **query: str) -> tuple[SignInId, str]:
    """Ask for a mail, and give the sign-in and the path of the link in it."""
    id = sign_in_of(await browser.ask_code(place, email, **query))
    return id, f"/t/{place.tenant.slug}/link/{await mailed_token(place, id)}"


async def test_link_shows_a_button_that_signs_in(place: Place, browser: PageBrowser) -> None:
    """In the browser that asked, the link opens a page with a button, which signs in and returns."""
    user = await place.user()
    _, link = await _asked(place, browser, user.email, return_to="/app")
    page = await browser.open(link)
    assert (page.status, page.heading) == (200, "Sign in")
    assert user.email in page.words
    assert browser.session is None
    answer = await browser.send(page)
    assert (answer.status, answer.location) == (303, "/app")
    me = await place.stack.client(place.tenant.slug, browser.session).users.me()
    assert (me.id, me.email_verified) == (user.id, True)


async def test_scanners_use_nothing_up(place: Place, browser: PageBrowser, stack: Stack) -> None:
    """Mail scanners open links, again and again, with and without cookies: nothing changes, and the button works."""
    user = await place.user()
    _, link = await _asked(place, browser, user.email)
    before = await fingerprint(stack, place.tenant.id)
    async with PageBrowser(stack) as scanner:
        for _ in range(20):
            for visitor in (browser, scanner):
                page = await visitor.open(link)
                assert page.status == 200
                assert "central_session" not in visitor.http.cookies
            for method in ("HEAD", "OPTIONS", "GET"):
                await ask(stack.central, method, link, [("user-agent", "scanner"), ("accept", "*/*")])
    assert await fingerprint(stack, place.tenant.id) == before
    assert (await browser.send(await browser.open(link))).status == 303


async def test_elsewhere_it_shows_the_code_and_signs_nobody_in(
    place: Place, browser: PageBrowser, stack: Stack
) -> None:
    """A link opened in another browser shows the code for the first one, without a form, and makes no session."""
    user = await place.user()
    id, link = await _asked(place, browser, user.email)
    async with PageBrowser(stack) as other:
        await other.ask_code(place, "somebody@example.com")  # it has a cookie of its own
        for visitor in (other, PageBrowser(stack)):
            page = await visitor.open(link)
            assert (page.status, page.heading) == (200, "Type this code where you began")
            assert (await mailed_code(place, id)) in page.words
            assert user.email not in page.words
            assert page.forms == []
        form = await other.open(f"/t/{place.tenant.slug}")
        answer = await other.http.post(
            link,
            data={"form_token": form.form.fields["form_token"]},
            headers={"origin": "http://central.test", "accept": "text/html"},
        )
        assert (answer.status_code, other.session) == (200, None)
        assert "Type this code where you began" in answer.text
    assert await count_sessions(place) == 0
    assert await failures(place) == ["other_browser"]
    code_page = await browser.open(f"/t/{place.tenant.slug}/code", sign_in=id)
    assert (await browser.send(code_page, {"code": await mailed_code(place, id)})).status == 303


async def test_link_works_once(place: Place, browser: PageBrowser) -> None:
    """Of fifty presses of the button at once one signs in; afterwards neither link nor code does."""
    user = await place.user()
    for count in range(1, 4):
        id, link = await _asked(place, browser, user.email, reauth="1")
        code_page, page = await browser.open(f"/t/{place.tenant.slug}/code", sign_in=id), await browser.open(link)
        code = await mailed_code(place, id)
        answers = await asyncio.gather(*[browser.send(page) for _ in range(50)])
        assert sorted(answer.status for answer in answers) == [303, *[410] * 49]
        assert (await browser.open(link)).reference[0] == "link_ended"
        assert (await browser.send(code_page, {"code": code})).status == 410
        async with superuser(place.stack) as connection:
            made = await connection.fetchval(
                "SELECT count(*) FROM sessions WHERE tenant_id = $1 AND connector_id IS NOT NULL", place.tenant.id.uuid
            )
        assert made == count


async def test_code_ends_the_link(place: Place, browser: PageBrowser) -> None:
    """Who signed in with the code has used up the link; five wrong codes end it too."""
    user = await place.user()
    id, link = await _asked(place, browser, user.email)
    page = await browser.open(f"/t/{place.tenant.slug}/code", sign_in=id)
    assert (await browser.send(page, {"code": await mailed_code(place, id)})).status == 303
    assert (await browser.open(link)).status == 410
    id, link = await _asked(place, browser, user.email, reauth="1")
    button, code = await browser.open(link), await mailed_code(place, id)
    page = await browser.open(f"/t/{place.tenant.slug}/code", sign_in=id)
    for _ in range(5):
        page = await browser.send(page, {"code": wrong(code)})
    assert (await browser.open(link)).reference[0] == "link_ended"
    assert (await browser.send(button)).reference[0] == "link_ended"
    assert await failures(place) == [*["wrong_code"] * 5, "too_many_tries"]


async def test_link_ends_after_ten_minutes(place: Place, browser: PageBrowser) -> None:
    """A link holds as long as its code, also on a page that was open, and then shows neither code nor address."""
    user = await place.user()
    id, link = await _asked(place, browser, user.email)
    code, button = await mailed_code(place, id), await browser.open(link)
    await run_sql(place, "UPDATE email_codes SET expires_at = now() WHERE id = $1", id.uuid)
    async with PageBrowser(place.stack) as other:
        for answer in (await browser.open(link), await browser.send(button), await other.open(link)):
            assert (answer.status, answer.reference[0]) == (410, "link_ended")
            assert code not in answer.response.text.replace(answer.reference[1], "")
            assert user.email not in answer.words
    assert await count_sessions(place) == 0


@pytest.mark.parametrize("kind", ["random", "short", "long", "other case", "empty", "zero", "dots", "hash"])
async def test_link_that_is_none(place: Place, browser: PageBrowser, kind: str) -> None:
    """A made-up link is one that has ended."""
    id, link = await _asked(place, browser, "ada@example.com")
    token = link.rpartition("/")[2]
    async with superuser(place.stack) as connection:
        stored = await connection.fetchval("SELECT link_hash FROM email_codes WHERE id = $1", id.uuid)
    made_up = {
        "random": new_token(),
        "short": token[:-1],
        "long": f"{token}A",
        "other case": token.swapcase(),
        "empty": "%20",
        "zero": "%00" * 43,
        "dots": "..%2f..",
        "hash": stored.hex(),
    }[kind]
    page = await browser.open(f"/t/{place.tenant.slug}/link/{made_up}")
    assert (page.status, page.reference[0]) == (410, "link_ended")
    assert (await browser.open(link)).status == 200


async def test_link_of_another_tenant(place: Place, other_place: Place, browser: PageBrowser) -> None:
    """A link opens at its own tenant alone."""
    _, link = await _asked(place, browser, "ada@example.com")
    page = await browser.open(link.replace(place.tenant.slug, other_place.tenant.slug))
    assert (page.status, page.reference[0]) == (410, "link_ended")
    with pytest.raises(GoneError):
        await place.anonymous().auth.verify_email_code(sign_in=SignInId.new(), code="123456")


async def test_neither_secret_is_in_the_database(place: Place, browser: PageBrowser) -> None:
    """Of the link there is a hash, and the code that it shows is made from the link, not read from anywhere."""
    id, link = await _asked(place, browser, "ada@example.com")
    token = link.rpartition("/")[2]
    await run_sql(place, "UPDATE email_codes SET token = NULL WHERE id = $1", id.uuid)
    async with superuser(place.stack) as connection:
        row = await connection.fetchval("SELECT to_jsonb(c)::text FROM email_codes c WHERE id = $1", id.uuid)
    assert token not in row
    assert code_of(token, SHORT) not in row.replace(str(id.uuid), "")
    async with PageBrowser(place.stack) as other:
        assert code_of(token, SHORT) in (await other.open(link)).words


def test_all_codes_are_as_likely() -> None:
    """The code made of a token has its digits, the same each time, and any of them."""
    for digits in (SHORT, LONG):
        codes = [code_of(new_token(), digits) for _ in range(2000)]
        assert all(len(code) == digits and code.isdigit() for code in codes)
        assert len({code[0] for code in codes}) == len({code[-1] for code in codes}) == 10
        assert len(set(codes)) > 1950
        assert code_of("a" * 43, digits) == code_of("a" * 43, digits)


async def test_link_of_a_long_code(place: Place, browser: PageBrowser, stack: Stack) -> None:
    """A link is good in its own browser alone, also where its code would be good in others; there it shows the code."""
    user = await place.user()
    page = await browser.open(f"/t/{place.tenant.slug}")
    await fill_buckets(place)
    first, second = [
        sign_in_of(await browser.follow(await browser.send(page, {"email": user.email}))) for _ in range(2)
    ]
    code, token = await mailed_code(place, second), await mailed_token(place, second)
    async with PageBrowser(stack) as other:
        begun = await other.follow(await other.send(await other.open(f"/t/{place.tenant.slug}"), {"email": user.email}))
        seen = await other.open(f"/t/{place.tenant.slug}/link/{token}")
        assert (seen.heading, seen.forms) == ("Type this code where you began", [])
        assert f"{code[:4]} {code[4:8]} {code[8:]}" in seen.words
        assert (await other.send(begun, {"code": code})).status == 303
    assert (await browser.open(f"/t/{place.tenant.slug}/link/{token}")).reference[0] == "link_ended"
    other_link = f"/t/{place.tenant.slug}/link/{await mailed_token(place, first)}"
    assert (await browser.send(await browser.open(other_link))).status == 303


async def test_place_to_return_to_of_a_program(place: Place, browser: PageBrowser) -> None:
    """A client of the API may say where the mailed link leads, to where it could lead itself, and no further."""
    client = place.anonymous()
    for target in ("//evil.example", "https://evil.example", "javascript:alert(1)"):
        with pytest.raises(ValidationFailedError):
            await client.auth.start_email_code(email="ada@example.com", return_to=target)
    started = await client.auth.start_email_code(email="ada@example.com", return_to="/app")
    token = await mailed_token(place, started.sign_in)
    assert (await browser.open(f"/t/{place.tenant.slug}/link/{token}")).heading == "Type this code where you began"
