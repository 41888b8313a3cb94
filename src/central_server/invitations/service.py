from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import timedelta
from typing import Any, TypeVar

from central.errors import ConflictError, NotFoundError, RateLimitedError
from central.invitations.events import (
    InvitationCreated,
    InvitationExpired,
    InvitationMailRequested,
    InvitationRevoked,
    InvitationUpdated,
)
from central.invitations.models import (
    CreateInvitationInput,
    CreateInvitationResponse,
    GetInvitationInput,
    Invitation,
    InvitationDelivery,
    ListInvitationsInput,
    ListInvitationsResponse,
    ResendInvitationInput,
    RevokeInvitationInput,
)
from central.kernel.ids import InvitationId, TenantId
from central_server.infra.actor import Actor
from central_server.infra.db import Database, ReadExecutor, WriteExecutor, register_conflict
from central_server.infra.logs import component_logger
from central_server.infra.outbox import Outbox
from central_server.infra.paging import next_cursor, open_cursor
from central_server.infra.text import like_pattern
from central_server.invitations import queries
from central_server.invitations.links import InvitationLinks, NewLink
from central_server.invitations.mapping import invitation_from
from central_server.invitations.policy import MOST_MAILS_IN_DAY, role_gone
from central_server.invitations.queries import InvitationListShape
from central_server.invitations.tables import DBInvitation, DBStoredInvitation
from central_server.roles.policy import BUILT_IN_ROLES
from central_server.roles.service import RoleService
from central_server.users.guard import UserGuard

T = TypeVar("T")

register_conflict(
    "uq_invitations_pending",
    lambda: ConflictError("This address was invited at the same moment.", code="invitation_pending"),
)


