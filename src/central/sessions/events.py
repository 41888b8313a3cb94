from typing import Literal, TypeAlias

from central.kernel.events import Event
from central.kernel.ids import SessionId, UserId
from central.kernel.unknown import UnknownValue

SessionEnd: TypeAlias = Literal["signed_out", "revoked", "user_disabled", "roles_changed", "user_merged"]


class SessionStarted(Event):
    """Somebody signed in."""

    kind: Literal["session.started"] = "session.started"
    session_id: SessionId
    user_id: UserId


class SessionsEnded(Event):
    """Sessions of a user ended before their time."""

    kind: Literal["sessions.ended"] = "sessions.ended"
    user_id: UserId
    session_ids: list[SessionId]
    reason: SessionEnd | UnknownValue
