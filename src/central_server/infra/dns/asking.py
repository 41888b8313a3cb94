"""Asks resolvers: the one module that imports dnspython."""

from collections.abc import Sequence
from typing import Final

import dns.exception
import dns.name
import structlog
from dns.asyncresolver import Resolver
from dns.nameserver import Do53Nameserver
from dns.rdtypes.ANY.TXT import TXT
from dns.resolver import NXDOMAIN, Answer, LifetimeTimeout, NoAnswer

from central_server.infra.dns.servers import DnsServer
from central_server.infra.dns.txt import TxtLookup

# What fits into any path's packets (DNS flag day 2020); a longer answer comes over TCP.
_PAYLOAD: Final = 1232
_MOST_RECORDS: Final = 100
_MOST_BYTES: Final = 16_384
_TRIES: Final = 2
_log = structlog.get_logger(__name__)


async def ask_txt(name: str, servers: Sequence[DnsServer], seconds: float) -> TxtLookup:
    """Ask for the TXT records of a name, and tell apart that there are none from not knowing."""
    try:
        resolver = _resolver(servers, seconds)
        answer = await resolver.resolve(dns.name.from_text(name), "TXT", lifetime=seconds)
    except NXDOMAIN:
        return TxtLookup("no_such_name")
    except NoAnswer:
        return TxtLookup("no_record")
    except LifetimeTimeout:
        return TxtLookup("timed_out")
    except (dns.exception.DNSException, OSError) as error:
        # SERVFAIL and REFUSED everywhere, nobody listens, no resolver is configured, an alias that goes round.
        _log.warning("resolver fails", error=type(error).__name__)
        return TxtLookup("server_failure")
    return _read(answer)


def _resolver(servers: Sequence[DnsServer], seconds: float) -> Resolver:
    resolver = Resolver(configure=not servers)
    if servers:
        resolver.nameservers = [Do53Nameserver(server.address, server.port) for server in servers]
    resolver.timeout = seconds / _TRIES
    resolver.use_edns(0, 0, _PAYLOAD)
    return resolver


def _read(answer: Answer) -> TxtLookup:
    records = [b"".join(record.strings) for record in answer if isinstance(record, TXT)]
    if len(records) > _MOST_RECORDS or sum(map(len, records)) > _MOST_BYTES:
        return TxtLookup("too_large")
    return TxtLookup("found", tuple(record.decode("utf-8", "backslashreplace") for record in records))
