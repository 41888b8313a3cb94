"""A program that traces finds the server's part in its own traces; one that does not pays nothing."""

import subprocess
import sys

from opentelemetry.sdk.trace import TracerProvider

from central_client import AsyncCentral


def test_the_span_of_the_caller_goes_along(client, server, bodies):
    """In a span of the caller's, a call says which one it is."""
    server.answers_with(bodies.me)
    with TracerProvider().get_tracer("tests").start_as_current_span("theirs") as span:
        client.users.me()
        context = span.get_span_context()
    sent = server.last.headers["traceparent"]
    assert sent == f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


async def test_the_span_of_a_task_goes_along(async_client: AsyncCentral, server, bodies):
    """The asynchronous client does the same."""
    server.answers_with(bodies.me)
    with TracerProvider().get_tracer("tests").start_as_current_span("theirs") as span:
        await async_client.users.me()
        assert f"{span.get_span_context().trace_id:032x}" in server.last.headers["traceparent"]


def test_outside_of_a_span_nothing_is_said(client, server, bodies):
    """Without a span of the caller's there is no such header."""
    server.answers_with(bodies.me)
    client.users.me()
    assert "traceparent" not in server.last.headers


def test_a_header_of_the_caller_s_own_wins(client, server, bodies):
    """Who sets the header by hand is not overruled."""
    server.answers_with(bodies.me)
    own = f"00-{'a' * 32}-{'b' * 16}-01"
    with TracerProvider().get_tracer("tests").start_as_current_span("theirs"):
        client.with_options(headers={"traceparent": own}).users.me()
    assert server.last.headers.get_list("traceparent") == [own]


def test_the_client_imports_no_opentelemetry():
    """A program without OpenTelemetry does without it, a call included."""
    code = """
import sys
import httpx
from central_client import Central
seen = []
transport = httpx.MockTransport(lambda request: seen.append(request) or httpx.Response(204))
client = Central("http://x.test", tenant="a", session="t", http_client=httpx.Client(transport=transport))
client.users.delete(user="user-01H2XVNZ7C9NXWK3TMCRD9QWMN")
print(len(seen), [name for name in sys.modules if name.startswith("opentelemetry")], "traceparent" in seen[0].headers)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "1 [] False", ran.stderr
