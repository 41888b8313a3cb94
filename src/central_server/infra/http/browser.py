"""What the server does about browsers: cross-site requests, other origins, headers that keep pages in their place."""

from collections.abc import Mapping

from central.errors import BadRequestError, ForbiddenError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
_READABLE = b"x-request-id, retry-after, idempotency-replayed, ratelimit-limit, ratelimit-remaining, ratelimit-reset"
_OWN_SITES = frozenset({b"same-origin", b"none"})

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
PAGE_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""What pages carry besides; JSON needs neither, being no page and having no links."""
TRANSPORT_SECURITY = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class Origins:
    """The origins that may call from a browser: the server's own and those allowed, compared exactly."""

    def __init__(self, own: str, allowed: tuple[str, ...]) -> None:
        self.own = own.encode()
        self._allowed = frozenset(origin.encode() for origin in allowed)
        self._secure = own.startswith("https://")
        self.fixed_headers = [*SECURITY_HEADERS, *([TRANSPORT_SECURITY] if self._secure else [])]

    def check_unsafe(self, method: str, headers: Mapping[bytes, bytes]) -> None:
        """Refuse what a foreign page could have sent with the user's cookie (ASVS 3.5.1, 3.5.3).

        Raises `BadRequestError` for a body that is not JSON, and `ForbiddenError` for an origin that is not allowed.
        """
        if method in _BODY_METHODS:
            media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
            if media_type != b"application/json":
                raise BadRequestError("Send the body as application/json.", code="json_expected")
        origin = headers.get(b"origin")
        if origin is not None and origin != self.own and origin not in self._allowed:
            raise ForbiddenError("Pages of this origin may not call here.", code="origin_not_allowed")
        site = headers.get(b"sec-fetch-site")
        if site is not None and site not in _OWN_SITES and origin not in self._allowed:
            raise ForbiddenError("Pages of other sites may not call here.", code="origin_not_allowed")

    def check_form(self, headers: Mapping[bytes, bytes]) -> None:
        """Refuse a form that no page of this server sent; allowed origins have no business with it.

        A page without referrers sends `Origin: null` (Fetch standard, "append a request Origin header"), and there
        `Sec-Fetch-Site`, which no page can set, tells own pages from foreign ones.
        """
        origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site")
        own = origin == self.own or (origin in {None, b"null"} and site == b"same-origin")
        if not own or site not in {None, b"same-origin"}:
            raise ForbiddenError("Forms of other pages are not taken here.", code="origin_not_allowed")
        media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if media_type != b"application/x-www-form-urlencoded":
            raise BadRequestError("Send the form as application/x-www-form-urlencoded.", code="form_expected")

    def cors_headers(self, origin: bytes | None) -> list[tuple[bytes, bytes]]:
        """Give the headers that let pages of an allowed origin read the answer; none for any other."""
        if origin is None or origin not in self._allowed:
            return []
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", _READABLE),
            (b"vary", b"origin"),
        ]

    def preflight_headers(self, origin: bytes | None) -> list[tuple[bytes, bytes]]:
        """Give what an answer adds for a browser that asks before it sends (Fetch standard, CORS-preflight)."""
        if origin is None or origin not in self._allowed:
            return [(b"vary", b"origin")]
        return [
            (b"access-control-allow-methods", b"GET, POST, PATCH, PUT, DELETE"),
            (b"access-control-allow-headers", b"content-type, idempotency-key, x-request-id, x-upload-token"),
            (b"access-control-max-age", b"600"),
        ]
