from collections.abc import Sequence

from central.kernel.ids import UserId
from central_server.infra.actor import Actor
from central_server.infra.db import WriteExecutor
from central_server.users import queries
from central_server.users.guard import LockedUser, UserGuard
from central_server.users.policy import OWNER, check_owner_remains


class RoleGrants:
    """Which roles people hold, and until when."""

    def __init__(self, guard: UserGuard) -> None:
        self.guard = guard

    async def replace(
        self, user: UserId, roles: Sequence[str] | None, before: LockedUser, actor: Actor, executor: WriteExecutor
    ) -> bool:
        """Let somebody hold just these roles, without an end; whether that changes what they may do now.

        `ForbiddenError` for a role beyond what the actor holds, `ConflictError` for the last owner.
        """
        if roles is None:
            return False
        held = await executor.all(queries.LIST_ROLE_GRANTS, tenant_id=actor.tenant_id, user_id=user)
        lasting = {grant["role"] for grant in held if grant["expires_at"] is None and grant["connector_id"] is None}
        changed = set(roles) ^ {grant["role"] for grant in held}
        new = sorted(set(roles) - lasting)
        await self.guard.check_may_grant(actor, changed | set(new), executor)
        if OWNER not in roles:
            check_owner_remains(before.owners, user)
        await executor.execute(queries.REVOKE_OTHER_ROLES, tenant_id=actor.tenant_id, user_id=user, kept=list(roles))
        for role in new:
            await self._grant(user, role, actor, executor)
        return bool(changed)

    async def _grant(self, user: UserId, role: str, actor: Actor, executor: WriteExecutor) -> None:
        await executor.execute(
            queries.GRANT_ROLE,
            tenant_id=actor.tenant_id,
            user_id=user,
            role=role,
            expires_at=None,
            connector_id=None,
            granted_by=actor.user_id,
        )
