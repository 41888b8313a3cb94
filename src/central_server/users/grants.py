from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from central.errors import NotFoundError, ValidationFailedError
from central.kernel.ids import AuthConnectorId, RoleId, SessionId, UserId
from central.roles.models import (
    GrantRoleInput,
    ListRoleGrantsInput,
    ListRoleGrantsResponse,
    RevokeRoleInput,
    RoleGrant,
)
from central.users.events import UserRoleGranted, UserRoleRevoked
from central_server.infra.actor import Actor, By
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.sessions.service import SessionService
from central_server.users.guard import LockedUser, UserGuard
from central_server.users.mapping import found
from central_server.users.policy import OWNER, check_owner_remains
from central_server.users.queries import people
from central_server.users.queries import roles as queries
from central_server.users.tables import DBRoleGrant


class RoleGrants:
    """Which roles people hold, and until when.

    Nobody gives or takes a role beyond what they hold themselves; only owners make owners, and one without an end
    always remains. Whoever gets or loses a role signs in anew; a role that ends by itself counts no longer from then.
    """

    def __init__(self, db: Database, outbox: Outbox, sessions: SessionService, guard: UserGuard) -> None:
        self.db = db
        self.outbox = outbox
        self.sessions = sessions
        self.guard = guard

    async def list(
        self, input: ListRoleGrantsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListRoleGrantsResponse:
        """Give the roles that a user holds now, all on one page."""
        reader = executor or self.db.read(actor.tenant_id)
        user = await reader.first(people.GET_USER, tenant_id=actor.tenant_id, id=input.user)
        found(user)
        rows = await reader.all(queries.LIST_ROLE_GRANTS, tenant_id=actor.tenant_id, user_id=input.user)
        return ListRoleGrantsResponse(role_grants=[_grant_from(row) for row in rows])

    async def TX_grant(self, input: GrantRoleInput, actor: Actor) -> RoleGrant:
        """Give a role; `ValidationFailedError` for a past end, `ConflictError` for an end of the last owner."""
        if input.expires_at is not None and input.expires_at <= datetime.now(UTC):
            raise ValidationFailedError.of("expiresAt", "This is in the past", code="past")
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self.guard.lock(input.user, actor, tx, owners_matter=input.role == OWNER)
            role = await self._role(input.role, tx)
            await self.guard.check_may_grant(actor, [input.role], tx)
            if input.expires_at is not None:
                check_owner_remains(before.owners, input.user)
            row = await self._grant(input.user, input.role, input.expires_at, actor.user_id, tx)
            await tx.first(people.NOTE_CHANGE, of_tenant=actor.tenant_id, of_id=input.user)
            if input.role not in before.row["roles"]:
                await self._end_sessions(input.user, actor, tx)
            granted = UserRoleGranted(tenant_id=actor.tenant_id, user_id=input.user, role_id=role)
            await self.outbox.add(granted, actor.by, tx)
        return _grant_from(row)

    async def TX_revoke(self, input: RevokeRoleInput, actor: Actor) -> None:
        """Take a role; `NotFoundError` when it is not held, `ConflictError` for the last owner's."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self.guard.lock(input.user, actor, tx, owners_matter=input.role == OWNER)
            role = await self._role(input.role, tx)
            await self.guard.check_may_grant(actor, [input.role], tx)
            if input.role == OWNER:
                check_owner_remains(before.owners, input.user)
            gone = await tx.first(queries.REVOKE_ROLE, tenant_id=actor.tenant_id, user_id=input.user, role=input.role)
            if gone is None:
                raise NotFoundError.of("role of this user", input.role)
            await tx.first(people.NOTE_CHANGE, of_tenant=actor.tenant_id, of_id=input.user)
            await self._end_sessions(input.user, actor, tx)
            revoked = UserRoleRevoked(tenant_id=actor.tenant_id, user_id=input.user, role_id=role)
            await self.outbox.add(revoked, actor.by, tx)

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
            await self._grant(user, role, None, actor.user_id, executor)
        return bool(changed)

    async def add(
        self, user: UserId, roles: Collection[str], granted_by: UserId, by: By, executor: WriteExecutor
    ) -> Sequence[SessionId] | None:
        """Let a user, whom the caller has locked, hold these roles too, without an end, by somebody's word of before.

        Gives the sessions that were live and have ended, or None where what the user may do is as before.
        """
        tenant = executor.tenant
        assert tenant is not None, "people are of a tenant"
        held = await executor.all(queries.LIST_ROLE_GRANTS, tenant_id=tenant, user_id=user)
        lasting = {grant["role"] for grant in held if grant["expires_at"] is None and grant["connector_id"] is None}
        new = sorted(set(roles) - lasting)
        for role in new:
            await self._grant(user, role, None, granted_by, executor)
            granted = UserRoleGranted(tenant_id=tenant, user_id=user, role_id=await self._role(role, executor))
            await self.outbox.add(granted, by, executor)
        if new:
            await executor.first(people.NOTE_CHANGE, of_tenant=tenant, of_id=user)
        if set(new) <= {grant["role"] for grant in held}:
            return None
        return await self.sessions.end_sessions_of_user(tenant, user, "roles_changed", by, executor)

    async def follow_groups(
        self, user: UserId, connector: AuthConnectorId, roles: Collection[str], by: By, executor: WriteExecutor
    ) -> None:
        """Let a user, whom the caller has locked, hold by a connector's groups just these roles, as far as there are.

        What they hold otherwise stays as it is. Their sessions end where what they may do has changed.
        """
        tenant = executor.tenant
        assert tenant is not None, "people are of a tenant"
        held = await executor.all(queries.LIST_ROLE_GRANTS, tenant_id=tenant, user_id=user)
        followed = {grant["role"] for grant in held if grant["connector_id"] == connector}
        others = {grant["role"] for grant in held} - followed
        wanted = await self.guard.roles.hold_existing(tenant, set(roles) - {OWNER}, executor)
        new, gone = sorted(wanted - followed - others), sorted(followed - wanted)
        for role in new:
            await self._grant(user, role, None, None, executor, connector=connector)
            event = UserRoleGranted(tenant_id=tenant, user_id=user, role_id=await self._role(role, executor))
            await self.outbox.add(event, by, executor)
        for role in gone:
            await executor.first(queries.REVOKE_ROLE, tenant_id=tenant, user_id=user, role=role)
            taken = UserRoleRevoked(tenant_id=tenant, user_id=user, role_id=await self._role(role, executor))
            await self.outbox.add(taken, by, executor)
        if new or gone:
            await executor.first(people.NOTE_CHANGE, of_tenant=tenant, of_id=user)
            await self.sessions.end_sessions_of_user(tenant, user, "roles_changed", by, executor)

    async def _role(self, slug: str, tx: WriteExecutor) -> RoleId:
        assert tx.tenant is not None, "roles are of a tenant"
        role = await self.guard.roles.get_role_by_slug(tx.tenant, slug, tx)
        return found(role, "role").id

    async def _grant(
        self,
        user: UserId,
        role: str,
        expires_at: datetime | None,
        granted_by: UserId | None,
        executor: WriteExecutor,
        *,
        connector: AuthConnectorId | None = None,
    ) -> DBRoleGrant:
        row = await executor.first(
            queries.GRANT_ROLE,
            tenant_id=executor.tenant,
            user_id=user,
            role=role,
            expires_at=expires_at,
            connector_id=connector,
            granted_by=granted_by,
        )
        assert row is not None, "an upsert returns its row or raises"
        return row

    async def _end_sessions(self, user: UserId, actor: Actor, tx: WriteExecutor) -> None:
        await self.sessions.end_sessions_of_user(actor.tenant_id, user, "roles_changed", actor.by, tx)


def _grant_from(row: DBRoleGrant) -> RoleGrant:
    return RoleGrant.model_validate({**row})
