"""The cookies a client holds, by tenant; an HTTP library's own jar takes no part."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pydantic import SecretStr

from central.kernel.wire import SECURE_PREFIX, SESSION_COOKIE, SIGN_IN_COOKIE, cookie_name
from central_client.errors import SettingsError

_COOKIE_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")  # RFC 6265, 4.1.1
_KNOWN = frozenset({SESSION_COOKIE, SIGN_IN_COOKIE})


def _has_ended(attributes: list[str]) -> bool:
    """Tell whether a cookie's attributes delete it; `Max-Age` goes before `Expires` (RFC 6265, 5.3)."""
    named = {name.strip().lower(): value.strip() for name, _, value in (item.partition("=") for item in attributes)}
    if "max-age" in named:
        return re.fullmatch(r"-\d+|0+", named["max-age"]) is not None
    try:
        moment = parsedate_to_datetime(named["expires"])
    except (KeyError, ValueError):
        return False
    return moment.replace(tzinfo=moment.tzinfo or UTC) <= datetime.now(UTC)


class Credentials:
    """One signed-in user, or nobody: the session cookie and the one that binds a sign-in to this client."""

    __slots__ = ("_cookies", "_header")

    def __init__(self, session: SecretStr | None = None) -> None:
        self._cookies: dict[str, tuple[str | None, str]] = {}
        self._header: tuple[bool, bytes | None] | None = None
        if session is not None:
            self.give_session(session)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'with' if SESSION_COOKIE in self._cookies else 'without'} a session>"

    @property
    def session(self) -> SecretStr | None:
        """The session token, if there is one."""
        held = self._cookies.get(SESSION_COOKIE)
        return SecretStr(held[1]) if held else None

    def give_session(self, token: SecretStr) -> None:
        """Hold a token that was handed over; raises `SettingsError` for text that is none."""
        value = token.get_secret_value()
        if not _COOKIE_VALUE.fullmatch(value):
            raise SettingsError("The session is no session token.", code="session_malformed")
        self._replace({**self._cookies, SESSION_COOKIE: (None, value)})

    def header(self, *, secure: bool) -> bytes | None:
        """Give the `Cookie` header; a cookie goes back under the name that it came with."""
        made = self._header
        if made is None or made[0] is not secure:
            pairs = [
                f"{name or cookie_name(key, secure=secure)}={value}" for key, (name, value) in self._cookies.items()
            ]
            made = self._header = (secure, "; ".join(pairs).encode("ascii") or None)
        return made[1]

    def learn(self, set_cookies: Iterable[str]) -> None:
        """Take over what a server's `Set-Cookie` headers say about our two cookies."""
        cookies = dict(self._cookies)
        for line in set_cookies:
            pair, *attributes = line.split(";")
            name, _, value = (part.strip() for part in pair.partition("="))
            key = name.removeprefix(SECURE_PREFIX)
            if key not in _KNOWN:
                continue
            if not value or _has_ended(attributes):
                cookies.pop(key, None)
            elif _COOKIE_VALUE.fullmatch(value):
                cookies[key] = (name, value)
        self._replace(cookies)

    def _replace(self, cookies: dict[str, tuple[str | None, str]]) -> None:
        # Replaced as a whole, never changed in place: other threads may be reading.
        self._cookies = cookies
        self._header = None


class CredentialStore:
    """Who a client is signed in as: `own`, and by tenant for its views."""

    __slots__ = ("_by_tenant", "own")

    def __init__(self, own: Credentials | None = None) -> None:
        self.own = own or Credentials()
        self._by_tenant: dict[str, Credentials] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self._by_tenant)} tenants>"

    def adopt(self, tenant: str, credentials: Credentials) -> None:
        """Let a tenant's id or slug lead to credentials, unless it leads to some already."""
        self._by_tenant.setdefault(tenant, credentials)

    def find(self, tenant: str) -> Credentials | None:
        """Give the tenant's credentials, if there are any."""
        return self._by_tenant.get(tenant)

    def of(self, tenant: str) -> Credentials:
        """Give the tenant's credentials; a tenant not seen before begins with nobody signed in."""
        return self._by_tenant.setdefault(tenant, Credentials())
