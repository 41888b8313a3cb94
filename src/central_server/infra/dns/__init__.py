"""The DNS: names as they are compared, and TXT records as a resolver finds them."""

from central_server.infra.dns.names import MOST_CHARACTERS, challenge_name, is_public_suffix, lineage, normalise
from central_server.infra.dns.resolver import TxtResolver
from central_server.infra.dns.servers import DnsServer, parse_server
from central_server.infra.dns.txt import TxtLookup, TxtOutcome

__all__ = [
    "MOST_CHARACTERS",
    "DnsServer",
    "TxtLookup",
    "TxtOutcome",
    "TxtResolver",
    "challenge_name",
    "is_public_suffix",
    "lineage",
    "normalise",
    "parse_server",
]
