import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from central_server.infra.dns import DnsServer as Address
from central_server.infra.dns import TxtLookup, TxtResolver, parse_server
from central_server.infra.embedded.ports import free_port
from support.dns_server import DnsServer

NAME = "_c.example.com"


@pytest.fixture
async def server() -> AsyncIterator[DnsServer]:
    async with DnsServer() as running:
        yield running


def resolver(*servers: DnsServer | Address, timeout: float = 5) -> TxtResolver:
    addresses = [server if isinstance(server, Address) else parse_server(server.address) for server in servers]
    return TxtResolver(addresses, timeout=timeout)


async def test_records_come_whole(server: DnsServer) -> None:
    """Each record is one text, its strings joined; what is no UTF-8 is spelled."""
    server.publish(NAME, "plain", [b"in ", b"two"], [b"\xff\x00"], "ü", "")
    found = await resolver(server).look_up(NAME)
    assert found.outcome == "found"
    assert sorted(found.values) == sorted(["plain", "in two", "\\xff\x00", "ü", ""])


async def test_that_there_is_nothing_is_an_answer(server: DnsServer) -> None:
    """A name that is not there, and one without such a record, are told apart, and at once."""
    server.publish(f"below.{NAME}", "x")
    server.aliases["alias.example.com"] = "nowhere.example.com"
    asking = resolver(server)
    assert await asking.look_up("absent.example.com") == TxtLookup("no_such_name")
    assert await asking.look_up(NAME) == TxtLookup("no_record")
    assert await asking.look_up("alias.example.com") == TxtLookup("no_such_name")
    assert server.asked == ["absent.example.com", NAME, "alias.example.com"]


@pytest.mark.parametrize("fault", ["SERVFAIL", "REFUSED"])
async def test_resolver_that_fails(server: DnsServer, fault: Any) -> None:
    """A resolver that fails says nothing about the name; another one is asked, if there is one."""
    async with DnsServer() as healthy:
        healthy.publish(NAME, "x")
        with server.fault(NAME, fault):
            assert await resolver(server).look_up(NAME) == TxtLookup("server_failure")
            assert await resolver(server, healthy).look_up(NAME) == TxtLookup("found", ("x",))


async def test_resolver_that_is_silent(server: DnsServer) -> None:
    """The whole look-up ends in time; within it another resolver is asked."""
    async with DnsServer() as healthy:
        healthy.publish(NAME, "x")
        with server.fault(NAME, "silent"):
            begun = time.monotonic()
            assert await resolver(server, timeout=0.4).look_up(NAME) == TxtLookup("timed_out")
            assert 0.3 < time.monotonic() - begun < 3
            assert await resolver(server, healthy, timeout=2).look_up(NAME) == TxtLookup("found", ("x",))


async def test_nobody_listens() -> None:
    """An address where nobody is fails in time, and is not an answer."""
    found = await resolver(Address("127.0.0.1", free_port()), timeout=0.4).look_up(NAME)
    assert found.outcome in {"timed_out", "server_failure"}


async def test_long_answers_come_over_tcp(server: DnsServer) -> None:
    """What does not fit into a packet is asked for again over TCP, and what nobody needs is not taken."""
    server.publish(NAME, *(f"{number}" * 80 for number in range(10, 60)))
    assert len((await resolver(server).look_up(NAME)).values) == 50
    assert server.by_tcp == 1
    for most, name in ((101, "many.example.com"), (70, "long.example.com")):
        server.publish(name, *(f"{number:03}" * (1 if most > 100 else 84) for number in range(most)))
        assert await resolver(server).look_up(name) == TxtLookup("too_large")


async def test_answers_for_other_questions_are_ignored(server: DnsServer) -> None:
    """A packet that somebody slips in, with another id or question, is not taken for the answer."""
    server.publish(NAME, "true")
    received: asyncio.Queue[tuple[bytes, Any]] = asyncio.Queue()

    class Forger(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            received.put_nowait((data, addr))

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Forger, local_addr=("127.0.0.1", 0))
    address = Address("127.0.0.1", transport.get_extra_info("sockname")[1])
    asking = asyncio.create_task(resolver(address).look_up(NAME))
    data, asker = await received.get()
    right = await server.answer(data)
    server.withdraw(NAME)
    server.publish(NAME, "forged")
    forged = bytearray(await server.answer(data))
    forged[1] ^= 1
    transport.sendto(bytes(forged), asker)
    transport.sendto(b"\x00" * 5, asker)
    transport.sendto(right, asker)
    assert await asking == TxtLookup("found", ("true",))
    transport.close()


async def test_fifty_look_ups_at_once(server: DnsServer) -> None:
    """Look-ups do not wait for each other, nor mix up their answers."""
    names = [f"{number}.example.com" for number in range(50)]
    for name in names:
        server.publish(name, name)
    asking = resolver(server)
    with server.holding():
        tasks = [asyncio.create_task(asking.look_up(name)) for name in names]
        await server.waits(50)
    assert [(await task).values for task in tasks] == [(name,) for name in names]


async def test_whether_a_resolver_answers(server: DnsServer) -> None:
    """Any answer to a question that all can answer will do; silence will not."""
    assert await resolver(server).answers()
    with server.fault("", "silent"):
        assert not await resolver(server, timeout=0.3).answers()
    assert str(resolver(server)) == server.address
    assert str(TxtResolver()) == "the system's"


async def test_no_configuration_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that names no resolver fails the look-up; it raises nothing."""

    def nothing(*_: object, **__: object) -> None:
        import dns.resolver

        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr("dns.asyncresolver.Resolver.read_resolv_conf", nothing)
    assert await TxtResolver(timeout=1).look_up(NAME) == TxtLookup("server_failure")
