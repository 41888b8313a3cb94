"""What every page is made of: no script, no style, nothing of anybody else's, and nothing of others' making."""

import re
from importlib import resources
from urllib.parse import quote

import pytest

from central_client import AsyncCentral
from central_server.infra.tokens import new_token
from support.asgi import ask
from support.inviting import invite
from support.pages import HTML, Page, PageBrowser, sign_in_of
from support.place import Place, Stack
from support.provider import Provider
from support.signing_in import connect_provider, mailed_token
from support.tools import start_device

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_XSS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "javascript:alert(1)",
    "{{ 7 * 7919 }}{% raw %}",
    "&lt;script&gt;",
    "<!--",
    "\u202e<b>",
)


async def _invitation(place: Place, message: str = "Welcome!") -> str:
    """Invite somebody; gives the path of the link."""
    return f"/invitations/{place.tenant.slug}/{(await invite(place, place.address(), message=message)).token}"


async def _every_page(place: Place, stack: Stack, provider: Provider) -> dict[str, Page]:
    """Open every page that there is."""
    await connect_provider(place, provider, name="Okta")
    user = await place.user()
    pages = {}
    async with PageBrowser(stack) as browser, PageBrowser(stack) as other:
        pages["address"] = await browser.open("/signin")
        pages["address wrong"] = await browser.send(pages["address"], {"email": "x"})
        pages["ways"] = await browser.open(f"/t/{place.tenant.slug}")
        pages["code"] = await browser.ask_code(place, user.email)
        pages["code wrong"] = await browser.send(pages["code"], {"code": "x"})
        token = await mailed_token(place, sign_in_of(pages["code"]))
        pages["link"] = await browser.open(f"/t/{place.tenant.slug}/link/{token}")
        pages["link elsewhere"] = await other.open(f"/t/{place.tenant.slug}/link/{token}")
        pages["error"] = await browser.open("/t/nobody-here")
        pages["signed out"] = await browser.open("/signout/done")
        await browser.send(pages["link"])
        pages["code ended"] = await browser.open(str(pages["code"].response.url))
        pages["done"] = await browser.open(f"/t/{place.tenant.slug}/done")
        pages["signed in"] = await browser.open(f"/t/{place.tenant.slug}")
        pages["reauth"] = await browser.open(f"/t/{place.tenant.slug}", reauth="1")
        pages["sign out"] = await browser.open("/signout")
        tool, path = await start_device(place.anonymous()), f"/t/{place.tenant.slug}/device"
        pages["tool code"] = await browser.open(path)
        pages["tool code wrong"] = await browser.open(path, code="x")
        pages["tool"] = await browser.open(path, code=tool.user_code)
        pages["tool decided"] = await browser.follow(await browser.send(pages["tool"]))
        pages["invitation of another"] = await browser.open(await _invitation(place))
        pages["leaving"] = await browser.send(pages["signed in"])
        pages["invitation"] = await browser.open(await _invitation(place))
        pages["invitation not found"] = await browser.open(f"/invitations/{place.tenant.slug}/{new_token()}")
    return pages


async def test_every_page(place: Place, stack: Stack, provider: Provider) -> None:
    """Every page has the strict policy and headers, and neither script nor style of its own, nor anything foreign."""
    pages = await _every_page(place, stack, provider)
    assert {page.response.headers["content-type"] for page in pages.values()} == {"text/html; charset=utf-8"}
    for name, page in pages.items():
        headers = page.response.headers
        assert headers["content-security-policy"] == POLICY, name
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert len(headers.get_list("content-security-policy")) == len(headers.get_list("cache-control")) == 1
        for tag, attributes in page.tags:
            assert tag not in {"script", "style", "iframe", "object", "embed", "base"}, name
            assert not any(key == "style" or key.startswith("on") for key in attributes), (name, tag)
            if tag in {"link", "img"}:
                assert (attributes.get("href") or attributes.get("src") or "").startswith("/")
        assert re.search(r"<html lang=\"en\">", page.response.text)
        assert page.response.text.count("<h1>") == 1


