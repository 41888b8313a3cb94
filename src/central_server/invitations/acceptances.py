from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from central.errors import CentralError, ConflictError, GoneError, NotFoundError, ValidationFailedError
from central.invitations.events import InvitationAccepted
from central.kernel.ids import SessionId, TenantId, UserId
from central.users.models import User
from central_server.infra.actor import By, Caller
from central_server.infra.db import ReadExecutor, WriteExecutor
from central_server.infra.logs import component_logger
from central_server.infra.outbox import Outbox
from central_server.infra.tokens import is_token, token_hash
from central_server.invitations import queries
from central_server.invitations.links import hash_of
from central_server.invitations.policy import check_fresh_for, ended, inviter_may_not, may_still_invite, role_gone
from central_server.invitations.tables import DBBegunInvitation, DBOpenInvitation
from central_server.users.inputs import NewUser
from central_server.users.service import UserService

WINDOW = timedelta(minutes=30)
"""How long a browser has for the sign-in by which it accepts."""


class Newcomer(NamedTuple):
    """Somebody new who was invited, and what is known of them besides."""

    display_name: str | None
    email_verified: bool


class Acceptances:
    """Uses invitations up: each once, in the transaction of what it gives, and only then.

    Whoever stands for an invitation must still be allowed to make it when it is accepted. A browser that has to sign
    in first is noted with the invitation; the sign-in that follows there accepts, if the address is the user's.
    """

    def __init__(self, outbox: Outbox, users: UserService) -> None:
        self.outbox = outbox
        self.users = users
        self.log = component_logger(self)

    async def find(self, tenant: TenantId, token: str, executor: ReadExecutor | WriteExecutor) -> DBOpenInvitation:
        """Find the invitation that a token leads to, whatever became of it; `NotFoundError` when there is none."""
        row = await executor.first(queries.FIND_BY_TOKEN, tenant_id=tenant, hash=hash_of(tenant, token))
        if row is None:
            raise ended(None)
        return row

    async def begin(
        self, tenant: TenantId, invitation: DBOpenInvitation, binding: str, executor: WriteExecutor
    ) -> None:
        """Note the browser that has to sign in first; the last one to ask counts."""
        await self._check_fit(tenant, invitation, executor)
        begun = await executor.first(
            queries.BEGIN_ACCEPTANCE,
            of_tenant=tenant,
            of_id=invitation["id"],
            hash=invitation["token_hash"],
            binding=token_hash(binding),
        )
        if begun is None:
            raise await self._why_ended(tenant, invitation, executor)

    async def accept_as(
        self,
        tenant: TenantId,
        user: UserId,
        invitation: DBOpenInvitation,
        by: By,
        executor: WriteExecutor,
        *,
        fresh: bool,
    ) -> Sequence[SessionId] | None:
        """Let an active user accept; gives their sessions that have ended, or None if they may do no more now.

        `fresh` says whether they signed in within the last ten minutes: `ForbiddenError` for an owner-to-be who did
        not.
        """
        await self.users.hold_active_user(tenant, user, executor)
        used = await self._use(tenant, invitation, executor)
        check_fresh_for(used["roles"], fresh=fresh)
        return await self._give_roles(tenant, user, used, by, executor)

    async def accept_as_new(
        self, tenant: TenantId, invitation: DBOpenInvitation, newcomer: Newcomer, by: By, executor: WriteExecutor
    ) -> User:
        """Make a user of somebody new, with the roles of the invitation; `ConflictError` when they are none any more.

        Only a mailed link shows that the address is theirs: one that was handed over shows nothing.
        """
        used = await self._use(tenant, invitation, executor)
        new = NewUser(
            email=used["email"],
            display_name=newcomer.display_name,
            roles=used["roles"],
            email_verified=newcomer.email_verified or used["delivery"] == "mail",
            granted_by=used["invited_by"],
        )
        user = await self.users.create_user(tenant, new, by, executor)
        await self._note_accepted(tenant, user.id, used, By(user.id, request_id=by.request_id), executor)
        return user

    async def accept_begun(
        self,
        tenant: TenantId,
        user: UserId,
        caller: Caller,
        executor: WriteExecutor,
        *,
        authenticated_at: datetime | None = None,
    ) -> None:
        """Accept, for a user who signs in, what they have begun to accept in this browser.

        `authenticated_at` is when they proved who they are, where that was not just now. What cannot be accepted stays
        as it is, and does not keep anybody from signing in.
        """
        for row in await self._begun(tenant, caller, executor, authenticated_at):
            invitee = await self.users.get_user_by_email(tenant, row["email"], executor)
            if invitee is None or invitee.id != user:
                continue
            try:
                async with executor.savepoint() as part:
                    by = By(user, request_id=caller.request_id)
                    await self.accept_as(tenant, user, row, by, part, fresh=row["fresh"])
            except CentralError as error:
                if error.status >= 500:
                    raise
                self.log.info("invitation not accepted", invitation=row["id"], reason=error.code)

    async def accept_begun_as_new(
        self, tenant: TenantId, email: str, newcomer: Newcomer, caller: Caller, executor: WriteExecutor
    ) -> User | None:
        """Make a user of somebody new with this verified address, if this browser has begun to accept for it.

        `ConflictError` when the invitation came to an end at the same moment: the sign-in is to be run again.
        """
        for row in await self._begun(tenant, caller, executor):
            if row["email"].lower() == email.lower() and await self._unfit(tenant, row, executor) is None:
                try:
                    return await self.accept_as_new(tenant, row, newcomer, caller.by, executor)
                except (GoneError, NotFoundError) as error:
                    raise ConflictError(error.message, code=error.code) from None
        return None

    async def _check_fit(self, tenant: TenantId, invitation: DBOpenInvitation, executor: WriteExecutor) -> None:
        if (unfit := await self._unfit(tenant, invitation, executor)) is not None:
            raise unfit

    async def _unfit(self, tenant: TenantId, row: DBOpenInvitation, executor: WriteExecutor) -> CentralError | None:
        """Say why an invitation gives nothing: its inviter may not make it any more, or its role is gone.

        Its roles stay as they are until the transaction ends.
        """
        inviter = await self.users.get_user_by_id(tenant, row["invited_by"], executor)
        if inviter is None or inviter.state != "active":
            return inviter_may_not()
        roles = self.users.guard.roles
        held = await roles.permissions_of(tenant, inviter.roles, executor)
        try:
            given = await roles.hold_permissions_of(tenant, row["roles"], executor)
        except ValidationFailedError:
            return role_gone()
        return None if may_still_invite(inviter.roles, held, row["roles"], given) else inviter_may_not()

    async def has_begun(self, tenant: TenantId, caller: Caller, executor: ReadExecutor | WriteExecutor) -> bool:
        """Say whether a sign-in in this browser may accept an invitation."""
        return bool(await self._begun(tenant, caller, executor))

    async def _begun(
        self,
        tenant: TenantId,
        caller: Caller,
        executor: ReadExecutor | WriteExecutor,
        authenticated_at: datetime | None = None,
    ) -> list[DBBegunInvitation]:
        binding = caller.cookies.sign_in
        if binding is None or not is_token(binding):
            return []
        return await executor.all(
            queries.FIND_BEGUN,
            tenant_id=tenant,
            binding=token_hash(binding),
            window_seconds=int(WINDOW.total_seconds()),
            authenticated_at=authenticated_at,
        )

    async def _use(self, tenant: TenantId, invitation: DBOpenInvitation, executor: WriteExecutor) -> DBOpenInvitation:
        used = await executor.first(
            queries.USE_INVITATION, of_tenant=tenant, of_id=invitation["id"], hash=invitation["token_hash"]
        )
        if used is None:
            raise await self._why_ended(tenant, invitation, executor)
        # Judged by what was used up, which may be other than what was read.
        await self._check_fit(tenant, used, executor)
        return used

    async def _why_ended(self, tenant: TenantId, invitation: DBOpenInvitation, executor: WriteExecutor) -> CentralError:
        """Say what happened to an invitation since it was read; a link that was replaced leads to none."""
        now = await executor.first(queries.FIND_BY_TOKEN, tenant_id=tenant, hash=invitation["token_hash"])
        return ended(None if now is None else now["state"])

    async def _give_roles(
        self, tenant: TenantId, user: UserId, used: DBOpenInvitation, by: By, executor: WriteExecutor
    ) -> Sequence[SessionId] | None:
        ended_sessions = await self.users.grants.add(user, used["roles"], used["invited_by"], by, executor)
        await self._note_accepted(tenant, user, used, by, executor)
        return ended_sessions

    async def _note_accepted(
        self, tenant: TenantId, user: UserId, used: DBOpenInvitation, by: By, executor: WriteExecutor
    ) -> None:
        await executor.execute(queries.NOTE_ACCEPTED_BY, of_tenant=tenant, of_id=used["id"], user=user)
        event = InvitationAccepted(tenant_id=tenant, invitation_id=used["id"], user_id=user)
        await self.outbox.add(event, by, executor)
