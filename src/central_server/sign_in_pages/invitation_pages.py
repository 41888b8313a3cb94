from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from central.errors import ForbiddenError, NotFoundError
from central.invitations.models import (
    AcceptInvitationInput,
    AcceptInvitationResponse,
    GetInvitationPublicInput,
)
from central.tenants.models import Tenant
from central_server.auth.accepting import InvitationAcceptance
from central_server.infra.http.cookies import CookieNames
from central_server.infra.http.pages import BrowserRequest, BrowserResponse, redirect
from central_server.infra.tokens import is_token
from central_server.invitations.acceptances import WINDOW
from central_server.sessions.service import SessionService
from central_server.sign_in_pages.inputs import read_nothing
from central_server.sign_in_pages.rendering import PageRenderer, page_path
from central_server.sign_in_pages.visits import Visitor, Visits, done_path

_ANOTHER: Final = "signed_in_as_another"
_STALE: Final = "reauthentication_required"


class InvitationPages:
    """The page of a mailed invitation: who invites to what, and a button that accepts.

    Where a sign-in or a sign-out comes between, the browser keeps the token in a cookie, and comes back by a path
    without it: the token stands in no address but its own, and so in no row of a sign-in.
    """

    def __init__(
        self,
        visits: Visits,
        acceptance: InvitationAcceptance,
        sessions: SessionService,
        cookies: CookieNames,
        renderer: PageRenderer,
    ) -> None:
        self.visits = visits
        self.acceptance = acceptance
        self.sessions = sessions
        self.cookies = cookies
        self.renderer = renderer

    async def show(self, request: BrowserRequest) -> BrowserResponse:
        """Show an invitation and what accepting would do; accepts nothing, as scanners of mail open links."""
        tenant, token = await self.visits.tenant(request), _token(request)
        asked = GetInvitationPublicInput(tenant=tenant.id, token=token)
        try:
            step = await self.acceptance.foresee(asked, request.caller)
        except ForbiddenError as error:
            if error.code != _ANOTHER:
                raise
            return await self._another(request, tenant, token)
        if step == "accepted":
            return self._done(request, tenant)
        return await self._page("invitation", request, tenant, token)

    async def accept(self, request: BrowserRequest) -> BrowserResponse:
        """Accept; goes on to sign in, or to confirm who it is, where that comes first."""
        read_nothing(request.form)
        tenant, token = await self.visits.tenant(request), _token(request)
        visitor = await self.visits.visitor(request.caller)
        try:
            accepted = await self.acceptance.TX_accept(
                AcceptInvitationInput(tenant=tenant.id, token=token), request.caller
            )
        except ForbiddenError as error:
            if error.code == _STALE:
                return self._sign_in(request, tenant, token, reauth=True)
            if error.code == _ANOTHER:
                return await self._another(request, tenant, token)
            raise
        if accepted.outcome == "sign_in_needed":
            return self._sign_in(request, tenant, token, prompt="select_account")
        await self._leave_other_tenant(tenant, visitor, accepted)
        return self._done(request, tenant)

    async def come_back(self, request: BrowserRequest) -> BrowserResponse:
        """Go on to the invitation that this browser was at, or to where sign-ins end."""
        tenant, token = await self.visits.tenant(request), request.caller.cookies.invitation
        if token is None or not is_token(token):
            return redirect(done_path(tenant.slug))
        return redirect(_path(tenant, token))

    async def _another(self, request: BrowserRequest, tenant: Tenant, token: str) -> BrowserResponse:
        """Offer to change over to whom the invitation is for."""
        answer = await self._page("invitation_of_another", request, tenant, token, status=403)
        self._keep(request, token)
        return answer

    def _sign_in(self, request: BrowserRequest, tenant: Tenant, token: str, **query: object) -> BrowserResponse:
        self._keep(request, token)
        path = page_path(f"/t/{tenant.slug}", return_to=_path(tenant), **query)
        return self.renderer.leave(path, request, tenant)

    def _done(self, request: BrowserRequest, tenant: Tenant) -> BrowserResponse:
        if request.caller.cookies.invitation is not None:
            request.caller.cookies.clear(self.cookies.invitation)
        return redirect(done_path(tenant.slug))

    def _keep(self, request: BrowserRequest, token: str) -> None:
        request.caller.cookies.set(self.cookies.invitation, token, int(WINDOW.total_seconds()))

    async def _leave_other_tenant(
        self, tenant: Tenant, visitor: Visitor | None, accepted: AcceptInvitationResponse
    ) -> None:
        """End the session of another tenant whose cookie was replaced."""
        if accepted.signed_in is not None and visitor is not None and visitor.tenant.id != tenant.id:
            with suppress(NotFoundError):  # it ended elsewhere meanwhile
                await self.sessions.TX_sign_out(visitor.actor)

    async def _page(
        self, name: str, request: BrowserRequest, tenant: Tenant, token: str, *, status: int = 200
    ) -> BrowserResponse:
        invitation = await self.acceptance.get_public(GetInvitationPublicInput(tenant=tenant.id, token=token))
        return self.renderer.page(
            name,
            request,
            tenant=tenant,
            status=status,
            invitation=invitation,
            ends=_moment(invitation.expires_at),
            visitor=await self.visits.visitor(request.caller),
            action=_path(tenant, token),
            back=_path(tenant),
            code=_ANOTHER,
            request_id=request.caller.request_id,
        )


def _token(request: BrowserRequest) -> str:
    """Give the token of the path; `NotFoundError` for what has not even the form of one."""
    token = request.path["token"]
    if not is_token(token):
        raise NotFoundError.of("invitation")
    return token


def _path(tenant: Tenant, token: str | None = None) -> str:
    """Give the path of an invitation; without its token, that of the one that the browser keeps."""
    return page_path(f"/invitations/{tenant.slug}" + ("" if token is None else f"/{token}"))


def _moment(time: datetime) -> str:
    time = time.astimezone(UTC)
    return f"{time.day} {time:%B %Y, %H:%M} UTC"
