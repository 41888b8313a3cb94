"""What a URL must look like before anything is resolved or dialled."""

import re
from typing import Final

import httpx

from central_server.infra.outbound.addresses import is_public, is_public_or_loopback, parse_address
from central_server.infra.outbound.errors import AddressRefusedError, InvalidUrlError, NotHttpsError

_MAX_LENGTH: Final = 2048
_HIGHEST_PORT: Final = 65535
_VISIBLE_ASCII = re.compile(r"[!-~]+")
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")
_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
)
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")


def check_url(text: str, *, allow_loopback: bool = False) -> httpx.URL:
    """Parse a URL that may be requested: https, a name or a public address, nobody's credentials.

    Raises an `OutboundError` otherwise. Names are judged again by what they resolve to, when connecting.
    """
    url = _parse(text)
    if url.scheme != "https" and not (allow_loopback and url.scheme == "http"):
        raise NotHttpsError("The URL does not begin with https://.")
    _check_host(url.raw_host.decode("ascii"), allow_loopback=allow_loopback)
    return url


def _parse(text: str) -> httpx.URL:
    """Read the URL by the parser that the request uses, so that no two readings of it exist."""
    if len(text) > _MAX_LENGTH or not _VISIBLE_ASCII.fullmatch(text) or "\\" in text:
        raise InvalidUrlError("The URL is too long or holds characters that a URL does not hold.")
    authority = _AUTHORITY.match(text)
    if authority is None or not authority[1]:
        raise InvalidUrlError("The URL names no host.")
    if "@" in authority[1]:
        raise InvalidUrlError("The URL holds a user name or a password.")
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise InvalidUrlError("The URL is malformed.") from None
    if url.port is not None and not 0 < url.port <= _HIGHEST_PORT:
        raise InvalidUrlError("The URL's port is none.")
    return url


def _check_host(host: str, *, allow_loopback: bool) -> None:
    if (address := parse_address(host)) is not None:
        allowed = is_public_or_loopback if allow_loopback else is_public
        if not allowed(address):
            raise AddressRefusedError("The host is an address that is not public.")
    elif _NUMERIC.fullmatch(host):
        # inet_aton(3) reads 127.1, 0x7f.1 and 2130706433 as addresses; as in the WHATWG URL standard, a host that
        # ends in a number is an address, and only the canonical form of one is taken.
        raise AddressRefusedError("The host is a number that is no address in its usual form.")
    elif not _NAME.fullmatch(host):
        raise InvalidUrlError("The host is not a valid name.")
