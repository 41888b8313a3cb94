"""Where a request comes from, as far as it can be believed."""

import ipaddress

from central_server.infra.config import IpNetwork
from central_server.infra.logs import component_logger


class ClientAddresses:
    """Finds a client's address behind trusted proxies: the last one that no trusted proxy has added."""

    def __init__(self, trusted: tuple[IpNetwork, ...]) -> None:
        self._trusted = trusted
        self._warned = False
        self._log = component_logger(self)

    def find(self, peer: str | None, forwarded_for: bytes | None) -> str | None:
        """Give the address; `X-Forwarded-For` counts only as far as trusted proxies wrote it."""
        if peer is None or not forwarded_for:
            return peer
        if not self._is_trusted(peer):
            self._warn_of_proxy(peer)
            return peer
        address = peer
        for hop in reversed(forwarded_for.decode("latin-1").split(",")):
            if not _is_address(candidate := hop.strip()):
                return address
            address = candidate
            if not self._is_trusted(address):
                return address
        return address

    def _warn_of_proxy(self, peer: str) -> None:
        """Say once that a proxy seems to be missing in the settings: all its clients would share one rate limit."""
        if not self._warned and _is_address(peer) and ipaddress.ip_address(peer).is_private:
            self._warned = True
            self._log.warning("X-Forwarded-For not believed; is CENTRAL_TRUSTED_PROXIES complete?", proxy=peer)

    def _is_trusted(self, address: str) -> bool:
        return _is_address(address) and any(ipaddress.ip_address(address) in network for network in self._trusted)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
