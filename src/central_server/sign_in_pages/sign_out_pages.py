from contextlib import suppress

from central.errors import BadRequestError, NotFoundError
from central.sessions.models import RevokeMySessionsInput
from central_server.auth.provider_sessions import ProviderSessions
from central_server.infra.actor import Actor
from central_server.infra.http.cookies import CookieNames
from central_server.infra.http.pages import BrowserRequest, BrowserResponse, redirect
from central_server.sessions.service import SessionService
from central_server.sign_in_pages.inputs import SignOutFormInput, read
from central_server.sign_in_pages.rendering import PageRenderer, page_path
from central_server.sign_in_pages.visits import Visits

_DONE = "/signout/done"


class SignOutPages:
    """Signing out: in this browser, everywhere, or at the provider too; always by a button, never by an address."""

    def __init__(
        self,
        visits: Visits,
        sessions: SessionService,
        providers: ProviderSessions,
        cookies: CookieNames,
        renderer: PageRenderer,
    ) -> None:
        self.visits = visits
        self.sessions = sessions
        self.providers = providers
        self.cookies = cookies
        self.renderer = renderer

    async def show(self, request: BrowserRequest) -> BrowserResponse:
        """Offer where to sign out."""
        query = self.visits.query(request)
        visitor = await self.visits.visitor(request.caller)
        if visitor is None:
            return redirect(page_path(_DONE, return_to=query.return_to))
        found = await self.providers.find(visitor.actor)
        return self.renderer.page(
            "sign_out",
            request,
            tenant=visitor.tenant,
            visitor=visitor,
            provider=None if found is None else found.connector["name"],
            action=page_path("/signout", return_to=query.return_to),
            return_to=query.return_to,
        )

    async def end(self, request: BrowserRequest) -> BrowserResponse:
        """Sign out, and go on."""
        query, form = self.visits.query(request), read(SignOutFormInput, request.form)
        visitor = await self.visits.visitor(request.caller)
        away = None if visitor is None else await self._end(visitor.actor, form, query.return_to)
        request.caller.cookies.clear(self.cookies.session)
        if away is not None:
            return self.renderer.go_on(away, request)
        if form.where == "switch":
            path = "/signin" if form.to is None else f"/t/{form.to}"
            return self.renderer.leave(page_path(path, return_to=query.return_to, prompt="select_account"), request)
        slug = None if visitor is None else visitor.tenant.slug
        return self.renderer.go_on(query.return_to or page_path(_DONE, to=slug), request)

    async def done(self, request: BrowserRequest) -> BrowserResponse:
        """Say that it is done; a provider sends the browser back with where to go on to."""
        query = self.visits.query(request)
        if query.state is not None:
            with suppress(BadRequestError):
                self.visits.check_return_to(query.state)
                return redirect(query.state)
        path = "/signin" if query.to is None else f"/t/{query.to}"
        again = page_path(path, return_to=query.return_to)
        tenant = None if query.to is None else await self.visits.tenants.get_tenant_by_ref(query.to)
        return self.renderer.page("signed_out", request, tenant=tenant, again=again, return_to=query.return_to)

    async def _end(self, actor: Actor, form: SignOutFormInput, return_to: str | None) -> str | None:
        """End the session, or all; gives where to end the provider's, if that was asked for and is offered."""
        found = await self.providers.find(actor) if form.where == "provider" else None
        with suppress(NotFoundError):  # it ended elsewhere meanwhile
            if form.where == "everywhere":
                await self.sessions.TX_revoke_all_mine(RevokeMySessionsInput(keep_current=False), actor)
            else:
                await self.sessions.TX_sign_out(actor)
        return None if found is None else self.providers.end_address(found, actor, return_to)
