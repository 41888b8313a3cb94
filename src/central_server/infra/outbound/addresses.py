"""Which addresses may be dialled, and how names become addresses."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, Protocol, TypeAlias, final

Address: TypeAlias = IPv4Address | IPv6Address
AddressRule: TypeAlias = Callable[[Address], bool]

# The IANA special-purpose registries (RFC 6890 and its updates). `is_global` reads them as well, in the edition
# of the running Python; both must agree that an address is public.
_REFUSED_V4: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's own host agent, reachable from every machine there
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_PUBLIC_V6: Final = IPv6Network("2000::/3")
_REFUSED_V6: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # Teredo, ORCHID, benchmarking
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries any IPv4 address
        "3fff::/20",
    )
)
_NAT64: Final = IPv6Network("64:ff9b::/96")
_LOOPBACK: Final = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the public internet, whatever it is wrapped in."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _REFUSED_V4)
    if address in _NAT64:
        # DNS64 gives every IPv4 host this form on networks of IPv6 alone (RFC 6052).
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    if address not in _PUBLIC_V6 or not address.is_global:
        return False
    return not any(address in network for network in _REFUSED_V6)


def is_loopback(address: Address) -> bool:
    """Tell whether an address is this machine itself, plainly written."""
    return any(address in network for network in _LOOPBACK)


def is_public_or_loopback(address: Address) -> bool:
    """Tell whether an address is public or, in development, this machine itself."""
    return is_public(address) or is_loopback(address)


def parse_address(text: str) -> Address | None:
    """Read an address in its one canonical form; anything else is a name."""
    try:
        return ip_address(text)
    except ValueError:
        return None


class Resolver(Protocol):
    """Finds the addresses of a name."""

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Give every address as text; raises `OSError` where there is none."""
        ...


@final
class SystemResolver:
    """The system's own resolution, on threads of its own: a slow name server delays no other work."""

    def __init__(self, threads: int = 16) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="outbound-dns")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Ask getaddrinfo(3) once."""
        found = await asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host, port)
        return list(dict.fromkeys(found))

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> list[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
