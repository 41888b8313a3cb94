from datetime import datetime, timedelta
from typing import NamedTuple

from central.auth.models import SignedInPrivate
from central.errors import ForbiddenError
from central.kernel.ids import AuthConnectorId, SessionId, TenantId, UserId
from central.sessions.models import SessionPrivate
from central_server.auth.devices import LIFETIME as DEVICE_LIFETIME
from central_server.auth.devices import KnownDevices
from central_server.auth_connectors.service import AuthConnectorService
from central_server.infra.actor import By, Caller
from central_server.infra.config import Settings
from central_server.infra.db import WriteExecutor
from central_server.infra.http.cookies import CookieNames
from central_server.invitations.acceptances import Acceptances
from central_server.roles.policy import may_change_things
from central_server.sessions.inputs import Impersonation, Lifetimes
from central_server.sessions.mapping import described_to_owner
from central_server.sessions.service import IssuedSession, SessionService
from central_server.tenants.service import TenantService
from central_server.tenants.session_policies import SessionPolicyService
from central_server.users.mapping import user_private_from
from central_server.users.service import UserService
from central_server.users.tables import DBPrivileges

_IMPERSONATION_IDLE = timedelta(minutes=15)


class Previous(NamedTuple):
    """The session with which somebody came to sign in anew."""

    tenant_id: TenantId
    user_id: UserId
    session_id: SessionId


class SessionIssuer:
    """The one gate by which every session comes into being, however somebody signed in."""

    def __init__(
        self,
        tenants: TenantService,
        users: UserService,
        auth_connectors: AuthConnectorService,
        sessions: SessionService,
        acceptances: Acceptances,
        policies: SessionPolicyService,
        settings: Settings,
        devices: KnownDevices,
    ) -> None:
        self.tenants = tenants
        self.users = users
        self.auth_connectors = auth_connectors
        self.sessions = sessions
        self.devices = devices
        self.acceptances = acceptances
        self.policies = policies
        self.cookies = CookieNames(secure=settings.secure_cookies)

    async def previous_session(self, caller: Caller) -> Previous | None:
        """Find the session that a caller still has; to be asked for before the transaction of the sign-in."""
        found = await self.sessions.find_principal(caller.cookies.session)
        return None if found is None else Previous(found["tenant_id"], found["user_id"], found["session_id"])

    async def issue_session(
        self,
        tenant: TenantId,
        user: UserId,
        connector: AuthConnectorId | None,
        caller: Caller,
        executor: WriteExecutor,
        *,
        previous: Previous | None = None,
        proves_email: str | None = None,
        authenticated_at: datetime | None = None,
        impersonation: Impersonation | None = None,
    ) -> IssuedSession:
        """Give a user a session with a new token, and end the one they came with.

        Tenant, connector and user must be active, as `hold_active` says; `ForbiddenError` for what is not active. The
        same holds for the session from which an `impersonation` begins, which stays; the user did not sign in then.
        `authenticated_at` is when they proved who they are, where that was not just now.
        Invitations that the user began to accept in this browser are accepted by signing in, and never by acting as
        them.
        """
        await self.hold_active(tenant, user, connector, executor)
        by = By(user, request_id=caller.request_id)
        if impersonation is not None:
            lifetimes, powerful = _lifetimes_of(impersonation), True
        else:
            await self.acceptances.accept_begun(tenant, user, caller, executor, authenticated_at=authenticated_at)
            if previous is not None and (previous.tenant_id, previous.user_id) == (tenant, user):
                await self.sessions.end_session(tenant, user, previous.session_id, "signed_in_again", by, executor)
            privileges = await self.users.note_sign_in(tenant, user, by, executor, proves_email=proves_email)
            powerful = await self._is_powerful(tenant, privileges, executor)
            lifetimes = await self.policies.lifetimes_of(tenant, executor, powerful=powerful)
        return await self.sessions.insert_session(
            tenant,
            user,
            connector,
            lifetimes,
            caller,
            executor,
            powerful=powerful,
            authenticated_at=authenticated_at,
            impersonation=impersonation,
        )

    async def hold_active(
        self, tenant: TenantId, user: UserId, connector: AuthConnectorId | None, executor: WriteExecutor
    ) -> None:
        """Keep tenant, connector and user active until the transaction ends; `ForbiddenError` for one that is not.

        Whoever disables one of them meanwhile waits, and then finds the session to end. So does whoever changes what
        the user's roles allow, and then finds the session to shorten: they are held before any session is.
        """
        await self.tenants.hold_active_tenant(tenant, executor)
        if connector is not None:
            await self.auth_connectors.hold_enabled_auth_connector(tenant, connector, executor)
        held = await self.users.hold_active_user(tenant, user, executor)
        await self.users.guard.roles.hold_existing(tenant, held.roles, executor)

    async def welcome(self, issued: IssuedSession, caller: Caller, *, as_email: str | None = None) -> SignedInPrivate:
        """Hand the cookies to the caller, after the commit, and say who signed in, as the next request would see it.

        The device is known from now on to the address that signed in, without `as_email` the user's primary one.
        `ForbiddenError` when the session, the user or the tenant has been ended since.
        """
        principal = await self.sessions.find_principal(issued.token)
        if principal is None:
            raise ForbiddenError("Your access was ended as you signed in; ask an administrator.", code="access_ended")
        left = issued.row["expires_at"] - issued.row["created_at"]
        caller.cookies.set(self.cookies.session, issued.token, _seconds(left))
        email = principal["email"] if as_email is None else as_email
        device = self.devices.remember(caller.cookies.device, principal["tenant_id"], email)
        caller.cookies.set(self.cookies.device, device, _seconds(DEVICE_LIFETIME))
        session = described_to_owner(issued.row, self.sessions.places, issued.row["id"], {})
        return SignedInPrivate(user=user_private_from(principal), session=SessionPrivate.model_validate(session))

    async def _is_powerful(self, tenant: TenantId, privileges: DBPrivileges, executor: WriteExecutor) -> bool:
        """Whether somebody may do more than read; what their roles allow stays so until the session is there."""
        permissions = await self.users.guard.roles.hold_permissions_of(tenant, privileges["roles"], executor)
        return bool(privileges["system_permissions"]) or may_change_things(permissions)


def _lifetimes_of(impersonation: Impersonation) -> Lifetimes:
    return Lifetimes(min(_IMPERSONATION_IDLE, impersonation.lifetime), impersonation.lifetime)


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
