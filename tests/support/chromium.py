"""A real browser: Debian's Chromium, without a screen, driven by Playwright."""

import os
import re
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import axe_playwright_python
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from support.site import Site

ROOT = Path(__file__).parents[2]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
_SCHEME = "matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'"
_OUTLINE = "(s => [s.outlineWidth, s.outlineStyle])(getComputedStyle(document.activeElement))"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_copies: dict[Browser, Page] = {}


def find_chromium() -> str | None:
    """Give the path of a Chromium: the one that CENTRAL_CHROMIUM names, else the first on the path."""
    if named := os.environ.get("CENTRAL_CHROMIUM"):
        return named
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


def screenshots() -> Path:
    """Give the folder that screenshots are kept in: that of CENTRAL_SCREENSHOTS, else `.artefacts/screenshots`."""
    folder = Path(os.environ.get("CENTRAL_SCREENSHOTS") or ROOT / ".artefacts" / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@asynccontextmanager
async def launched(path: str) -> AsyncGenerator[Browser]:
    """Run a browser."""
    async with async_playwright() as playwright:
        # Chromium's own sandbox refuses to run as root, as in containers.
        arguments = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = await playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


class Window:
    """One page of a browser with cookies of its own, without JavaScript, watched for what it complains of."""

    def __init__(self, browser: Browser, page: Page) -> None:
        self.browser = browser
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._note)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.complaints.append(message.text)

    async def open(self, address: str, **query: str) -> None:
        """Go to an address."""
        await self.page.goto(f"{address}?{urlencode(query)}" if query else address)

    async def heading(self, text: str) -> None:
        """Wait for the page with this heading."""
        await self.page.get_by_role("heading", name=text, exact=True).wait_for()

    async def focused(self) -> str:
        """Give the id of what has the focus."""
        return str(await self.page.evaluate("document.activeElement.id"))

    async def focused_text(self) -> str:
        """Give the text of what has the focus."""
        return str(await self.page.evaluate("document.activeElement.innerText"))

    async def shows_focus(self) -> None:
        """See that the focus can be seen: by an outline of two pixels or more."""
        width, style = await self.page.evaluate(_OUTLINE)
        assert style == "solid"
        assert float(width.removesuffix("px")) >= 2

    async def have_session(self, site: Site, token: str) -> None:
        """Be signed in."""
        await self.page.context.add_cookies([{"name": "central_session", "value": token, "url": site.url}])

    async def sign_out(self, site: Site) -> None:
        """Sign out by the page."""
        await self.open(f"{site.url}/signout")
        await self.page.get_by_role("button", name="Sign out here", exact=True).click()
        await self.heading("You are signed out")

    async def shoot(self, name: str) -> None:
        """Keep a picture of the whole page, after checking that the page is as a page should be."""
        await self.check()
        await self.page.screenshot(path=screenshots() / f"{name}.png", full_page=True)

    async def check(self) -> None:
        """Hold the page to WCAG 2.2 AA as far as axe can tell, to its width, and to its own policy."""
        assert self.complaints == []
        assert await self.violations() == []
        widths = await self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1], "nothing is cut off at the side"
        assert await self.page.locator("h1").count() == 1
        assert re.fullmatch(r"[^<>]+", await self.page.title())

    async def violations(self) -> list[Any]:
        """Give what axe finds on a copy of the page, in a window that runs its script."""
        html, scheme = await self.page.content(), await self.page.evaluate(_SCHEME)
        copy = await self._copy()
        await copy.set_viewport_size(self.page.viewport_size or {"width": 1024, "height": 768})
        await copy.emulate_media(color_scheme=scheme)
        await copy.route(self.page.url, lambda route: route.fulfill(body=html, content_type="text/html"))
        await copy.goto(self.page.url)
        await copy.unroute_all()
        await copy.evaluate(_AXE.read_text())
        found = await copy.evaluate("rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", _RULES)
        return [
            (violation["id"], [(node["html"], node["failureSummary"]) for node in violation["nodes"]])
            for violation in found["violations"]
        ]

    async def _copy(self) -> Page:
        """Give the window that copies are judged in: one for all pages of a browser."""
        if self.browser not in _copies:
            _copies[self.browser] = await self.browser.new_page()
        return _copies[self.browser]


@asynccontextmanager
async def window(browser: Browser, **options: Any) -> AsyncGenerator[Window]:
    """Open a window with a cookie jar of its own."""
    defaults = {"java_script_enabled": False, "viewport": {"width": 1024, "height": 768}}
    context = await browser.new_context(**{**defaults, **options})
    context.set_default_timeout(30_000)
    try:
        yield Window(browser, await context.new_page())
    finally:
        await context.close()
