from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from central.errors import ConflictError, ForbiddenError, NotFoundError
from central.kernel.ids import TenantId, UserEmailId, UserId
from central.sessions.events import SessionEnd
from central.users.events import (
    UserCreated,
    UserDeleted,
    UserDisabled,
    UserEmailRemoved,
    UserEmailVerified,
    UserEnabled,
    UserUpdated,
)
from central.users.models import (
    CreateUserInput,
    DeleteUserInput,
    DisableUserInput,
    EnableUserInput,
    GetUserInput,
    UpdateUserInput,
    User,
)
from central_server.infra.actor import SYSTEM, Actor, By
from central_server.infra.db import Database, ReadExecutor, WriteExecutor, register_conflict
from central_server.infra.logs import component_logger
from central_server.infra.outbox import Outbox
from central_server.roles.policy import BUILT_IN_ROLES, permissions_of
from central_server.sessions.service import SessionService
from central_server.users.attributes import UserAttributes
from central_server.users.email_changes import EmailChanges
from central_server.users.grants import RoleGrants
from central_server.users.guard import LockedUser, UserGuard
from central_server.users.inputs import NewUser, new_user
from central_server.users.mapping import found, user_from
from central_server.users.policy import (
    DETAILS,
    check_may_grant,
    check_owner_remains,
    given_details,
    merge_patch,
)
from central_server.users.queries import emails
from central_server.users.queries import people as queries
from central_server.users.tables import DBPrivileges, DBUser

T = TypeVar("T")

for _constraint in ("uq_user_emails_email", "uq_user_emails_primary"):
    register_conflict(
        _constraint, lambda: ConflictError("A user with this address exists already.", code="email_taken")
    )


