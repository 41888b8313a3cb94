"""What may differ from call to call on one client."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from central.kernel.wire import IDEMPOTENCY_KEY_HEADER
from central_client.errors import SettingsError
from central_client.messages import HeaderPairs
from central_client.retries import RetryPolicy

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_OURS = frozenset(
    {"host", "cookie", "content-type", "content-length", "transfer-encoding", "connection", IDEMPOTENCY_KEY_HEADER}
)


@cache
def _constant_headers() -> HeaderPairs:
    try:
        release = version("central")
    except PackageNotFoundError:  # a copy of the source that was never installed
        release = "0"
    agent = f"central-python/{release}".encode()
    return (b"user-agent", agent), (b"accept", b"application/json"), (b"accept-encoding", b"gzip, deflate")


@dataclass(frozen=True, slots=True)
class Options:
    """Seconds for one attempt, when to try again, and headers for every request."""

    timeout: float = 30.0
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    idempotency_key: str | None = field(default=None, repr=False)
    headers: HeaderPairs = field(default_factory=_constant_headers, repr=False)

    def changed(
        self,
        *,
        timeout: float | None = None,
        max_retries: int | None = None,
        max_retry_after: float | None = None,
        idempotency_key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> "Options":
        """Give a changed copy; None leaves things as they are. Raises `SettingsError`."""
        if timeout is not None and not 0 < timeout < math.inf:
            raise SettingsError("`timeout` is a number of seconds above 0.", code="option_malformed")
        if (max_retries or 0) < 0 or not 0 <= (max_retry_after or 0) < math.inf:
            raise SettingsError("`max_retries` and `max_retry_after` cannot be negative.", code="option_malformed")
        if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
            raise SettingsError("`idempotency_key` is 1 to 255 visible ASCII characters.", code="option_malformed")
        policy = self.retries
        return Options(
            timeout=self.timeout if timeout is None else timeout,
            retries=replace(
                policy,
                max_retries=policy.max_retries if max_retries is None else max_retries,
                max_retry_after=policy.max_retry_after if max_retry_after is None else max_retry_after,
            ),
            idempotency_key=idempotency_key or self.idempotency_key,
            headers=_merged(self.headers, headers) if headers else self.headers,
        )


def _merged(pairs: HeaderPairs, more: Mapping[str, str]) -> HeaderPairs:
    for name, value in more.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise SettingsError(f"The header {name!r} or its value is malformed.", code="option_malformed")
        if name.lower() in _OURS:
            raise SettingsError(f"The header {name!r} is the client's own to set.", code="option_malformed")
    merged = dict(pairs) | {name.lower().encode(): value.encode() for name, value in more.items()}
    return tuple(merged.items())
