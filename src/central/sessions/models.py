from datetime import datetime
from typing import Literal, Self, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from central.kernel.ids import AuthConnectorId, SessionId, UserId
from central.kernel.model import Resource, Response, TenantInput
from central.kernel.pages import Page, TenantPageInput
from central.kernel.text import Network
from central.kernel.times import Moment
from central.kernel.unknown import UnknownValue
from central.sessions.events import SessionEnd

SessionState: TypeAlias = Literal["live", "ended", "all"]


class Impersonator(Resource):
    """Who acts in somebody else's name."""

    id: UserId
    display_name: str


class Session(Resource):
    """A signed-in browser or program of a user, as administrators see it."""

    id: SessionId
    user_id: UserId
    connector_id: AuthConnectorId | None = Field(
        default=None, description="How it signed in; null: by the server's command line, or by impersonation."
    )
    created_at: datetime
    last_used_at: datetime = Field(description="To the minute.")
    expires_at: datetime = Field(description="The end, unless it is idle for too long before.")
    ended_at: datetime | None = None
    ended_reason: SessionEnd | UnknownValue | None = None
    ended_by: UserId | None = Field(default=None, description="Who ended it; null for the clock and the system.")
    device: str | None = Field(default=None, description="What the user agent says of itself: `Firefox on Linux`.")
    place: str | None = Field(
        default=None, description="Where the address is, where the server can tell; else the address."
    )
    address: str | None = Field(default=None, description="Where it signed in from.")
    user_agent: str | None = None
    impersonator_id: UserId | None = Field(default=None, description="Who acts in the user's name, if somebody does.")
    impersonation_reason: str | None = None


class SessionPrivate(Resource):
    """A signed-in browser or program of the caller's own, or of somebody who acts in their name."""

    id: SessionId
    connector_id: AuthConnectorId | None = None
    created_at: datetime
    last_used_at: datetime = Field(description="To the minute.")
    expires_at: datetime = Field(description="The end, unless it is idle for too long before.")
    ended_at: datetime | None = None
    ended_reason: SessionEnd | UnknownValue | None = None
    ended_by: UserId | None = Field(default=None, description="Who ended it; null for the clock and the system.")
    device: str | None = Field(default=None, description="What the user agent says of itself: `Firefox on Linux`.")
    place: str | None = Field(
        default=None, description="Where the address is, where the server can tell; else the address."
    )
    address: str | None = Field(default=None, description="Where it signed in from.")
    user_agent: str | None = None
    current: bool = Field(description="Whether it is the one that asks.")
    impersonator_id: UserId | None = None
    impersonator: Impersonator | None = Field(
        default=None, description="Who acts in the caller's name; null also when they are no longer there."
    )
    impersonation_reason: str | None = Field(default=None, description="Why they do, as they said.")


class ListMySessionsInput(TenantPageInput):
    """The caller's own sessions, newest first."""

    state: SessionState = "live"


class ListMySessionsResponse(Page[SessionPrivate]):
    """One page of the caller's sessions."""

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
    state: SessionState = "live"


class ListUserSessionsResponse(Page[Session]):
    """One page of a user's sessions."""

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


class SearchSessionsInput(TenantPageInput):
    """Which of a tenant's sessions to list, newest first: those for which all that is given holds."""

    user: UserId | None = None
    connector: AuthConnectorId | None = Field(default=None, description="By which it signed in.")
    address: Network | None = Field(default=None, description="From which it signed in: an address or a network.")
    state: SessionState = "live"
    created_after: Moment | None = Field(default=None, description="This moment included.")
    created_before: Moment | None = Field(default=None, description="This moment excluded.")


class SearchSessionsResponse(Page[Session]):
    """One page of a tenant's sessions."""

    sessions: list[Session]


class RevokeMatchingSessionsInput(TenantInput):
    """Which of a tenant's live sessions to end: those for which all that is given holds, of which one thing must be."""

    user: UserId | None = None
    connector: AuthConnectorId | None = Field(default=None, description="By which it signed in.")
    address: Network | None = Field(default=None, description="From which it signed in: an address or a network.")
    created_before: Moment | None = Field(default=None, description="This moment excluded.")
    include_current: bool = Field(default=False, description="Whether the session that asks may be among them.")
    dry_run: bool = Field(default=False, description="Only say which ones they are.")

    @model_validator(mode="after")
    def _refuse_all(self) -> Self:
        if all(given is None for given in (self.user, self.connector, self.address, self.created_before)):
            raise PydanticCustomError(
                "filter_missing", "Give a user, a connector, an address or a time; for all sessions, the present time"
            )
        return self


class RevokeMatchingSessionsResponse(Response):
    """Which sessions match, and how many of them were ended: none by a dry run."""

    matched: int
    revoked: int
    session_ids: list[SessionId] = Field(description="The first hundred of them.")
