"""Where a request comes from, as far as it can be believed."""

import ipaddress

from central_server.infra.config import IpNetwork


class ClientAddresses:
    """Finds a client's address behind trusted proxies: the last one that no trusted proxy has added."""

    def __init__(self, trusted: tuple[IpNetwork, ...]) -> None:
        self._trusted = trusted

    def find(self, peer: str | None, forwarded_for: bytes | None) -> str | None:
        """Give the address; `X-Forwarded-For` counts only as far as trusted proxies wrote it."""
        if peer is None or not self._trusted or not forwarded_for or not self._is_trusted(peer):
            return peer
        address = peer
        for hop in reversed(forwarded_for.decode("latin-1").split(",")):
            if not _is_address(candidate := hop.strip()):
                return address
            address = candidate
            if not self._is_trusted(address):
                return address
        return address

    def _is_trusted(self, address: str) -> bool:
        return _is_address(address) and any(ipaddress.ip_address(address) in network for network in self._trusted)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