def test_templates_and_style_sheet_hold_none_either() -> None:
    """No template could ever bring a script, a style or a foreign address in, and the style sheet none at all."""
    folder = resources.files("central_server.sign_in_pages")
    for template in folder.joinpath("templates").iterdir():
        text = template.read_text()
        assert not re.search(r"<script|<style|style=|\bon[a-z]+=|https?:|\|\s*safe|autoescape", text), template.name
    assert not re.search(r"url\(|@import|https?:|expression", folder.joinpath("static", "pages.css").read_text())


async def _tool_pages(place: Place, browser: PageBrowser, text: str) -> list[Page]:
    """Open the pages about a tool that calls itself so."""
    names = {"application": text, "host": text, "version": text}
    tool = await place.anonymous().auth.start_device(**names)
    page = await browser.open(f"/t/{place.tenant.slug}/device", code=tool.user_code)
    return [page, await browser.follow(await browser.send(page))]


@pytest.mark.parametrize("text", _XSS)
async def test_nothing_becomes_markup(place: Place, stack: Stack, provider: Provider, text: str) -> None:
    """Names of tenants and connectors, people, addresses and errors are shown as they are, as text."""
    await place.owner.tenants.rename(name=text)
    await place.owner.users.update(user=place.owner_user.id, display_name=text)
    await connect_provider(place, provider, name=text)
    invitation = await _invitation(place, text)
    slug, session = place.tenant.slug, await stack.session_of(place.tenant.id, place.owner_user.id)
    async with PageBrowser(stack) as nobody, PageBrowser(stack, session) as somebody:
        way = await nobody.open(f"/t/{slug}")
        pages = [
            way,
            await nobody.send(way, {"email": text}),
            await nobody.open("/signin", login_hint=text),
            await nobody.open(f"/t/{slug}", login_hint=text, return_to=text),
            await nobody.open(f"/t/{slug}/code", sign_in=text),
            await nobody.open("/signout/done", to=text, state=text),
            await nobody.send(await nobody.open("/signin"), {"email": text}),
            *[await somebody.open(path) for path in (f"/t/{slug}", f"/t/{slug}/done", "/signin", "/signout")],
            await somebody.open(f"/t/{slug}", reauth="1"),
            await somebody.open(f"/t/{slug}/device", code=text),
            *await _tool_pages(place, somebody, text),
            await nobody.open(invitation),
            await somebody.open(invitation),
            await nobody.open(f"/invitations/{slug}/{quote(text, safe='')}"),
        ]
        plain = {tag for tag, _ in (await nobody.open(f"/t/{slug}")).tags}
    allowed = plain | {"div", "dl", "dt", "dd", "code", "strong", "ul", "li", "h1", "time", "bdi", "blockquote"}
    for page in pages:
        tags = {tag for tag, _ in page.tags}
        assert tags <= allowed, (page.response.url, tags - allowed)
        assert not any(key.startswith("on") for _, attributes in page.tags for key in attributes)
        assert not any((a.get("href") or "").startswith("javascript:") for _, a in page.tags)
        assert "<b>" not in page.response.text
        assert "55433" not in page.words
    assert text in pages[0].words or text.startswith("&lt;")


async def test_unicode_hosts_and_odd_queries_are_no_fault_of_ours(place: Place, stack: Stack) -> None:
    """Whatever stands in a page's address, it is answered, and not by a 500."""
    for path in (f"/t/{place.tenant.slug}", "/signin", "/signout", "/signout/done", "/signin/code"):
        for query in (
            *(
                "reauth=maybe",
                "reauth=",
                "sign_in=",
                "sign_in=signin-x",
                "sign_in=%00",
                "prompt=none",
                "to=..",
                "to=%2f",
            ),
            *(
                "state=" + "a" * 3000,
                "return_to=" + "a" * 3000,
                "return_to=",
                "utm_source=x",
                "x=1&x=2",
                "%ff=1",
                "a[]=1",
            ),
            *(
                "login_hint=%00",
                "login_hint=" + "a" * 9000,
                "&".join(f"a{n}=1" for n in range(60)),
                "a=%zz",
                "=",
                "&&&",
            ),
        ):
            reply = await ask(stack.central, "GET", f"{path}?{query}", [(name, value) for name, value in HTML.items()])
            assert reply.status < 500, (path, query)
            assert reply.status in {200, 303, 400, 410, 422, 431}, (path, query, reply.status)


