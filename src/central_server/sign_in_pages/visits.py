from typing import NamedTuple

from central.errors import BadRequestError, UnauthenticatedError, ValidationFailedError
from central.kernel.ids import AuthConnectorId
from central.tenants.models import Tenant
from central_server.auth.codes import active_tenant
from central_server.auth.gate import SessionGate
from central_server.auth.policy import check_return_to
from central_server.infra.actor import Actor, Caller
from central_server.infra.config import Settings
from central_server.infra.http.pages import BrowserRequest
from central_server.sign_in_pages.inputs import PageQueryInput, read
from central_server.sign_in_pages.rendering import page_path
from central_server.tenants.service import TenantService


class Visitor(NamedTuple):
    """Who is signed in in a browser, and at which tenant."""

    actor: Actor
    tenant: Tenant

    @property
    def name(self) -> str:
        """What they are called."""
        return str(self.actor.principal["display_name"])

    @property
    def email(self) -> str:
        """Their address."""
        return str(self.actor.principal["email"])


class Visits:
    """Finds out what a page is asked: for which tenant, by whom, and where to return to."""

    def __init__(self, tenants: TenantService, gate: SessionGate, settings: Settings) -> None:
        self.tenants = tenants
        self.gate = gate
        self.settings = settings

    def query(self, request: BrowserRequest) -> PageQueryInput:
        """Read a page's query; `BadRequestError` for an address to return to that is not allowed."""
        query = read(PageQueryInput, request.query)
        if query.return_to is not None:
            self.check_return_to(query.return_to)
        return query

    def check_return_to(self, target: str) -> None:
        """Refuse an address that is neither a path of this server nor of an allowed origin."""
        try:
            check_return_to(target, self.settings.public_url, self.settings.allowed_origins)
        except ValidationFailedError as error:
            raise BadRequestError(error.field_errors[0].message, code="return_not_allowed") from None

    async def tenant(self, request: BrowserRequest) -> Tenant:
        """Find the tenant of the path; `NotFoundError` for none, `ForbiddenError` for one that is not active."""
        return await self.tenants.with_tenant_by_ref(request.path["tenant"], active_tenant)

    async def any_tenant(self, ref: str) -> Tenant:
        """Find a tenant, active or not; `NotFoundError` for none."""
        return await self.tenants.with_tenant_by_ref(ref, _as_it_is)

    async def visitor(self, caller: Caller) -> Visitor | None:
        """Find who is signed in."""
        try:
            actor = await self.gate.admit(caller, None)
        except UnauthenticatedError:
            return None
        tenant = await self.tenants.get_tenant_by_ref(actor.tenant_id)
        return None if tenant is None else Visitor(actor, tenant)


async def _as_it_is(tenant: Tenant) -> Tenant:
    return tenant


def done_path(slug: str) -> str:
    """Give where a sign-in ends that has nowhere to return to."""
    return page_path(f"/t/{slug}/done")


def provider_path(tenant: Tenant, connector: AuthConnectorId, query: PageQueryInput, login_hint: str | None) -> str:
    """Give the path that leads to a provider and back."""
    return page_path(
        f"/v1/tenants/{tenant.slug}/auth-connectors/{connector}/start",
        returnTo=query.return_to or done_path(tenant.slug),
        loginHint=login_hint,
        prompt=query.prompt,
        maxAge=0 if query.reauth else None,
    )
