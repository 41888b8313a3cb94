"""The hosted pages as a browser without scripts uses them: links, forms, redirects and cookies, over httpx."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx

from central.kernel.ids import SignInId
from support.limits import fill_buckets
from support.place import BASE_URL, Place, Stack
from support.signing_in import query_of

HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OWN_FORM = {**HTML, "origin": BASE_URL, "sec-fetch-site": "same-origin"}


@dataclass
class Form:
    """A form of a page: where it goes, its fields, and the buttons that send it."""

    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str | None, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.refresh: str | None = None
        self._link: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag == "form":
            self.forms.append(Form(given.get("method") or "get", given.get("action") or ""))
        if tag == "input" and self.forms:
            self.forms[-1].fields[given["name"] or ""] = given.get("value") or ""
        if tag == "button":
            self.forms[-1].buttons.append((given.get("name"), given.get("value") or ""))
        if tag == "a":
            self._link = given.get("href")
        if tag == "meta" and given.get("http-equiv") == "refresh":
            self.refresh = (given.get("content") or "").partition("url=")[2]

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._link = None

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(data.strip())
            if self._link is not None:
                self.links[data.strip()] = self._link


@dataclass(frozen=True)
class Page:
    """A page that came, read."""

    response: httpx.Response

    @property
    def _read(self) -> _Reader:
        reader = _Reader()
        reader.feed(self.response.text)
        return reader

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def location(self) -> str | None:
        return self.response.headers.get("location")

    @property
    def form(self) -> Form:
        return self._read.forms[0]

    @property
    def forms(self) -> list[Form]:
        return self._read.forms

    @property
    def links(self) -> dict[str, str]:
        return self._read.links

    @property
    def tags(self) -> list[tuple[str, dict[str, str | None]]]:
        return self._read.tags

    @property
    def refresh(self) -> str | None:
        return self._read.refresh

    @property
    def words(self) -> str:
        return " ".join(self._read.words)

    @property
    def heading(self) -> str:
        match = re.search(r"<h1>(.*?)</h1>", self.response.text, re.DOTALL)
        assert match is not None, self.response.text
        return match[1]

    @property
    def reference(self) -> tuple[str, str]:
        """The code and the id that an error page shows."""
        found = re.findall(r"<dd><code>(.*?)</code></dd>", self.response.text)
        assert len(found) == 2, self.response.text
        return found[0], found[1]


class PageBrowser:
    """A browser with a cookie jar, in front of the hosted pages."""

    def __init__(self, stack: Stack, session: str | None = None) -> None:
        self.stack = stack
        self.http = stack.http()
        if session is not None:
            self.http.cookies.set("central_session", session, domain="central.test")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    @property
    def session(self) -> str | None:
        """The session cookie that it has."""
        return self.http.cookies.get("central_session")

    async def open(self, address: str, **query: str) -> Page:
        """Go to an address; redirects are not followed."""
        return Page(await self.http.get(address, params=query or None, headers=HTML))

    async def follow(self, page: Page) -> Page:
        """Go where a page leads: by a redirect, or by itself."""
        target = page.location or page.refresh
        assert target is not None, page.response.text
        return await self.open(urljoin(str(page.response.url), target))

    async def send(
        self, page: Page, values: Mapping[str, str] | None = None, *, form: int = 0, button: int = 0, **more: Any
    ) -> Page:
        """Fill a page's form and press one of its buttons."""
        found = page.forms[form]
        assert found.method == "post"
        name, value = found.buttons[button]
        fields = {**found.fields, **(values or {}), **({name: value} if name else {})}
        target = urljoin(str(page.response.url), found.action)
        return Page(await self.http.post(target, data=fields, headers={**OWN_FORM, **more}))

    async def ask_code(self, place: Place, email: str, **query: str) -> Page:
        """Have a short code mailed, and give the page for it."""
        await fill_buckets(place)
        page = await self.open(f"/t/{place.tenant.slug}", **query)
        return await self.follow(await self.send(page, {"email": email}))


def sign_in_of(page: Page) -> SignInId:
    """Give the sign-in that a page for a code is of."""
    return SignInId(query_of(str(page.response.url))["sign_in"])


def leads_away(page: Page) -> list[str]:
    """Give every address of a page, in links, forms, redirects or anywhere, that is not of this server."""
    targets = (
        [page.location, page.refresh, *(form.action for form in page.forms)] if page.response.text else [page.location]
    )
    if page.response.text:
        for tag, attributes in page.tags:
            targets += [attributes.get(name) for name in ("href", "src", "action", "content") if tag != "meta"]
    return [target for target in targets if target and urlsplit(target).netloc not in {"", urlsplit(BASE_URL).netloc}]
