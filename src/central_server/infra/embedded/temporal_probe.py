"""Asks a Temporal server one question over bare HTTP/2.

Temporal's SDK would do too, but takes half a second to import into every process that starts or attaches to
a server, and a process that ends soon after its first call sometimes aborts in the SDK's threads.
"""

import asyncio
import struct

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _GOAWAY = 0, 1, 3, 4, 7
_END_STREAM, _END_HEADERS = 1, 4
_PATH = "/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace"


async def temporal_ready(address: str, namespace: str = "default", seconds: float = 2.0) -> bool:
    """Whether a Temporal server at `host:port` answers and has the namespace (at most 120 characters)."""
    try:
        async with asyncio.timeout(seconds):
            return await _describe_namespace(address, namespace.encode())
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False


async def _describe_namespace(address: str, namespace: bytes) -> bool:
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(_PREFACE + _frame(_SETTINGS, 0, 0, b"") + _request(address, namespace))
        return await _is_described(reader, namespace)
    finally:
        writer.close()


async def _is_described(reader: asyncio.StreamReader, namespace: bytes) -> bool:
    """Read frames until the answer: a message that names the namespace, or headers that end the call."""
    while True:
        head = await reader.readexactly(9)
        payload = await reader.readexactly(int.from_bytes(head[:3]))
        kind, flags = head[3], head[4]
        if kind == _DATA:
            return namespace in payload
        if kind in {_RST_STREAM, _GOAWAY} or (kind == _HEADERS and flags & _END_STREAM):
            return False


def _request(address: str, namespace: bytes) -> bytes:
    headers = {
        ":method": "POST", ":scheme": "http", ":path": _PATH, ":authority": address,
        "content-type": "application/grpc", "te": "trailers",
    }  # fmt: skip
    block = b"".join(b"\x10" + _text(name) + _text(value) for name, value in headers.items())
    message = b"\x0a" + bytes([len(namespace)]) + namespace
    body = b"\0" + struct.pack(">I", len(message)) + message
    return _frame(_HEADERS, _END_HEADERS, 1, block) + _frame(_DATA, _END_STREAM, 1, body)


def _text(text: str) -> bytes:
    """Write a string of HPACK (RFC 7541, 5.2) without its compression; one byte holds lengths below 127."""
    return bytes([len(text)]) + text.encode()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + struct.pack(">BBI", kind, flags, stream) + payload
