from typing import Literal, TypeAlias

from central.kernel.events import Event
from central.kernel.ids import SessionId, UserId
from central.kernel.unknown import UnknownValue

SessionEnd: TypeAlias = Literal[
    "signed_out",
    "signed_in_again",
    "revoked",
    "roles_changed",
    "user_disabled",
    "user_deleted",
    "user_merged",
    "connector_disabled",
    "connector_deleted",
    "identity_unlinked",
    "impersonator_left",
    "expired",
    "idle",
]
"""Why a session ended. `expired` and `idle` are read off the clock: no event tells of them."""


class SessionStarted(Event):
    """Somebody signed in, or somebody else began to act in their name: see `impersonator`."""

    kind: Literal["session.started"] = "session.started"
    session_id: SessionId
    user_id: UserId


class SessionsEnded(Event):
    """Sessions of a user ended before their time."""

    kind: Literal["sessions.ended"] = "sessions.ended"
    user_id: UserId
    session_ids: list[SessionId]
    reason: SessionEnd | UnknownValue
