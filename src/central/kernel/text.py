"""Kinds of text that inputs are made of: trimmed, bounded, free of what databases and headers choke on."""

import re
from ipaddress import IPv6Address, ip_network
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?",
    re.IGNORECASE,
)
_LOCAL_PART_LIMIT = 64


def one_line(value: str) -> str:
    """Refuse control characters and line breaks."""
    if _CONTROL.search(value):
        raise PydanticCustomError("control_character", "Control characters and line breaks are not allowed")
    return value


def _path_value(value: str) -> str:
    if value in {"", ".", ".."}:
        raise PydanticCustomError("path_value", "Expected an id or a name, not {value}", {"value": repr(value)})
    return value


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value) or len(value.partition("@")[0]) > _LOCAL_PART_LIMIT:
        raise PydanticCustomError("email", "Expected one email address like 'ada@example.com'")
    return value


def _network(value: str) -> str:
    try:
        # The zone of an interface (`fe80::1%eth0`) means nothing elsewhere.
        network = ip_network(value.replace("%", " "))
    except ValueError:
        message = "Expected an address like '192.0.2.7' or a network like '192.0.2.0/24', without host bits"
        raise PydanticCustomError("network", message) from None
    if network.num_addresses > 1:
        return str(network)
    address = network.network_address
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(one_line)]
"""One line of text for people: 1 to 200 characters, trimmed, no control characters."""

ShortLine = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64), AfterValidator(one_line)
]
"""As `Line`, up to 64 characters."""

LongLine = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(one_line)]
"""Up to 2,000 characters without control characters, kept as given: secrets, tokens, cursors, addresses."""

PathValue = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._~-]+$"),
    AfterValidator(_path_value),
]
"""A part of a path: never empty, `.` or `..`, which HTTP libraries collapse."""

TenantRef = Annotated[PathValue, Field(max_length=64)]
"""A tenant's id or slug."""

Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_email)]
"""One email address (RFC 5321 dot-atom and a domain of two labels or more), kept as written, compared without case."""

DomainName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=253), AfterValidator(one_line)
]
"""A domain name as people write it, international ones too; what it means is for the server to say."""

MailDomain = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        max_length=253,
        # Matched before the text is lowered.
        pattern=r"^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$",
    ),
]
"""The domain of email addresses, lowered."""

Claim = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x20\x7f.]+(?:\.[^\x00-\x20\x7f.]+)*$")
]
"""Where something stands in what a provider tells: names of members, joined by dots."""

Network = Annotated[str, StringConstraints(strip_whitespace=True, max_length=50), AfterValidator(_network)]
"""An IP address, or a network in CIDR notation."""

Slug = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        min_length=2,
        max_length=40,
        pattern=r"^[A-Za-z0-9](?:-?[A-Za-z0-9])+$",  # matched before the text is lowered
    ),
]
"""A name for addresses: 2 to 40 of `a-z`, `0-9` and single inner hyphens; lowered and trimmed."""

HexColor = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^#[0-9A-Fa-f]{6}$")]
"""A colour as `#rrggbb`, lowered."""
