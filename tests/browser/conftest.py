import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from playwright.async_api import Browser

from support.chromium import Window, find_chromium, launched, window
from support.place import Place, Stack, make_place
from support.servers import shared_postgres
from support.signing_in import provider
from support.site import Application, Site, make_site

__all__ = ["provider"]


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A running Chromium."""
    path = find_chromium()
    if path is None:
        pytest.skip("there is no Chromium here: apt-get install chromium, or name one in CENTRAL_CHROMIUM")
    async with launched(path) as browser:
        yield browser


@pytest.fixture(scope="session")
async def application() -> AsyncIterator[Application]:
    """An application elsewhere that people come from and return to."""
    async with Application() as running:
        yield running


@pytest.fixture(scope="session")
async def site(application: Application, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The API on a real port."""
    async with shared_postgres() as postgres:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        database = f"central_browser_{worker}_{secrets.token_hex(4)}"
        async with make_site(
            postgres, database, tmp_path_factory.mktemp("mailbox"), allowed_origins=application.url
        ) as made:
            yield made


@pytest.fixture
def stack(site: Site) -> Stack:
    """The site's API, for those who look at it from beside."""
    return site.stack


@pytest.fixture
async def place(site: Site) -> Place:
    """A tenant with a name and a colour."""
    made = await make_place(site.stack)
    await made.owner.tenants.rename(name="Northwind Traders")
    return replace(made, tenant=await made.owner.tenants.set_branding(accent_color="#0b6e4f"))


@pytest.fixture
async def other_place(site: Site) -> Place:
    """Another tenant."""
    made = await make_place(site.stack)
    return replace(made, tenant=await made.owner.tenants.rename(name="Globex"))


@pytest.fixture
async def tab(chromium: Browser) -> AsyncIterator[Window]:
    """A window of a browser that runs no JavaScript."""
    async with window(chromium) as opened:
        yield opened
