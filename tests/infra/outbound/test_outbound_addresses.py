"""Which addresses are public."""

from ipaddress import ip_address

import pytest

from central_server.infra.outbound.addresses import is_loopback, is_public

REFUSED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.1.2.3
168.63.129.16 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.0.9 192.0.2.1
192.88.99.1 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
255.255.255.255
:: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:93.184.216.34 ::ffff:0:127.0.0.1
64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::1 64:ff9b:1::5db8:d822 100::1
2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:10::1 2001:20::1 2001:db8::1
2002:7f00:1::1 2002:5db8:d822::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fdff::1 fe80::1 fe80::1%lo fec0::1
ff02::1 ff0e::1 4000::1 ::ffff:0:0
"""
PUBLIC = """
1.1.1.1 8.8.8.8 93.184.216.34 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.17.0.1 223.255.255.255
2606:4700:4700::1111 2a00:1450:4001:80b::200e 2001:4860:4860::8888 2620:fe::fe 64:ff9b::5db8:d822
"""


@pytest.mark.parametrize("text", REFUSED.split())
def test_an_address_that_is_not_public_is_refused(text):
    """Private, shared, local, reserved, multicast, documentation, metadata, and all that carries IPv4 within."""
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC.split())
def test_a_public_address_is_taken(text):
    """The neighbours of refused networks are public, and so is an IPv4 host seen through DNS64."""
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    ("text", "local"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True)]
    + [(text, False) for text in ("::ffff:127.0.0.1", "64:ff9b::7f00:1", "0.0.0.0", "::", "10.0.0.1", "128.0.0.1")],
)
def test_loopback_is_taken_in_its_plain_form_alone(text, local):
    """`allow_loopback` opens 127.0.0.0/8 and ::1, and no other way to write them."""
    assert is_loopback(ip_address(text)) is local
