from collections.abc import Sequence

from central.emails.models import (
    AddMyEmailInput,
    AddUserEmailInput,
    ListMyEmailsInput,
    ListMyEmailsResponse,
    ListUserEmailsInput,
    ListUserEmailsResponse,
    MakeMyEmailPrimaryInput,
    MakeUserEmailPrimaryInput,
    RemoveMyEmailInput,
    RemoveUserEmailInput,
    UserEmail,
)
from central.errors import ConflictError
from central.kernel.ids import UserEmailId, UserId
from central.users.events import UserEmailAdded, UserEmailMadePrimary, UserEmailRemoved
from central_server.infra.actor import Actor
from central_server.infra.db import Database, ReadExecutor, WriteExecutor, register_conflict
from central_server.infra.outbox import Outbox
from central_server.infra.paging import next_cursor, open_cursor
from central_server.users.email_changes import EmailChanges
from central_server.users.guard import UserGuard
from central_server.users.mapping import email_from, found
from central_server.users.queries import emails as queries
from central_server.users.queries import people
from central_server.users.tables import DBUserEmail

_MOST_EMAILS = 20


def _primary_stays() -> ConflictError:
    return ConflictError("This is the primary address; make another one primary first.", code="primary_email")


register_conflict("fk_users_primary_email", _primary_stays)


class UserEmails:
    """The addresses of people: several each, exactly one of them primary, unique in the tenant whatever the case.

    An address that is neither primary nor verified leads nobody to its user, and gives way to whoever proves it.
    """

    def __init__(self, db: Database, outbox: Outbox, guard: UserGuard, changes: EmailChanges) -> None:
        self.db = db
        self.outbox = outbox
        self.guard = guard
        self.changes = changes

    async def list(
        self, input: ListUserEmailsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListUserEmailsResponse:
        """Give a page of a user's addresses, oldest first; `NotFoundError` when there is no such user."""
        reader = executor or self.db.read(actor.tenant_id)
        user = await reader.first(people.GET_USER, tenant_id=actor.tenant_id, id=input.user)
        found(user)
        rows, cursor = await self._list(input, input.user, actor, reader)
        return ListUserEmailsResponse(user_emails=[email_from(row) for row in rows], next_cursor=cursor)

    async def list_mine(
        self, input: ListMyEmailsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListMyEmailsResponse:
        """Give a page of the actor's own addresses, oldest first."""
        rows, cursor = await self._list(input, actor.user_id, actor, executor or self.db.read(actor.tenant_id))
        return ListMyEmailsResponse(user_emails=[email_from(row) for row in rows], next_cursor=cursor)

    async def TX_add(self, input: AddUserEmailInput, actor: Actor) -> UserEmail:
        """Give a user a further address; `ConflictError` when it is somebody's."""
        return await self._TX_add(input.user, input.email, actor)

    async def TX_add_mine(self, input: AddMyEmailInput, actor: Actor) -> UserEmail:
        """Add an address of the actor's own; `ConflictError` when it is somebody's."""
        return await self._TX_add(actor.user_id, input.email, actor)

    async def TX_make_primary(self, input: MakeUserEmailPrimaryInput, actor: Actor) -> UserEmail:
        """Make an address of a user their primary one."""
        return await self._TX_make_primary(input.user, input.email, actor, must_be_verified=False)

    async def TX_make_mine_primary(self, input: MakeMyEmailPrimaryInput, actor: Actor) -> UserEmail:
        """Make an address of the actor's own the primary one; `ConflictError` for one that is not verified."""
        return await self._TX_make_primary(actor.user_id, input.email, actor, must_be_verified=True)

    async def TX_remove(self, input: RemoveUserEmailInput, actor: Actor) -> None:
        """Take an address from a user; `ConflictError` for the primary one."""
        await self._TX_remove(input.user, input.email, actor)

    async def TX_remove_mine(self, input: RemoveMyEmailInput, actor: Actor) -> None:
        """Remove an address of the actor's own; `ConflictError` for the primary one."""
        await self._TX_remove(actor.user_id, input.email, actor)

    async def _TX_add(self, user: UserId, email: str, actor: Actor) -> UserEmail:
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self.guard.lock(user, actor, tx)
            count = await tx.scalar(queries.COUNT_EMAILS, tenant_id=actor.tenant_id, user_id=user)
            if count >= _MOST_EMAILS:
                raise ConflictError(f"A user has up to {_MOST_EMAILS} addresses.", code="too_many_emails")
            id = UserEmailId.new()
            await tx.execute(
                queries.INSERT_EMAIL, tenant_id=actor.tenant_id, id=id, user_id=user, email=email, verified=False
            )
            added = UserEmailAdded(tenant_id=actor.tenant_id, user_id=user, email_id=id)
            await self.outbox.add(added, actor.by, tx)
            return email_from(await self._get(user, id, actor, tx))

    async def _TX_make_primary(
        self, user: UserId, email: UserEmailId, actor: Actor, *, must_be_verified: bool
    ) -> UserEmail:
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            locked = await self.guard.lock(user, actor, tx)
            before = await self._get(user, email, actor, tx)
            if must_be_verified and not before["verified"]:
                raise ConflictError("Verify this address first.", code="email_not_verified")
            if before["primary"]:
                return email_from(before)
            await tx.execute(
                queries.MAKE_PRIMARY,
                of_tenant=actor.tenant_id,
                of_user=user,
                new_email=before["email"],
                new_verified=before["verified"],
            )
            made = UserEmailMadePrimary(tenant_id=actor.tenant_id, user_id=user, email_id=email)
            await self.outbox.add(made, actor.by, tx)
            await self.changes.note(actor.tenant_id, user, locked.row["email"], before["email"], actor.by, tx)
            return email_from(await self._get(user, email, actor, tx))

    async def _TX_remove(self, user: UserId, email: UserEmailId, actor: Actor) -> None:
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            await self.guard.lock(user, actor, tx)
            before = await self._get(user, email, actor, tx)
            if before["primary"]:
                raise _primary_stays()
            await tx.first(queries.DELETE_EMAIL, tenant_id=actor.tenant_id, user_id=user, email_id=email)
            removed = UserEmailRemoved(tenant_id=actor.tenant_id, user_id=user, email_id=email)
            await self.outbox.add(removed, actor.by, tx)

    async def _get(self, user: UserId, email: UserEmailId, actor: Actor, tx: WriteExecutor) -> DBUserEmail:
        row = await tx.first(queries.GET_EMAIL, tenant_id=actor.tenant_id, user_id=user, email_id=email)
        return found(row, "email")

    async def _list(
        self,
        input: ListUserEmailsInput | ListMyEmailsInput,
        user: UserId,
        actor: Actor,
        reader: ReadExecutor,
    ) -> tuple[Sequence[DBUserEmail], str | None]:
        asked, position = open_cursor(input)
        which = {"tenant_id": actor.tenant_id, "user_id": user, "count": asked.limit + 1}
        if position is None:
            rows = await reader.all(queries.LIST_EMAILS, **which)
        else:
            after = {"after_key": position.time, "after_id": position.id}
            rows = await reader.all(queries.LIST_EMAILS_AFTER, **which, **after)
        if len(rows) <= asked.limit:
            return rows, None
        last = rows[asked.limit - 1]
        return rows[: asked.limit], next_cursor(asked, last["created_at"], last["id"])
