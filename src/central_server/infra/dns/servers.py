import re
from ipaddress import ip_address
from typing import NamedTuple

_PORT = 53
_WITH_PORT = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<v4>[^:]+))(?::(?P<port>[0-9]{1,5}))?")


class DnsServer(NamedTuple):
    """A resolver: its IP address and port."""

    address: str
    port: int = _PORT

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"


def parse_server(text: str) -> DnsServer:
    """Read `9.9.9.9`, `9.9.9.9:5353`, `2620:fe::fe` or `[2620:fe::fe]:5353`; `ValueError` for anything else."""
    match = _WITH_PORT.fullmatch(text)
    host, port = (match["v6"] or match["v4"], int(match["port"] or _PORT)) if match else (text, _PORT)
    try:
        server = DnsServer(str(ip_address(host)), port)
    except ValueError:
        server = None
    if server is None or not 0 < port < 65536:
        raise ValueError(f"expected a resolver like 9.9.9.9, 127.0.0.1:5353 or [2620:fe::fe]:53, not {text!r}")
    return server
