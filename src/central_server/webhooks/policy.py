"""The rules of webhooks: what an endpoint may be, when it is tried again, and what is kept of its answers."""

import base64
import binascii
import math
import secrets
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from central.errors import ConflictError, ForbiddenError
from central.kernel.ids import WebhookEndpointId
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
_WRITTEN_BEFORE: Final = "whsec_"
_SECRET_BYTES: Final = 32


def new_secret() -> str:
    """Make a signing secret of 256 random bits, as Standard Webhooks writes them."""
    return _WRITTEN_BEFORE + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def is_secret(secret: bytes) -> bool:
    """Whether something is a signing secret as this server makes them: anything else would sign nothing, or badly."""
    prefix = _WRITTEN_BEFORE.encode()
    try:
        return (
            secret.startswith(prefix) and len(base64.b64decode(secret[len(prefix) :], validate=True)) == _SECRET_BYTES
        )
    except binascii.Error:
        return False


def sign_for(endpoints: Collection[WebhookEndpointId], secrets: Collection[Mapping[str, Any]]) -> bool:
    """Whether opened secrets are those of these endpoints: of each the one of now, and at most one before it."""
    current = [row["endpoint_id"] for row in secrets if row["expires_at"] is None]
    older = [row["endpoint_id"] for row in secrets if row["expires_at"] is not None]
    return (
        sorted(current) == sorted(endpoints)
        and len(set(older)) == len(older)
        and set(older) <= set(endpoints)
        and all(is_secret(row["secret"]) for row in secrets)
    )


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
