"""The processes of a development server, from the first to the last."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Sequence
from pathlib import Path
from typing import Any

from central_server.cli.dev.command import StopSignal, run_command, run_helper
from central_server.cli.dev.environment import child_environment, command_environment, make_settings, read_secrets
from central_server.cli.dev.folders import DevFolders, write_private
from central_server.cli.dev.ports import DevPorts, choose_ports
from central_server.cli.dev.prepare import DATABASE, SESSION, fingerprint
from central_server.cli.dev.probe import answers
from central_server.cli.dev.report import Report
from central_server.cli.failures import CommandError
from central_server.infra.embedded.locks import FileLock
from central_server.infra.embedded.logfile import tail
from central_server.infra.embedded.postgres import EmbeddedPostgres
from central_server.infra.embedded.processes import Process, ProcessEvent, Supervisor
from central_server.infra.embedded.temporal import EmbeddedTemporal

# `-P` keeps modules of the folder that it runs in from being taken for ours.
_PYTHON = (sys.executable, "-P", "-m")
_SERVES = '"worker serves"'
_QUEUES = {"worker-core": "core", "worker-media": "media"}
_READY_SECONDS = 90.0
_MOST_CRASHES = 3
_GRACE_SECONDS = 22.0
_INTERRUPTED = 130

Ready = Callable[[], Awaitable[bool]]


class DevStack:
    """Runs PostgreSQL, Temporal, the API and the workers until told to stop, or until a command has ended."""

    def __init__(self, root: Path, port: int, command: Sequence[str], report: Report) -> None:
        self._folders = DevFolders(root)
        self._wanted_port = port
        self._command = command
        self._report = report
        self._stop = StopSignal()
        self._serving: set[str] = set()
        self._crashes: Counter[str] = Counter()
        self._supervisors: list[Supervisor] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._servers: list[EmbeddedPostgres | EmbeddedTemporal] = []
        self._values: dict[str, str] = {}

    async def run(self) -> int:
        """Run, and give the exit status; nothing is left running, however it ends."""
        lock = self._folders.claim()
        try:
            with self._signals():
                try:
                    return await self._run()
                finally:
                    await self._end()
        finally:
            lock.release()

    async def _run(self) -> int:
        starting = asyncio.create_task(self._start())
        stopping = asyncio.create_task(self._stop.asked.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not starting.done():
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            return _INTERRUPTED
        ports, session = starting.result()
        if session is not None:
            self._report.runs(self._command)
            return await run_command(self._command, command_environment(ports, session), self._stop)
        self._report.ready(self._folders, ports)
        await self._stop.asked.wait()
        return 0

    async def _start(self) -> tuple[DevPorts, str | None]:
        """Start everything, as much at once as can be; gives a session for the command, if there is one."""
        ports = self._choose_ports()
        temporal = asyncio.create_task(self._start_temporal(ports))
        session: asyncio.Task[str] | None = None
        tasks: list[asyncio.Task[Any]] = [temporal]
        try:
            made = await self._start_postgres(ports)
            if self._command and not made:
                session = asyncio.create_task(self._prepare(SESSION))
                tasks.append(session)
            await self._start_api(ports)
            await temporal
            await self._start_workers(ports)
            return ports, await session if session else made
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _choose_ports(self) -> DevPorts:
        # A Temporal that still runs, since `dev` was killed a moment ago, is attached to where it is.
        is_running = not FileLock(self._folders.temporal / "leash.lock").is_free()
        keep = ("temporal", "temporal_page") if is_running else ()
        ports = choose_ports(self._folders.ports, self._wanted_port, keep=keep)
        for text in ports.taken:
            self._report.note(f"Port {text}.")
        ports.save(self._folders.ports)
        return ports

    async def _start_postgres(self, ports: DevPorts) -> str | None:
        """Start PostgreSQL and see that the database is prepared; gives the session, if one was made on the way."""
        server = EmbeddedPostgres(self._folders.postgres)
        self._servers.append(server)
        await server.start()
        self._keep(server)
        self._report.step(f"PostgreSQL answers at 127.0.0.1:{server.port}")
        secrets = read_secrets(self._folders.settings)
        self._values = make_settings(self._folders, ports, secrets, server)
        wanted, stamp = fingerprint(secrets.password), self._folders.stamp
        if stamp.exists() and stamp.read_text() == wanted:
            return None
        session = await self._prepare(DATABASE, *([SESSION] if self._command else []))
        write_private(stamp, wanted)
        self._report.step("The database is migrated, the tenant and its owner are there")
        return session or None

    async def _start_temporal(self, ports: DevPorts) -> None:
        server = EmbeddedTemporal(self._folders.temporal, port=ports.temporal, ui_port=ports.temporal_page)
        self._servers.append(server)
        await server.start()
        self._keep(server)
        self._report.step(f"Temporal answers at {server.address}")

    def _keep(self, server: EmbeddedPostgres | EmbeddedTemporal) -> None:
        self._keepers.append(asyncio.create_task(server.keep(self._report.note), name=f"keep {server.name}"))

    async def _prepare(self, *arguments: str) -> str:
        environment = os.environ | child_environment(self._values) | self._values
        return await run_helper((*_PYTHON, "central_server.cli.dev.prepare", *arguments), environment)

    async def _start_api(self, ports: DevPorts) -> None:
        async def ready() -> bool:
            return await answers(ports.api)

        await self._supervise("api", ("api",), ports.api_metrics, ready)
        self._report.step(f"The API answers at http://127.0.0.1:{ports.api}")

    async def _start_workers(self, ports: DevPorts) -> None:
        metrics = {"worker-core": ports.core_metrics, "worker-media": ports.media_metrics}

        async def start(name: str, queue: str) -> None:
            async def ready() -> bool:
                return name in self._serving

            await self._supervise(name, ("worker", queue), metrics[name], ready)

        await asyncio.gather(*(start(name, queue) for name, queue in _QUEUES.items()))
        self._report.step("The workers serve")

    async def _supervise(self, name: str, arguments: Sequence[str], metrics: int, ready: Ready) -> None:
        """Start a process and keep it running; `CommandError` when it ends again and again before it is ready."""

        async def ready_or_failed() -> bool:
            if self._crashes[name] >= _MOST_CRASHES:
                log = self._folders.logs / f"{name}.log"
                raise CommandError(f"{name} does not start; see {log}. It wrote: {tail(log, 1)}")
            return await ready()

        process = Process(
            name=name,
            command=(*_PYTHON, "central_server.cli", *arguments),
            environment=child_environment(self._values, CENTRAL_METRICS_PORT=str(metrics)),
            ready=ready_or_failed,
            ready_seconds=_READY_SECONDS,
            grace_seconds=_GRACE_SECONDS,
        )
        supervisor = Supervisor((process,), logs=self._folders.logs, on_line=self._line, on_event=self._event)
        self._supervisors.append(supervisor)
        await supervisor.start()

    def _line(self, name: str, line: str) -> None:
        if _SERVES in line:
            self._serving.add(name)
        self._report.line(name, line)

    def _event(self, event: ProcessEvent) -> None:
        if event.kind == "crashed":
            self._crashes[event.process] += 1
            self._report.note(f"{event.process} {event.message}; see {self._folders.logs / event.process}.log")

    async def _end(self) -> None:
        """Stop everything, what uses a server before the server; asked again, at once."""
        self._report.stopping()
        for keeper in self._keepers:
            keeper.cancel()
        gentle = asyncio.create_task(self._stop_processes(force=False))
        again = asyncio.create_task(self._stop.asked_again.wait())
        await asyncio.wait({gentle, again}, return_when=asyncio.FIRST_COMPLETED)
        again.cancel()
        if not gentle.done():
            gentle.cancel()
            await asyncio.gather(gentle, return_exceptions=True)
            await self._stop_processes(force=True)
        await asyncio.gather(*(self._stop_server(server) for server in self._servers))
        self._report.stopped()

    async def _stop_server(self, server: EmbeddedPostgres | EmbeddedTemporal) -> None:
        """Stop a server; one whose start was broken off is ended by its leash, and awaited as well."""
        until = time.monotonic() + _GRACE_SECONDS
        await server.stop()
        await FileLock(server.data / "leash.lock").wait_until_free(until=lambda: time.monotonic() > until)

    async def _stop_processes(self, *, force: bool) -> None:
        await asyncio.gather(*(supervisor.stop(force=force) for supervisor in self._supervisors))

    @contextlib.contextmanager
    def _signals(self) -> Generator[None]:
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        for number in numbers:
            loop.add_signal_handler(number, self._stop.ask, number)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)
