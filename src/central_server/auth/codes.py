from datetime import timedelta
from typing import NamedTuple

from central.auth.events import EmailCodeRequested, SignInFailure
from central.auth.models import (
    SignedInPrivate,
    StartEmailCodeSignInInput,
    StartEmailCodeSignInResponse,
    VerifyEmailCodeInput,
)
from central.errors import (
    ConflictError,
    ForbiddenError,
    GoneError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
)
from central.kernel.ids import EventId, SignInId, TenantId
from central.tenants.models import Tenant
from central.users.models import User
from central_server.auth.code_budget import LONG, SHORT, CodeBudget
from central_server.auth.issuing import SessionIssuer
from central_server.auth.policy import check_return_to, code_of, reason_of
from central_server.auth.queries import sign_ins as queries
from central_server.auth.refusals import SignInRefusals
from central_server.auth.tables import DBEmailCode, DBLateAttempt, DBMailableCode, DBPendingCode, DBSharedCode
from central_server.auth_connectors.service import AuthConnectorService
from central_server.auth_connectors.tables import DBAuthConnector
from central_server.domains.service import DomainService
from central_server.infra.actor import By, Caller
from central_server.infra.config import Settings
from central_server.infra.db import Database, Query, ReadExecutor, WriteExecutor
from central_server.infra.http.cookies import CookieNames
from central_server.infra.logs import component_logger
from central_server.infra.mail import Mail, Mailer, MailTemplates, message_id_for
from central_server.infra.outbox import Outbox
from central_server.infra.text import shortened
from central_server.infra.tokens import is_token, new_token, token_hash
from central_server.infra.vault import SigningKeys, Vault, associated_data
from central_server.sessions.service import IssuedSession
from central_server.tenants.policy import check_active
from central_server.tenants.service import TenantService
from central_server.users.inputs import NewUser
from central_server.users.service import UserService

LIFETIME = timedelta(minutes=10)
_PURPOSE = "email-code"


class _Which(NamedTuple):
    """A sign-in by its id or by its link: the statements that find it, and what they find it by."""

    attempt: Query[DBEmailCode]
    refusal: Query[DBLateAttempt]
    key: dict[str, SignInId | bytes]


