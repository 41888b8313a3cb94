import asyncio

_REQUEST = b"GET /meta/liveness-probe HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
_SECONDS = 2.0


async def answers(port: int) -> bool:
    """Whether the API at a port of this machine answers; without an HTTP library, which takes time to import."""
    try:
        async with asyncio.timeout(_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(_REQUEST)
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return b" 200 " in status
