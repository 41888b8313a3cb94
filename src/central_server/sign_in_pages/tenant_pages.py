from central.auth.models import StartEmailCodeSignInInput, VerifyEmailCodeInput
from central.auth_connectors.models import ListAuthConnectorsPublicInput
from central.errors import ForbiddenError, GoneError, UnauthenticatedError
from central.tenants.models import Tenant
from central_server.auth.accepting import InvitationAcceptance
from central_server.auth.code_budget import LONG, SHORT
from central_server.auth.codes import EmailCodes, spaced
from central_server.auth.policy import code_of
from central_server.auth.tables import DBPendingCode
from central_server.auth_connectors.service import AuthConnectorService
from central_server.infra.http.pages import BrowserRequest, BrowserResponse, redirect
from central_server.sign_in_pages.code_page import Waiting, code_page
from central_server.sign_in_pages.inputs import PageQueryInput, read_code, read_email, read_nothing
from central_server.sign_in_pages.rendering import PageRenderer, page_path
from central_server.sign_in_pages.visits import Visitor, Visits, done_path, provider_path

_MOST_CONNECTORS = 200
_MAIL = "email_code"


class TenantPages:
    """The pages of one tenant: its ways in, the mailed code and link, and what is there when somebody is signed in."""

    def __init__(
        self,
        visits: Visits,
        codes: EmailCodes,
        auth_connectors: AuthConnectorService,
        acceptance: InvitationAcceptance,
        renderer: PageRenderer,
    ) -> None:
        self.visits = visits
        self.codes = codes
        self.auth_connectors = auth_connectors
        self.acceptance = acceptance
        self.renderer = renderer

    async def show(self, request: BrowserRequest) -> BrowserResponse:
        """Show the ways in, go straight to the only one, or say who is signed in already."""
        query = self.visits.query(request)
        tenant = await self.visits.tenant(request)
        visitor = await self.visits.visitor(request.caller)
        if visitor is not None and (visitor.tenant.id != tenant.id or not query.reauth):
            return self._signed_in(request, tenant, visitor, query)
        return await self._ways(request, tenant, visitor, query)

    async def start_code(self, request: BrowserRequest) -> BrowserResponse:
        """Have a code mailed, and go on to where it is entered."""
        query = self.visits.query(request)
        tenant = await self.visits.tenant(request)
        email = read_email(request.form)
        if email is None:
            return await self._ways(request, tenant, None, query, typed=request.form["email"])
        asked = StartEmailCodeSignInInput(tenant=tenant.id, email=email, return_to=query.return_to)
        started = await self.codes.TX_start(asked, request.caller)
        return redirect(page_path(f"/t/{tenant.slug}/code", sign_in=started.sign_in))

    async def show_code(self, request: BrowserRequest) -> BrowserResponse:
        """Show where the code is entered."""
        tenant = await self.visits.tenant(request)
        return self._code(request, tenant, await self._pending(request, tenant))

    async def verify_code(self, request: BrowserRequest) -> BrowserResponse:
        """Sign in with a code, or say what was wrong with it."""
        tenant = await self.visits.tenant(request)
        pending = await self._pending(request, tenant)
        code = read_code(request.form)
        if code is None:
            return self._code(request, tenant, pending, error="malformed_code")
        try:
            await self.codes.TX_verify(
                VerifyEmailCodeInput(tenant=tenant.id, sign_in=pending["id"], code=code), request.caller
            )
        except (UnauthenticatedError, GoneError) as error:
            return self._code(request, tenant, await self._pending(request, tenant), error=error.code)
        return self.renderer.go_on(pending["return_to"] or done_path(tenant.slug), request, tenant)

    async def show_link(self, request: BrowserRequest) -> BrowserResponse:
        """Show a button in the browser that asked for the mail, and the code to type there in any other."""
        tenant = await self.visits.tenant(request)
        return await self._link(request, tenant)

    async def follow_link(self, request: BrowserRequest) -> BrowserResponse:
        """Sign in with a mailed link."""
        read_nothing(request.form)
        tenant, token = await self.visits.tenant(request), request.path["token"]
        found = await self.codes.find_link(tenant.id, token, request.caller)
        try:
            await self.codes.TX_follow_link(tenant.id, token, request.caller)
        except GoneError:
            return await self._link(request, tenant)
        assert found is not None, "it was used just now"
        return self.renderer.go_on(found["return_to"] or done_path(tenant.slug), request, tenant)

    async def show_done(self, request: BrowserRequest) -> BrowserResponse:
        """Say who is signed in, or go and sign in."""
        tenant = await self.visits.tenant(request)
        visitor = await self.visits.visitor(request.caller)
        if visitor is None or visitor.tenant.id != tenant.id:
            return redirect(page_path(f"/t/{tenant.slug}"))
        return self.renderer.page("done", request, tenant=tenant, visitor=visitor)

    def _signed_in(
        self, request: BrowserRequest, tenant: Tenant, visitor: Visitor, query: PageQueryInput
    ) -> BrowserResponse:
        template = "signed_in" if visitor.tenant.id == tenant.id else "signed_in_elsewhere"
        return self.renderer.page(
            template,
            request,
            tenant=tenant,
            visitor=visitor,
            return_to=query.return_to,
            target=query.return_to or done_path(tenant.slug),
        )

    async def _ways(
        self,
        request: BrowserRequest,
        tenant: Tenant,
        visitor: Visitor | None,
        query: PageQueryInput,
        *,
        typed: str | None = None,
    ) -> BrowserResponse:
        """Offer the ways in; `visitor` is who is to confirm that it is them, `typed` what was no address."""
        asked = ListAuthConnectorsPublicInput(tenant=tenant.id, limit=_MOST_CONNECTORS)
        connectors = (await self.auth_connectors.list_public(tenant.id, asked)).auth_connectors
        hint = visitor.email if visitor is not None else query.login_hint
        # Whatever is no mailed code begins at the connector's start address.
        providers = [(one.name, provider_path(tenant, one.id, query, hint)) for one in connectors if one.kind != _MAIL]
        by_mail = any(one.kind == _MAIL for one in connectors)
        if not connectors:
            raise ForbiddenError("No way of signing in is switched on.", code="no_way_in")
        if len(providers) == 1 and not by_mail:
            return redirect(providers[0][1])
        return self.renderer.page(
            "ways",
            request,
            tenant=tenant,
            status=422 if typed is not None else 200,
            visitor=visitor,
            providers=providers,
            by_mail=by_mail,
            invited=await self.acceptance.has_begun(tenant.id, request.caller),
            action=page_path(f"/t/{tenant.slug}", return_to=query.return_to, reauth=query.reauth),
            email=typed if typed is not None else hint,
            error="malformed_email" if typed is not None else None,
        )

    async def _pending(self, request: BrowserRequest, tenant: Tenant) -> DBPendingCode:
        """Find the sign-in that the query names, ended or not; `GoneError` when it is none of this browser."""
        id = self.visits.query(request).sign_in
        pending = None if id is None else await self.codes.find_pending(tenant.id, id, request.caller)
        if pending is None:
            raise GoneError("This sign-in has ended, or was begun in another browser.", code="sign_in_ended")
        return pending

    def _code(
        self, request: BrowserRequest, tenant: Tenant, pending: DBPendingCode, *, error: str | None = None
    ) -> BrowserResponse:
        waiting = Waiting(
            email=pending["email"],
            live=pending["live"],
            action=page_path(f"/t/{tenant.slug}/code", sign_in=pending["id"]),
            restart=page_path(f"/t/{tenant.slug}", return_to=pending["return_to"]),
        )
        return code_page(self.renderer, request, waiting, tenant=tenant, error=error)

    async def _link(self, request: BrowserRequest, tenant: Tenant) -> BrowserResponse:
        token = request.path["token"]
        found = await self.codes.find_link(tenant.id, token, request.caller)
        if found is None or not found["live"]:
            raise GoneError("This link was used already, or it is too late.", code="link_ended")
        if not found["same_browser"]:
            code = spaced(code_of(token, LONG if found["shared"] else SHORT))
            return self.renderer.page("link_elsewhere", request, tenant=tenant, code=code)
        return self.renderer.page(
            "link", request, tenant=tenant, email=found["email"], action=page_path(f"/t/{tenant.slug}/link/{token}")
        )
