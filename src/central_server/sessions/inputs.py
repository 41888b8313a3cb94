from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from central.kernel.ids import AuthConnectorId, SessionId, UserId
from central_server.infra.config import Settings

_MOST_SECONDS = 2**31 - 1


class Lifetimes(NamedTuple):
    """How long a session lives: `idle` without use, `absolute` in any case."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """The lifetimes that the server allows: for whoever can only read, and for the others."""

    member: Lifetimes
    admin: Lifetimes

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Take them from the settings."""
        return cls(
            Lifetimes(settings.member_idle_timeout, settings.member_session_lifetime),
            Lifetimes(settings.admin_idle_timeout, settings.admin_session_lifetime),
        )

    def parameters(self) -> dict[str, int]:
        """Give them in seconds, as the statements take them that judge whether a session is live."""
        spans = {
            "member_idle": self.member.idle,
            "member_lifetime": self.member.absolute,
            "admin_idle": self.admin.idle,
            "admin_lifetime": self.admin.absolute,
        }
        return {name: in_seconds(span) for name, span in spans.items()}


class Impersonation(NamedTuple):
    """Who acts in somebody's name: from which session of theirs, why, and for how long at most."""

    impersonator: UserId
    session: SessionId
    reason: str
    lifetime: timedelta


def in_seconds(span: timedelta) -> int:
    """Give a span of time as the database keeps it."""
    return min(int(span.total_seconds()), _MOST_SECONDS)


class SessionChoice(NamedTuple):
    """Which live sessions: those for which all that is given holds. `kept_user` is whose are not among them."""

    user: UserId | None = None
    role: str | None = None
    connector: AuthConnectorId | None = None
    address: str | None = None
    created_before: datetime | None = None
    kept_user: UserId | None = None
