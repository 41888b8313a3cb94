"""What the client keeps to on the wire: the vetted address, the name in TLS, and every limit."""

import asyncio
import gzip
import json
import time

import pytest

from central_server.infra.outbound import BadStatusError, OutboundClient, OutboundError, RedirectRefusedError
from support.http_server import HttpServer, Reply
from support.network import FakeResolver, Rerouted

NAME, PUBLIC = "idp.example", "93.184.216.34"


def serving(reply: Reply) -> HttpServer:
    async def handler(request):
        return reply

    return HttpServer(handler)


async def reason_of(call) -> str:
    with pytest.raises(OutboundError) as caught:
        await call
    return caught.value.reason


async def test_the_vetted_address_is_dialled_under_the_name(secure):
    """The connection goes to the address that was judged; SNI, certificate and Host are the name's."""
    resolver, network = FakeResolver([PUBLIC]), Rerouted(secure.server.port)
    async with OutboundClient(resolver=resolver, network=network, tls=secure.client_tls) as client:
        assert await client.get_json(f"https://{NAME}/path?q=1") == {"host": NAME, "path": "/path?q=1"}
    assert (resolver.asked, network.dialled, secure.names) == ([NAME], [PUBLIC], [NAME])


async def test_a_rebinding_name_is_never_dialled_inside(secure):
    """Public at first, loopback after: each connection is judged by the one answer it uses."""
    resolver, network = FakeResolver([PUBLIC], ["127.0.0.1"]), Rerouted(secure.server.port)
    async with OutboundClient(resolver=resolver, network=network, tls=secure.client_tls) as client:
        await client.get_json(f"https://{NAME}/")
        assert await reason_of(client.get_json(f"https://{NAME}/")) == "address_refused"
    assert (len(resolver.asked), network.dialled) == (2, [PUBLIC])


async def test_the_next_address_is_tried_when_one_is_dead(secure):
    """A name with a dead address first is still reached."""
    resolver = FakeResolver(["2606:4700::1111", PUBLIC])
    network = Rerouted(secure.server.port, dead=["2606:4700::1111"])
    async with OutboundClient(resolver=resolver, network=network, tls=secure.client_tls) as client:
        await client.get_json(f"https://{NAME}/")
    assert network.dialled == ["2606:4700::1111", PUBLIC]


async def test_an_untrusted_certificate_is_refused(secure):
    """Without trust in its certificate the server gets no request."""
    async with OutboundClient(resolver=FakeResolver([PUBLIC]), network=Rerouted(secure.server.port)) as client:
        with pytest.raises(OutboundError, match="certificate is not trusted") as caught:
            await client.get_json(f"https://{NAME}/")
    assert caught.value.reason == "connect_failed"


async def test_a_certificate_for_another_name_is_refused(secure):
    """The certificate must be for the name in the URL."""
    resolver, network = FakeResolver([PUBLIC]), Rerouted(secure.server.port)
    async with OutboundClient(resolver=resolver, network=network, tls=secure.client_tls) as client:
        assert await reason_of(client.get_json("https://other.example/")) == "connect_failed"


async def test_a_server_that_speaks_no_tls_is_refused():
    """Plain text on an https port is a failed connection."""

    async def greet(reader, writer):
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        network = Rerouted(server.sockets[0].getsockname()[1])
        async with OutboundClient(resolver=FakeResolver([PUBLIC]), network=network) as client:
            assert await reason_of(client.get_json(f"https://{NAME}/")) == "connect_failed"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status, canary):
    """Every 3xx is refused, for GET and POST, and its target hears nothing."""
    reply = Reply(status, headers={"location": canary.url})
    async with serving(reply) as server, OutboundClient(allow_loopback=True) as client:
        assert await reason_of(client.get_json(server.url)) == "redirect_refused"
        assert await reason_of(client.post_form(server.url, {})) == "redirect_refused"
    assert canary.connections == 0


async def test_a_body_over_the_limit_is_cut_off():
    """The limit holds for bodies with a length and without one, and reading stops there."""
    sent = 0

    async def endless():
        nonlocal sent
        while True:
            sent += 65536
            yield b" " * 65536
            await asyncio.sleep(0)

    for reply in (Reply(body=b" " * 1001), Reply(body=endless())):
        async with serving(reply) as server, OutboundClient(allow_loopback=True, max_bytes=1000) as client:
            assert await reason_of(client.get_json(server.url)) == "too_large"
    assert sent < 30_000_000


