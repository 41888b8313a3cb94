from datetime import timedelta
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
from central_server.sessions.service import IssuedSession, Lifetimes, SessionService
from central_server.sessions.tables import DBSession
from central_server.tenants.service import TenantService
from central_server.users.mapping import user_private_from
from central_server.users.service import UserService
from central_server.users.tables import DBPrivileges


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
        settings: Settings,
        devices: KnownDevices,
    ) -> None:
        self.tenants = tenants
        self.users = users
        self.auth_connectors = auth_connectors
        self.sessions = sessions
        self.devices = devices
        self.cookies = CookieNames(secure=settings.secure_cookies)
        self.member = Lifetimes(settings.member_idle_timeout, settings.member_session_lifetime)
        self.admin = Lifetimes(settings.admin_idle_timeout, settings.admin_session_lifetime)

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
    ) -> IssuedSession:
        """Give a user a session with a new token, and end the one they came with.

        Tenant, connector and user must be active, and stay so until the transaction ends: whoever disables one of
        them meanwhile waits, and then finds the session to end. Raises `ForbiddenError` for one that is not.
        """
        await self.tenants.hold_active_tenant(tenant, executor)
        if connector is not None:
            await self.auth_connectors.hold_enabled_auth_connector(tenant, connector, executor)
        await self.users.hold_active_user(tenant, user, executor)
        by = By(user, request_id=caller.request_id)
        if previous is not None and (previous.tenant_id, previous.user_id) == (tenant, user):
            await self.sessions.end_session(tenant, user, previous.session_id, "signed_out", by, executor)
        privileges = await self.users.note_sign_in(tenant, user, by, executor, proves_email=proves_email)
        lifetimes = await self._lifetimes(tenant, privileges, executor)
        return await self.sessions.insert_session(tenant, user, connector, lifetimes, caller, executor)

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
        device = self.devices.remember(caller.cookies.device, issued.row["tenant_id"], email)
        caller.cookies.set(self.cookies.device, device, _seconds(DEVICE_LIFETIME))
        return SignedInPrivate(user=user_private_from(principal), session=_session_private(issued.row))

    async def _lifetimes(self, tenant: TenantId, privileges: DBPrivileges, executor: WriteExecutor) -> Lifetimes:
        """Give the shorter ones to whoever may change more than themselves."""
        permissions = await self.users.guard.roles.permissions_of(tenant, privileges["roles"], executor)
        powerful = privileges["system_permissions"] or not all(name.endswith(":read") for name in permissions)
        return self.admin if powerful else self.member


def _session_private(row: DBSession) -> SessionPrivate:
    return SessionPrivate(
        id=row["id"],
        connector_id=row["connector_id"],
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
        expires_at=row["expires_at"],
        address=row["address"],
        user_agent=row["user_agent"],
        current=True,
    )


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
