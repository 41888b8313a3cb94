"""Many people at once: found, made, changed and disabled in few statements, with the events of each."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from central.errors import ForbiddenError
from central.kernel.ids import TenantId, UserEmailId, UserId
from central.users.events import UserCreated, UserDisabled, UserUpdated
from central_server.infra.actor import By
from central_server.infra.db import Database, ReadExecutor, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.roles.service import RoleService
from central_server.sessions.service import SessionService
from central_server.users.inputs import NewUser, Powers, UserChange
from central_server.users.policy import OWNER
from central_server.users.queries import batches as queries
from central_server.users.queries.batches import MatchedBy
from central_server.users.tables import DBAddressOfUser, DBConsidered, DBKnownUser

_FIRST = UserId("user-00000000000000000000000000")


class Known(NamedTuple):
    """Who is there already: by address, by `(source, name)`, and all of those by id."""

    addresses: Mapping[str, DBAddressOfUser]
    names: Mapping[tuple[str, str], UserId]
    users: Mapping[UserId, DBKnownUser]


class Whom(NamedTuple):
    """Whom an import could be about: all, or those whom a system has a name for, as far as they came before it."""

    match: MatchedBy
    source: str | None
    before: datetime
    starter: UserId


class UserBatches:
    """People in batches, as part of more steps. Who may do what is for the caller to judge, by what this finds."""

    def __init__(self, db: Database, outbox: Outbox, sessions: SessionService, roles: RoleService) -> None:
        self.db = db
        self.outbox = outbox
        self.sessions = sessions
        self.roles = roles

    async def get_powers(
        self, tenant: TenantId, user: UserId | None, executor: ReadExecutor | WriteExecutor | None = None
    ) -> Powers:
        """Give what somebody may do now; `ForbiddenError` for who is disabled or gone."""
        reader = executor or self.db.read(tenant)
        ids = [] if user is None else [user.uuid]
        rows = await reader.all(queries.LIST_KNOWN, tenant_id=tenant, ids=ids)
        if user is None or not rows or rows[0]["state"] != "active":
            raise ForbiddenError("Whoever started this is not an active user any more.", code="user_disabled")
        permissions = await self.roles.permissions_of(tenant, rows[0]["roles"], reader)
        is_owner = OWNER in rows[0]["roles"]
        return Powers(user, permissions, frozenset(rows[0]["system_permissions"]), is_owner)

    async def find(
        self, tenant: TenantId, addresses: Collection[str], names: Collection[tuple[str, str]], executor: ReadExecutor
    ) -> Known:
        """Find whose these lowered addresses and names are."""
        return await self._find(tenant, addresses, names, executor, None)

    async def lock(
        self, tenant: TenantId, addresses: Collection[str], names: Collection[tuple[str, str]], executor: WriteExecutor
    ) -> Known:
        """As `find`, and let nobody else change them until the transaction ends."""
        return await self._find(tenant, addresses, names, executor, executor)

    async def find_users(
        self, tenant: TenantId, users: Collection[UserId], executor: ReadExecutor | WriteExecutor | None = None
    ) -> Mapping[UserId, DBKnownUser]:
        """Give those of these people who are there."""
        return await self._users(tenant, users, executor or self.db.read(tenant), None)

    async def lock_users(
        self, tenant: TenantId, users: Collection[UserId], executor: WriteExecutor
    ) -> Mapping[UserId, DBKnownUser]:
        """Lock people, in the order of their ids, and give those who are there, as they are then."""
        return await self._users(tenant, users, executor, executor)

    async def create(self, tenant: TenantId, new: Sequence[NewUser], by: By, executor: WriteExecutor) -> None:
        """Create users, whose addresses are not verified, and tell it; `ConflictError` when anything is taken."""
        if not new:
            return
        ids = [UserId.new() for _ in new]
        rows = [_new_row(id, user) for id, user in zip(ids, new, strict=True)]
        await executor.scalar(queries.CREATE_MANY, tenant_id=tenant, users=rows, granted_by=by.user)
        await self.outbox.add_all([UserCreated(tenant_id=tenant, user_id=id, version=1) for id in ids], by, executor)

    async def update(self, tenant: TenantId, changes: Sequence[UserChange], by: By, executor: WriteExecutor) -> None:
        """Change locked users and tell it; the sessions of those end who may do other things than before."""
        if not changes:
            return
        rows = [{"id": change.user.uuid, **change.details} for change in changes]
        await executor.execute(queries.UPDATE_MANY, of_tenant=tenant, users=rows)
        names = [
            {"user_id": change.user.uuid, "source": source, "external_id": name}
            for change in changes
            for source, name in change.names.items()
        ]
        if names:
            await executor.execute(queries.SET_NAMES, tenant_id=tenant, names=names)
        await self._change_roles(tenant, changes, by, executor)
        await self.outbox.add_all([_updated(tenant, change) for change in changes], by, executor)

    async def disable(
        self, tenant: TenantId, users: Collection[UserId], by: By, executor: WriteExecutor
    ) -> Sequence[UserId]:
        """Disable locked users, end their sessions and tell it; gives those who were active."""
        if not users:
            return []
        ids = [user.uuid for user in users]
        disabled = [row["id"] for row in await executor.all(queries.DISABLE_MANY, of_tenant=tenant, ids=ids)]
        await self.sessions.end_sessions_of_users(tenant, disabled, "user_disabled", by, executor)
        await self.outbox.add_all([UserDisabled(tenant_id=tenant, user_id=id) for id in disabled], by, executor)
        return disabled

    async def find_named(
        self,
        tenant: TenantId,
        whom: Whom,
        keys: Collection[str],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> Collection[UserId]:
        """Find whom these keys name: lowered addresses, or names that the source has."""
        reader = executor or self.db.read(tenant)
        if whom.match == "email":
            found = await reader.all(queries.FIND_ADDRESSES, tenant_id=tenant, addresses=list(keys))
            return [row["user_id"] for row in found if row["counts"]]
        asked = {"sources": [whom.source] * len(keys), "names": list(keys)}
        return [row["user_id"] for row in await reader.all(queries.FIND_NAMES, tenant_id=tenant, **asked)]

    async def list_considered(
        self,
        tenant: TenantId,
        whom: Whom,
        after: UserId | None,
        count: int,
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> Sequence[DBConsidered]:
        """Give a page of those whom keys could name, by their ids: active, not the starter, and no owners."""
        which: dict[str, Any] = {"tenant_id": tenant, "before": whom.before, "starter": whom.starter}
        which |= {"after": after or _FIRST, "count": count}
        if whom.match == "external_id":
            which |= {"source": whom.source}
        return await (executor or self.db.read(tenant)).all(queries.list_considered(whom.match), **which)

    async def _find(
        self,
        tenant: TenantId,
        addresses: Collection[str],
        names: Collection[tuple[str, str]],
        reader: ReadExecutor,
        locker: WriteExecutor | None,
    ) -> Known:
        found = await reader.all(queries.FIND_ADDRESSES, tenant_id=tenant, addresses=list(addresses))
        asked = {"sources": [source for source, _ in names], "names": [name for _, name in names]}
        named = await reader.all(queries.FIND_NAMES, tenant_id=tenant, **asked) if names else []
        ids = {row["user_id"] for row in found} | {row["user_id"] for row in named}
        return Known(
            {row["address"]: row for row in found},
            {(row["source"], row["external_id"]): row["user_id"] for row in named},
            await self._users(tenant, ids, reader, locker),
        )

    async def _users(
        self, tenant: TenantId, users: Collection[UserId], reader: ReadExecutor, locker: WriteExecutor | None
    ) -> Mapping[UserId, DBKnownUser]:
        ids = [user.uuid for user in users]
        if locker is not None and ids:
            await locker.all(queries.LOCK_MANY, tenant_id=tenant, ids=ids)
        rows = await reader.all(queries.LIST_KNOWN, tenant_id=tenant, ids=ids) if ids else []
        return {row["id"]: row for row in rows}

    async def _change_roles(
        self, tenant: TenantId, changes: Sequence[UserChange], by: By, executor: WriteExecutor
    ) -> None:
        gone = [{"user_id": change.user.uuid, "role": role} for change in changes for role in change.revoked]
        new = [{"user_id": change.user.uuid, "role": role} for change in changes for role in change.granted]
        if gone:
            await executor.execute(queries.REVOKE_MANY, of_tenant=tenant, roles=gone)
        if new:
            await executor.execute(queries.GRANT_MANY, tenant_id=tenant, roles=new, granted_by=by.user)
        ended = [change.user for change in changes if change.ends_sessions]
        if ended:
            await self.sessions.end_sessions_of_users(tenant, ended, "roles_changed", by, executor)


def _new_row(id: UserId, user: NewUser) -> dict[str, Any]:
    return {
        "id": id.uuid,
        "email_id": UserEmailId.new().uuid,
        "email": user.email,
        "display_name": user.display_name or user.email.partition("@")[0],
        "locale": user.locale,
        "time_zone": user.time_zone,
        "tags": dict(user.tags),
        "attributes": dict(user.attributes),
        "external_ids": dict(user.external_ids),
        "roles": sorted(user.roles),
    }


def _updated(tenant: TenantId, change: UserChange) -> UserUpdated:
    """Make the event of a change to a user who was locked, and so has the next version."""
    roles = sorted({*change.before["roles"], *change.granted} - set(change.revoked))
    after = {**change.before, **change.details, "roles": roles, "version": change.before["version"] + 1}
    return UserUpdated.between(change.before, after, tenant_id=tenant, user_id=change.user)
