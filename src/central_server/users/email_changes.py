from central.kernel.ids import EmailChangeId, EventId, TenantId, UserId
from central.users.events import UserPrimaryEmailChanged
from central_server.infra.actor import By
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.mail import Mail, Mailer, MailTemplates, message_id_for
from central_server.infra.outbox import Outbox
from central_server.infra.text import shortened, unlinked
from central_server.users.queries import email_changes as queries
from central_server.users.tables import DBEmailChange


class EmailChanges:
    """Tells the former primary address of a user that it is one no more: whoever reads it may know nothing of that.

    What is to be mailed is kept until it was, since the address may be gone from the user by then.
    """

    def __init__(self, db: Database, outbox: Outbox, mailer: Mailer, templates: MailTemplates) -> None:
        self.db = db
        self.outbox = outbox
        self.mailer = mailer
        self.templates = templates

    async def note(
        self, tenant: TenantId, user: UserId, former: str, new: str, by: By, executor: WriteExecutor
    ) -> None:
        """Have a notice mailed once the transaction is committed, unless both addresses are one mailbox's.

        Nothing is mailed of a change that the same transaction takes back.
        """
        if former.lower() == new.lower():
            return
        if await executor.execute(queries.TAKE_BACK_EMAIL_CHANGE, of_tenant=tenant, of_user=user, new_email=new):
            return
        change = EmailChangeId.new()
        await executor.execute(
            queries.INSERT_EMAIL_CHANGE,
            tenant_id=tenant,
            id=change,
            user_id=user,
            former_email=former,
            changed_by=by.user,
        )
        changed = UserPrimaryEmailChanged(tenant_id=tenant, user_id=user, change_id=change)
        await self.outbox.add(changed, by, executor)

    async def TX_mail_notice(self, tenant: TenantId, change: EmailChangeId, event: EventId) -> bool:
        """Mail a notice; `False` when it was mailed already, or the change was taken back."""
        row = await self.db.autocommit(tenant).first(queries.GET_EMAIL_CHANGE, tenant_id=tenant, id=change)
        if row is None:
            return False
        await self.mailer.send(self._mail(row, event))
        await self.TX_forget(tenant, change)
        return True

    async def TX_forget(self, tenant: TenantId, change: EmailChangeId) -> None:
        """Keep nothing of a change whose notice was mailed, or that nobody takes the mail of."""
        async with self.db.write(tenant) as tx:
            await tx.execute(queries.FORGET_EMAIL_CHANGE, tenant_id=tenant, id=change)

    def _mail(self, row: DBEmailChange, event: EventId) -> Mail:
        at = row["changed_at"]
        body = self.templates.render(
            "email_changed",
            tenant_name=unlinked(row["tenant_name"]),
            changed_at=f"{at.day} {at:%B %Y} at {at:%H:%M} UTC",
            by_themselves=bool(row["by_themselves"]),
            changer_name=unlinked(row["changer_name"] or ""),
        )
        return Mail(
            to=row["former_email"],
            subject=f"Your address at {shortened(row['tenant_name'])} was changed",
            text=body.text,
            html=body.html,
            message_id=message_id_for(event, self.mailer.host),
        )
