from typing import Literal

from central.kernel.events import Event
from central.kernel.ids import SessionId, SignInId, UserId


class ToolSignInApproved(Event):
    """Somebody let a tool act as themselves; it has no session yet."""

    kind: Literal["auth.tool_sign_in.approved"] = "auth.tool_sign_in.approved"
    sign_in_id: SignInId


class ToolSignInDenied(Event):
    """Somebody refused a tool."""

    kind: Literal["auth.tool_sign_in.denied"] = "auth.tool_sign_in.denied"
    sign_in_id: SignInId


class ToolSignedIn(Event):
    """A tool that was approved took its session."""

    kind: Literal["auth.tool_sign_in.finished"] = "auth.tool_sign_in.finished"
    sign_in_id: SignInId
    user_id: UserId
    session_id: SessionId
