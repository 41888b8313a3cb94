"""The API on a real port of this machine, for real browsers, and the mails that it would have sent."""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import uvicorn

from central.kernel.ids import EventId, SignInId
from central_server.infra.embedded.postgres import EmbeddedPostgres
from central_server.infra.mail import DirectoryMailer, Mailer
from central_server.serving import listen, uvicorn_config
from support.database import superuser
from support.http_server import HttpServer, Reply, Request
from support.place import Place, Stack, make_stack
from support.signing_in import email_codes
from support.waiting import until


class _Server(uvicorn.Server):
    """Leaves signals to the test run."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@dataclass(frozen=True)
class Mailed:
    """What a mail brings."""

    code: str
    link: str


@dataclass(frozen=True)
class Site:
    """The API under its address."""

    stack: Stack
    url: str

    async def mail(self, place: Place, email: str) -> Mailed:
        """Send the mail of the newest sign-in of an address, as the worker would, and read it."""
        async with superuser(self.stack) as connection:
            newest = await connection.fetchval(
                "SELECT id FROM email_codes WHERE tenant_id = $1 AND lower(email) = lower($2)"
                " ORDER BY created_at DESC LIMIT 1",
                place.tenant.id.uuid,
                email,
            )
        codes = await email_codes(self.stack)
        assert await codes.TX_mail_code(place.tenant.id, SignInId.from_uuid(newest), EventId.new()), "it was sent"
        mailer = await self.stack.central.container.get(Mailer)
        assert isinstance(mailer, DirectoryMailer)
        text = next(mail.text for mail in await mailer.mails() if mail.to.lower() == email.lower())
        code, link = re.search(r"^ +(\d[\d ]+)$", text, re.MULTILINE), re.search(r"https?://\S+", text)
        assert code is not None
        assert link is not None
        return Mailed(code[1], link[0])


class Application:
    """An application of another origin: it sends its visitor on once more, as many do."""

    def __init__(self) -> None:
        self._server = HttpServer(self._answer)

    @property
    def url(self) -> str:
        return self._server.url.replace("127.0.0.1", "localhost")

    async def _answer(self, request: Request) -> Reply:
        if request.path == "/app":
            return Reply(302, headers={"location": f"{self._server.url}/home"})
        page = b"<!doctype html><html lang=en><title>Application</title><h1>The application</h1>"
        return Reply(200, page, {"content-type": "text/html"})

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()


@asynccontextmanager
async def make_site(
    postgres: EmbeddedPostgres, database: str, mailbox: Path, **overrides: object
) -> AsyncGenerator[Site]:
    """Start the API on a free port."""
    sock = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    async with make_stack(postgres, database, mailbox, public_url=url, **overrides) as stack:
        config = uvicorn_config(stack.central)
        config.lifespan = "off"
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[sock]))

        async def started() -> bool:
            return server.started

        await until(started)
        try:
            yield Site(stack, url)
        finally:
            server.should_exit = True
            await serving