async def test_a_body_at_the_limit_is_read():
    """The limit is the last length that is allowed."""
    body = json.dumps({"a": "b"}).ljust(1000).encode()
    async with serving(Reply(body=body)) as server, OutboundClient(allow_loopback=True, max_bytes=1000) as client:
        assert await client.get_json(server.url) == {"a": "b"}


async def test_a_slow_drip_ends_at_the_deadline():
    """A byte every 20 ms never trips a read timeout; the total one ends it."""

    async def drip():
        while True:
            yield b" "
            await asyncio.sleep(0.02)

    started = time.monotonic()
    async with serving(Reply(body=drip())) as server, OutboundClient(allow_loopback=True, total_timeout=0.2) as client:
        assert await reason_of(client.get_json(server.url)) == "timeout"
    assert time.monotonic() - started < 2


async def test_a_silent_server_ends_at_the_deadline():
    """No status line in time is a timeout; the connection is given back."""

    async def silent(request):
        await asyncio.sleep(30)
        raise AssertionError

    async with HttpServer(silent) as server, OutboundClient(allow_loopback=True, total_timeout=0.1) as client:
        reasons = await asyncio.gather(*(reason_of(client.get_json(server.url)) for _ in range(50)))
        assert set(reasons) == {"timeout"}


async def test_a_slow_name_server_ends_at_the_connect_timeout():
    """Resolving is part of connecting."""

    async def slow(host, port):
        await asyncio.sleep(30)
        return [PUBLIC]

    async with OutboundClient(resolver=slow, connect_timeout=0.05) as client:
        assert await reason_of(client.get_json("https://slow.example/")) == "timeout"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "GZIP", "gzip, identity", "x"])
async def test_a_compressed_answer_is_refused_unread(encoding):
    """A bomb of 50 MB in 50 kB is not unpacked, not even in part."""
    bomb = gzip.compress(b" " * 50_000_000, 9)
    reply = Reply(body=bomb, headers={"content-encoding": encoding})
    async with serving(reply) as server, OutboundClient(allow_loopback=True) as client:
        assert await reason_of(client.get_json(server.url)) == "encoding_refused"


async def test_identity_is_asked_for_and_taken():
    """The request asks for no compression, says who calls, and holds no more than that."""
    seen = {}

    async def remember(request):
        seen.update(request.headers)
        return Reply.json({}, **{"content-encoding": "identity"})

    async with HttpServer(remember) as server, OutboundClient(allow_loopback=True, user_agent="central/1") as client:
        await client.get_json(server.url)
    assert seen.pop("host").startswith("127.0.0.1:")
    assert seen == {
        "accept": "application/json",
        "accept-encoding": "identity",
        "connection": "keep-alive",
        "user-agent": "central/1",
    }


@pytest.mark.parametrize("status", [201, 204, 400, 404, 500])
async def test_another_status_is_told(status):
    """`get_json` takes 200 alone and tells the status; `post_form` leaves it to the caller."""
    async with serving(Reply.json({"error": "x"}, status)) as server, OutboundClient(allow_loopback=True) as client:
        with pytest.raises(BadStatusError) as caught:
            await client.get_json(server.url)
        assert (caught.value.reason, caught.value.status) == ("bad_status", status)
        if status != 204:
            assert (await client.post_form(server.url, {})).status == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"[]",
        b'"a"',
        b"null",
        b"NaN",
        b'{"a": Infinity}',
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"\xff\xfe{\0}\0",
    ],
)
async def test_what_is_no_json_object_is_refused(body):
    """Arrays, constants that JSON lacks, UTF-16 and depths that exhaust the stack are all `not_json`."""
    async with serving(Reply(body=body)) as server, OutboundClient(allow_loopback=True) as client:
        assert await reason_of(client.get_json(server.url)) == "not_json"


