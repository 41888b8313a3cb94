from functools import partial

from central.errors import NotFoundError, UnauthenticatedError
from central_server.auth.policy import impersonated_permissions
from central_server.infra.actor import Actor, Caller
from central_server.roles.policy import permissions_of
from central_server.sessions.service import SessionService
from central_server.sessions.tables import DBPrincipal
from central_server.tenants.service import TenantService


class SessionGate:
    """Lets in who has a live session, and into no tenant but the session's own."""

    def __init__(self, sessions: SessionService, tenants: TenantService) -> None:
        self.sessions = sessions
        self.tenants = tenants

    async def admit(self, caller: Caller, tenant: str | None) -> Actor:
        """Give who is signed in.

        `UnauthenticatedError` without a live session; `NotFoundError` when `tenant` is not the session's, be it
        another's or nobody's.
        """
        principal = await self.sessions.find_principal(caller.cookies.session)
        if principal is None:
            raise UnauthenticatedError("Sign in first; this session has ended or never was.")
        if tenant is not None and tenant not in {principal["tenant_id"], principal["tenant_slug"]}:
            await self._check_former_slug(tenant, principal)
        return self._actor(caller, principal)

    async def _check_former_slug(self, tenant: str, principal: DBPrincipal) -> None:
        found = await self.tenants.get_tenant_by_ref(tenant)
        if found is None or found.id != principal["tenant_id"]:
            raise NotFoundError.of("tenant")

    def _actor(self, caller: Caller, principal: DBPrincipal) -> Actor:
        roles, permissions = (
            tuple(principal["roles"]),
            permissions_of(tuple(principal["roles"]), tuple(principal["granted"])),
        )
        system_permissions = frozenset(principal["system_permissions"])
        if principal["impersonator_id"] is not None:
            permissions, system_permissions = impersonated_permissions(principal, permissions), frozenset[str]()
        return Actor(
            request_id=caller.request_id,
            address=caller.address,
            user_agent=caller.user_agent,
            cookies=caller.cookies,
            tenant_id=principal["tenant_id"],
            tenant_slug=principal["tenant_slug"],
            user_id=principal["user_id"],
            session_id=principal["session_id"],
            impersonator_id=principal["impersonator_id"],
            is_fresh=principal["is_fresh"],
            roles=roles,
            permissions=permissions,
            system_permissions=system_permissions,
            principal=principal,
            readmit=partial(self.admit, caller, principal["tenant_id"]),
        )
