"""No URL reaches this machine or its network: every form, by every method, with a listener to prove it."""

import socket
from collections.abc import Sequence

import pytest

from central_server.infra.outbound import OutboundClient, OutboundError
from support.network import Rerouted

INTERNAL = {
    "localtest.example": ["127.0.0.1"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "nat64local.example": ["64:ff9b:1::7f00:1"],
    "sixtofour.example": ["2002:7f00:1::"],
    "teredo.example": ["2001:0:7f00:1::"],
    "unspecified.example": ["0.0.0.0"],
    "unspecified6.example": ["::"],
    "private.example": ["10.1.2.3"],
    "cgnat.example": ["100.64.0.1"],
    "metadata.example": ["169.254.169.254"],
    "metadata6.example": ["fd00:ec2::254"],
    "azure.example": ["168.63.129.16"],
    "linklocal.example": ["fe80::1%lo"],
    "multicast.example": ["224.0.0.1"],
    "broadcast.example": ["255.255.255.255"],
    "mixed.example": ["93.184.216.34", "127.0.0.1"],
    "mixed6.example": ["2606:4700::1111", "::1"],
    "garbage.example": ["not an address"],
}
HOSTS = """
127.0.0.1 127.0.0.2 127.1 127.0.1 127.0.0.1. 127.1. 0 0.0.0.0 0. 2130706433 017700000001 0x7f000001 0x7f.1
0X7F.0.0.1 0x7f.0x0.0x0.0x1 0177.0.0.1 0177.0.0.01 127.000.000.001 127.0.0.0x1 0x 1 10.0.0.1 192.168.1.1 172.16.0.1
169.254.169.254 169.254.43518 0xa9fea9fe 100.64.0.1 168.63.129.16 224.0.0.1 255.255.255.255 [::1] [::] [::127.0.0.1]
[::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::ffff:0:127.0.0.1] [64:ff9b::127.0.0.1]
[64:ff9b:1::127.0.0.1] [2002:7f00:1::] [2001:0:7f00:1::] [fe80::1] [fe80::1%25lo] [fc00::1] [ff02::1] [::1%25lo]
localhost LOCALHOST localhost. ip6-localhost a@127.0.0.1 a:b@127.0.0.1 @127.0.0.1 1.1.1.1@127.0.0.1
1.1.1.1%2f@127.0.0.1 127.0.0.1%2f.example %31%32%37.0.0.1 127%2e0%2e0%2e1
"""
UNICODE_HOSTS = ["\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "\u2460\u2461\u2466.0.0.1"]
WHOLE = [
    "http://127.0.0.1:{port}/",
    "http://localtest.example:{port}/",
    "http://idp.example:{port}/",
    "HTTP://127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}",
    "https:127.0.0.1:{port}/",
    "https:/127.0.0.1:{port}/",
    "https:///127.0.0.1:{port}/",
    "https:\\\\127.0.0.1:{port}/",
    "https://1.1.1.1\\@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\\@1.1.1.1/",
    "https://1.1.1.1 @127.0.0.1:{port}/",
    "https://\t127.0.0.1:{port}/",
    "https://127.0.0.1\r\nHost: a:{port}/",
    " https://127.0.0.1:{port}/",
    "https://:{port}/",
    "https://[::1:{port}/",
    "https://" + "a" * 3000 + "/",
    "ftp://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_x",
    "unix:///var/run/docker.sock",
    "data:application/json,{{}}",
    "javascript:alert(1)",
    "",
]
FORMS = [f"https://{host}:{{port}}/x" for host in (*HOSTS.split(), *UNICODE_HOSTS, *INTERNAL)] + WHOLE


async def internal_or_system(host: str, port: int) -> Sequence[str]:
    """Answer the made-up names, and ask the system for what it reads without asking a server."""
    if host in INTERNAL:
        return INTERNAL[host]
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)]


@pytest.mark.parametrize("form", FORMS)
async def test_no_form_of_a_url_reaches_inside(form, canary):
    """0 hits on the canary, by `get_json`, `post_form` and `request`, and a reason that says why."""
    url = form.format(port=canary.port)
    async with OutboundClient(resolver=internal_or_system, network=Rerouted(canary.port)) as client:
        calls = (client.get_json(url), client.post_form(url, {"a": "b"}), client.request("PUT", url))
        reasons = set()
        for call in calls:
            with pytest.raises(OutboundError) as caught:
                await call
            reasons.add(caught.value.reason)
    assert canary.connections == 0
    assert len(reasons) == 1
    assert reasons <= {"address_refused", "not_https", "invalid_url", "dns_failed"}


def test_the_corpus_is_as_large_as_promised():
    """At least 80 forms, all different."""
    assert len(set(FORMS)) == len(FORMS) >= 80


@pytest.mark.parametrize("host", INTERNAL)
async def test_a_name_is_judged_by_every_address_it_has(host, canary):
    """One refused address among several refuses the name."""
    async with OutboundClient(resolver=internal_or_system, network=Rerouted(canary.port)) as client:
        with pytest.raises(OutboundError) as caught:
            await client.get_json(f"https://{host}/")
    assert (caught.value.reason, canary.connections) == ("address_refused", 0)


@pytest.mark.parametrize("url", ["http://10.0.0.1:{port}/", "http://idp.example:{port}/", "https://10.0.0.1:{port}/"])
async def test_allowing_loopback_opens_nothing_else(url, canary):
    """In development http reaches loopback alone, and private networks stay closed."""

    async def public(host: str, port: int) -> Sequence[str]:
        return ["93.184.216.34"]

    network = Rerouted(canary.port)
    async with OutboundClient(allow_loopback=True, resolver=public, network=network) as client:
        with pytest.raises(OutboundError) as caught:
            await client.get_json(url.format(port=canary.port))
    assert (caught.value.reason, canary.connections) == ("address_refused", 0)


async def test_the_canary_sings_when_it_is_reached(canary):
    """The listener and the network of these tests do count: an allowed address is a hit."""
    async with OutboundClient(allow_loopback=True, network=Rerouted(canary.port)) as client:
        assert (await client.get_json(f"http://127.0.0.1:{canary.port}/x"))["path"] == "/x"
    assert canary.connections == 1