class UserService:
    """The users of tenants.

    An address is unique in its tenant whatever the case. There is always an active owner: whoever would take the
    last one away is refused, also when two try it at the same time on each other. Only owners touch owners, and
    nobody touches, or makes, who may do more than they.
    """

    def __init__(
        self,
        db: Database,
        outbox: Outbox,
        sessions: SessionService,
        guard: UserGuard,
        grants: RoleGrants,
        attributes: UserAttributes,
        changes: EmailChanges,
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.sessions = sessions
        self.guard = guard
        self.grants = grants
        self.attributes = attributes
        self.changes = changes
        self.log = component_logger(self)

    async def get_user_by_id(
        self, tenant: TenantId, user: UserId, executor: ReadExecutor | WriteExecutor | None = None
    ) -> User | None:
        """Find a user."""
        row = await (executor or self.db.read(tenant)).first(queries.GET_USER, tenant_id=tenant, id=user)
        return None if row is None else user_from(row, tenant)

    async def with_user_by_id(
        self,
        tenant: TenantId,
        user: UserId,
        use: Callable[[User], Awaitable[T]],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> T:
        """Find a user and use them; `NotFoundError` when there is none."""
        return await use(found(await self.get_user_by_id(tenant, user, executor)))

    async def get_user_by_email(
        self, tenant: TenantId, email: str, executor: ReadExecutor | WriteExecutor | None = None
    ) -> User | None:
        """Find a user by their whole address, without case."""
        row = await (executor or self.db.read(tenant)).first(queries.GET_USER_BY_EMAIL, tenant_id=tenant, email=email)
        return None if row is None else user_from(row, tenant)

    async def with_user_by_email(
        self,
        tenant: TenantId,
        email: str,
        use: Callable[[User], Awaitable[T]],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> T:
        """Find a user by their whole address and use them; `NotFoundError` when there is none."""
        return await use(found(await self.get_user_by_email(tenant, email, executor)))

    async def get_names(
        self, tenant: TenantId, users: Collection[UserId], executor: ReadExecutor | WriteExecutor | None = None
    ) -> dict[UserId, str]:
        """Give the display names of those who are there."""
        ids = [user.uuid for user in users]
        rows = await (executor or self.db.read(tenant)).all(queries.LIST_NAMES, tenant_id=tenant, ids=ids)
        return {row["id"]: row["display_name"] for row in rows}

    async def get(
        self, input: GetUserInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> User:
        """Give a user of the actor's tenant."""
        return found(await self.get_user_by_id(actor.tenant_id, input.user, executor))

    async def TX_create_user(self, input: CreateUserInput, actor: Actor) -> User:
        """Create a user and tell it; `ConflictError` when the address is taken."""
        new = new_user(input)
        if BUILT_IN_ROLES.keys() >= set(input.roles) and not input.attributes:
            check_may_grant(actor, input.roles, permissions_of(tuple(input.roles)))
            executor = self.db.autocommit(actor.tenant_id, actor.unit)
            return await self.create_user(actor.tenant_id, new, actor.by, executor)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self.guard.check_may_grant(actor, input.roles, tx)
            await self.attributes.check(actor.tenant_id, dict(new.attributes), tx)
            return await self.create_user(actor.tenant_id, new, actor.by, tx)

    async def create_user(self, tenant: TenantId, new: NewUser, by: By, executor: WriteExecutor) -> User:
        """Create a user and tell it, as part of more steps; `ConflictError` when the address is taken."""
        if new.email_verified:
            await self.drop_unproven_claims(tenant, new.email, by, executor)
        id = UserId.new()
        row = await executor.first(
            queries.INSERT_USER,
            id=id,
            email_id=UserEmailId.new(),
            email=new.email,
            email_verified=new.email_verified,
            display_name=new.display_name or new.email.partition("@")[0],
            locale=new.locale,
            time_zone=new.time_zone,
            tags=dict(new.tags),
            attributes=dict(new.attributes),
            external_ids=dict(new.external_ids),
            roles=sorted(new.roles),
            granted_by=new.granted_by or by.user,
            **self.outbox.parameters(UserCreated(tenant_id=tenant, user_id=id, version=1), by),
        )
        assert row is not None, "an INSERT returns its row or raises"
        return user_from(row, tenant)

    async def TX_update_user(self, input: UpdateUserInput, actor: Actor) -> User:
        """Change a user; `ConflictError` for a taken address, a stale version or the last owner's roles."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self.guard.lock(input.user, actor, tx, owners_matter=input.roles is not None)
            if input.expected_version not in {None, before.row["version"]}:
                raise ConflictError("Somebody else changed this user first; read it again.", code="version_conflict")
            if input.email not in {None, before.row["email"]}:
                actor.check_fresh()
            await self._replace_email(input, before, actor, tx)
            ends_sessions = await self.grants.replace(input.user, input.roles, before, actor, tx)
            row = await self._update(input, before, actor, tx)
            if ends_sessions:
                await self._end_sessions(input.user, "roles_changed", actor, tx)
            updated = UserUpdated.between(before.row, found(row), tenant_id=actor.tenant_id, user_id=input.user)
            await self.outbox.add(updated, actor.by, tx)
            return user_from(found(row), actor.tenant_id)

    async def TX_disable_user(self, input: DisableUserInput, actor: Actor) -> User:
        """Disable a user and end their sessions; one who is disabled already stays so."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self.guard.lock(input.user, actor, tx, owners_matter=True)
            check_owner_remains(before.owners, input.user)
            row = await tx.first(queries.DISABLE_USER, of_tenant=actor.tenant_id, of_id=input.user)
            if row is None:
                return user_from(before.row, actor.tenant_id)
            await self._end_sessions(input.user, "user_disabled", actor, tx)
            disabled = UserDisabled(tenant_id=actor.tenant_id, user_id=input.user, version=row["version"])
            await self.outbox.add(disabled, actor.by, tx)
            return user_from(row, actor.tenant_id)

    async def TX_enable_user(self, input: EnableUserInput, actor: Actor) -> User:
        """Enable a user; one who is active already stays so. The sessions that ended stay ended."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self.guard.lock(input.user, actor, tx)
            row = await tx.first(queries.ENABLE_USER, of_tenant=actor.tenant_id, of_id=input.user)
            if row is None:
                return user_from(before.row, actor.tenant_id)
            enabled = UserEnabled(tenant_id=actor.tenant_id, user_id=input.user, version=row["version"])
            await self.outbox.add(enabled, actor.by, tx)
            return user_from(row, actor.tenant_id)

    async def TX_delete_user(self, input: DeleteUserInput, actor: Actor) -> None:
        """Delete a user with their sessions and identities, which the database takes along."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self.guard.lock(input.user, actor, tx, owners_matter=True, query=queries.LOCK_USER_TO_DELETE)
            check_owner_remains(before.owners, input.user)
            await self._end_sessions(input.user, "user_deleted", actor, tx)
            await tx.execute(queries.DELETE_USER, tenant_id=actor.tenant_id, id=input.user)
            await self.outbox.add(UserDeleted(tenant_id=actor.tenant_id, user_id=input.user), actor.by, tx)

    async def hold_active_user(self, tenant: TenantId, user: UserId, executor: WriteExecutor) -> User:
        """Keep an active user active until the transaction ends; `ForbiddenError` for one who is not."""
        row = await executor.first(queries.HOLD_ACTIVE_USER, tenant_id=tenant, id=user)
        if row is None:
            raise ForbiddenError("This account is disabled; ask an administrator.", code="user_disabled")
        return user_from(row, tenant)

    async def note_sign_in(
        self, tenant: TenantId, user: UserId, by: By, executor: WriteExecutor, *, proves_email: str | None
    ) -> DBPrivileges:
        """Record that a user signed in, and which address is theirs if that is how; gives what they may do.

        Whoever was in the account before its address was proven does not stay in it (pre-hijacking).
        """
        if proves_email is not None:
            await self._mark_verified(tenant, user, proves_email, by, executor)
        row = await executor.first(queries.NOTE_SIGN_IN, of_tenant=tenant, of_id=user)
        return found(row)

    async def get_system_permissions(
        self, tenant: TenantId, user: UserId, executor: ReadExecutor | WriteExecutor | None = None
    ) -> frozenset[str] | None:
        """Give what a user may do in the whole system, or None when there is no such user."""
        reader = executor or self.db.read(tenant)
        row = await reader.first(queries.GET_SYSTEM_PERMISSIONS, tenant_id=tenant, id=user)
        return None if row is None else frozenset(row["system_permissions"])

    async def TX_set_system_permissions(self, tenant: TenantId, user: UserId, permissions: Sequence[str]) -> None:
        """Make a user an operator with these permissions, or none; `NotFoundError` when there is no such user.

        A change ends the user's sessions: the next one has the lifetimes, and the token, of what they may do now.
        """
        async with self.db.platform_write("operators grant or revoke") as tx:
            before = await self.get_system_permissions(tenant, user, tx)
            if before == frozenset(permissions):
                return
            changed = await tx.first(
                queries.SET_SYSTEM_PERMISSIONS, of_tenant=tenant, of_id=user, new_permissions=sorted(permissions)
            )
            if changed is None:
                raise NotFoundError.of("user")
            await self.sessions.end_sessions_of_user(tenant, user, "roles_changed", SYSTEM, tx)
            after = {"system_permissions": sorted(permissions)}
            updated = UserUpdated.between(
                {"system_permissions": sorted(before or ())}, after, tenant_id=tenant, user_id=user
            )
            await self.outbox.add(updated, SYSTEM, tx)

    async def drop_unproven_claims(self, tenant: TenantId, email: str, by: By, executor: WriteExecutor) -> None:
        """Take an address that is proven now from whoever only said that it was a further one of theirs."""
        for gone in await executor.all(emails.DROP_UNPROVEN_CLAIM, of_tenant=tenant, of_email=email):
            removed = UserEmailRemoved(tenant_id=tenant, user_id=gone["user_id"], email_id=gone["id"])
            await self.outbox.add(removed, by, executor)

    async def keep_attributes(
        self, tenant: TenantId, user: UserId, given: Mapping[str, Any], by: By, executor: WriteExecutor
    ) -> None:
        """Write over attributes of an active user what is told of them, as far as the tenant's schema allows."""
        row = await executor.first(queries.HOLD_ACTIVE_USER, tenant_id=tenant, id=user)
        before = found(row)
        attributes = await self.attributes.merge_allowed(tenant, before["attributes"], given, executor)
        if attributes == before["attributes"]:
            return
        after = await self.update_details({"attributes": attributes}, before, executor)
        await self.outbox.add(UserUpdated.between(before, after, tenant_id=tenant, user_id=user), by, executor)

    async def _mark_verified(self, tenant: TenantId, user: UserId, email: str, by: By, executor: WriteExecutor) -> None:
        marked = await executor.first(emails.MARK_EMAIL_VERIFIED, of_tenant=tenant, of_user=user, of_email=email)
        if marked is not None:
            verified = UserEmailVerified(tenant_id=tenant, user_id=user, email_id=marked["id"])
            await self.outbox.add(verified, by, executor)
            await self.sessions.end_sessions_of_user(tenant, user, "revoked", by, executor)

    async def update_details(self, changes: Mapping[str, Any], before: DBUser, executor: WriteExecutor) -> DBUser:
        """Write some of a locked user's details over; the others stay."""
        details = {name: changes.get(name, value) for name, value in before.items() if name in DETAILS}
        row = await executor.first(
            queries.UPDATE_USER,
            of_tenant=executor.tenant,
            of_id=before["id"],
            **{f"new_{name}": value for name, value in details.items()},
        )
        return found(row)

    async def _update(self, input: UpdateUserInput, before: LockedUser, actor: Actor, tx: WriteExecutor) -> DBUser:
        changes = given_details(input)
        if input.attributes is not None:
            merged = merge_patch(before.row["attributes"], input.attributes)
            await self.attributes.check(actor.tenant_id, merged, tx)
            changes["attributes"] = merged
        return await self.update_details(changes, before.row, tx)

    async def _replace_email(self, input: UpdateUserInput, before: LockedUser, actor: Actor, tx: WriteExecutor) -> None:
        if input.email is not None and input.email != before.row["email"]:
            await tx.execute(
                emails.REPLACE_PRIMARY_EMAIL,
                of_tenant=tx.tenant,
                of_user=input.user,
                of_email=before.row["email"],
                new_email=input.email,
            )
            await self.changes.note(actor.tenant_id, input.user, before.row["email"], input.email, actor.by, tx)

    async def _end_sessions(self, user: UserId, reason: SessionEnd, actor: Actor, tx: WriteExecutor) -> None:
        await self.sessions.end_sessions_of_user(actor.tenant_id, user, reason, actor.by, tx)
