from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from central.errors import ConflictError, ForbiddenError, NotFoundError
from central.kernel.ids import TenantId, UserEmailId, UserId
from central.sessions.events import SessionEnd
from central.users.events import UserCreated, UserDeleted, UserDisabled, UserEnabled, UserUpdated
from central.users.models import (
    CreateUserInput,
    DeleteUserInput,
    DisableUserInput,
    EnableUserInput,
    GetUserInput,
    ListUsersInput,
    ListUsersResponse,
    UpdateUserInput,
    User,
    UserPrivate,
)
from central_server.infra.actor import SYSTEM, Actor, By
from central_server.infra.db import Database, ReadExecutor, WriteExecutor, register_conflict
from central_server.infra.logs import component_logger
from central_server.infra.outbox import Outbox
from central_server.infra.paging import next_cursor, open_cursor
from central_server.infra.text import like_pattern
from central_server.roles.policy import BUILT_IN_ROLES, permissions_of, sorted_permissions_of
from central_server.sessions.service import SessionService
from central_server.users import queries
from central_server.users.grants import RoleGrants
from central_server.users.guard import LockedUser, UserGuard
from central_server.users.inputs import NewUser
from central_server.users.policy import check_may_grant, check_owner_remains
from central_server.users.queries import UserListShape
from central_server.users.tables import DBPrivileges, DBUser

T = TypeVar("T")

register_conflict(
    "uq_user_emails_email", lambda: ConflictError("A user with this address exists already.", code="email_taken")
)


