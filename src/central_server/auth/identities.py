from datetime import datetime
from typing import NamedTuple

from central.errors import ConflictError
from central.kernel.ids import AuthConnectorId, IdentityId, TenantId, UserId
from central.users.models import User
from central_server.auth import queries
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
from central_server.auth.tables import DBIdentity
from central_server.auth_connectors.tables import DBAuthConnector
from central_server.domains.service import DomainService
from central_server.infra.actor import By, Caller
from central_server.infra.db import WriteExecutor, register_conflict
from central_server.infra.oidc import Profile
from central_server.invitations.acceptances import Acceptances, Newcomer
from central_server.users.inputs import NewUser
from central_server.users.service import UserService

for _constraint in ("uq_identities_subject", "uq_identities_user"):
    register_conflict(
        _constraint, lambda: ConflictError("This person was linked at the same moment.", code="identity_taken")
    )


class Person(NamedTuple):
    """Who came back from a provider: `(connector, issuer, subject)`, and what the provider says of them.

    `authenticated_at` is when they signed in there, which may be long ago.
    """

    connector: AuthConnectorId
    issuer: str
    subject: str
    profile: Profile
    authenticated_at: datetime | None


class Admitted(NamedTuple):
    """Whom a person signs in as, and the address that this sign-in shows to be theirs, if it does."""

    user: UserId
    proves_email: str | None


class Identities:
    """Who people at providers are here.

    A person is `(tenant, connector, issuer, subject)`; an address never finds a user, and links one only under the
    conditions of `decide_unknown_person`.
    """

    def __init__(self, users: UserService, domains: DomainService, acceptances: Acceptances) -> None:
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
        known = await executor.first(
            queries.GET_IDENTITY,
            tenant_id=tenant,
            connector_id=person.connector,
            issuer=person.issuer,
            subject=person.subject,
        )
        if known is not None:
            return Admitted(known["user_id"], proves_email=None)
        return await self._admit_unknown(tenant, connector, person, caller, executor)

    async def _admit_unknown(
        self, tenant: TenantId, connector: DBAuthConnector, person: Person, caller: Caller, tx: WriteExecutor
    ) -> Admitted:
        email = verified_email(person.profile)
        local = await self.users.get_user_by_email(tenant, email, tx) if email else None
        link = await self._link_of(tenant, person, local, tx)
        if link is not None and (link["issuer"], link["subject"]) == (person.issuer, person.subject):
            # The same person came in elsewhere since they were looked up.
            return Admitted(link["user_id"], proves_email=None)
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
        user = await self._link_or_create(tenant, decision, local, person, caller.by, tx)
        await self._insert(tenant, user, person, tx)
        return Admitted(user, decision.email)

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
            return None
        await self._insert(tenant, user.id, person, tx)
        return Admitted(user.id, proves_email=None)

    async def _insert(self, tenant: TenantId, user: UserId, person: Person, tx: WriteExecutor) -> None:
        await tx.execute(
            queries.INSERT_IDENTITY,
            tenant_id=tenant,
            id=IdentityId.new(),
            user_id=user,
            connector_id=person.connector,
            issuer=person.issuer,
            subject=person.subject,
        )

    async def _link_of(
        self, tenant: TenantId, person: Person, local: User | None, tx: WriteExecutor
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
        person: Person,
        by: By,
        tx: WriteExecutor,
    ) -> UserId:
        if isinstance(decision, Create):
            new = NewUser(email=decision.email, email_verified=True, display_name=_display_name(person.profile))
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
