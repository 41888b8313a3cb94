"""When to try again, and after how long: rules only, nothing here sleeps or sends."""

import math
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRIED_STATUSES = frozenset({429, 502, 503, 504})
REPEATABLE_METHODS = frozenset({"GET", "PUT", "DELETE"})
_CONFLICT = 409
_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Read `Retry-After` (RFC 9110, 10.2.3: seconds or a date) as seconds from `now`; None when it says nothing."""
    if value is None:
        return None
    value = value.strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Full jitter over a doubling delay, 0.5 s to 8 s; a server's `Retry-After` goes before it.

    `repeatable` says that sending twice does no harm: the method is idempotent, or an `Idempotency-Key` goes along.
    `attempt` counts from 0. The answer is the delay in seconds, or None: give up.
    """

    max_retries: int = 3
    max_retry_after: float = 60.0
    first_delay: float = 0.5
    max_delay: float = 8.0
    chance: Callable[[], float] = field(default=random.random, repr=False)

    def after_failure(self, attempt: int, *, sent: bool, repeatable: bool) -> float | None:
        """Decide after no answer came; what was never sent may always be sent again."""
        if attempt >= self.max_retries or (sent and not repeatable):
            return None
        return self._backoff(attempt)

    def after_status(self, attempt: int, status: int, *, retry_after: float | None, repeatable: bool) -> float | None:
        """Decide after an answer. A 409 counts only with `Retry-After`: the same key is still being worked on."""
        passing = status in RETRIED_STATUSES or (status == _CONFLICT and retry_after is not None)
        if not passing or attempt >= self.max_retries or not repeatable:
            return None
        if retry_after is None:
            return self._backoff(attempt)
        if not math.isfinite(retry_after) or retry_after > self.max_retry_after:
            return None
        # Never early, and not all at once: everybody was told the same number.
        return retry_after * (1 + self.chance() / 4)

    def _backoff(self, attempt: int) -> float:
        return self.chance() * min(self.max_delay, self.first_delay * float(2 ** min(attempt, 16)))
