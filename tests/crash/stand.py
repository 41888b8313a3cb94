"""A whole server in a folder of its own: PostgreSQL, Temporal, an API, workers, and a mail server to fail."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from central_client import AsyncCentral
from central_server.infra.config import Settings
from central_server.infra.embedded.errors import EmbeddedError
from central_server.infra.embedded.ports import free_port
from central_server.infra.embedded.postgres import EmbeddedPostgres
from central_server.infra.embedded.temporal import EmbeddedTemporal
from crash.programs import Program, is_alive, processes_with
from support.http_server import HttpServer, Reply, Request
from support.place import RATE_LIMITS, Place, make_place, make_stack
from support.programs import environment_of
from support.smtp import SmtpSink

DATABASE = "crash"


@dataclass
class MailServer:
    """Takes mail at one port, through times in which it is away; remembers all that it ever took."""

    port: int = field(default_factory=free_port)
    message_ids: list[str] = field(default_factory=list)
    _sink: SmtpSink | None = None

    def start(self) -> None:
        self._sink = SmtpSink(self.port)
        self._sink.__enter__()

    def stop(self) -> None:
        if self._sink is not None:
            self._sink.stop()
            self.message_ids += [str(message["Message-ID"]) for message in self._sink.messages]
            self._sink = None


class Receiver:
    """Takes the webhooks of all tenants, but for times in which it fails; remembers how often it took which."""

    def __init__(self) -> None:
        self.is_well = True
        self.taken: Counter[str] = Counter()

    async def __call__(self, request: Request) -> Reply:
        if not self.is_well:
            return Reply(503)
        self.taken[f"{request.path} {request.headers['webhook-id']}"] += 1
        return Reply(204)


@dataclass
class Stand:
    """What there is to break, and what is used."""

    folder: Path
    postgres: EmbeddedPostgres
    temporal: EmbeddedTemporal
    mail: MailServer
    receiver: Receiver
    places: list[Place]
    api_url: str
    superuser_url: str
    programs: dict[str, Program]

    sessions: list[str]

    def owner(self, number: int) -> AsyncCentral:
        """Give a client of the owner of one of the tenants, that waits as long as a careful program would."""
        place = self.places[number % len(self.places)]
        session = self.sessions[number % len(self.places)]
        return AsyncCentral(
            self.api_url, tenant=place.tenant.slug, session=session, timeout=5, max_retries=4, max_retry_after=5
        )

    async def stop_postgres_at_once(self) -> None:
        """Stop PostgreSQL as a crash does: without a checkpoint, every connection cut."""
        pid = int((self.postgres.data / "store/cluster/postmaster.pid").read_text().partition("\n")[0])
        os.kill(pid, signal.SIGQUIT)
        while is_alive(pid):  # noqa: ASYNC110 (it is no child of this process)
            await asyncio.sleep(0.05)

    async def kill_temporal(self) -> None:
        """End Temporal as `kill -9` does."""
        for pid in processes_with(f"--db-filename {self.temporal.data / 'temporal.db'} "):
            os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.3)

    def wipe_temporal(self) -> None:
        """Lose all that Temporal knew; it must not run."""
        for file in self.temporal.data.glob("temporal.db*"):
            file.unlink()

    async def revive(self, server: EmbeddedPostgres | EmbeddedTemporal) -> None:
        """Start a server again at its port, until it answers."""
        for _ in range(10):
            try:
                await server.start()
            except EmbeddedError:
                await asyncio.sleep(0.5)
            else:
                return
        raise RuntimeError(f"{server.name} does not come back")

    async def healthy(self) -> None:
        """Wait until the API answers that it is ready."""
        async with httpx.AsyncClient() as client:
            async with asyncio.timeout(60):
                while True:
                    try:
                        if (await client.get(f"{self.api_url}/meta/readiness-probe")).status_code == 200:
                            return
                    except httpx.HTTPError:
                        pass
                    await asyncio.sleep(0.1)


@asynccontextmanager
async def make_stand(folder: Path, tenants: int) -> AsyncIterator[Stand]:
    """Start everything, with so many tenants."""
    async with AsyncExitStack() as stack:
        postgres = EmbeddedPostgres(folder / "postgres", port=free_port(), durable=True)
        temporal = EmbeddedTemporal(folder / "temporal", port=free_port(), durable=True)
        await stack.enter_async_context(postgres)
        await stack.enter_async_context(temporal)
        mail, port = MailServer(), free_port()
        mail.start()
        stack.callback(mail.stop)
        url, receiver = f"http://127.0.0.1:{port}", Receiver()
        hooks = await stack.enter_async_context(HttpServer(receiver))
        overrides = {
            "public_url": url,
            "temporal_address": temporal.address,
            "mail_url": f"smtp://127.0.0.1:{mail.port}",
        }
        async with make_stack(postgres, DATABASE, folder / "mailbox", **overrides) as made:
            places = [await make_place(made) for _ in range(tenants)]
            for place in places:
                await place.owner.webhooks.create_endpoint(url=f"{hooks.url}/{place.tenant.slug}")
            sessions = [await made.session_of(place.tenant.id, place.owner_user.id) for place in places]
            environment = _environment(made.settings, folder, port)
            superuser_url = made.superuser_url
        programs = {
            name: Program(name, arguments, environment, folder)
            for name, arguments in {
                "api": ("api",),
                "core-1": ("worker", "core"),
                "core-2": ("worker", "core"),
                "media": ("worker", "media"),
            }.items()
        }
        for program in programs.values():
            await program.start()
            stack.push_async_callback(program.kill)
        stand = Stand(folder, postgres, temporal, mail, receiver, places, url, superuser_url, programs, sessions)
        await stand.healthy()
        yield stand


def _environment(settings: Settings, folder: Path, port: int) -> dict[str, str]:
    """Give the settings of this process's API as variables for others."""
    secrets = ("database_url", "vault_keys", "signing_keys", "mail_url")
    values = {name: getattr(settings, name).get_secret_value() for name in secrets}
    plain = ("environment", "public_url", "mail_from", "temporal_address", *RATE_LIMITS)
    values |= {name: str(getattr(settings, name)) for name in plain}
    values |= {"port": str(port), "log_level": "warning"}
    return environment_of(**{f"CENTRAL_{name.upper()}": text for name, text in values.items()})