class UserService:
    """The users of tenants.

    An address is unique in its tenant whatever the case. There is always an active owner: whoever would take the
    last one away is refused, also when two try it at the same time on each other. Only owners touch owners, and
    nobody touches, or makes, who may do more than they.
    """

    def __init__(
        self, db: Database, outbox: Outbox, sessions: SessionService, guard: UserGuard, grants: RoleGrants
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.sessions = sessions
        self.guard = guard
        self.grants = grants
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
        return await use(_found(await self.get_user_by_id(tenant, user, executor)))

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
        return await use(_found(await self.get_user_by_email(tenant, email, executor)))

    async def get(
        self, input: GetUserInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> User:
        """Give a user of the actor's tenant."""
        return _found(await self.get_user_by_id(actor.tenant_id, input.user, executor))

    async def list(
        self, input: ListUsersInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListUsersResponse:
        """Give a page of the users of the actor's tenant."""
        asked, position = open_cursor(input)
        shape = UserListShape(
            by_email=asked.email is not None,
            by_state=asked.state is not None,
            by_role=asked.role is not None,
            by_text=asked.text is not None,
            sort=asked.sort,
            goes_on=position is not None,
        )
        parameters: dict[str, Any] = {"tenant_id": actor.tenant_id, "count": asked.limit + 1}
        for name in ("email", "state", "role"):
            if (value := getattr(asked, name)) is not None:
                parameters[name] = value
        if asked.text is not None:
            parameters["pattern"] = like_pattern(asked.text)
        by_time = asked.sort.endswith("created_at")
        if position is not None:
            parameters |= {"after_key": position.time if by_time else position.key, "after_id": position.id}
        rows = await (executor or self.db.read(actor.tenant_id)).all(queries.list_users(shape), **parameters)
        return _page(rows, asked, actor.tenant_id)

    async def TX_create_user(self, input: CreateUserInput, actor: Actor) -> User:
        """Create a user and tell it; `ConflictError` when the address is taken."""
        new = NewUser(email=input.email, display_name=input.display_name, roles=input.roles)
        if BUILT_IN_ROLES.keys() >= set(input.roles):
            check_may_grant(actor, input.roles, permissions_of(tuple(input.roles)))
            executor = self.db.autocommit(actor.tenant_id, actor.unit)
            return await self.create_user(actor.tenant_id, new, actor.by, executor)
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self.guard.check_may_grant(actor, input.roles, tx)
            return await self.create_user(actor.tenant_id, new, actor.by, tx)

    async def create_user(self, tenant: TenantId, new: NewUser, by: By, executor: WriteExecutor) -> User:
        """Create a user and tell it, as part of more steps; `ConflictError` when the address is taken."""
        id = UserId.new()
        row = await executor.first(
            queries.INSERT_USER,
            id=id,
            email_id=UserEmailId.new(),
            email=new.email,
            email_verified=new.email_verified,
            display_name=new.display_name or new.email.partition("@")[0],
            roles=sorted(new.roles),
            granted_by=by.user,
            **self.outbox.parameters(UserCreated(tenant_id=tenant, user_id=id), by),
        )
        assert row is not None, "an INSERT returns its row or raises"
        return user_from(row, tenant)

    async def TX_update_user(self, input: UpdateUserInput, actor: Actor) -> User:
        """Change a user; `ConflictError` for a taken address, a stale version or the last owner's roles."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self.guard.lock(input.user, actor, tx, owners_matter=input.roles is not None)
            if input.expected_version not in {None, before.row["version"]}:
                raise ConflictError("Somebody else changed this user first; read it again.", code="version_conflict")
            await self._replace_email(input, before, tx)
            ends_sessions = await self.grants.replace(input.user, input.roles, before, actor, tx)
            row = await tx.first(
                queries.UPDATE_USER, of_tenant=actor.tenant_id, of_id=input.user, new_display_name=input.display_name
            )
            if ends_sessions:
                await self._end_sessions(input.user, "roles_changed", actor, tx)
            await self.outbox.add(UserUpdated(tenant_id=actor.tenant_id, user_id=input.user), actor.by, tx)
            return user_from(_found(row), actor.tenant_id)

    async def TX_disable_user(self, input: DisableUserInput, actor: Actor) -> User:
        """Disable a user and end their sessions; one who is disabled already stays so."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self.guard.lock(input.user, actor, tx, owners_matter=True)
            check_owner_remains(before.owners, input.user)
            row = await tx.first(queries.DISABLE_USER, of_tenant=actor.tenant_id, of_id=input.user)
            if row is None:
                return user_from(before.row, actor.tenant_id)
            await self._end_sessions(input.user, "user_disabled", actor, tx)
            await self.outbox.add(UserDisabled(tenant_id=actor.tenant_id, user_id=input.user), actor.by, tx)
            return user_from(row, actor.tenant_id)

    async def TX_enable_user(self, input: EnableUserInput, actor: Actor) -> User:
        """Enable a user; one who is active already stays so. The sessions that ended stay ended."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self.guard.lock(input.user, actor, tx)
            row = await tx.first(queries.ENABLE_USER, of_tenant=actor.tenant_id, of_id=input.user)
            if row is None:
                return user_from(before.row, actor.tenant_id)
            await self.outbox.add(UserEnabled(tenant_id=actor.tenant_id, user_id=input.user), actor.by, tx)
            return user_from(row, actor.tenant_id)

    async def TX_delete_user(self, input: DeleteUserInput, actor: Actor) -> None:
        """Delete a user with their sessions and identities, which the database takes along."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self.guard.lock(input.user, actor, tx, owners_matter=True, query=queries.LOCK_USER_TO_DELETE)
            check_owner_remains(before.owners, input.user)
            await tx.execute(queries.DELETE_USER, tenant_id=actor.tenant_id, id=input.user)
            await self.outbox.add(UserDeleted(tenant_id=actor.tenant_id, user_id=input.user), actor.by, tx)

    async def hold_active_user(self, tenant: TenantId, user: UserId, executor: WriteExecutor) -> User:
        """Keep an active user active until the transaction ends; `ForbiddenError` for one who is not."""
        row = await executor.first(queries.HOLD_ACTIVE_USER, tenant_id=tenant, id=user)
        if row is None:
            raise ForbiddenError("This account is disabled; ask an administrator.", code="user_disabled")
        return user_from(row, tenant)

    async def note_sign_in(
        self, tenant: TenantId, user: UserId, executor: WriteExecutor, *, proves_email: str | None
    ) -> DBPrivileges:
        """Record that a user signed in, and which address is theirs if that is how; gives what they may do."""
        if proves_email is not None:
            await executor.execute(queries.MARK_EMAIL_VERIFIED, of_tenant=tenant, of_user=user, of_email=proves_email)
        row = await executor.first(queries.NOTE_SIGN_IN, of_tenant=tenant, of_id=user)
        return _found(row)

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
            await self.outbox.add(UserUpdated(tenant_id=tenant, user_id=user), SYSTEM, tx)

    async def _replace_email(self, input: UpdateUserInput, before: LockedUser, tx: WriteExecutor) -> None:
        if input.email is not None and input.email != before.row["email"]:
            await tx.execute(
                queries.REPLACE_PRIMARY_EMAIL,
                of_tenant=tx.tenant,
                of_user=input.user,
                of_email=before.row["email"],
                new_email=input.email,
            )

    async def _end_sessions(self, user: UserId, reason: SessionEnd, actor: Actor, tx: WriteExecutor) -> None:
        await self.sessions.end_sessions_of_user(actor.tenant_id, user, reason, actor.by, tx)


def user_from(row: DBUser, tenant: TenantId) -> User:
    """Make the DTO of a row."""
    return User.model_validate({**row, "tenant_id": tenant})


def user_private_from(principal: Mapping[str, Any]) -> UserPrivate:
    """Make what a user sees of themselves from the row of their session's look-up, or of `users`."""
    return UserPrivate.model_validate(
        {
            "id": principal["user_id"],
            "tenant_id": principal["tenant_id"],
            "email": principal["email"],
            "email_verified": principal["email_verified"],
            "display_name": principal["display_name"],
            "roles": principal["roles"],
            "permissions": sorted_permissions_of(tuple(principal["roles"]), tuple(principal["granted"])),
            "system_permissions": principal["system_permissions"],
            "locale": principal["locale"],
            "time_zone": principal["time_zone"],
            "state": principal["state"],
            "created_at": principal["created_at"],
            "updated_at": principal["updated_at"],
            "last_sign_in_at": principal["last_sign_in_at"],
            "version": principal["version"],
        }
    )


def _page(rows: Sequence[DBUser], asked: ListUsersInput, tenant: TenantId) -> ListUsersResponse:
    cursor = None
    if len(rows) > asked.limit:
        last = rows[asked.limit - 1]
        name = asked.sort.removeprefix("-")
        key = (
            last["email"].lower() if name == "email" else last["created_at" if name == "created_at" else "display_name"]
        )
        cursor = next_cursor(asked, key, last["id"])
    users = rows[: asked.limit]
    for row in users:
        row["tenant_id"] = tenant
    return ListUsersResponse.model_validate({"users": users, "next_cursor": cursor})


def _found(value: T | None) -> T:
    if value is None:
        raise NotFoundError.of("user")
    return value
