import ipaddress

from central_server.infra.vault import SigningKeys

_PURPOSE = "rate-limits"
_KEY_BYTES = 16
_SUBSCRIBER_BITS = 64


def place_of(address: str) -> str:
    """Give what is counted as one place: an IPv4 address, or the /64 of an IPv6 one, as any one subscriber has it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if (mapped := parsed.ipv4_mapped) is not None:
        return str(mapped)
    return f"{ipaddress.IPv6Address(int(parsed) >> _SUBSCRIBER_BITS << _SUBSCRIBER_BITS)}/64"


class BucketKeys:
    """Names buckets without telling whose they are: HMAC under the signing keys, so that no table of addresses helps.

    With a new primary key all buckets begin anew.
    """

    def __init__(self, signing: SigningKeys) -> None:
        self._signing = signing

    def of(self, rule: str, *subject: str) -> bytes:
        """Give the key of the bucket that a rule has for a subject, whose parts hold no line breaks."""
        return self._signing.sign(_PURPOSE, "\n".join((rule, *subject)).encode())[:_KEY_BYTES]
