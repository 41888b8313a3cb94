from datetime import datetime

from pydantic import Field

from central.kernel.ids import AuthConnectorId, SessionId, UserId
from central.kernel.model import Resource, Response, TenantInput
from central.kernel.pages import Page, TenantPageInput


class Session(Resource):
    """A signed-in browser or program of a user, as administrators see it."""

    id: SessionId
    user_id: UserId
    connector_id: AuthConnectorId | None = Field(
        default=None, description="How it signed in; null: by the server's command line."
    )
    created_at: datetime
    last_used_at: datetime = Field(description="To the minute.")
    expires_at: datetime = Field(description="The end, unless it is idle for too long before.")
    address: str | None = Field(default=None, description="Where it signed in from.")
    user_agent: str | None = None


class SessionPrivate(Resource):
    """A signed-in browser or program of the caller's own."""

    id: SessionId
    connector_id: AuthConnectorId | None = None
    created_at: datetime
    last_used_at: datetime = Field(description="To the minute.")
    expires_at: datetime = Field(description="The end, unless it is idle for too long before.")
    address: str | None = Field(default=None, description="Where it signed in from.")
    user_agent: str | None = None
    current: bool = Field(description="Whether it is the one that asks.")


class ListMySessionsInput(TenantPageInput):
    """The caller's own sessions, newest first."""


class ListMySessionsResponse(Page[SessionPrivate]):
    """One page of the caller's live sessions."""

    sessions: list[SessionPrivate]


class RevokeMySessionInput(TenantInput):
    """Which of the caller's own sessions to end."""

    session: SessionId


class RevokeMySessionsInput(TenantInput):
    """End the caller's own sessions."""

    keep_current: bool = Field(default=True, description="Leave the one that asks.")


class ListUserSessionsInput(TenantPageInput):
    """A user's sessions, newest first."""

    user: UserId


class ListUserSessionsResponse(Page[Session]):
    """One page of a user's live sessions."""

    sessions: list[Session]


class RevokeUserSessionInput(TenantInput):
    """Which session of which user to end."""

    user: UserId
    session: SessionId


class RevokeUserSessionsInput(TenantInput):
    """Whose sessions to end, all of them."""

    user: UserId


class RevokeSessionsResponse(Response):
    """How many sessions were ended."""

    revoked: int
