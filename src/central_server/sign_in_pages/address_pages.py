from central.auth.models import StartEmailCodeSignInInput, StartProviderSignInInput, VerifyEmailCodeInput
from central.errors import ForbiddenError, GoneError, NotFoundError, UnauthenticatedError
from central.kernel.ids import AuthConnectorId, SignInId
from central.tenants.models import Tenant
from central_server.auth.codes import EmailCodes
from central_server.auth.provider_sign_in import ProviderSignIn
from central_server.domains.service import DomainService, Route
from central_server.infra.http.pages import BrowserRequest, BrowserResponse, redirect
from central_server.sign_in_pages.address_sign_ins import AddressSignIns
from central_server.sign_in_pages.code_page import Waiting, code_page
from central_server.sign_in_pages.even_time import even_time
from central_server.sign_in_pages.inputs import PageQueryInput, read_code, read_email
from central_server.sign_in_pages.rendering import PageRenderer, page_path
from central_server.sign_in_pages.tables import DBAddressSignIn
from central_server.sign_in_pages.visits import Visits, done_path


class AddressPages:
    """The pages for people who name their address first (home-realm discovery).

    An address of a domain that a tenant has verified goes on there: at its provider, or by a mailed code. Any other
    goes on the same way to where a code is entered, which nobody is mailed. The pages, their bytes and the time they
    take tell neither whether there is a user with the address, nor whether there is a tenant for it.
    """

    def __init__(
        self,
        visits: Visits,
        domains: DomainService,
        sign_ins: AddressSignIns,
        codes: EmailCodes,
        providers: ProviderSignIn,
        renderer: PageRenderer,
    ) -> None:
        self.visits = visits
        self.domains = domains
        self.sign_ins = sign_ins
        self.codes = codes
        self.providers = providers
        self.renderer = renderer

    async def show(self, request: BrowserRequest) -> BrowserResponse:
        """Ask for the address, or say who is signed in already."""
        query = self.visits.query(request)
        visitor = await self.visits.visitor(request.caller)
        if visitor is None or query.reauth:
            return self._ask(request, query, query.login_hint)
        target = query.return_to or done_path(visitor.tenant.slug)
        return self.renderer.page(
            "signed_in", request, tenant=visitor.tenant, visitor=visitor, return_to=query.return_to, target=target
        )

    async def go_on(self, request: BrowserRequest) -> BrowserResponse:
        """Go on with an address."""
        query = self.visits.query(request)
        email = read_email(request.form)
        if email is None:
            return self._ask(request, query, request.form["email"], error="malformed_email")
        async with even_time():
            return await self._go_on(request, query, email)

    async def show_code(self, request: BrowserRequest) -> BrowserResponse:
        """Show where the code is entered."""
        return self._code(request, await self._pending(request))

    async def verify_code(self, request: BrowserRequest) -> BrowserResponse:
        """Sign in with a code, or say what was wrong with it."""
        pending = await self._pending(request)
        code = read_code(request.form)
        if code is None:
            return self._code(request, pending, error="malformed_code")
        try:
            async with even_time():
                tenant = await self._verify(request, pending, code)
        except (UnauthenticatedError, GoneError) as error:
            return self._code(request, await self._pending(request), error=error.code)
        return self.renderer.go_on(pending["return_to"] or done_path(tenant.slug), request)

    def _ask(
        self, request: BrowserRequest, query: PageQueryInput, email: str | None, *, error: str | None = None
    ) -> BrowserResponse:
        return self.renderer.page(
            "address",
            request,
            status=200 if error is None else 422,
            action=page_path("/signin", return_to=query.return_to, reauth=query.reauth, prompt=query.prompt),
            email=email,
            error=error,
        )

    async def _go_on(self, request: BrowserRequest, query: PageQueryInput, email: str) -> BrowserResponse:
        realm, id = await self.domains.find_route(email), SignInId.new()
        if realm is None:
            await self.sign_ins.TX_start_nowhere(id, email, query.return_to, request.caller)
            return redirect(page_path("/signin/code", sign_in=id))
        try:
            if realm.connector_id is not None:
                return await self._to_provider(request, query, email, realm, realm.connector_id)
            asked = StartEmailCodeSignInInput(tenant=realm.tenant_id, email=email, return_to=query.return_to)
            await self.codes.TX_start(asked, request.caller, id)
        except (NotFoundError, ForbiddenError):
            # Its way in is switched off: the tenant's own page says what there is.
            path = page_path(f"/t/{realm.tenant_slug}", return_to=query.return_to, reauth=query.reauth)
            return self.renderer.leave(path, request)
        await self.sign_ins.TX_keep(id, email, query.return_to, request.caller)
        return redirect(page_path("/signin/code", sign_in=id))

    async def _to_provider(
        self, request: BrowserRequest, query: PageQueryInput, email: str, realm: Route, connector: AuthConnectorId
    ) -> BrowserResponse:
        asked = StartProviderSignInInput(
            tenant=realm.tenant_id,
            connector=connector,
            return_to=query.return_to or done_path(realm.tenant_slug),
            login_hint=email,
            prompt=query.prompt,
            max_age=0 if query.reauth else None,
        )
        started = await self.providers.TX_start(asked, request.caller)
        return self.renderer.go_on(started.authorization_url, request)

    async def _verify(self, request: BrowserRequest, pending: DBAddressSignIn, code: str) -> Tenant:
        """Sign in at the tenant of the address; a sign-in that leads nowhere has no right code."""
        if await self.sign_ins.TX_count_attempt(pending["id"], request.caller) is None:
            raise GoneError("This sign-in has ended.", code="sign_in_ended")
        realm = await self.domains.find_route(pending["email"])
        if realm is None:
            raise UnauthenticatedError("This is not the code that was mailed.", code="wrong_code")
        asked = VerifyEmailCodeInput(tenant=realm.tenant_id, sign_in=pending["id"], code=code)
        await self.codes.TX_verify(asked, request.caller)
        return await self.visits.any_tenant(realm.tenant_id)

    async def _pending(self, request: BrowserRequest) -> DBAddressSignIn:
        """Find the sign-in that the query names, ended or not; `GoneError` when it is none of this browser."""
        id = self.visits.query(request).sign_in
        pending = None if id is None else await self.sign_ins.TX_find(id, request.caller)
        if pending is None:
            raise GoneError("This sign-in has ended, or was begun in another browser.", code="sign_in_ended")
        return pending

    def _code(self, request: BrowserRequest, pending: DBAddressSignIn, *, error: str | None = None) -> BrowserResponse:
        waiting = Waiting(
            email=pending["email"],
            live=pending["live"],
            action=page_path("/signin/code", sign_in=pending["id"]),
            restart=page_path("/signin", return_to=pending["return_to"]),
        )
        return code_page(self.renderer, request, waiting, error=error)