async def test_a_form_is_posted_with_basic_credentials():
    """Values are form-encoded; the credentials stand in the header alone."""
    seen = []

    async def remember(request):
        seen.append(request)
        return Reply.json({"ok": True}, **{"x-one": "1"})

    async with HttpServer(remember) as server, OutboundClient(allow_loopback=True) as client:
        answer = await client.post_form(server.url, {"a": "b c&=é"}, auth=("id", "pass"))
    assert (answer.status, answer.headers["x-one"], answer.json()) == (200, "1", {"ok": True})
    assert seen[0].form == {"a": "b c&=é"}
    assert seen[0].headers["authorization"] == "Basic aWQ6cGFzcw=="


async def test_cookies_are_neither_kept_nor_sent():
    """One tenant's provider sets no cookie that a later request carries."""
    seen = []

    async def remember(request):
        seen.append(request.headers.get("cookie"))
        return Reply.json({}, **{"set-cookie": "a=b; Path=/"})

    async with HttpServer(remember) as server, OutboundClient(allow_loopback=True) as client:
        await client.get_json(server.url)
        await client.get_json(server.url)
    assert seen == [None, None]


async def test_the_environment_names_no_proxy(canary, monkeypatch):
    """Proxy and netrc settings of the process do not bend the way out."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, canary.url)
    async with serving(Reply.json({"direct": True})) as server, OutboundClient(allow_loopback=True) as client:
        assert await client.get_json(server.url) == {"direct": True}
    assert canary.connections == 0


@pytest.mark.parametrize("value", ["a\r\nx: y", "a\nb", "a\0", "é"])
async def test_headers_cannot_be_injected(value, canary):
    """A value with a line end, a NUL or no ASCII never leaves."""
    async with OutboundClient(allow_loopback=True) as client:
        assert await reason_of(client.get_json(canary.url, headers={"authorization": value})) == "invalid_url"


async def test_a_name_that_does_not_resolve_is_told():
    """No address, or an error of the resolver, is `dns_failed`."""
    async with OutboundClient(resolver=FakeResolver([])) as client:
        assert await reason_of(client.get_json("https://nowhere.example/")) == "dns_failed"


async def test_a_closed_port_is_told():
    """Nobody listening is `connect_failed`, and may pass."""
    server = serving(Reply())
    async with server:
        url = server.url
    async with OutboundClient(allow_loopback=True) as client:
        with pytest.raises(OutboundError) as caught:
            await client.get_json(url)
    assert (caught.value.reason, caught.value.transient) == ("connect_failed", True)


async def test_a_slow_host_does_not_hold_up_another(canary):
    """300 requests to a silent host leave the way to others open."""

    async def silent(request):
        await asyncio.sleep(30)
        raise AssertionError

    async with HttpServer(silent) as slow, OutboundClient(allow_loopback=True) as client:
        url = slow.url.replace("127.0.0.1", "127.0.0.2")
        network = Rerouted(slow.port)
        client._network = network
        waiting = [asyncio.create_task(reason_of(client.get_json(url))) for _ in range(300)]
        await asyncio.sleep(0.05)
        assert len(network.dialled) == 32
        network.port = canary.port
        started = time.monotonic()
        await client.get_json(canary.url)
        assert time.monotonic() - started < 10  # of the thirty seconds that the others wait
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_who_waits_at_a_host_holds_up_nobody_else_there():
    """What one asks of a host that hangs for them alone fills their own room, and leaves another's."""

    async def hangs_for_one(request):
        if request.target == "/one":
            await asyncio.sleep(30)
        return Reply.json({"path": request.target})

    async with HttpServer(hangs_for_one) as server, OutboundClient(allow_loopback=True) as client:
        ones = [asyncio.create_task(client.request("GET", f"{server.url}/one", whose="one")) for _ in range(100)]
        await asyncio.sleep(0.05)
        async with asyncio.timeout(2):
            answer = await client.request("GET", f"{server.url}/another", whose="another")
        assert answer.json() == {"path": "/another"}
        for task in ones:
            task.cancel()
        await asyncio.gather(*ones, return_exceptions=True)


async def test_cancelling_a_request_gives_its_connection_back(canary):
    """200 cancelled requests leave nothing behind; the next one is served."""

    async def silent(request):
        await asyncio.sleep(30)
        raise AssertionError

    async with HttpServer(silent) as slow, OutboundClient(allow_loopback=True) as client:
        tasks = [asyncio.create_task(client.get_json(slow.url)) for _ in range(200)]
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (await client.get_json(canary.url))["path"] == "/"


