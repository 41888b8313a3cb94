"""Tokens in forms: a form is taken only from the browser that the page with it was sent to."""

import base64
import binascii
import secrets

from central.errors import ForbiddenError
from central_server.infra.tokens import is_token
from central_server.infra.vault import SigningKeys

FORM_TOKEN = "form_token"  # noqa: S105 (the name of a field)
_PURPOSE = "form"
_SALT_BYTES = 16
_MAC_BYTES = 32


class FormTokens:
    """Makes and checks the tokens of forms: a random salt, and an HMAC of it with the browser's sign-in cookie.

    Nobody but the server can make one, and one of another browser's page is worth nothing in this one. No two are
    equal, so that their bytes cannot be guessed from the length of compressed pages (BREACH).
    """

    def __init__(self, signing: SigningKeys) -> None:
        self._signing = signing

    def issue(self, binding: str) -> str:
        """Give a token for a page that goes to the browser with this sign-in cookie."""
        salt = secrets.token_bytes(_SALT_BYTES)
        return base64.urlsafe_b64encode(salt + self._signing.sign(_PURPOSE, salt + binding.encode())).decode()

    def check(self, binding: str | None, token: str | None) -> None:
        """Let a form in that has this browser's token; `ForbiddenError` for any other."""
        given = _decoded(token or "")
        bound = (binding or "").encode() if is_token(binding) else b""
        salt, mac = given[:_SALT_BYTES], given[_SALT_BYTES:]
        if not bound or len(mac) != _MAC_BYTES or not self._signing.verify(_PURPOSE, salt + bound, mac):
            raise ForbiddenError(
                "This page was open for too long, or your browser does not keep cookies. Please try again.",
                code="form_expired",
            )


def _decoded(token: str) -> bytes:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