async def test_assets_are_kept_for_good(place: Place, browser: PageBrowser) -> None:
    """The style sheet and the icon have names of their content, and browsers keep them; other names are not there."""
    page = await browser.open(f"/t/{place.tenant.slug}")
    addresses = [attributes["href"] or "" for tag, attributes in page.tags if tag == "link"]
    assert len(addresses) == 2
    for address in addresses:
        answer = (await browser.open(address)).response
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
        assert answer.headers["content-type"] in {"text/css; charset=utf-8", "image/svg+xml"}
        assert "set-cookie" not in answer.headers
    for name in ("pages.css", "icon.svg", "pages-0000000000000000.css", "..%2f__init__.py", "%2e%2e"):
        assert (await browser.open(f"/signin/assets/{name}")).status == 404


async def test_colours_are_a_sheet_of_their_own(place: Place, browser: PageBrowser) -> None:
    """A tenant's colours come as a style sheet whose name changes with them, and under no other name for good."""
    await place.owner.tenants.set_branding(accent_color="#123456", background_color="#fedcba")
    page = await browser.open(f"/t/{place.tenant.slug}")
    (sheet,) = [a["href"] or "" for tag, a in page.tags if tag == "link" and "/colors/" in (a["href"] or "")]
    answer = (await browser.open(sheet)).response
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "#123456" in answer.text
    assert "#fedcba" in answer.text
    await place.owner.tenants.set_branding(accent_color="#654321")
    answer = (await browser.open(sheet)).response
    assert (answer.headers["cache-control"], "#654321" in answer.text) == ("no-store", True)
    (newer,) = [
        a["href"] or ""
        for tag, a in (await browser.open(f"/t/{place.tenant.slug}")).tags
        if tag == "link" and "/colors/" in (a["href"] or "")
    ]
    assert newer != sheet


async def test_suspended_tenant_keeps_its_colours(place: Place, browser: PageBrowser, operator: AsyncCentral) -> None:
    """The page that says that a tenant is suspended looks like the tenant's."""
    await place.owner.tenants.set_branding(accent_color="#123456")
    await operator.tenants.suspend(tenant=place.tenant.slug)
    page = await browser.open(f"/t/{place.tenant.slug}")
    (sheet,) = [a["href"] or "" for tag, a in page.tags if tag == "link" and "/colors/" in (a["href"] or "")]
    assert (await browser.open(sheet)).status == 200


async def test_fault_of_ours_is_a_page_without_details(
    place: Place, browser: PageBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours is a page with an id and nothing else; when even that fails, it is problem details."""
    from central_server.sign_in_pages.error_pages import SignInErrorPages
    from central_server.sign_in_pages.tenant_pages import TenantPages

    async def fail(*_: object) -> None:
        raise RuntimeError("a secret detail")

    pages = await place.stack.central.container.get(TenantPages)
    monkeypatch.setattr(pages, "show", fail)
    page = await browser.open(f"/t/{place.tenant.slug}")
    assert (page.status, page.reference) == (500, ("internal_server_error", page.response.headers["x-request-id"]))
    assert "secret" not in page.response.text
    errors = await place.stack.central.container.get(SignInErrorPages)
    monkeypatch.setattr(errors, "show", fail)
    answer = (await browser.open(f"/t/{place.tenant.slug}")).response
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in answer.text
