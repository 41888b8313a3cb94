"""A file in the MaxMind DB format with one network in it, as small as can be (specification 2.0)."""

import struct
from ipaddress import IPv4Network
from typing import Any

_MARKER = b"\xab\xcd\xefMaxMind.com"
_SEPARATOR = 16


def _encode(value: Any) -> bytes:
    match value:
        case dict():
            return bytes([7 << 5 | len(value)]) + b"".join(_encode(k) + _encode(v) for k, v in value.items())
        case list():
            return bytes([len(value), 11 - 7]) + b"".join(map(_encode, value))
        case str():
            data = value.encode()
            assert len(data) < 29
            return bytes([2 << 5 | len(data)]) + data
        case bytes():
            return value
        case _:
            raise TypeError(value)


def _u16(number: int) -> bytes:
    return bytes([5 << 5 | 2]) + struct.pack(">H", number)


def _u32(number: int) -> bytes:
    return bytes([6 << 5 | 4]) + struct.pack(">I", number)


def _u64(number: int) -> bytes:
    return bytes([8, 9 - 7]) + struct.pack(">Q", number)


def geoip_file(network: str, record: dict[str, Any]) -> bytes:
    """Make the file: a tree that leads to the record along the network's bits, and nowhere else."""
    where = IPv4Network(network)
    depth, bits = where.prefixlen, int(where.network_address) >> (32 - where.prefixlen)
    nowhere, found = depth, depth + _SEPARATOR
    tree = b""
    for level in range(depth):
        further = level + 1 if level + 1 < depth else found
        pair = [nowhere, nowhere]
        pair[bits >> (depth - 1 - level) & 1] = further
        tree += b"".join(number.to_bytes(3, "big") for number in pair)
    metadata = {
        "node_count": _u32(depth),
        "record_size": _u16(24),
        "ip_version": _u16(4),
        "database_type": "Test-City",
        "languages": ["en"],
        "binary_format_major_version": _u16(2),
        "binary_format_minor_version": _u16(0),
        "build_epoch": _u64(1_700_000_000),
        "description": {"en": "Test"},
    }
    return tree + b"\0" * _SEPARATOR + _encode(record) + _MARKER + _encode(metadata)
