from central.sessions.models import (
    RevokeMatchingSessionsInput,
    RevokeMatchingSessionsResponse,
    RevokeMySessionInput,
    RevokeMySessionsInput,
    RevokeSessionsResponse,
    SearchSessionsInput,
    SearchSessionsResponse,
)
from central.sessions.operations import (
    REVOKE_MATCHING_SESSIONS,
    REVOKE_MY_SESSION,
    REVOKE_MY_SESSIONS,
    SEARCH_SESSIONS,
)
from central_server.infra.actor import Actor
from central_server.infra.http.cookies import CookieNames
from central_server.infra.http.handles import handles
from central_server.sessions.service import SessionService


class SessionRoutes:
    """Serves the operations that end one's own sessions, and those on all sessions of a tenant."""

    def __init__(self, sessions: SessionService, cookies: CookieNames) -> None:
        self.sessions = sessions
        self.cookies = cookies

    @handles(REVOKE_MY_SESSION)
    async def revoke_mine(self, input: RevokeMySessionInput, actor: Actor) -> None:
        await self.sessions.TX_revoke_mine(input, actor)
        if input.session == actor.session_id:
            actor.cookies.clear(self.cookies.session)

    @handles(REVOKE_MY_SESSIONS)
    async def revoke_all_mine(self, input: RevokeMySessionsInput, actor: Actor) -> RevokeSessionsResponse:
        revoked = await self.sessions.TX_revoke_all_mine(input, actor)
        if not input.keep_current:
            actor.cookies.clear(self.cookies.session)
        return revoked

    @handles(SEARCH_SESSIONS)
    async def search(self, input: SearchSessionsInput, actor: Actor) -> SearchSessionsResponse:
        return await self.sessions.search(input, actor)

    @handles(REVOKE_MATCHING_SESSIONS)
    async def revoke_matching(self, input: RevokeMatchingSessionsInput, actor: Actor) -> RevokeMatchingSessionsResponse:
        return await self.sessions.TX_revoke_matching(input, actor)
