"""IP addresses as the database keeps them, and where they are."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any, Protocol, cast

from central_server.infra.config import SettingsError


def known_address(text: str | None) -> str | None:
    """Read an address, without the zone of an interface; an IPv4 address in IPv6 is the IPv4 one. Else `None`."""
    if text is None:
        return None
    with suppress(ValueError):
        address = ip_address(text.partition("%")[0])
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return str(mapped or address)
    return None


class _Reader(Protocol):
    def get(self, ip_address: str) -> Any: ...


class Places:
    """Says where an address is, by a file in the MaxMind DB format; without one, the address is all there is to say."""

    def __init__(self, database: Path | None = None) -> None:
        self._reader = None if database is None else _open(database)

    def name(self, address: str | None) -> str | None:
        """Name the town and the country of an address, as far as they are known, else give the address."""
        if address is None or self._reader is None:
            return address
        record = None
        with suppress(ValueError, RuntimeError):  # an address of IPv6 in a file without such, or a broken record
            record = self._reader.get(address)
        return ", ".join(_names(record)) or address


def _names(record: Any) -> Iterator[str]:
    if isinstance(record, Mapping):
        found = cast("Mapping[str, Any]", record)
        for kind in ("city", "country"):
            with suppress(KeyError, TypeError):
                yield str(found[kind]["names"]["en"])


def _open(database: Path) -> _Reader:
    try:
        import maxminddb  # noqa: PLC0415 (an extra, which most servers go without)
    except ImportError:
        raise SettingsError("CENTRAL_GEOIP_DATABASE needs the extra: pip install 'central[geoip]'") from None
    try:
        open_database = cast("Callable[[Path], _Reader]", vars(maxminddb)["open_database"])
        return open_database(database)
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        raise SettingsError(f"CENTRAL_GEOIP_DATABASE: {database} cannot be read: {error}") from None
