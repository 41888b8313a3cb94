import base64
from datetime import timedelta

from central.kernel.ids import TenantId
from central_server.infra.tokens import is_token, new_token
from central_server.infra.vault import SigningKeys

LIFETIME = timedelta(days=180)
_PURPOSE = "known-device"
_MOST_PEOPLE = 3


class KnownDevices:
    """Knows the browsers in which an address has signed in before, by a cookie and nothing else.

    The cookie is a random name for the device and, for the last three addresses, a signature over both. It lets
    nobody in: it only spares an address's own browsers from what strangers do with the address.
    """

    def __init__(self, signing: SigningKeys) -> None:
        self._signing = signing

    def find(self, cookie: str | None, tenant: TenantId, email: str) -> str | None:
        """Give the device's name if the address has signed in there."""
        name, *signatures = _parts(cookie)
        signed = _signed(name, tenant, email)
        known = any(self._signing.verify(_PURPOSE, signed, _decoded(signature)) for signature in signatures)
        return name if known else None

    def remember(self, cookie: str | None, tenant: TenantId, email: str) -> str:
        """Give the cookie of a device in which an address has just signed in."""
        name, *signatures = _parts(cookie)
        name = name or new_token()
        new = _encoded(self._signing.sign(_PURPOSE, _signed(name, tenant, email)))
        others = [signature for signature in signatures if signature != new]
        return ".".join([name, new, *others[: _MOST_PEOPLE - 1]])


def _parts(cookie: str | None) -> list[str]:
    """Split a cookie of ours; anything else is a device without a name."""
    parts = cookie.split(".", _MOST_PEOPLE + 1) if cookie else []
    return parts if parts and len(parts) <= _MOST_PEOPLE + 1 and all(map(is_token, parts)) else [""]


def _signed(name: str, tenant: TenantId, email: str) -> bytes:
    return f"{name}|{tenant}|{email.lower()}".encode()


def _encoded(signature: bytes) -> str:
    return base64.urlsafe_b64encode(signature).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=")
