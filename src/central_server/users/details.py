from central.errors import ConflictError, ValidationFailedError
from central.kernel.events import Event
from central.kernel.ids import UserId
from central.users.events import UserExternalIdRemoved, UserExternalIdSet, UserTagsChanged, UserUpdated
from central.users.models import (
    RemoveExternalIdInput,
    RemoveTagsInput,
    SetExternalIdInput,
    SetTagsInput,
    UpdateMeInput,
    User,
    UserPrivate,
)
from central_server.infra.actor import Actor
from central_server.infra.db import Database, Query, WriteExecutor, register_conflict
from central_server.infra.outbox import Outbox
from central_server.users.guard import UserGuard
from central_server.users.mapping import found, user_from, user_private_from
from central_server.users.policy import given_details
from central_server.users.queries import details, people
from central_server.users.service import UserService
from central_server.users.tables import DBUser

_MOST_TAGS = 50
_MOST_EXTERNAL_IDS = 20

register_conflict(
    "uq_user_external_ids_value",
    lambda: ConflictError("Another user is called so by this system.", code="external_id_taken"),
)


class UserDetails:
    """What describes people: their profile, tags, and what other systems call them."""

    def __init__(self, db: Database, outbox: Outbox, guard: UserGuard, users: UserService) -> None:
        self.db = db
        self.outbox = outbox
        self.guard = guard
        self.users = users

    async def TX_update_me(self, input: UpdateMeInput, actor: Actor) -> UserPrivate:
        """Change the actor's own profile."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self.guard.lock(actor.user_id, actor, tx)
            row = await self.users.update_details(given_details(input), before.row, tx)
            updated = UserUpdated.between(before.row, row, tenant_id=actor.tenant_id, user_id=actor.user_id)
            await self.outbox.add(updated, actor.by, tx)
        return user_private_from({**actor.principal, **row, "user_id": actor.user_id})

    async def TX_set_tags(self, input: SetTagsInput, actor: Actor) -> User:
        """Give a user tags; `ConflictError` for more than 50 in all."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self.guard.lock(input.user, actor, tx)
            tags = {**before.row["tags"], **input.tags}
            if len(tags) > _MOST_TAGS:
                raise ConflictError(f"A user has up to {_MOST_TAGS} tags; take some away first.", code="too_many_tags")
            row = await self.users.update_details({"tags": tags}, before.row, tx)
            await self._tell_tags(before.row, row, actor, tx)
        return user_from(row, actor.tenant_id)

    async def TX_remove_tags(self, input: RemoveTagsInput, actor: Actor) -> User:
        """Take tags from a user; those that they do not have are passed over."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self.guard.lock(input.user, actor, tx)
            tags = {key: value for key, value in before.row["tags"].items() if key not in input.keys}
            row = await self.users.update_details({"tags": tags}, before.row, tx)
            await self._tell_tags(before.row, row, actor, tx)
        return user_from(row, actor.tenant_id)

    async def TX_set_external_id(self, input: SetExternalIdInput, actor: Actor) -> User:
        """Say what a system calls a user; `ConflictError` when it calls another one so."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self.guard.lock(input.user, actor, tx)
            if len({*before.row["external_ids"], input.source}) > _MOST_EXTERNAL_IDS:
                raise ValidationFailedError.of("source", f"A user has up to {_MOST_EXTERNAL_IDS} external ids")
            event = UserExternalIdSet(tenant_id=actor.tenant_id, user_id=input.user)
            parameters = {"source": input.source, "external_id": input.value}
            return await self._change(details.SET_EXTERNAL_ID, parameters, input.user, event, actor, tx)

    async def TX_remove_external_id(self, input: RemoveExternalIdInput, actor: Actor) -> User:
        """Remove a system's name for a user; one that it does not have is passed over."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self.guard.lock(input.user, actor, tx)
            event = UserExternalIdRemoved(tenant_id=actor.tenant_id, user_id=input.user)
            parameters = {"source": input.source}
            return await self._change(details.REMOVE_EXTERNAL_ID, parameters, input.user, event, actor, tx)

    async def _change(
        self,
        query: Query[None],
        parameters: dict[str, str],
        user: UserId,
        event: Event,
        actor: Actor,
        tx: WriteExecutor,
    ) -> User:
        await tx.execute(query, tenant_id=actor.tenant_id, user_id=user, **parameters)
        noted = await tx.first(people.NOTE_CHANGE, of_tenant=actor.tenant_id, of_id=user)
        row = found(noted)
        await self.outbox.add(event.model_copy(update={"version": row["version"]}), actor.by, tx)
        return user_from(row, actor.tenant_id)

    async def _tell_tags(self, before: DBUser, after: DBUser, actor: Actor, tx: WriteExecutor) -> None:
        event = UserTagsChanged.between(before, after, tenant_id=actor.tenant_id, user_id=after["id"])
        await self.outbox.add(event, actor.by, tx)