class EmailCodes:
    """Signing in with a mailed code, or with the link in the same mail.

    A code holds for ten minutes and a sign-in for five tries, counted before they are compared. A code of six digits
    is good in the browser that asked for it. Where many are asked for, codes get twelve digits and are good for every
    sign-in of their address that is under way, so that nobody needs to be mailed one of their own. A link is good in
    the browser that asked for it, in any case. Both are made of one token, which is sealed until it is mailed; an HMAC
    and a SHA-256 are what is kept. Whether the address is known shows neither in the answer nor in its timing: the
    same rows are written, and the worker finds out whom to mail.
    """

    def __init__(
        self,
        db: Database,
        outbox: Outbox,
        tenants: TenantService,
        users: UserService,
        auth_connectors: AuthConnectorService,
        domains: DomainService,
        issuer: SessionIssuer,
        refusals: SignInRefusals,
        vault: Vault,
        signing: SigningKeys,
        mailer: Mailer,
        templates: MailTemplates,
        cookies: CookieNames,
        budget: CodeBudget,
        settings: Settings,
    ) -> None:
        self.db = db
        self.outbox = outbox
        self.tenants = tenants
        self.users = users
        self.auth_connectors = auth_connectors
        self.domains = domains
        self.issuer = issuer
        self.refusals = refusals
        self.vault = vault
        self.signing = signing
        self.mailer = mailer
        self.templates = templates
        self.cookies = cookies
        self.budget = budget
        self.settings = settings
        self.log = component_logger(self)

    async def TX_start(
        self, input: StartEmailCodeSignInInput, caller: Caller, id: SignInId | None = None
    ) -> StartEmailCodeSignInResponse:
        """Begin a sign-in, under an id of the caller's where it has one.

        `NotFoundError` for a tenant without mailed codes, `RateLimitedError` for too many.
        """
        if input.return_to is not None:
            check_return_to(input.return_to, self.settings.public_url, self.settings.allowed_origins)
        tenant = await self.tenants.with_tenant_by_ref(input.tenant or "", active_tenant)
        connector = await self.auth_connectors.get_email_code_connector(tenant.id)
        if connector is None:
            raise NotFoundError("This tenant does not sign in by mailed codes.", code="email_code_disabled")
        binding = caller.cookies.sign_in if is_token(caller.cookies.sign_in) else None
        binding = binding or new_token()
        digits = await self._digits(tenant.id, input.email, caller)
        async with self.db.write(tenant.id) as tx:
            row = await self._insert(tenant.id, id or SignInId.new(), connector, input, digits, binding, caller, tx)
            if digits is not None:
                await self.outbox.add(EmailCodeRequested(tenant_id=tenant.id, sign_in_id=row["id"]), caller.by, tx)
        caller.cookies.set(self.cookies.sign_in, binding, int(LIFETIME.total_seconds()))
        return StartEmailCodeSignInResponse(sign_in=row["id"], expires_at=row["expires_at"])

    async def TX_verify(self, input: VerifyEmailCodeInput, caller: Caller) -> SignedInPrivate:
        """Sign in; `UnauthenticatedError` for a wrong code, `GoneError` when there is nothing to try any more."""
        tenant = (await self.tenants.with_tenant_by_ref(input.tenant or "", active_tenant)).id
        which = _Which(queries.COUNT_ATTEMPT, queries.NOTE_REFUSAL, {"of_id": input.sign_in})
        attempt = await self._count_attempt(tenant, which, caller)
        owner = await self._find_owner_of_code(tenant, attempt, input.code)
        if owner is None:
            await self._tell(tenant, attempt, "wrong_code", caller)
            raise _wrong_code()
        return await self._TX_admit(tenant, attempt, {attempt["id"], owner}, len(input.code), caller)

    async def TX_follow_link(self, tenant_ref: str, token: str, caller: Caller) -> SignedInPrivate:
        """Sign in with a mailed link, in the browser that asked for it; `GoneError` in any other, or too late."""
        tenant = (await self.tenants.with_tenant_by_ref(tenant_ref, active_tenant)).id
        if not is_token(token):
            raise _ended()
        which = _Which(queries.COUNT_LINK_ATTEMPT, queries.NOTE_LINK_REFUSAL, {"link": token_hash(token)})
        attempt = await self._count_attempt(tenant, which, caller)
        digits = LONG if attempt["shared"] else SHORT
        return await self._TX_admit(tenant, attempt, {attempt["id"]}, digits, caller)

    async def find_pending(
        self, tenant: TenantId, sign_in: SignInId, caller: Caller, executor: ReadExecutor | WriteExecutor | None = None
    ) -> DBPendingCode | None:
        """Find a sign-in of this browser, ended or not; it began just now, so that no replica will do."""
        return await (executor or self.db.autocommit(tenant)).first(
            queries.GET_PENDING_CODE, tenant_id=tenant, id=sign_in, binding=_binding_hash(caller)
        )

    async def find_link(
        self, tenant: TenantId, token: str, caller: Caller, executor: ReadExecutor | WriteExecutor | None = None
    ) -> DBPendingCode | None:
        """Find the sign-in of a mailed link, whichever browser it was begun in; changes nothing."""
        if not is_token(token):
            return None
        return await (executor or self.db.autocommit(tenant)).first(
            queries.GET_PENDING_LINK, tenant_id=tenant, link=token_hash(token), binding=_binding_hash(caller)
        )

    async def TX_mail_code(self, tenant: TenantId, sign_in: SignInId, event: EventId) -> bool:
        """Mail a code to whoever may sign in with it; `False` when that is nobody or the sign-in is over."""
        row = await self.db.read(tenant).first(queries.GET_MAILABLE_CODE, tenant_id=tenant, id=sign_in)
        found = await self.tenants.get_tenant_by_ref(tenant)
        if row is None or found is None or found.state != "active" or not await self._may_sign_in(tenant, row):
            return False
        token = self.vault.open(row["token"], _place(tenant, sign_in)).decode()
        code = spaced(code_of(token, LONG if row["shared"] else SHORT))
        body = self.templates.render(
            "sign_in_code",
            code=code,
            link=f"{self.settings.public_url}/t/{found.slug}/link/{token}",
            tenant_name=found.name,
            minutes=int(LIFETIME.total_seconds()) // 60,
        )
        await self.mailer.send(
            Mail(
                to=row["email"],
                subject=f"{code} is your code for {shortened(found.name)}",
                text=body.text,
                html=body.html,
                message_id=message_id_for(event, self.mailer.host),
            )
        )
        async with self.db.write(tenant) as tx:
            await tx.execute(queries.FORGET_TOKEN, of_tenant=tenant, of_id=sign_in)
        return True

    async def _digits(self, tenant: TenantId, email: str, caller: Caller) -> int | None:
        """Give the length of the code to mail; `None` where one that was mailed before serves as well."""
        try:
            return await self.budget.spend(tenant, email, caller)
        except RateLimitedError:
            if await self._shared_codes(tenant, email):
                return None
            raise

    async def _insert(
        self,
        tenant: TenantId,
        id: SignInId,
        connector: DBAuthConnector,
        input: StartEmailCodeSignInInput,
        digits: int | None,
        binding: str,
        caller: Caller,
        tx: WriteExecutor,
    ) -> DBEmailCode:
        token = None if digits is None else new_token()
        row = await tx.first(
            queries.INSERT_EMAIL_CODE,
            tenant_id=tenant,
            id=id,
            connector_id=connector["id"],
            email=input.email,
            **self._secrets(tenant, id, token, digits),
            shared=digits == LONG,
            binding_hash=token_hash(binding),
            address=caller.address,
            return_to=input.return_to,
            lifetime_seconds=int(LIFETIME.total_seconds()),
        )
        assert row is not None, "an INSERT returns its row or raises"
        return row

    def _secrets(
        self, tenant: TenantId, id: SignInId, token: str | None, digits: int | None
    ) -> dict[str, bytes | None]:
        """Give what is kept of a token: sealed, and as what its code and its link are compared with."""
        if token is None or digits is None:
            return {"code_mac": None, "token": None, "link_hash": None}
        return {
            "code_mac": self.signing.sign(_PURPOSE, _signed(tenant, id, code_of(token, digits))),
            "token": self.vault.seal(token.encode(), _place(tenant, id)),
            "link_hash": token_hash(token),
        }

    async def _shared_codes(self, tenant: TenantId, email: str) -> list[DBSharedCode]:
        return await self.db.read(tenant).all(queries.LIST_SHARED_CODES, tenant_id=tenant, email=email)

    async def _find_owner_of_code(self, tenant: TenantId, attempt: DBEmailCode, code: str) -> SignInId | None:
        """Find the sign-in that a code was mailed for, of those whose code may serve this one."""
        if len(code) == LONG:
            candidates = await self._shared_codes(tenant, attempt["email"])
        elif (mac := attempt["code_mac"]) is not None and not attempt["shared"]:
            candidates = [DBSharedCode(id=attempt["id"], code_mac=mac)]
        else:
            candidates = []
        for one in candidates:
            if self.signing.verify(_PURPOSE, _signed(tenant, one["id"], code), one["code_mac"]):
                return one["id"]
        return None

    async def _count_attempt(self, tenant: TenantId, which: _Which, caller: Caller) -> DBEmailCode:
        """Count a try, in a transaction of its own, so that it counts whatever comes after."""
        binding = _binding_hash(caller)
        async with self.db.write(tenant) as tx:
            row = await tx.first(which.attempt, of_tenant=tenant, binding=binding, **which.key)
            if row is not None:
                return row
            late = await tx.first(which.refusal, of_tenant=tenant, binding=binding, **which.key)
        if late is not None:
            await self.refusals.TX_tell(tenant, late["connector_id"], _why_late(late), caller, sign_in=late["id"])
        raise _ended()

    async def _TX_admit(
        self, tenant: TenantId, attempt: DBEmailCode, used: set[SignInId], digits: int, caller: Caller
    ) -> SignedInPrivate:
        """Use a sign-in up, and the one whose code it was; give whose address it is a session."""
        previous = await self.issuer.previous_session(caller)
        try:
            async with self.db.write(tenant) as tx:
                # Held first: whoever deletes the connector takes its codes, and then what leads to it, after it.
                connector = await self.auth_connectors.hold_enabled_auth_connector(tenant, attempt["connector_id"], tx)
                uuids = [id.uuid for id in used]
                if await tx.execute(queries.CONSUME_EMAIL_CODES, of_tenant=tenant, of_ids=uuids) != len(used):
                    raise _ended()
                user = await self._user_of(tenant, attempt["email"], connector, caller.by, tx)
                way, email = attempt["connector_id"], attempt["email"]
                issued: IssuedSession = await self.issuer.issue_session(
                    tenant, user.id, way, caller, tx, previous=previous, proves_email=email
                )
        except ForbiddenError as error:
            await self._tell(tenant, attempt, reason_of(error), caller)
            raise
        except UnauthenticatedError:
            await self._tell(tenant, attempt, "user_unknown", caller)
            raise
        await self.budget.restore(tenant, attempt["email"], caller, digits)
        return await self.issuer.welcome(issued, caller, as_email=attempt["email"])

    async def _tell(self, tenant: TenantId, attempt: DBEmailCode, reason: SignInFailure | None, caller: Caller) -> None:
        await self.refusals.TX_tell(tenant, attempt["connector_id"], reason, caller, sign_in=attempt["id"])

    async def _user_of(
        self, tenant: TenantId, email: str, connector: DBAuthConnector, by: By, tx: WriteExecutor
    ) -> User:
        """Find whose address it is, or create a user where the connector may and the domain is the tenant's."""
        user = await self.users.get_user_by_email(tenant, email, tx)
        if user is not None:
            return user
        if not _may_create(connector, email) or not await self.domains.hold_verified_for(tenant, email, tx):
            raise _wrong_code()
        roles = await self.users.guard.roles.hold_for_newcomer(tenant, connector["default_roles"], tx)
        new = NewUser(email=email, email_verified=True, roles=roles)
        try:
            async with tx.savepoint() as part:
                return await self.users.create_user(tenant, new, by, part)
        except ConflictError:
            # The same address came in elsewhere since it was looked up.
            return await self.users.with_user_by_email(tenant, email, _as_it_is, tx)

    async def _may_sign_in(self, tenant: TenantId, code: DBMailableCode) -> bool:
        connector = await self.auth_connectors.get_auth_connector_by_id(tenant, code["connector_id"])
        if connector is None or not connector["enabled"]:
            return False
        user = await self.users.get_user_by_email(tenant, code["email"])
        if user is not None:
            return user.state == "active"
        return _may_create(connector, code["email"]) and await self.domains.is_verified_for(tenant, code["email"])


