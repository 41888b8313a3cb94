"""The server's cookies, read and written."""

from collections.abc import Mapping

from central.errors import BadRequestError
from central.kernel.wire import DEVICE_COOKIE, INVITATION_COOKIE, SESSION_COOKIE, SIGN_IN_COOKIE, cookie_name
from central_server.infra.actor import Cookies


class CookieNames:
    """The names of our cookies, with their prefix over https."""

    def __init__(self, *, secure: bool) -> None:
        self.secure = secure
        self.session = cookie_name(SESSION_COOKIE, secure=secure)
        self.sign_in = cookie_name(SIGN_IN_COOKIE, secure=secure)
        self.device = cookie_name(DEVICE_COOKIE, secure=secure)
        self.invitation = cookie_name(INVITATION_COOKIE, secure=secure)
        self._names = frozenset({self.session, self.sign_in, self.device, self.invitation})

    def read(self, header: bytes | None) -> Cookies:
        """Read ours from a `Cookie` header; one that is there twice is refused, as it was planted.

        A sibling domain can add a cookie of the same name, but not take ours away (RFC 6265bis, section 8.7).
        """
        if not header:
            return Cookies()
        text = header.decode("latin-1")
        if ";" not in text:
            return self._read_one(text)
        return self._read_several(text)

    def _read_one(self, text: str) -> Cookies:
        name, _, value = text.strip().partition("=")
        return self._of({name: value})

    def _read_several(self, text: str) -> Cookies:
        found: dict[str, str] = {}
        for part in text.split(";"):
            name, _, value = part.strip().partition("=")
            if name in self._names:
                if name in found:
                    raise BadRequestError(f"The cookie {name} was sent twice.", code="duplicate_cookie")
                found[name] = value
        return self._of(found)

    def _of(self, found: Mapping[str, str]) -> Cookies:
        return Cookies(
            found.get(self.session), found.get(self.sign_in), found.get(self.device), found.get(self.invitation)
        )

    def headers(self, cookies: Cookies) -> list[tuple[bytes, bytes]]:
        """Give the `Set-Cookie` headers for what was changed."""
        attributes = "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if self.secure else "")
        return [
            (b"set-cookie", f"{name}={value}; Max-Age={age}{attributes}".encode("latin-1"))
            for name, (value, age) in cookies.changes.items()
        ]
