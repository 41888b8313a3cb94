"""What is decided about tools without asking anybody: their codes, their proof, and what is shown of them."""

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from central.kernel.ids import SignInId, TenantId
from central.tool_sign_ins.models import USER_CODE_ALPHABET
from central_server.infra.rate_limits.bucket import Limit

LIFETIME = timedelta(minutes=10)
WRONG_CODES = Limit(10, 600)
"""How many wrong codes one user may type, whatever `CENTRAL_RATE_LIMITS` is."""

CODE_LIFETIME = timedelta(seconds=60)
INTERVAL = timedelta(seconds=3)
_HALF = 4
_LONGEST_AGENT = 300


class UserCode(NamedTuple):
    """A code in its two halves: the first finds a sign-in, the second is what must be known.

    Twenty characters eight times are 20^8 = 2.6e10 codes (34.6 bits). A wrong code is counted before it is compared:
    five for one sign-in, and for one user ten at once and twenty within any ten minutes. With a thousand sign-ins
    waiting in a tenant, one user so guesses one of them within ten minutes with a chance of 20 x 1,000 / 2.6e10 = 8e-7,
    and one whose first half is known, never mind how, with 5 / 20^4 = 3e-5.
    """

    prefix: str
    rest: str

    @classmethod
    def new(cls) -> "UserCode":
        """Make a code."""
        return cls(*("".join(secrets.choice(USER_CODE_ALPHABET) for _ in range(_HALF)) for _ in range(2)))

    @classmethod
    def of(cls, text: str) -> "UserCode":
        """Take a code apart that an input has checked."""
        prefix, _, rest = text.partition("-")
        return cls(prefix, rest)

    def __str__(self) -> str:
        return f"{self.prefix}-{self.rest}"

    def signed(self, tenant: TenantId, sign_in: SignInId) -> bytes:
        """Give what stands for the code of one sign-in, and of no other."""
        return f"{tenant}|{sign_in}|{self}".encode()


def proves(verifier: str, challenge: str) -> bool:
    """Whether a verifier is the one whose SHA-256 was sent before (RFC 7636, 4.6); there is no other method."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(base64.urlsafe_b64encode(digest).rstrip(b"="), challenge.encode())


def callback_of(redirect_uri: str, **answer: str) -> str:
    """Give the address at which the tool learns what was decided."""
    return f"{redirect_uri}?{urlencode(answer)}"


def agent_of(application: str, version: str | None, host: str | None) -> str:
    """Give what a tool's session is called in lists, in the place of a browser's `User-Agent`."""
    named = f"{application} {version}" if version else application
    return (f"{named} on {host}" if host else named)[:_LONGEST_AGENT]