class InvitationService:
    """The invitations into tenants.

    An address has one pending invitation at most: inviting it again changes that one. A link is good until the next
    one is made, the invitation is revoked or accepted, or its time is over, which is judged where it is read. Nobody
    invites to, sends again or takes back what is beyond what they hold.
    """

    def __init__(
        self, db: Database, outbox: Outbox, roles: RoleService, guard: UserGuard, links: InvitationLinks
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.roles = roles
        self.guard = guard
        self.links = links
        self.log = component_logger(self)

    async def get_invitation_by_id(
        self, tenant: TenantId, invitation: InvitationId, executor: ReadExecutor | WriteExecutor | None = None
    ) -> Invitation | None:
        """Find an invitation."""
        reader = executor or self.db.read(tenant)
        row = await reader.first(queries.GET_INVITATION, tenant_id=tenant, id=invitation)
        return None if row is None else invitation_from(row)

    async def with_invitation_by_id(
        self,
        tenant: TenantId,
        invitation: InvitationId,
        use: Callable[[Invitation], Awaitable[T]],
        executor: ReadExecutor | WriteExecutor | None = None,
    ) -> T:
        """Find an invitation and use it; `NotFoundError` when there is none."""
        return await use(_found(await self.get_invitation_by_id(tenant, invitation, executor)))

    async def get(
        self, input: GetInvitationInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> Invitation:
        """Give an invitation of the actor's tenant."""
        return _found(await self.get_invitation_by_id(actor.tenant_id, input.invitation, executor))

    async def list(
        self, input: ListInvitationsInput, actor: Actor, executor: ReadExecutor | WriteExecutor | None = None
    ) -> ListInvitationsResponse:
        """Give a page of the invitations of the actor's tenant, newest first."""
        asked, position = open_cursor(input)
        shape = InvitationListShape(asked.state is not None, asked.text is not None, position is not None)
        which: dict[str, Any] = {"tenant_id": actor.tenant_id, "count": asked.limit + 1}
        if asked.state is not None:
            which["state"] = asked.state
        if asked.text is not None:
            which["pattern"] = like_pattern(asked.text)
        if position is not None:
            which |= {"after_key": position.time, "after_id": position.id}
        rows = await (executor or self.db.read(actor.tenant_id)).all(queries.list_invitations(shape), **which)
        shown = rows[: asked.limit]
        cursor = next_cursor(asked, shown[-1]["created_at"], shown[-1]["id"]) if len(rows) > asked.limit else None
        return ListInvitationsResponse(invitations=[invitation_from(row) for row in shown], next_cursor=cursor)

    async def TX_create_invitation(self, input: CreateInvitationInput, actor: Actor) -> CreateInvitationResponse:
        """Invite an address, or change its pending invitation.

        `ForbiddenError` beyond what the actor holds, `ValidationFailedError` for a role that is not there,
        `RateLimitedError` for too many mails.
        """
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            return await self.invite(input, actor, tx)

    async def invite(
        self, input: CreateInvitationInput, actor: Actor, executor: WriteExecutor
    ) -> CreateInvitationResponse:
        """Invite an address, or change its pending invitation, as part of more steps."""
        tenant = actor.tenant_id
        await executor.first(queries.LOCK_ADDRESS, address_key=f"invitation|{tenant}|{input.email.lower()}")
        for row in await executor.all(queries.EXPIRE_OF_ADDRESS, of_tenant=tenant, of_email=input.email):
            if row["expiry_told_at"] is not None:
                continue
            event = InvitationExpired(tenant_id=tenant, invitation_id=row["id"])
            await self.outbox.add(event, actor.by, executor)
        before = await executor.first(queries.LOCK_PENDING, tenant_id=tenant, email=input.email)
        await self._check_may_invite(input.roles, before, actor, executor)
        if before is None:
            return await self._insert(input, actor, executor)
        return await self._change(input, before, actor, executor)

    async def TX_resend_invitation(self, input: ResendInvitationInput, actor: Actor) -> Invitation:
        """Mail a pending invitation again with a new link; `RateLimitedError` within a minute of the last time."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self._lock(input.invitation, actor, tx)
            _check_pending(before)
            if await self._remaining(before["roles"], actor.tenant_id, tx) != set(before["roles"]):
                raise role_gone()
            await self.guard.check_may_grant(actor, before["roles"], tx)
            if before["mail_recent"]:
                raise RateLimitedError(
                    "This invitation was mailed within the last minute.", code="mailed_recently", retry_after=60
                )
            await self._mail_new_link(before["id"], before["email"], actor, tx)
            return await self._update(before, before["roles"], before["message"], input.expires_in_days, actor, tx)

    async def TX_revoke_invitation(self, input: RevokeInvitationInput, actor: Actor) -> Invitation:
        """Revoke a pending invitation; one that is revoked already stays so, `ConflictError` for an accepted one."""
        async with self.db.write(actor.tenant_id, actor.unit) as tx:
            before = await self._lock(input.invitation, actor, tx)
            await self.guard.check_may_grant(actor, await self._remaining(before["roles"], actor.tenant_id, tx), tx)
            if before["stored_state"] == "revoked":
                return _found(await self.get_invitation_by_id(actor.tenant_id, input.invitation, tx))
            _check_pending(before)
            row = await tx.first(
                queries.REVOKE_INVITATION, of_tenant=actor.tenant_id, of_id=input.invitation, by=actor.user_id
            )
            event = InvitationRevoked(
                tenant_id=actor.tenant_id, invitation_id=input.invitation, version=_found(row)["version"]
            )
            await self.outbox.add(event, actor.by, tx)
            return invitation_from(_found(row))

    async def TX_rewrap_tokens(self, count: int) -> int:
        """Re-wrap up to `count` tokens that wait to be mailed under another key than the primary; gives how many."""
        async with self.db.platform_write("vault keys rotate") as tx:
            prefix = self.links.vault.primary_prefix
            rows = await tx.all(queries.LIST_SEALED_TOKENS, prefix=prefix, count=count)
            for row in rows:
                sealed = self.links.rewrap(row["tenant_id"], row["id"], row["token"])
                await tx.execute(
                    queries.REPLACE_SEALED_TOKEN, of_tenant=row["tenant_id"], of_id=row["id"], new_token=sealed
                )
        return len(rows)

    async def _check_may_invite(
        self, roles: Collection[str], before: DBStoredInvitation | None, actor: Actor, tx: WriteExecutor
    ) -> None:
        """Refuse to give roles beyond what the actor holds, and to take over an invitation to such."""
        taken = set[str]() if before is None else await self._remaining(before["roles"], actor.tenant_id, tx)
        await self.guard.check_may_grant(actor, {*roles, *taken}, tx)

    async def _remaining(self, roles: Iterable[str], tenant: TenantId, tx: WriteExecutor) -> set[str]:
        """Give those of the roles that have not been deleted since."""
        remaining = set(BUILT_IN_ROLES) & set(roles)
        for role in set(roles) - remaining:
            if await self.roles.get_role_by_slug(tenant, role, tx) is not None:
                remaining.add(role)
        return remaining

    async def _insert(self, input: CreateInvitationInput, actor: Actor, tx: WriteExecutor) -> CreateInvitationResponse:
        tenant, id = actor.tenant_id, InvitationId.new()
        link = self.links.issue(tenant, id)
        row = await tx.first(
            queries.INSERT_INVITATION,
            tenant_id=tenant,
            id=id,
            email=input.email,
            roles=sorted(input.roles),
            message=input.message,
            delivery=_delivery(input),
            token_hash=link.hash,
            token=link.sealed if input.send else None,
            by=actor.user_id,
            lifetime_seconds=_seconds(input.expires_in_days),
        )
        event = InvitationCreated(tenant_id=tenant, invitation_id=id, version=1, delivery=_delivery(input))
        await self.outbox.add(event, actor.by, tx)
        if input.send:
            await self._request_mail(id, input.email, actor, tx)
        return self._created(_found(row), None if input.send else link, actor, created=True, mails=input.send)

    async def _change(
        self, input: CreateInvitationInput, before: DBStoredInvitation, actor: Actor, tx: WriteExecutor
    ) -> CreateInvitationResponse:
        link, mails = None, input.send and not before["mail_recent"]
        if mails:
            await self._mail_new_link(before["id"], before["email"], actor, tx)
        elif not input.send:
            link = await self._replace_link(before["id"], "hand", actor.tenant_id, tx)
        row = await self._update(before, input.roles, input.message, input.expires_in_days, actor, tx)
        return self._created(row, link, actor, created=False, mails=mails)

    async def _update(
        self,
        before: DBStoredInvitation,
        roles: Collection[str],
        message: str | None,
        days: int,
        actor: Actor,
        tx: WriteExecutor,
    ) -> Invitation:
        row = await tx.first(
            queries.UPDATE_INVITATION,
            of_tenant=actor.tenant_id,
            of_id=before["id"],
            new_roles=sorted(roles),
            new_message=message,
            by=actor.user_id,
            lifetime_seconds=_seconds(days),
        )
        invitation = invitation_from(_found(row))
        about = {"tenant_id": actor.tenant_id, "invitation_id": before["id"], "delivery": invitation.delivery}
        event = InvitationUpdated.between(before, _found(row), **about)
        await self.outbox.add(event, actor.by, tx)
        return invitation

    async def _mail_new_link(self, id: InvitationId, email: str, actor: Actor, tx: WriteExecutor) -> None:
        await self._replace_link(id, "mail", actor.tenant_id, tx)
        await self._request_mail(id, email, actor, tx)

    async def _replace_link(
        self, id: InvitationId, delivery: InvitationDelivery, tenant: TenantId, tx: WriteExecutor
    ) -> NewLink:
        link = self.links.issue(tenant, id)
        await tx.execute(
            queries.REPLACE_TOKEN,
            of_tenant=tenant,
            of_id=id,
            new_delivery=delivery,
            new_hash=link.hash,
            new_token=link.sealed if delivery == "mail" else None,
        )
        return link

    async def _request_mail(self, id: InvitationId, email: str, actor: Actor, tx: WriteExecutor) -> None:
        """Have the worker mail the link; `RateLimitedError` when the address was mailed too often today."""
        counted = await tx.first(queries.COUNT_REQUESTED, tenant_id=actor.tenant_id, email=email)
        if counted is not None and counted["requested"] >= MOST_MAILS_IN_DAY:
            raise RateLimitedError(
                "This address was invited by mail too often today.", code="too_many_mails", retry_after=3600
            )
        await tx.execute(queries.NOTE_REQUESTED, of_tenant=actor.tenant_id, of_id=id)
        event = InvitationMailRequested(tenant_id=actor.tenant_id, invitation_id=id)
        await self.outbox.add(event, actor.by, tx)

    def _created(
        self, row: Invitation | DBInvitation, link: NewLink | None, actor: Actor, *, created: bool, mails: bool
    ) -> CreateInvitationResponse:
        return CreateInvitationResponse(
            invitation=row if isinstance(row, Invitation) else invitation_from(row),
            created=created,
            mail_requested=mails,
            link=None if link is None else self.links.address(actor.tenant_slug, link.token),
        )

    async def _lock(self, invitation: InvitationId, actor: Actor, tx: WriteExecutor) -> DBStoredInvitation:
        row = await tx.first(queries.LOCK_INVITATION, tenant_id=actor.tenant_id, id=invitation)
        return _found(row)


def _delivery(input: CreateInvitationInput) -> InvitationDelivery:
    return "mail" if input.send else "hand"


def _seconds(days: int) -> int:
    return int(timedelta(days=days).total_seconds())


def _check_pending(row: DBStoredInvitation) -> None:
    """Refuse what is over; one that has only run out can be sent again, or revoked."""
    if (state := row["stored_state"]) != "pending":
        raise ConflictError(f"This invitation is {state} already; make a new one.", code=f"invitation_{state}")


def _found(value: T | None) -> T:
    if value is None:
        raise NotFoundError.of("invitation")
    return value
