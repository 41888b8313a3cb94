"""Over real connections, to a server on this machine."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from central_client import AsyncCentral, Central, ConnectionFailedError

USERS = [f"user-01H2XVNZ7C9NXWK3TMCRD{n:05d}" for n in range(40)]


@pytest.fixture
def address(bodies):
    class Echo(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            body = json.dumps(bodies.user | {"id": self.path.rpartition("/")[2]}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.send_header("set-cookie", "central_session=moved; Path=/")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_threads_share_connections(address):
    """Sixteen threads on one client each get their own answers."""
    with Central(address, tenant="acme", session="t") as client, ThreadPoolExecutor(16) as pool:
        assert list(pool.map(lambda user: client.users.get(user=user).id, USERS)) == USERS
        assert client.session_token.get_secret_value() == "moved"


async def test_tasks_share_connections(address):
    """Forty calls at once, sixteen at a time, each get their own answers."""
    async with AsyncCentral(address, tenant="acme", session="t") as client:
        users = await client.gather(client.users.get(user=user) for user in USERS)
    assert [user.id for user in users] == USERS


@pytest.fixture
def nobody():
    """Give an address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_nobody_listening_is_said_quickly(nobody):
    """A refused connection is `ConnectionFailedError` with the address, after the retries."""
    with Central(nobody, tenant="acme", max_retries=0) as client, pytest.raises(ConnectionFailedError, match=nobody):
        client.users.me()


async def test_a_silent_server_times_out():
    """`timeout` bounds how long an attempt waits for an answer."""
    with socket.create_server(("127.0.0.1", 0)) as silent:  # connections are made, and never taken up
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        async with AsyncCentral(address, tenant="acme", timeout=0.1, max_retries=0) as client:
            begun = time.monotonic()
            with pytest.raises(ConnectionFailedError) as caught:
                await client.users.me()
    assert caught.value.code == "timeout"
    assert time.monotonic() - begun < 5
