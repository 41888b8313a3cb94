from central.sessions.models import (
    ListMySessionsInput,
    ListMySessionsResponse,
    RevokeMySessionInput,
    RevokeMySessionsInput,
    RevokeSessionsResponse,
)
from central.sessions.operations import (
    LIST_MY_SESSIONS,
    REVOKE_MY_SESSION,
    REVOKE_MY_SESSIONS,
)
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.sessions.service import SessionService


class SessionRoutes:
    """Serves the operations on one's own sessions."""

    def __init__(self, sessions: SessionService) -> None:
        self.sessions = sessions

    @handles(LIST_MY_SESSIONS)
    async def list_mine(self, input: ListMySessionsInput, actor: Actor) -> ListMySessionsResponse:
        return await self.sessions.list_mine(input, actor)

    @handles(REVOKE_MY_SESSION)
    async def revoke_mine(self, input: RevokeMySessionInput, actor: Actor) -> None:
        await self.sessions.TX_revoke_mine(input, actor)

    @handles(REVOKE_MY_SESSIONS)
    async def revoke_all_mine(self, input: RevokeMySessionsInput, actor: Actor) -> RevokeSessionsResponse:
        return await self.sessions.TX_revoke_all_mine(input, actor)
