"""The server's two cookies, read and written."""

from central.errors import BadRequestError
from central.kernel.wire import SESSION_COOKIE, SIGN_IN_COOKIE, cookie_name
from central_server.infra.actor import Cookies


class CookieNames:
    """The names of the session and the sign-in cookie, with their prefix over https."""

    def __init__(self, *, secure: bool) -> None:
        self.secure = secure
        self.session = cookie_name(SESSION_COOKIE, secure=secure)
        self.sign_in = cookie_name(SIGN_IN_COOKIE, secure=secure)

    def read(self, header: bytes | None) -> Cookies:
        """Read the two from a `Cookie` header; one that is there twice is refused, as it was planted.

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
        return Cookies(session=value if name == self.session else None, sign_in=value if name == self.sign_in else None)

    def _read_several(self, text: str) -> Cookies:
        found: dict[str, str] = {}
        for part in text.split(";"):
            name, _, value = part.strip().partition("=")
            if name in {self.session, self.sign_in}:
                if name in found:
                    raise BadRequestError(f"The cookie {name} was sent twice.", code="duplicate_cookie")
                found[name] = value
        return Cookies(session=found.get(self.session), sign_in=found.get(self.sign_in))

    def headers(self, cookies: Cookies) -> list[tuple[bytes, bytes]]:
        """Give the `Set-Cookie` headers for what was changed."""
        attributes = "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if self.secure else "")
        return [
            (b"set-cookie", f"{name}={value}; Max-Age={age}{attributes}".encode("latin-1"))
            for name, (value, age) in cookies.changes.items()
        ]
