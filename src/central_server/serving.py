"""Runs the API in this process: uvicorn on one socket, until a signal, draining what is in flight."""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

import structlog
import uvicorn
from prometheus_client import CollectorRegistry

from central_server.app import Central
from central_server.container import ROUTES, resolve
from central_server.infra.config import Settings
from central_server.infra.db import Database
from central_server.metrics import PoolCollector, serve_metrics

_DRAIN_SECONDS = 20
# Longer than the clients' and the usual proxies' keep-alive, so that it is them who close an idle connection.
_KEEP_ALIVE_SECONDS = 75
_BACKLOG = 2048
# Requests leave few cycles behind: the youngest generation may grow before it is looked at.
_GC_THRESHOLDS = (10_000, 20, 50)
_log = structlog.get_logger(__name__)


def listen(host: str, port: int) -> socket.socket:
    """Open the socket that the API listens on; `OSError` with a clear text when that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        # Python adds the address to the text of a taken one; for a name that is unknown, errno is no errno.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {reason}") from None


def serve_api(settings: Settings, sock: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight have 20 seconds to finish. `SettingsError` for bad keys."""
    with _signals_answered(), asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(_serve(settings, sock))


async def _serve(settings: Settings, sock: socket.socket) -> None:
    central = Central(settings)
    await resolve(central.container, ROUTES)  # a wrong key or address is an error here, not in a running server
    registry = await central.container.get(CollectorRegistry)
    registry.register(PoolCollector(await central.container.get(Database)))
    stop_metrics = serve_metrics(registry, settings.host, settings.metrics_port)
    try:
        await _Server(uvicorn_config(central)).serve(sockets=[sock])
    finally:
        await asyncio.to_thread(stop_metrics)
    _log.info("api stopped")


def uvicorn_config(central: Central) -> uvicorn.Config:
    """Give uvicorn's settings: logs, proxies and `Server` headers are ours."""
    return uvicorn.Config(
        central,
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )


class _Server(uvicorn.Server):
    """Says in the log where it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        _settle_memory()
        if not self.should_exit:
            for sock in sockets or ():
                host, port = sock.getsockname()[:2]
                _log.info("api listens", host=host, port=port, docs=f"http://{_in_url(host)}:{port}/docs")


def _settle_memory() -> None:
    """Keep the collector from walking through modules and statements, which live as long as the process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 (not there on every platform)
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _ignore(_number: int, _frame: FrameType | None) -> None: ...


@contextmanager
def _signals_answered() -> Generator[None]:
    """Take the signals that uvicorn raises again after it has obeyed them, so that a clean stop exits with 0."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, _ignore) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
