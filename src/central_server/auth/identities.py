from typing import NamedTuple

from central.auth.events import SignInFailure
from central.auth_connectors.trials import ConnectorTestOutcome
from central.errors import ConflictError
from central.identities.events import IdentityLinked
from central.kernel.ids import AuthConnectorId, IdentityId, TenantId, UserId
from central.users.models import User
from central_server.auth.policy import (
    ConnectorTrust,
    Create,
    Link,
    LocalUser,
    Refuse,
    decide_unknown_person,
    refusal,
    verified_email,
)
from central_server.auth.queries import identities as queries
from central_server.auth.tables import DBIdentity
from central_server.auth_connectors.tables import DBAuthConnector
from central_server.domains.service import DomainService
from central_server.infra.actor import By, Caller
from central_server.infra.db import ReadExecutor, WriteExecutor, register_conflict
from central_server.infra.oidc import Profile
from central_server.infra.outbox import Outbox
from central_server.invitations.acceptances import Acceptances, Newcomer
from central_server.users.inputs import NewUser
from central_server.users.service import UserService

for _constraint in ("uq_identities_subject", "uq_identities_user"):
    register_conflict(
        _constraint, lambda: ConflictError("This person was linked at the same moment.", code="identity_taken")
    )


class Person(NamedTuple):
    """Who came back from a provider: `(connector, issuer, subject)`, and what the provider says of them."""

    connector: AuthConnectorId
    issuer: str
    subject: str
    profile: Profile


class Admitted(NamedTuple):
    """Whom a person signs in as, by which identity, and the address that this shows to be theirs, if it does."""

    user: UserId
    identity: IdentityId
    proves_email: str | None = None


