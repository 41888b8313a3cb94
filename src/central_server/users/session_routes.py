from functools import partial

from central.sessions.models import (
    ListMySessionsInput,
    ListMySessionsResponse,
    ListUserSessionsInput,
    ListUserSessionsResponse,
    RevokeSessionsResponse,
    RevokeUserSessionInput,
    RevokeUserSessionsInput,
)
from central.sessions.operations import (
    LIST_MY_SESSIONS,
    LIST_USER_SESSIONS,
    REVOKE_USER_SESSION,
    REVOKE_USER_SESSIONS,
)
from central_server.infra.actor import Actor
from central_server.infra.http.handles import handles
from central_server.sessions.service import SessionService
from central_server.users.service import UserService


class UserSessionRoutes:
    """Serves what tells of users beside their sessions: one's own with whoever acts in one's name, and another's."""

    def __init__(self, users: UserService, sessions: SessionService) -> None:
        self.users = users
        self.sessions = sessions

    @handles(LIST_MY_SESSIONS)
    async def list_mine(self, input: ListMySessionsInput, actor: Actor) -> ListMySessionsResponse:
        return await self.sessions.list_mine(input, actor, partial(self.users.get_names, actor.tenant_id))

    @handles(LIST_USER_SESSIONS)
    async def list(self, input: ListUserSessionsInput, actor: Actor) -> ListUserSessionsResponse:
        return await self.users.with_user_by_id(
            actor.tenant_id, input.user, lambda _: self.sessions.list_of_user(input, actor)
        )

    @handles(REVOKE_USER_SESSION)
    async def revoke(self, input: RevokeUserSessionInput, actor: Actor) -> None:
        await self.users.with_user_by_id(
            actor.tenant_id, input.user, lambda _: self.sessions.TX_revoke_of_user(input, actor)
        )

    @handles(REVOKE_USER_SESSIONS)
    async def revoke_all(self, input: RevokeUserSessionsInput, actor: Actor) -> RevokeSessionsResponse:
        return await self.users.with_user_by_id(
            actor.tenant_id, input.user, lambda _: self.sessions.TX_revoke_all_of_user(input, actor)
        )
