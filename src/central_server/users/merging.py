from typing import Any, NamedTuple

from central.errors import ConflictError, ValidationFailedError
from central.users.events import UserDeleted, UserMerged
from central.users.models import MergeUsersInput, MergeUsersResponse
from central_server.infra.actor import Actor
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.outbox import Outbox
from central_server.users.attributes import UserAttributes
from central_server.users.guard import LockedUser, UserGuard
from central_server.users.mapping import found, user_from
from central_server.users.policy import OWNER
from central_server.users.queries import details, emails, merging, people
from central_server.users.queries import roles as role_queries
from central_server.users.service import UserService
from central_server.users.tables import DBAssignmentOfUser, DBRoleGrant, DBUserEmail

_MOST_EMAILS = 200


class MergePlan(NamedTuple):
    """What moves from one user to the other, and what has no room there."""

    emails: list[DBUserEmail]
    external_ids: dict[str, str]
    roles: list[DBRoleGrant]
    tags: dict[str, str]
    attributes: dict[str, Any]
    assignments: list[DBAssignmentOfUser]
    identities: int
    lost: list[str]


class UserMerging:
    """Makes two users one: what the other has moves where there is room, and the other is deleted."""

    def __init__(
        self, db: Database, outbox: Outbox, guard: UserGuard, users: UserService, attributes: UserAttributes
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.guard = guard
        self.users = users
        self.attributes = attributes

    async def TX_merge(self, input: MergeUsersInput, actor: Actor) -> MergeUsersResponse:
        """Merge, or say what a merge would do.

        `ForbiddenError` when either may do more than the actor, `ConflictError` when nobody would own the tenant
        any more, `ValidationFailedError` for one user twice or attributes that the tenant does not allow together.
        """
        if input.user == input.other:
            raise ValidationFailedError.of("other", "This is the same user", code="same_user")
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await tx.first(merging.LOCK_MERGES, merges_key=f"merges|{actor.tenant_id}")
            kept = await self.guard.lock(input.user, actor, tx)
            other = await self.guard.lock(input.other, actor, tx, owners_matter=True, query=people.LOCK_USER_TO_DELETE)
            if input.other == actor.user_id:
                raise ConflictError("You would delete yourself; keep your own user.", code="own_user")
            plan = await self._plan(kept, other, actor, tx)
            _check_owner_remains(kept, other)
            roles = {grant["role"] for grant in plan.roles}
            roles |= {given["role"] for given in plan.assignments if given["role"] is not None}
            await self.guard.check_may_grant(actor, roles, tx)
            await self.attributes.check(actor.tenant_id, {**plan.attributes, **kept.row["attributes"]}, tx)
            if input.dry_run:
                return await self._say(input, plan, kept, 0, actor, tx)
            ended = await self._apply(input, plan, kept, actor, tx)
            return await self._say(input, plan, None, ended, actor, tx)

    async def _plan(self, kept: LockedUser, other: LockedUser, actor: Actor, tx: WriteExecutor) -> MergePlan:
        which = {"tenant_id": actor.tenant_id, "user_id": other.row["id"]}
        addresses = await tx.all(emails.LIST_EMAILS, **which, count=_MOST_EMAILS)
        grants = await tx.all(role_queries.LIST_ROLE_GRANTS, **which)
        own = await tx.all(role_queries.LIST_ROLE_GRANTS, tenant_id=actor.tenant_id, user_id=kept.row["id"])
        held = {grant["role"]: grant for grant in own}
        identities = await tx.all(
            merging.LIST_IDENTITIES, tenant_id=actor.tenant_id, user_id=kept.row["id"], other=other.row["id"]
        )
        assignments = await tx.all(
            merging.LIST_ASSIGNMENTS, tenant_id=actor.tenant_id, user_id=kept.row["id"], other=other.row["id"]
        )
        mine, theirs = kept.row, other.row
        lost = [
            *(f"external id of {name}" for name in theirs["external_ids"] if name in mine["external_ids"]),
            *(f"tag {name}" for name in theirs["tags"] if name in mine["tags"]),
            *(f"attribute {name}" for name in theirs["attributes"] if name in mine["attributes"]),
            *(f"sign-in by connector {row['connector_id']}" for row in identities if row["has_one"]),
            *(f"assignment to {row['unit_id']}" for row in assignments if row["has_one"]),
        ]
        return MergePlan(
            emails=addresses,
            external_ids=_missing(theirs["external_ids"], mine["external_ids"]),
            roles=[grant for grant in grants if _outlasts(grant, held.get(grant["role"]))],
            tags=_missing(theirs["tags"], mine["tags"]),
            attributes=_missing(theirs["attributes"], mine["attributes"]),
            assignments=[row for row in assignments if not row["has_one"]],
            identities=sum(not row["has_one"] for row in identities),
            lost=lost,
        )

    async def _apply(
        self, input: MergeUsersInput, plan: MergePlan, kept: LockedUser, actor: Actor, tx: WriteExecutor
    ) -> int:
        """Move what is planned; gives how many sessions ended."""
        tenant = actor.tenant_id
        await tx.execute(merging.MOVE_IDENTITIES, of_tenant=tenant, of_user=input.user, other=input.other)
        await tx.execute(merging.MOVE_ASSIGNMENTS, of_tenant=tenant, of_user=input.user, other=input.other)
        ended = await self.users.sessions.end_sessions_of_user(tenant, input.other, "user_merged", actor.by, tx)
        await tx.execute(people.DELETE_USER, tenant_id=tenant, id=input.other)
        for email in plan.emails:
            await tx.execute(
                emails.INSERT_EMAIL,
                tenant_id=tenant,
                id=email["id"],
                user_id=input.user,
                email=email["email"],
                verified=email["verified"],
            )
        for source, value in plan.external_ids.items():
            await tx.execute(
                details.SET_EXTERNAL_ID, tenant_id=tenant, user_id=input.user, source=source, external_id=value
            )
        for grant in plan.roles:
            await tx.first(
                role_queries.GRANT_ROLE,
                tenant_id=tenant,
                user_id=input.user,
                role=grant["role"],
                expires_at=grant["expires_at"],
                connector_id=grant["connector_id"],
                granted_by=actor.user_id,
            )
        changes = {
            "tags": {**plan.tags, **kept.row["tags"]},
            "attributes": {**plan.attributes, **kept.row["attributes"]},
        }
        await self.users.update_details(changes, kept.row, tx)
        if plan.roles:
            await self.users.sessions.end_sessions_of_user(tenant, input.user, "roles_changed", actor.by, tx)
        await self.outbox.add(UserMerged(tenant_id=tenant, user_id=input.user, other_id=input.other), actor.by, tx)
        await self.outbox.add(UserDeleted(tenant_id=tenant, user_id=input.other), actor.by, tx)
        return len(ended)

    async def _say(
        self,
        input: MergeUsersInput,
        plan: MergePlan,
        kept: LockedUser | None,
        ended: int,
        actor: Actor,
        tx: WriteExecutor,
    ) -> MergeUsersResponse:
        if kept is None:
            row = await tx.first(people.GET_USER, tenant_id=actor.tenant_id, id=input.user)
            user = found(row)
        else:
            user = kept.row
        return MergeUsersResponse(
            user=user_from(user, actor.tenant_id),
            dry_run=input.dry_run,
            moved_emails=[email["email"] for email in plan.emails],
            moved_external_ids=plan.external_ids,
            moved_roles=[grant["role"] for grant in plan.roles],
            moved_tags=plan.tags,
            moved_attributes=plan.attributes,
            moved_assignments=len(plan.assignments),
            moved_identities=plan.identities,
            ended_sessions=ended,
            lost=plan.lost,
        )


def _check_owner_remains(kept: LockedUser, other: LockedUser) -> None:
    """Refuse to merge the last owner into somebody who is disabled, and would own the tenant in their place."""
    if other.owners == frozenset({other.row["id"]}) and kept.row["state"] != "active" and OWNER in other.row["roles"]:
        raise ConflictError("The tenant's last active owner would be gone; enable this user first.", code="last_owner")


def _outlasts(grant: DBRoleGrant, held: DBRoleGrant | None) -> bool:
    """Tell whether a grant gives what somebody does not hold, or not for as long."""
    if held is None or held["expires_at"] is None:
        return held is None
    return grant["expires_at"] is None or grant["expires_at"] > held["expires_at"]


def _missing(theirs: dict[str, Any], mine: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in theirs.items() if name not in mine}