class Identities:
    """Who people at providers are here.

    A person is `(tenant, connector, issuer, subject)`; an address never finds a user, and links one only under the
    conditions of `decide_unknown_person`.
    """

    def __init__(self, outbox: Outbox, users: UserService, domains: DomainService, acceptances: Acceptances) -> None:
        self.outbox = outbox
        self.users = users
        self.domains = domains
        self.acceptances = acceptances

    async def admit(
        self, tenant: TenantId, connector: DBAuthConnector, person: Person, caller: Caller, executor: WriteExecutor
    ) -> Admitted:
        """Find, link or create the user of a person, as part of a sign-in; `ForbiddenError` for nobody of here.

        Somebody new with an invitation that they began to accept in this browser comes in by it, whatever the
        connector would do with them.
        `ConflictError` when somebody else did the same at the same moment: the sign-in is to be run again.
        """
        known = await self._find(tenant, person, executor)
        if known is not None:
            return Admitted(known["user_id"], known["id"])
        return await self._admit_unknown(tenant, connector, person, caller, executor)

    async def foresee(
        self, tenant: TenantId, connector: DBAuthConnector, person: Person, executor: ReadExecutor
    ) -> tuple[ConnectorTestOutcome, SignInFailure | None]:
        """Say what a sign-in of a person would do, and why it would be refused, without an invitation."""
        if await self._find(tenant, person, executor) is not None:
            return "known", None
        email = verified_email(person.profile)
        local = await self.users.get_user_by_email(tenant, email, executor) if email else None
        link = await self._link_of(tenant, person, local, executor)
        is_verified = email is not None and await self.domains.is_verified_for(tenant, email, executor)
        decision = decide_unknown_person(
            email, _local_user(local, link), _trust(connector), domain_verified=is_verified
        )
        match decision:
            case Refuse(reason):
                return "refuse", reason
            case Link():
                return "link", None
            case Create():
                return "create", None

    async def _find(self, tenant: TenantId, person: Person, executor: ReadExecutor) -> DBIdentity | None:
        return await executor.first(
            queries.GET_IDENTITY,
            tenant_id=tenant,
            connector_id=person.connector,
            issuer=person.issuer,
            subject=person.subject,
        )

    async def _admit_unknown(
        self, tenant: TenantId, connector: DBAuthConnector, person: Person, caller: Caller, tx: WriteExecutor
    ) -> Admitted:
        email = verified_email(person.profile)
        local = await self.users.get_user_by_email(tenant, email, tx) if email else None
        link = await self._link_of(tenant, person, local, tx)
        if link is not None and (link["issuer"], link["subject"]) == (person.issuer, person.subject):
            # The same person came in elsewhere since they were looked up.
            return Admitted(link["user_id"], link["id"])
        is_verified = email is not None and await self.domains.hold_verified_for(tenant, email, tx)
        if email is not None and local is None:
            invited = await self._create_invited(
                tenant, email, connector, person, caller, tx, domain_verified=is_verified
            )
            if invited is not None:
                return invited
        decision = decide_unknown_person(
            email, _local_user(local, link), _trust(connector), domain_verified=is_verified
        )
        if isinstance(decision, Refuse):
            raise refusal(decision.reason)
        user = await self._link_or_create(tenant, decision, local, connector, person, caller.by, tx)
        return Admitted(user, await self._insert(tenant, user, person, caller.by, tx), decision.email)

    async def _create_invited(
        self,
        tenant: TenantId,
        email: str,
        connector: DBAuthConnector,
        person: Person,
        caller: Caller,
        tx: WriteExecutor,
        *,
        domain_verified: bool,
    ) -> Admitted | None:
        """Make a user of somebody new who was invited; a connector's word shows an address where it is trusted."""
        trusted = domain_verified and email.rpartition("@")[2].lower() in connector["settings"]["trusted_domains"]
        newcomer = Newcomer(_display_name(person.profile), email_verified=trusted)
        user = await self.acceptances.accept_begun_as_new(tenant, email, newcomer, caller, tx)
        if user is None:
            if await self.users.get_user_by_email(tenant, email, tx) is not None:
                raise ConflictError("This person came in at the same moment.", code="identity_taken")
            return None
        return Admitted(user.id, await self._insert(tenant, user.id, person, caller.by, tx))

    async def _insert(self, tenant: TenantId, user: UserId, person: Person, by: By, tx: WriteExecutor) -> IdentityId:
        id = IdentityId.new()
        await tx.execute(
            queries.INSERT_IDENTITY,
            tenant_id=tenant,
            id=id,
            user_id=user,
            connector_id=person.connector,
            issuer=person.issuer,
            subject=person.subject,
        )
        event = IdentityLinked(tenant_id=tenant, identity_id=id, user_id=user, connector_id=person.connector)
        await self.outbox.add(event, by, tx)
        return id

    async def _link_of(
        self, tenant: TenantId, person: Person, local: User | None, tx: ReadExecutor
    ) -> DBIdentity | None:
        if local is None:
            return None
        return await tx.first(
            queries.GET_IDENTITY_OF_USER, tenant_id=tenant, connector_id=person.connector, user_id=local.id
        )

    async def _link_or_create(
        self,
        tenant: TenantId,
        decision: Link | Create,
        local: User | None,
        connector: DBAuthConnector,
        person: Person,
        by: By,
        tx: WriteExecutor,
    ) -> UserId:
        if isinstance(decision, Create):
            roles = await self.users.guard.roles.hold_for_newcomer(tenant, connector["default_roles"], tx)
            new = NewUser(
                email=decision.email,
                email_verified=True,
                display_name=_display_name(person.profile),
                roles=roles,
            )
            return (await self.users.create_user(tenant, new, by, tx)).id
        assert local is not None, "there is somebody to link"
        # Locked before their sessions are, in the order of whoever disables them.
        user = await self.users.hold_active_user(tenant, local.id, tx)
        if not user.email_verified:
            # Whoever held the account before the address was proven must not stay in it (pre-hijacking).
            await self.users.sessions.end_sessions_of_user(tenant, user.id, "revoked", by, tx)
        return user.id


def _local_user(user: User | None, link: DBIdentity | None) -> LocalUser:
    if user is None:
        return "none"
    return "unlinked" if link is None else "linked"


def _trust(connector: DBAuthConnector) -> ConnectorTrust:
    return ConnectorTrust(
        trusted_domains=connector["settings"]["trusted_domains"],
        just_in_time=connector["just_in_time"],
        allowed_domains=connector["allowed_domains"],
    )


def _display_name(profile: Profile) -> str | None:
    """Take the name that the provider gives, if it is one line of text that a user may have."""
    line = " ".join((profile.name or "").split())[:200]
    return line if line and line.isprintable() else None
