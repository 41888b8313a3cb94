from math import ceil

from central.errors import CentralError
from central.tenants.models import Tenant
from central_server.auth.logins import LoginTransactions
from central_server.infra.http.pages import BrowserRequest, BrowserResponse
from central_server.infra.logs import component_logger
from central_server.sign_in_pages.rendering import PageRenderer, page_path
from central_server.sign_in_pages.texts import told
from central_server.sign_in_pages.visits import Visits


class SignInErrorPages:
    """Shows people what went wrong: in words, by its stable code, and by the id that leads to it in logs and events."""

    def __init__(self, visits: Visits, logins: LoginTransactions, renderer: PageRenderer) -> None:
        self.visits = visits
        self.logins = logins
        self.renderer = renderer
        self.log = component_logger(self)

    async def show(self, error: CentralError, route: str, request: BrowserRequest) -> BrowserResponse:
        """Give the page, with the tenant's name where there is one and the way back to the beginning."""
        tenant = await self._tenant(request)
        said = told(error.code, error.status, error.message)
        answer = self.renderer.page(
            "error",
            request,
            tenant=tenant,
            status=error.status,
            said=said,
            code=error.code,
            request_id=request.caller.request_id,
            again=await self._again(route, request, tenant, error.code) if said.again else None,
        )
        if error.retry_after is None:
            return answer
        retry = (b"retry-after", str(max(1, ceil(error.retry_after))).encode())
        return BrowserResponse(answer.status, answer.body, answer.content_type, policy=answer.policy, headers=(retry,))

    async def _tenant(self, request: BrowserRequest) -> Tenant | None:
        ref = request.path.get("tenant")
        if ref is None:
            return None
        try:
            return await self.visits.tenants.get_tenant_by_ref(ref)
        except CentralError as error:
            # What cannot be asked now cannot be shown: the error itself still can.
            self.log.warning("error page without its tenant", code=error.code)
            return None

    async def _again(self, route: str, request: BrowserRequest, tenant: Tenant | None, code: str) -> str | None:
        """Give where to begin again, with the same place to return to."""
        if route.startswith(("pages.sign_out", "pages.end_session", "pages.signed_out")):
            return "/signout"
        if not route.startswith(("pages.", "auth.")) or (tenant is None and "tenant" in request.path):
            return None
        if tenant is not None and "token" in request.path and "invitation" in route and code != "invitation_accepted":
            return page_path(f"/invitations/{tenant.slug}/{request.path['token']}")
        return_to = await self._return_to(route, request, tenant)
        reauth = request.query.get("reauth") == "1" or "maxAge" in request.query
        return page_path("/signin" if tenant is None else f"/t/{tenant.slug}", return_to=return_to, reauth=reauth)

    async def _return_to(self, route: str, request: BrowserRequest, tenant: Tenant | None) -> str | None:
        found = request.query.get("return_to") or request.query.get("returnTo")
        try:
            if tenant is not None and route == "auth.provider_callback":
                found = await self.logins.find_return(tenant.id, request.query.get("state"), request.caller)
            if found is not None:
                self.visits.check_return_to(found)
        except CentralError:
            return None
        return found
