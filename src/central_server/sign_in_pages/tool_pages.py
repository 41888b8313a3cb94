from datetime import UTC, datetime

from central.errors import NotFoundError
from central.tenants.models import Tenant
from central.tool_sign_ins.models import ToolSignIn
from central_server.infra.actor import Actor
from central_server.infra.http.pages import BrowserRequest, BrowserResponse, redirect
from central_server.sign_in_pages.inputs import ToolFormInput, read, read_user_code
from central_server.sign_in_pages.rendering import PageRenderer, page_path
from central_server.sign_in_pages.visits import Visitor, Visits
from central_server.tool_sign_ins.deciding import ToolDecisions, check_own_name

_OWN_SITES = frozenset({b"none", b"same-origin"})


class ToolPages:
    """The page on which somebody lets a tool act as themselves: which one, from where and since when, and as whom."""

    def __init__(self, visits: Visits, decisions: ToolDecisions, renderer: PageRenderer) -> None:
        self.visits = visits
        self.decisions = decisions
        self.renderer = renderer

    async def show(self, request: BrowserRequest) -> BrowserResponse:
        """Ask for the code, or show what asks with it; whoever has not signed in lately does that first."""
        tenant = await self.visits.tenant(request)
        visitor = await self.visits.visitor(request.caller)
        typed = request.query.get("code", "")
        code = read_user_code(typed)
        if visitor is not None:
            check_own_name(visitor.actor)
        if visitor is None or visitor.tenant.id != tenant.id or not visitor.actor.is_fresh:
            return redirect(_sign_in_path(tenant, visitor, code))
        if not typed or request.headers.get(b"sec-fetch-site", b"none") not in _OWN_SITES:
            # A link of another site fills the code in and no more: looking for it may count as a wrong one.
            return self._ask(request, tenant, visitor, code or "")
        try:
            tool = None if code is None else await self.decisions.TX_find(code, visitor.actor)
        except NotFoundError:
            return self._ask(request, tenant, visitor, typed, status=404)
        if tool is None or code is None:
            return self._ask(request, tenant, visitor, typed, status=422)
        return self._tool(request, tenant, visitor, tool, code)

    async def decide(self, request: BrowserRequest) -> BrowserResponse:
        """Approve or refuse; back to the page for whoever is not the person it was shown to, or no longer fresh."""
        tenant = await self.visits.tenant(request)
        form = read(ToolFormInput, request.form)
        visitor = await self.visits.visitor(request.caller)
        shown_to = visitor is not None and (visitor.tenant.id, visitor.actor.user_id) == (tenant.id, form.user)
        if visitor is None or not shown_to or not visitor.actor.is_fresh:
            return redirect(_path(tenant, form.code))
        away = await self._decide(form, visitor.actor)
        return redirect(_path(tenant, form.code)) if away is None else self.renderer.leave(away, request, tenant)

    async def _decide(self, form: ToolFormInput, actor: Actor) -> str | None:
        """Do what was decided; gives where the tool waits for the browser, if it does."""
        if form.decision == "deny":
            return await self.decisions.TX_deny(form.code, actor)
        tool = await self.decisions.TX_find(form.code, actor)
        if tool.flow == "loopback":
            return await self.decisions.TX_approve_loopback(form.code, actor)
        await self.decisions.TX_approve_device(form.code, actor)
        return None

    def _ask(
        self, request: BrowserRequest, tenant: Tenant, visitor: Visitor, typed: str, *, status: int = 200
    ) -> BrowserResponse:
        return self.renderer.page(
            "tool_code",
            request,
            tenant=tenant,
            status=status,
            visitor=visitor,
            action=_path(tenant),
            typed=typed,
            error={404: "user_code_not_found", 422: "malformed_user_code"}.get(status),
        )

    def _tool(
        self, request: BrowserRequest, tenant: Tenant, visitor: Visitor, tool: ToolSignIn, code: str
    ) -> BrowserResponse:
        return self.renderer.page(
            "tool" if tool.state == "pending" else "tool_decided",
            request,
            tenant=tenant,
            visitor=visitor,
            tool=tool,
            code=code,
            since=_since(tool.created_at, datetime.now(UTC)),
            action=_path(tenant),
        )


def _path(tenant: Tenant, code: str | None = None) -> str:
    return page_path(f"/t/{tenant.slug}/device", code=code)


def _sign_in_path(tenant: Tenant, visitor: Visitor | None, code: str | None) -> str:
    """Give where to sign in, or to confirm that it is oneself, and to come back from."""
    again = visitor is not None and visitor.tenant.id == tenant.id
    return page_path(f"/t/{tenant.slug}", return_to=_path(tenant, code), reauth=again)


def _since(begun: datetime, now: datetime) -> str:
    """Say how long ago something began."""
    minutes = max(0, int((now - begun).total_seconds() // 60))
    if minutes == 0:
        return "less than a minute ago"
    return "a minute ago" if minutes == 1 else f"{minutes} minutes ago"
