"""Ids on the wire, `user-{ULID}`, and in the database, `uuid`."""

import os
import time
from uuid import UUID

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TWO = [high + low for high in _ALPHABET for low in _ALPHABET]
_THREE = [high + low for high in _TWO for low in _ALPHABET]
_LOW_60 = (1 << 60) - 1
_LOW_15 = (1 << 15) - 1


def render(prefix: str, uuid: UUID) -> str:
    """Write 128 bits as the 26 characters of a ULID, three at a time: a larger table leaves the cache."""
    number = uuid.int
    three = _THREE
    high = number >> 60
    low = number & _LOW_60
    return (
        f"{prefix}-{_TWO[high >> 60]}{three[high >> 45 & _LOW_15]}{three[high >> 30 & _LOW_15]}"
        f"{three[high >> 15 & _LOW_15]}{three[high & _LOW_15]}{three[low >> 45]}{three[low >> 30 & _LOW_15]}"
        f"{three[low >> 15 & _LOW_15]}{three[low & _LOW_15]}"
    )


def new() -> UUID:
    """Make the 128 bits of a ULID."""
    return UUID(bytes=(time.time_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(10))
