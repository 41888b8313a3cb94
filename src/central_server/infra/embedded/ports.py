"""Ports of 127.0.0.1 for servers that are about to start."""

import random
import socket

from central_server.infra.embedded.errors import EmbeddedError

# Below what Linux (32768-) and macOS (49152-) give to outgoing connections, any of which could otherwise take
# the port between our look and the server's bind.
_CANDIDATES = range(15_000, 32_000)
_random = random.SystemRandom()
_given: set[int] = set()


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port() -> int:
    """Choose a free port, never the same twice in this process.

    Another program can take it before the server does, so a caller tries again with another one.
    """
    for _ in range(1000):
        port = _random.choice(_CANDIDATES)
        if port not in _given and is_free(port):
            _given.add(port)
            return port
    raise EmbeddedError(f"No free port was found on 127.0.0.1 from {_CANDIDATES.start} to {_CANDIDATES.stop}.")
