from central.sessions.models import Session
from central.users.impersonation import ImpersonateUserInput, ImpersonateUserResponse
from central.users.models import GetUserInput
from central_server.auth.issuing import SessionIssuer
from central_server.auth.policy import check_may_impersonate
from central_server.infra.actor import Actor
from central_server.infra.db import Database
from central_server.infra.http.cookies import CookieNames
from central_server.sessions.inputs import Impersonation
from central_server.sessions.mapping import described
from central_server.users.service import UserService


class Impersonations:
    """Acting in somebody else's name: a session of theirs that knows who is behind it, and from which session.

    Nobody gains by it: it is refused for whoever may do more, and at every request what both may do counts. It ends
    with the session that it was begun from.
    """

    def __init__(self, db: Database, users: UserService, issuer: SessionIssuer, cookies: CookieNames) -> None:
        self.db = db
        self.users = users
        self.issuer = issuer
        self.cookies = cookies

    async def TX_impersonate(self, input: ImpersonateUserInput, actor: Actor) -> ImpersonateUserResponse:
        """Begin; the token goes into the answer's cookie, and nowhere else."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self.users.get(GetUserInput(user=input.user), actor, tx)
            user = await self.users.hold_active_user(actor.tenant_id, input.user, tx)
            operates = await self.users.get_system_permissions(actor.tenant_id, user.id, tx)
            check_may_impersonate(actor.user_id, user, operates or ())
            await self.users.guard.lock(user.id, actor, tx)
            impersonation = Impersonation(actor.user_id, actor.session_id, input.reason, input.duration)
            issued = await self.issuer.issue_session(
                actor.tenant_id, user.id, None, actor, tx, impersonation=impersonation
            )
        left = issued.row["expires_at"] - issued.row["created_at"]
        actor.cookies.set(self.cookies.session, issued.token, int(left.total_seconds()))
        session = described(issued.row, self.issuer.sessions.places)
        return ImpersonateUserResponse(user=user, session=Session.model_validate(session))