def test_messages_tell_no_address():
    """An admin reads names and reasons, not what a name resolves to inside."""
    from central_server.infra.outbound import AddressRefusedError

    async def inside(host, port):
        return ["10.1.2.3"]

    async def call():
        async with OutboundClient(resolver=inside) as client:
            await client.get_json("https://idp.example/secret?token=abc")

    with pytest.raises(AddressRefusedError) as caught:
        asyncio.run(call())
    assert "10.1.2.3" not in f"{caught.value!r}{caught.value.__cause__!r}"
    assert "abc" not in str(caught.value)


@pytest.mark.parametrize("userinfo", ["user:pass@", "user@", "@", ":@", "a%40b@"])
async def test_credentials_in_a_url_are_refused(userinfo, canary):
    """Not for where they lead, but because they stand in logs and deceive readers."""
    async with OutboundClient(resolver=FakeResolver([PUBLIC]), network=Rerouted(canary.port)) as client:
        assert await reason_of(client.get_json(f"https://{userinfo}{NAME}/")) == "invalid_url"
    assert canary.connections == 0


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://10.0.0.1/", "address_refused"),
        ("https://[::1]/", "address_refused"),
        ("https://127.1/", "address_refused"),
        ("http://idp.example/", "not_https"),
        ("https://idp.example./", "invalid_url"),
        ("https://idp..example/", "invalid_url"),
        ("https://-idp.example/", "invalid_url"),
        ("https://idp.example/", None),
        ("https://1.1.1.1:8443/x?y#z", None),
        ("https://[2606:4700:4700::1111]/", None),
        ("https://xn--bcher-kva.example/", None),
    ],
)
def test_a_url_is_judged_before_its_name_is_known(url, reason):
    """`check_url` tells an admin at once what a later request would be refused for."""
    client = OutboundClient(resolver=FakeResolver([]))
    if reason is None:
        client.check_url(url)
        return
    with pytest.raises(OutboundError) as caught:
        client.check_url(url)
    assert caught.value.reason == reason


async def test_the_beginning_of_an_answer(secure):
    """With `beginning`, an answer may be as long as it likes, or compressed: so many bytes of it are read, or none."""

    async def endless():
        while True:
            yield b"x" * 1000

    async with OutboundClient(allow_loopback=True, max_bytes=2000) as client:
        async with serving(Reply(202, endless())) as server:
            answer = await client.request("POST", server.url, content=b"{}", beginning=1500)
            assert (answer.status, answer.body) == (202, b"x" * 1500)
        async with serving(Reply(200, b"short")) as server:
            assert (await client.request("POST", server.url, beginning=1500)).body == b"short"
        packed = Reply(500, gzip.compress(b"x"), {"content-encoding": "gzip"})
        async with serving(packed) as server:
            answer = await client.request("POST", server.url, beginning=1500)
            assert (answer.status, answer.body) == (500, b"")
            assert await reason_of(client.request("POST", server.url)) == "encoding_refused"


async def test_a_limit_of_time_for_one_request():
    """`seconds` stands for the client's own limit, and holds for the beginning of an answer too."""

    async def trickling():
        while True:
            yield b"x"
            await asyncio.sleep(0.05)

    async with (
        OutboundClient(allow_loopback=True, total_timeout=30) as client,
        serving(Reply(200, trickling())) as server,
    ):
        begun = time.monotonic()
        assert await reason_of(client.request("POST", server.url, seconds=0.3, beginning=1024)) == "timeout"
        assert time.monotonic() - begun < 5


async def test_a_redirect_says_which_it_was():
    """The status of a redirect that was refused is told, also where the beginning of an answer would do."""
    server = serving(Reply(307, b"", {"location": "http://127.0.0.1:1/"}))
    async with OutboundClient(allow_loopback=True) as client, server:
        with pytest.raises(RedirectRefusedError, match="redirect") as caught:
            await client.request("POST", server.url, beginning=10)
    assert caught.value.status == 307


@pytest.mark.parametrize("port", ["0", "65536", "99999"])
async def test_ports_that_are_none(port):
    """A port that cannot be is refused before anything is resolved, not in the middle of connecting."""
    async with OutboundClient() as client:
        assert await reason_of(client.request("GET", f"https://{NAME}:{port}/")) == "invalid_url"
