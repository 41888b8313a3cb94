"""The load generator: keep-alive connections, each sending its next request as soon as it has its answer.

It shares a core with PostgreSQL, so it does as little as it can for a request: one epoll wake-up, one `recv`, a
look at status and length, one `send`.
"""

import gc
import math
import multiprocessing
import select
import signal
import socket
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count, cycle
from typing import Any

from bench.machine import pinned
from bench.traffic import SERIAL, Workload

_DRAIN_SECONDS = 10.0


class LoadError(RuntimeError):
    """A server answered wrongly or not at all."""


@dataclass(frozen=True)
class Job:
    """What to send where: `warm_up` seconds that do not count, then `duration` seconds that do."""

    port: int
    workload: Workload
    connections: int
    duration: float
    warm_up: float
    first_serial: int


@dataclass(frozen=True)
class Sample:
    """One measurement; latencies in milliseconds."""

    requests: int
    per_second: float
    p50: float
    p99: float
    answer_bytes: float
    next_serial: int
    cpu: float = 0.0
    """Microseconds of CPU that the server used for a request."""
    busy: float = 0.0
    """The share of its core that the server got: far from 1, something else held it up."""


class _Connection:
    __slots__ = ("missing", "parts", "requests", "sent_at", "socket")

    def __init__(self, port: int, requests: Iterator[bytes]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.requests = requests
        self.missing = 0
        self.parts = b""
        self.sent_at = 0.0


class _Run:
    """One job at work."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._serials = count(job.first_serial)
        self._status = b"%d" % job.workload.status
        self._latencies = array("d")
        self._bytes = 0
        self._poll = select.epoll()
        self._connections: dict[int, _Connection] = {}
        requests = job.workload.requests
        for index in range(job.connections):
            connection = _Connection(job.port, self._stream(cycle(requests[index :: job.connections])))
            self._connections[connection.socket.fileno()] = connection
            self._poll.register(connection.socket.fileno(), select.EPOLLIN)

    def _stream(self, requests: Iterator[bytes]) -> Iterator[bytes]:
        for request in requests:
            yield request.replace(SERIAL, b"%012d" % next(self._serials)) if SERIAL in request else request

    def measure(self) -> Sample:
        clock = time.perf_counter
        for connection in self._connections.values():
            self._send(connection, clock())
        start = clock() + self._job.warm_up
        self._pump(start)
        self._latencies = array("d")
        self._bytes = 0
        self._pump(start + self._job.duration)
        seconds = clock() - start
        latencies, size = sorted(self._latencies), self._bytes
        self._drain()
        return self._sample(latencies, size, seconds)

    def _pump(self, until: float) -> None:
        """Keep every connection busy; nothing that is the same for all requests is looked up in the loop."""
        clock, poll, connections = time.perf_counter, self._poll.poll, self._connections
        latencies = self._latencies
        read = self._read
        while clock() < until:
            for descriptor, _ in poll(1.0):
                connection = connections[descriptor]
                if read(connection):
                    now = clock()
                    latencies.append(now - connection.sent_at)
                    connection.sent_at = now
                    connection.socket.send(next(connection.requests))

    def _read(self, connection: _Connection) -> bool:
        """Take what has come; say whether the answer is complete."""
        data = connection.socket.recv(262_144)
        size = len(data)
        self._bytes += size
        if connection.missing:
            connection.missing -= size
            if connection.missing < 0:
                raise LoadError("more bytes than the answer's content-length came")
            return not connection.missing
        return self._begin(connection, data)

    def _begin(self, connection: _Connection, data: bytes) -> bool:
        data = connection.parts + data
        head = data.find(b"\r\n\r\n")
        if head < 0:
            if not data:
                raise LoadError("the server closed a connection")
            connection.parts = data
            return False
        connection.parts = b""
        if data[9:12] != self._status:
            raise LoadError(f"expected status {self._status.decode()}, got:\n{data[:2000].decode(errors='replace')}")
        at = data.find(b"ontent-", 0, head)
        while at >= 0 and data[at + 7 : at + 14].lower() != b"length:":
            at = data.find(b"ontent-", at + 7, head)
        if at < 0:
            raise LoadError(f"no content-length in:\n{data[:head].decode(errors='replace')}")
        length = int(data[at + 14 : data.find(b"\r\n", at, head + 2)])
        connection.missing = head + 4 + length - len(data)
        return not connection.missing

    def _send(self, connection: _Connection, now: float) -> None:
        connection.sent_at = now
        connection.socket.send(next(connection.requests))

    def _drain(self) -> None:
        """Let every server finish what it was asked, so that none is frozen in the middle of it."""
        waiting = set(self._connections)
        until = time.perf_counter() + _DRAIN_SECONDS
        while waiting:
            if time.perf_counter() > until:
                raise LoadError(f"{len(waiting)} requests got no answer within {_DRAIN_SECONDS:.0f} seconds")
            for descriptor, _ in self._poll.poll(0.1):
                if self._read(self._connections[descriptor]):
                    waiting.discard(descriptor)
        for connection in self._connections.values():
            connection.socket.close()
        self._poll.close()

    def _sample(self, latencies: list[float], size: int, seconds: float) -> Sample:
        number = len(latencies)
        if not number:
            raise LoadError("not one request was answered in time")
        return Sample(
            requests=number,
            per_second=number / seconds,
            p50=latencies[number // 2] * 1e3,
            p99=latencies[min(number - 1, math.ceil(number * 0.99))] * 1e3,
            answer_bytes=size / number,
            next_serial=next(self._serials),
        )


def _serve(pipe: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the harness, which ends this process
    gc.disable()
    while (job := pipe.recv()) is not None:
        try:
            pipe.send(_Run(job).measure())
        except (LoadError, OSError) as error:
            pipe.send(LoadError(str(error)))
        gc.collect()


class LoadGenerator:
    """The generator's own process, told what to do through a pipe."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe
        self._serial = 0

    def run(self, port: int, workload: Workload, *, connections: int, duration: float, warm_up: float) -> Sample:
        self._pipe.send(Job(port, workload, connections, duration, warm_up, self._serial))
        try:
            answer = self._pipe.recv()
        except EOFError:
            raise LoadError("the load generator has ended") from None
        if isinstance(answer, LoadError):
            raise answer
        self._serial = answer.next_serial
        return answer


@contextmanager
def load_generator(core: int | None) -> Iterator[LoadGenerator]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    with pinned(core):
        process.start()
    theirs.close()
    try:
        yield LoadGenerator(ours)
    finally:
        with suppress(OSError):
            ours.send(None)
        process.join(5)
        process.terminate()
