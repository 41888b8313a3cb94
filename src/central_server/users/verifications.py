import secrets
from datetime import timedelta

from central.emails.models import (
    StartEmailVerificationInput,
    StartEmailVerificationResponse,
    UserEmail,
    VerifyMyEmailInput,
)
from central.errors import ConflictError, ForbiddenError, GoneError, RateLimitedError
from central.kernel.ids import EmailVerificationId, EventId, TenantId
from central.users.events import UserEmailVerificationRequested, UserEmailVerified
from central_server.infra.actor import Actor
from central_server.infra.db import Database, WriteExecutor
from central_server.infra.mail import Mail, Mailer, MailTemplates, message_id_for
from central_server.infra.outbox import Outbox
from central_server.infra.text import shortened, unlinked
from central_server.infra.vault import SigningKeys, Vault, associated_data
from central_server.users.mapping import email_from, found
from central_server.users.queries import emails as queries
from central_server.users.tables import DBEmailVerification

LIFETIME = timedelta(minutes=10)
_MOST_IN_HOUR = 5
_PURPOSE = "email-verification"


class EmailVerifications:
    """Showing that an address is one's own, by a code of six digits mailed to it.

    A code holds for ten minutes and five tries, counted before they are compared, for the user who asked for it.
    It is kept as an HMAC, and sealed until it is mailed.
    """

    def __init__(
        self,
        db: Database,
        outbox: Outbox,
        vault: Vault,
        signing: SigningKeys,
        mailer: Mailer,
        templates: MailTemplates,
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.vault = vault
        self.signing = signing
        self.mailer = mailer
        self.templates = templates

    async def TX_start(self, input: StartEmailVerificationInput, actor: Actor) -> StartEmailVerificationResponse:
        """Mail a code; `ConflictError` for a verified address, `RateLimitedError` for the sixth in an hour."""
        tenant = actor.tenant_id
        async with self.db.write(tenant, actor.unit) as tx:
            await tx.first(queries.LOCK_VERIFICATIONS, user_key=f"verifications|{tenant}|{actor.user_id}")
            email = await tx.first(queries.GET_EMAIL, tenant_id=tenant, user_id=actor.user_id, email_id=input.email)
            if found(email, "email")["verified"]:
                raise ConflictError("This address is verified already.", code="already_verified")
            if await tx.scalar(queries.COUNT_VERIFICATIONS, tenant_id=tenant, user_id=actor.user_id) >= _MOST_IN_HOUR:
                raise _too_many()
            row = await self._insert(input, actor, tx)
            asked = UserEmailVerificationRequested(
                tenant_id=tenant, user_id=actor.user_id, email_id=input.email, verification_id=row["id"]
            )
            await self.outbox.add(asked, actor.by, tx)
        return StartEmailVerificationResponse(verification=row["id"], expires_at=row["expires_at"])

    async def TX_verify(self, input: VerifyMyEmailInput, actor: Actor) -> UserEmail:
        """Verify; `ForbiddenError` for a wrong code, `GoneError` when there is nothing to try any more."""
        tenant = actor.tenant_id
        # In a transaction of its own, so that the try counts whatever comes after.
        async with self.db.write(tenant) as tx:
            attempt = await tx.first(
                queries.COUNT_ATTEMPT, of_tenant=tenant, of_id=input.verification, of_user=actor.user_id
            )
        if attempt is None:
            raise _ended()
        signed = _signed(tenant, input.verification, input.code)
        if not self.signing.verify(_PURPOSE, signed, attempt["code_mac"]):
            raise ForbiddenError("This is not the code that was mailed.", code="wrong_code")
        async with self.db.write(tenant, actor.unit) as tx:
            if await tx.first(queries.CONSUME_VERIFICATION, of_tenant=tenant, of_id=input.verification) is None:
                raise _ended()
            which = {"tenant_id": tenant, "user_id": actor.user_id, "email_id": attempt["email_id"]}
            before = await tx.first(queries.GET_EMAIL, **which)
            address = found(before, "email")["email"]
            await tx.first(queries.MARK_EMAIL_VERIFIED, of_tenant=tenant, of_user=actor.user_id, of_email=address)
            event = UserEmailVerified(tenant_id=tenant, user_id=actor.user_id, email_id=attempt["email_id"])
            await self.outbox.add(event, actor.by, tx)
            verified = await tx.first(queries.GET_EMAIL, **which)
            return email_from(found(verified, "email"))

    async def TX_mail_code(self, tenant: TenantId, verification: EmailVerificationId, event: EventId) -> bool:
        """Mail a code; `False` when the verification is over."""
        row = await self.db.read(tenant).first(queries.GET_MAILABLE_VERIFICATION, tenant_id=tenant, id=verification)
        if row is None:
            return False
        code = self.vault.open(row["code"], _place(tenant, verification)).decode()
        body = self.templates.render(
            "verify_email",
            code=code,
            tenant_name=unlinked(row["tenant_name"]),
            user_name=unlinked(row["user_name"]),
            minutes=int(LIFETIME.total_seconds()) // 60,
        )
        await self.mailer.send(
            Mail(
                to=row["email"],
                subject=f"{code} shows {shortened(row['tenant_name'])} that this address is yours",
                text=body.text,
                html=body.html,
                message_id=message_id_for(event, self.mailer.host),
            )
        )
        async with self.db.write(tenant) as tx:
            await tx.execute(queries.FORGET_CODE, of_tenant=tenant, of_id=verification)
        return True

    async def _insert(self, input: StartEmailVerificationInput, actor: Actor, tx: WriteExecutor) -> DBEmailVerification:
        id, code = EmailVerificationId.new(), f"{secrets.randbelow(1_000_000):06d}"
        row = await tx.first(
            queries.INSERT_VERIFICATION,
            tenant_id=actor.tenant_id,
            id=id,
            user_id=actor.user_id,
            email_id=input.email,
            code_mac=self.signing.sign(_PURPOSE, _signed(actor.tenant_id, id, code)),
            code=self.vault.seal(code.encode(), _place(actor.tenant_id, id)),
            lifetime_seconds=int(LIFETIME.total_seconds()),
        )
        assert row is not None, "an INSERT returns its row or raises"
        return row


def _place(tenant: TenantId, verification: EmailVerificationId) -> str:
    return associated_data(tenant, "email_verifications", "code", verification)


def _signed(tenant: TenantId, verification: EmailVerificationId, code: str) -> bytes:
    return f"{tenant}|{verification}|{code}".encode()


def _too_many() -> RateLimitedError:
    message = "Too many codes were asked for; use the newest mail or wait."
    return RateLimitedError(message, code="too_many_codes", retry_after=600)


def _ended() -> GoneError:
    return GoneError("This verification has ended; ask for a new code.", code="verification_ended")
