"""The rules of webhooks: what an endpoint may be, when it is tried again, and what is kept of its answers."""

import base64
import math
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from central.errors import ConflictError, ForbiddenError
from central_server.infra.actor import Actor

MOST_ENDPOINTS: Final = 20
MOST_REDELIVERED: Final = 5000
MOST_ATTEMPTS_SHOWN: Final = 100
MOST_TRIES: Final = 50
"""As many requests as a delivery can take whatever happens; by the schedule it takes about fifteen."""

ANSWER_BYTES: Final = 1024
_GONE: Final = 410
_PERIOD: Final = 24 * 3600.0
_FIRST: Final = 5.0
_LONGEST: Final = 6 * 3600.0
_LEAST: Final = 1.0
_FACTOR: Final = 4
_LEAST_TRIES: Final = 6
_NUL: Final = "\x00"


def new_secret() -> str:
    """Make a signing secret of 256 random bits, as Standard Webhooks writes them."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def check_sees_events(actor: Actor) -> None:
    """Refuse to have events sent where somebody likes who may not read them."""
    if "events:read" not in actor.permissions:
        raise ForbiddenError(
            "Whoever has events sent somewhere needs the permission events:read as well.", code="permission_missing"
        )


def check_room(endpoints: int) -> None:
    """Refuse one more than a tenant has room for."""
    if endpoints >= MOST_ENDPOINTS:
        raise ConflictError(
            f"A tenant has {MOST_ENDPOINTS} webhook endpoints at most; delete one first.", code="too_many_endpoints"
        )


def check_enabled(enabled: bool) -> None:  # noqa: FBT001 (a column of the row)
    """Refuse to send to what is disabled."""
    if not enabled:
        raise ConflictError("This webhook endpoint is disabled; enable it first.", code="endpoint_disabled")


def is_gone(status: int | None) -> bool:
    """Whether a receiver says that it wants no more, ever."""
    return status == _GONE


def next_delay(
    tries: int, failing: float | None, retry_after: float | None, chance: Callable[[], float]
) -> float | None:
    """Give the seconds until a delivery is tried again after `tries` failures, or None when its day is over.

    Exponential with full jitter: any time up to a longest wait, which grows from 5 seconds to 6 hours. `failing` is for
    how many seconds it has failed; the last attempt is at the end of 24 hours. `retry_after` is obeyed up to 6 hours.
    `chance` gives a number from 0 to 1.
    """
    left = _PERIOD - (failing or 0.0)
    if tries >= MOST_TRIES or (left <= 0 and tries >= _LEAST_TRIES):
        return None
    longest = min(_LONGEST, _FIRST * math.pow(_FACTOR, tries - 1))
    delay = max(chance() * longest, min(retry_after or 0.0, _LONGEST))
    return max(_LEAST, min(delay, left) if left > 0 else delay)


def retry_after_of(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read `Retry-After` (RFC 9110, 10.2.3): seconds, or a date; None for what is neither."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        until = parsedate_to_datetime(value)
        return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())
    except (ValueError, OverflowError):
        return None


def answer_text(body: bytes) -> str:
    """Make text of the beginning of an answer, of 1 KB at most however it is encoded, and without NUL."""
    text = body[:ANSWER_BYTES].decode("utf-8", "replace").replace(_NUL, "\N{REPLACEMENT CHARACTER}")
    return text.encode()[:ANSWER_BYTES].decode("utf-8", "ignore")
