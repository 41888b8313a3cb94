"""A DNS server for tests: real messages over UDP and TCP on 127.0.0.1, from a zone that tests write."""

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.TXT import TXT

Fault = Literal["SERVFAIL", "REFUSED", "silent"]
Value = str | list[bytes]


class DnsServer(asyncio.DatagramProtocol):
    """Answers for TXT records and aliases. A name `*.x` is a wildcard (RFC 4592).

    A name in `faults` fails in that way, also by what it is below; `asked` are the names that were asked for, in lower
    case; with `shouting`, answers spell names in capitals.
    """

    def __init__(self) -> None:
        self.records: dict[str, list[Value]] = {}
        self.aliases: dict[str, str] = {}
        self.faults: dict[str, Fault] = {}
        self.asked: list[str] = []
        self.by_tcp = 0
        self.shouting = False
        self._open = asyncio.Event()
        self._open.set()
        self._waiting = asyncio.Semaphore(0)
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        while True:
            self._udp, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
            self.port: int = self._udp.get_extra_info("sockname")[1]
            try:
                self._tcp = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            except OSError:
                self._udp.close()  # somebody else has this port for TCP
            else:
                return self

    async def __aexit__(self, *_: object) -> None:
        self._tcp.close()
        self._udp.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def address(self) -> str:
        """Where it is asked, as `CENTRAL_DNS_RESOLVERS` takes it."""
        return f"127.0.0.1:{self.port}"

    def publish(self, name: str, *values: Value) -> None:
        """Add TXT records to a name; a list is one record of several strings."""
        self.records.setdefault(name.lower(), []).extend(values)

    def withdraw(self, name: str) -> None:
        """Remove the name with all its records."""
        self.records.pop(name.lower(), None)

    @contextmanager
    def fault(self, name: str, fault: Fault) -> Iterator[None]:
        """Fail for a name and what is below it, for a while."""
        self.faults[name] = fault
        try:
            yield
        finally:
            del self.faults[name]

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Keep every question waiting until the end."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    async def waits(self, count: int = 1) -> None:
        """Wait until as many questions are waiting."""
        async with asyncio.timeout(30):
            for _ in range(count):
                await self._waiting.acquire()

    def connection_made(self, transport: Any) -> None:
        self._transport: asyncio.DatagramTransport = transport

    async def answer(self, packet: bytes) -> bytes | None:
        """Give the packet that answers one, cut to the size that the asker takes."""
        response = await self._respond(packet)
        most = max(512, dns.message.from_wire(packet).payload)
        return response and response.to_wire(max_size=most, prefer_truncation=True)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        async def answer() -> None:
            if (packet := await self.answer(data)) is not None:
                self._transport.sendto(packet, addr)

        task = asyncio.create_task(answer())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                response = await self._respond(await reader.readexactly(size))
                if response is not None:
                    self.by_tcp += 1
                    wire = response.to_wire(max_size=65535)
                    writer.write(len(wire).to_bytes(2, "big") + wire)
                    await writer.drain()
        writer.close()

    async def _respond(self, wire: bytes) -> dns.message.Message | None:
        query = dns.message.from_wire(wire)
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        if not self._open.is_set():
            self._waiting.release()
            await self._open.wait()
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        faults = (fault for failing, fault in self.faults.items() if not failing or f".{name}".endswith(f".{failing}"))
        fault = next(faults, None)
        if fault == "silent":
            return None
        if fault is not None:
            response.set_rcode(dns.rcode.from_text(fault))
        else:
            self._answer(response, query.question[0], name)
        return response

    def _answer(self, response: dns.message.Message, question: dns.rrset.RRset, name: str) -> None:
        owner = dns.name.from_text(name.upper()) if self.shouting else question.name
        for _ in range(8):
            source = self._source(name)
            if source is None or source not in self.aliases:
                break
            name = self.aliases[source]
            target = dns.name.from_text(name)
            response.answer.append(dns.rrset.from_text(owner, 60, "IN", "CNAME", target.to_text()))
            owner = target
        if source is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif values := self.records.get(source):
            records = [_txt(value) for value in values]
            if question.rdtype == dns.rdatatype.TXT:
                response.answer.append(dns.rrset.from_rdata(owner, 60, *records))

    def _source(self, name: str) -> str | None:
        """Give the name whose records answer: itself, or a wildcard at the closest one above; None for neither."""
        if name == "." or self._exists(name):
            return name
        while name:
            _, _, name = name.partition(".")
            if (wildcard := f"*.{name}") in {*self.records, *self.aliases}:
                return wildcard
            if self._exists(name):
                return None
        return None

    def _exists(self, name: str) -> bool:
        return any(f".{known}".endswith(f".{name}") for known in (*self.records, *self.aliases) if known[0] != "*")


def _txt(value: Value) -> TXT:
    text = b"" if isinstance(value, list) else value.encode()
    strings = value if isinstance(value, list) else [text[at : at + 255] for at in range(0, len(text) or 1, 255)]
    return TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings)