def _may_create(connector: DBAuthConnector, email: str) -> bool:
    domain = email.rpartition("@")[2].lower()
    return connector["just_in_time"] and domain in connector["allowed_domains"]


def _place(tenant: TenantId, sign_in: SignInId) -> str:
    return associated_data(tenant, "email_codes", "token", sign_in)


def _binding_hash(caller: Caller) -> bytes:
    """Give what a sign-in of this browser has; nothing has that of a browser without a cookie."""
    return token_hash(caller.cookies.sign_in or "")


def _why_late(late: DBLateAttempt) -> SignInFailure:
    if not late["same_browser"]:
        return "other_browser"
    return "code_used" if late["used"] else "code_expired" if late["expired"] else "too_many_tries"


def _signed(tenant: TenantId, sign_in: SignInId, code: str) -> bytes:
    return f"{tenant}|{sign_in}|{code}".encode()


async def _as_it_is(user: User) -> User:
    return user


async def active_tenant(tenant: Tenant) -> Tenant:
    """Give a tenant back that is active; `ForbiddenError` for one that is suspended or being deleted."""
    check_active(tenant.state)
    return tenant


def spaced(code: str) -> str:
    """Write a long code in groups of four, as people read it."""
    return code if len(code) < LONG else " ".join(code[start : start + 4] for start in range(0, len(code), 4))


def _wrong_code() -> UnauthenticatedError:
    return UnauthenticatedError("This is not the code that was mailed.", code="wrong_code")


def _ended() -> GoneError:
    return GoneError("This sign-in has ended, or was begun elsewhere; ask for a new code.", code="sign_in_ended")
